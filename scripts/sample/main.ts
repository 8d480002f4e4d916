// Loads the sample shop into any running service, deployed or local:
//
//   SECRET_KEY=... node scripts/sample/main.ts URL --dir DIR [--days N]
//
// DIR keeps the progress, so that a load that was cut off goes on; N loads the sample's last N days only.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { readSample } from "./files.ts";
import { loadSample } from "./load.ts";
import { lastDays } from "./plan.ts";
import { progressPrinter } from "./printer.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dir: { type: "string" }, days: { type: "string" } },
});
const [url] = positionals;
const secretKey = process.env.SECRET_KEY;
const days = Number(values.days);
if (
  url === undefined ||
  values.dir === undefined ||
  !secretKey ||
  (values.days !== undefined && !(days >= 1))
) {
  console.error("usage: SECRET_KEY=... node scripts/sample/main.ts URL --dir DIR [--days N]");
  process.exit(2);
}
mkdirSync(values.dir, { recursive: true });
const sample = values.days === undefined ? readSample() : lastDays(readSample(), days);
const printer = progressPrinter(process.stdout);
try {
  const { loaded, orders, orderLines } = await loadSample({
    url: url.replace(/\/$/, ""),
    secretKey,
    dir: values.dir,
    sample,
    onProgress: printer.show,
  });
  printer.end();
  console.log(loaded ? `Loaded ${orders} orders, ${orderLines} lines.` : "It was loaded before.");
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
