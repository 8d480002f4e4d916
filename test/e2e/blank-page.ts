import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

/** Browser libraries as npm ships them: a file that is found, and where from there the one for pages is. */
const LIBRARIES = {
  segment: ["@segment/analytics-next/package.json", "dist/umd/index.js"],
  rudderstack: ["@rudderstack/analytics-js/bundled", "../umd/index.js"],
} as const;

/** A shop's page on an origin of its own, with a browser library. */
export async function serveBlankPage(
  name: keyof typeof LIBRARIES = "segment",
): Promise<{ readonly url: string; close(): void }> {
  const [found, path] = LIBRARIES[name];
  const library = readFileSync(join(dirname(createRequire(import.meta.url).resolve(found)), path));
  const web = createServer(({ url }, answer) => {
    const isLibrary = url === "/library.js";
    answer.writeHead(200, { "content-type": isLibrary ? "text/javascript" : "text/html" });
    answer.end(isLibrary ? library : "<!doctype html><title>A shop</title><script src=/library.js></script>");
  });
  await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/`, close: () => web.close() };
}
