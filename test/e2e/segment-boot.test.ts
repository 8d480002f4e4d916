import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { oneKey } from "../../scripts/keys.ts";
import { type Server, startServer } from "../../scripts/server/index.ts";
import { serveBlankPage } from "./blank-page.ts";
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

test("[HT41] Segment's browser library boots with cdnURL alone and talks to nobody else", async () => {
  const page = await serveBlankPage();
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
