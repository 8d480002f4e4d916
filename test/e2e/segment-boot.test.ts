import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { oneKey } from "../../scripts/keys.ts";
import { type Server, startServer } from "../../scripts/server/index.ts";
import { launch } from "./browser.ts";

let dir: string;
let server: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-boot-"));
  server = await startServer({ port: 0, dir });
});

afterAll(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** A shop's page on an origin of its own, with the library as npm ships it. */
async function servePage() {
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

test("[HT41] Segment's browser library boots with cdnURL alone and talks to nobody else", async () => {
  const page = await servePage();
  const browser = await launch();
  try {
    const tab = await browser.newPage();
    const hosts = new Set<string>();
    tab.on("request", (request) => hosts.add(new URL(request.url()).origin));
    await tab.goto(page.url);
    const failed = await tab.evaluate(
      async ({ writeKey, cdnURL }) => {
        const { AnalyticsNext } = globalThis as unknown as {
          AnalyticsNext: {
            AnalyticsBrowser: {
              load(options: object): {
                track(name: string, properties: object): Promise<{ failedDelivery(): unknown }>;
                page(): Promise<{ failedDelivery(): unknown }>;
                setAnonymousId(id: string): void;
              };
            };
          };
        };
        const analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL });
        analytics.setAnonymousId("booted");
        const sent = [await analytics.page(), await analytics.track("Product Viewed", { product_id: "p" })];
        return sent.map((context) => context.failedDelivery());
      },
      { writeKey: oneKey(server.keys.writeKey), cdnURL: server.url },
    );
    expect(failed).toEqual([undefined, undefined]);
    expect([...hosts].sort()).toEqual([new URL(page.url).origin, server.url].sort());
    const answer = await fetch(`${server.url}/v1/users/booted/export`, {
      headers: { authorization: `Bearer ${oneKey(server.keys.secretKey)}` },
    });
    const { activities } = (await answer.json()) as { activities: { kind: string }[] };
    expect(activities.map(({ kind }) => kind).sort()).toEqual(["page", "viewed"]);
  } finally {
    await browser.close();
    page.close();
  }
});
