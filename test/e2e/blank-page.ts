import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";

/** A shop's page on an origin of its own, with Segment's browser library as npm ships it. */
export async function serveBlankPage(): Promise<{ readonly url: string; close(): void }> {
  const entry = createRequire(import.meta.url).resolve("@segment/analytics-next/package.json");
  const library = readFileSync(join(dirname(entry), "dist/umd/index.js"));
  const web = createServer(({ url }, answer) => {
    const isLibrary = url === "/library.js";
    answer.writeHead(200, { "content-type": isLibrary ? "text/javascript" : "text/html" });
    answer.end(isLibrary ? library : "<!doctype html><title>A shop</title><script src=/library.js></script>");
  });
  await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/`, close: () => web.close() };
}
