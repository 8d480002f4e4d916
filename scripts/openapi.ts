// Writes the API's description, public/openapi.json, and its types for the client, build/api.d.ts; part of every build:
//
//   npm run build:api
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "..");
const DOCUMENT = join(PROJECT, "public/openapi.json");
const TYPES = join(PROJECT, "build/api.d.ts");
const TYPES_MAKER = join(PROJECT, "scripts/api-types/node_modules/openapi-typescript/bin/cli.js");

// The route table names the handlers, and they the kernels: no route is called here, so an empty module will do.
registerHooks({
  resolve: (name, context, next) =>
    name.endsWith(".wasm") ? { url: "shelfwise:none", shortCircuit: true } : next(name, context),
  load: (url, context, next) =>
    url === "shelfwise:none"
      ? { format: "module", source: "export default undefined;", shortCircuit: true }
      : next(url, context),
});

// By its address, for the Worker is compiled against the platform's types and not against Node's.
const { currentDocument } = (await import(join(PROJECT, "worker/openapi/current.ts"))) as {
  currentDocument(): object;
};

writeIfChanged(DOCUMENT, `${JSON.stringify(currentDocument())}\n`);
const types = execFileSync(process.execPath, [TYPES_MAKER, DOCUMENT, "--default-non-nullable=false"], {
  encoding: "utf8",
});
writeIfChanged(TYPES, types);

/** A file that did not change keeps its time: what watches it need not wake. */
function writeIfChanged(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  let known: string | undefined;
  try {
    known = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (known !== text) writeFileSync(file, text);
}
