import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Rudder from "@rudderstack/rudder-sdk-node";
import { Analytics } from "@segment/analytics-node";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { oneKey } from "../../scripts/keys.ts";
import { type Server, startServer } from "../../scripts/server/index.ts";
import { serveBlankPage } from "./blank-page.ts";
import { launch } from "./browser.ts";
import { FAULTS, type FaultyProxy, openFaultyProxy } from "./faulty-proxy.ts";

const MESSAGES = 1_000;
const VISITORS = 10;
const UNITS_PER_ORDER = 2;
/** Of requests with many messages, and of those with one each: enough of either fail several times in a row. */
const FAULT_SHARE = { batches: 0.3, singles: 0.15 };
/** Libraries wait longer with each try: what takes longer than this is lost. */
const DELIVERED_MS_MAX = 75_000;

let dir: string;
let server: Server;
let proxy: FaultyProxy;
let writeKey: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-libraries-"));
  server = await startServer({ port: 0, dir, vars: { COMBINER_FLUSH_SECONDS: "1" } });
  writeKey = oneKey(server.keys.writeKey);
});
afterAll(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});
afterEach(() => proxy?.close());

async function failing(share: number): Promise<void> {
  proxy = await openFaultyProxy(server.url, { seed: 20_261_125, share });
}

/** One message in ten is an order of the same SKU, the others look at a product each: every one leaves its own mark. */
interface Message {
  readonly visitor: string;
  /** What an activity has to show: the product or the order. */
  readonly mark: string;
  readonly event: string;
  readonly properties: Record<string, unknown>;
}

function messagesOf(run: string): Message[] {
  return Array.from({ length: MESSAGES }, (_, i) => {
    const mark = `${run}-${i}`;
    const visitor = `${run}-visitor-${i % VISITORS}`;
    if (i % 10 !== 9)
      return { visitor, mark, event: "Product Viewed", properties: { product_id: mark, price: 5 } };
    const line = { product_id: skuOf(run), sku: skuOf(run), price: 5, quantity: UNITS_PER_ORDER };
    const properties = { order_id: mark, currency: "GBP", total: 10, products: [line] };
    return { visitor, mark, event: "Order Completed", properties };
  });
}

const skuOf = (run: string) => `${run}-sku`;

interface Stored {
  readonly message_id: string;
  readonly order_id?: string;
  readonly products: readonly { product_id: string }[];
}

async function read<T>(path: string): Promise<T | undefined> {
  const response = await fetch(server.url + path, {
    headers: { authorization: `Bearer ${oneKey(server.keys.secretKey)}` },
  });
  return response.ok ? ((await response.json()) as T) : undefined;
}

async function storedOf(visitor: string): Promise<Stored[]> {
  return (await read<{ activities: Stored[] }>(`/v1/users/${visitor}/export`))?.activities ?? [];
}

const markOf = ({ order_id, products }: Stored) => order_id ?? products[0]?.product_id ?? "";

/** Units of a SKU in the demand that forecasts are made from. */
async function unitsOf(sku: string): Promise<number> {
  const known = await read<{ history: { units: number }[] }>(`/v1/inventory/${sku}/forecast`);
  return known?.history.reduce((sum, { units }) => sum + units, 0) ?? 0;
}

/** Waits for all of the messages, and holds that none came twice: activities, counts, demand. */
async function expectEachOnce(run: string, messages: readonly Message[]): Promise<void> {
  const visitors = Map.groupBy(messages, ({ visitor }) => visitor);
  for (const [visitor, own] of visitors) {
    const marks = own.map(({ mark }) => mark).sort();
    const stored = async () => (await storedOf(visitor)).map(markOf).sort();
    await expect.poll(stored, { timeout: DELIVERED_MS_MAX, interval: 500 }).toEqual(marks);
  }
  const orders = messages.filter(({ event }) => event === "Order Completed").length;
  await expect.poll(() => unitsOf(skuOf(run)), { timeout: 15_000 }).toBe(orders * UNITS_PER_ORDER);
  // What was still on its way has come by now, and what was sent again has counted nothing.
  await proxy.close();
  for (const [visitor, own] of visitors) {
    const stored = await storedOf(visitor);
    expect(stored.map(markOf).sort()).toEqual(own.map(({ mark }) => mark).sort());
    expect(new Set(stored.map(({ message_id }) => message_id)).size).toBe(own.length);
    const bought = own.filter(({ event }) => event === "Order Completed").length;
    const profile = await read<{ counts: Record<string, number> }>(`/v1/users/${visitor}`);
    expect(profile?.counts).toMatchObject({ views: own.length - bought, orders: bought });
  }
  expect(await unitsOf(skuOf(run))).toBe(orders * UNITS_PER_ORDER);
  for (const fault of FAULTS) expect(proxy.injected.get(fault), fault).toBeGreaterThan(0);
}

test("[LB1] @segment/analytics-node: every message is stored exactly once", async () => {
  await failing(FAULT_SHARE.batches);
  const run = "segment-node";
  const failed: unknown[] = [];
  const analytics = new Analytics({ writeKey, host: proxy.url, flushAt: 20, flushInterval: 500 });
  analytics.on("error", (error) => failed.push(error));
  const messages = messagesOf(run);
  for (const { visitor, event, properties } of messages)
    analytics.track({ userId: visitor, event, properties });
  await analytics.closeAndFlush({ timeout: DELIVERED_MS_MAX });
  expect(failed).toEqual([]);
  await expectEachOnce(run, messages);
});

for (const gzip of [true, false]) {
  const how = gzip ? "with gzip" : "without gzip";
  test(`[LB2] @rudderstack/rudder-sdk-node ${how}: every message is stored exactly once`, async () => {
    await failing(FAULT_SHARE.batches);
    const run = gzip ? "rudder-gzip" : "rudder-plain";
    const failed: unknown[] = [];
    const analytics = new Rudder(writeKey, {
      dataPlaneUrl: proxy.url,
      gzip,
      flushAt: 20,
      flushInterval: 500,
      retryCount: 10,
      errorHandler: (error) => failed.push(error),
      // It logs every failed try.
      logLevel: "none",
    });
    const messages = messagesOf(run);
    const taken = messages.map(
      ({ visitor, event, properties }) =>
        new Promise<void>((done) => {
          analytics.track({ userId: visitor, event, properties: properties as never }, () => done());
        }),
    );
    await Promise.all(taken);
    expect(failed).toEqual([]);
    await expectEachOnce(run, messages);
  });
}

let page: { readonly url: string; close(): void };
let browser: Browser;
beforeAll(async () => {
  page = await serveBlankPage();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  page?.close();
});

interface Loaded {
  analytics: {
    track(event: string, properties: Record<string, unknown>): Promise<unknown>;
    on(event: string, told: (error: unknown) => void): void;
    user(): Promise<{ anonymousId(): string }>;
  };
  failed: string[];
}

/** Boots the library in the page from the service's address alone. */
async function boot(tab: Page, deliveryStrategy?: object): Promise<void> {
  await tab.goto(page.url);
  await tab.evaluate(
    ({ settings, options }) => {
      const { AnalyticsNext } = globalThis as unknown as {
        AnalyticsNext: { AnalyticsBrowser: { load(...options: object[]): Loaded["analytics"] } };
      };
      const analytics = AnalyticsNext.AnalyticsBrowser.load(settings, options);
      const failed: string[] = [];
      analytics.on("error", (error) => failed.push(String((error as { reason?: unknown }).reason ?? error)));
      Object.assign(globalThis, { analytics, failed });
    },
    {
      settings: { writeKey, cdnURL: proxy.url },
      options: deliveryStrategy === undefined ? {} : { integrations: { "Segment.io": { deliveryStrategy } } },
    },
  );
}

/** Says all of it within about two seconds, as clicks come; does not wait until it has arrived. */
function say(tab: Page, messages: readonly Message[]): Promise<string> {
  return tab.evaluate(async (list) => {
    const { analytics } = globalThis as unknown as Loaded;
    const atOnce = Math.ceil(list.length / 40);
    for (let i = 0; i < list.length; i += atOnce) {
      for (const { event, properties } of list.slice(i, i + atOnce)) void analytics.track(event, properties);
      await new Promise((done) => setTimeout(done, 50));
    }
    return (await analytics.user()).anonymousId();
  }, messages as Message[]);
}

const failures = (tab: Page) => tab.evaluate(() => (globalThis as unknown as Loaded).failed);

test("[LB3] @segment/analytics-next from another origin: every message is stored exactly once, though the page is left", async () => {
  await failing(FAULT_SHARE.singles);
  const run = "segment-browser";
  const messages = messagesOf(run);
  const context = await browser.newContext();
  try {
    const tab = await context.newPage();
    await boot(tab);
    const visitor = await say(tab, messages.slice(0, MESSAGES / 2));
    expect(await failures(tab)).toEqual([]);
    await boot(tab);
    expect(await say(tab, messages.slice(MESSAGES / 2))).toBe(visitor);
    await expectEachOnce(
      run,
      messages.map((message) => ({ ...message, visitor })),
    );
    expect(await failures(tab)).toEqual([]);
  } finally {
    await context.close();
  }
});

test("[LB4] @segment/analytics-next in batches: every message is stored exactly once", async () => {
  await failing(FAULT_SHARE.batches);
  const run = "segment-batches";
  const planned = Map.groupBy(messagesOf(run), ({ visitor }) => visitor);
  const contexts: BrowserContext[] = [];
  try {
    const visits = [...planned.values()].map(async (messages) => {
      const context = await browser.newContext();
      contexts.push(context);
      const tab = await context.newPage();
      await boot(tab, { strategy: "batching", config: { size: 5, timeout: 200 } });
      const visitor = await say(tab, messages);
      return { tab, messages: messages.map((message) => ({ ...message, visitor })) };
    });
    const said = await Promise.all(visits);
    await expectEachOnce(
      run,
      said.flatMap(({ messages }) => messages),
    );
    for (const { tab } of said) expect(await failures(tab)).toEqual([]);
  } finally {
    for (const context of contexts) await context.close();
  }
});

/** Sends messages as a page does that has RudderStack's library. Whom they are of. */
async function sendByRudder(
  tab: Page,
  url: string,
  messages: readonly Message[],
  options: object,
): Promise<string> {
  return tab.evaluate(
    async ({ key, url, list, options }) => {
      interface Rudder {
        load(key: string, url: string, options: object): void;
        track(event: string, properties: object): void;
        getAnonymousId(): string;
      }
      const { rudderanalytics } = globalThis as unknown as {
        rudderanalytics: { RudderAnalytics: new () => Rudder };
      };
      const analytics = new rudderanalytics.RudderAnalytics();
      // What RudderStack's own service would tell of the shop.
      const config = { statsCollection: { errors: { enabled: false }, metrics: { enabled: false } } };
      const source = { id: "shop", name: "shop", writeKey: key, workspaceId: "shop", enabled: true };
      analytics.load(key, url, {
        getSourceConfig: () => ({ source: { ...source, config, connections: [], destinations: [] } }),
        ...options,
      });
      const atOnce = Math.ceil(list.length / 40);
      for (let i = 0; i < list.length; i += atOnce) {
        for (const { event, properties } of list.slice(i, i + atOnce)) analytics.track(event, properties);
        await new Promise((done) => setTimeout(done, 50));
      }
      return analytics.getAnonymousId();
    },
    { key: writeKey, url, list: messages as Message[], options },
  );
}

test("[LB5] @rudderstack/analytics-js from another origin: every message is stored exactly once", async () => {
  await failing(FAULT_SHARE.singles);
  const run = "rudder-browser";
  const messages = messagesOf(run);
  const shop = await serveBlankPage("rudderstack");
  const context = await browser.newContext();
  try {
    const tab = await context.newPage();
    await tab.goto(shop.url);
    const visitor = await sendByRudder(tab, proxy.url, messages, {
      queueOptions: { minRetryDelay: 200, maxRetryDelay: 2_000, maxAttempts: 20, maxItems: 2_000 },
    });
    await expectEachOnce(
      run,
      messages.map((message) => ({ ...message, visitor })),
    );
  } finally {
    await context.close();
    shop.close();
  }
});

test("[LB6] @rudderstack/analytics-js with useBeacon: every message is stored exactly once", async () => {
  const run = "rudder-beacon";
  // Less than the 64 KB of beacons that a browser takes at a time: what is more the library drops.
  const messages = messagesOf(run).slice(0, 30);
  const shop = await serveBlankPage("rudderstack");
  const context = await browser.newContext();
  try {
    const tab = await context.newPage();
    await tab.goto(shop.url);
    const beacons = { useBeacon: true, beaconQueueOptions: { maxItems: 10, flushQueueInterval: 500 } };
    const visitor = await sendByRudder(tab, server.url, messages, beacons);
    const stored = async () => (await storedOf(visitor)).map(markOf).sort();
    await expect
      .poll(stored, { timeout: DELIVERED_MS_MAX, interval: 500 })
      .toEqual(messages.map(({ mark }) => mark).sort());
    const orders = messages.filter(({ event }) => event === "Order Completed").length;
    await expect.poll(() => unitsOf(skuOf(run)), { timeout: 15_000 }).toBe(orders * UNITS_PER_ORDER);
  } finally {
    await context.close();
    shop.close();
  }
});
