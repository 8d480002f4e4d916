// Pictures of the dashboard with the whole sample shop, into docs/screenshots:
//
//   npm run screenshots [-- --dir DIR]
//
// DIR keeps the shop's state (a folder of its own in the system's temporary one), so that a second run is quick, and
// shows a usual hour: in the first, loading the sample is most of the traffic.
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { launch } from "../test/e2e/browser.ts";
import { oneKey } from "./keys.ts";
import { loadSample } from "./sample/load.ts";
import { progressPrinter } from "./sample/printer.ts";
import { startServer } from "./server/index.ts";

const FOLDER = resolve(import.meta.dirname, "../docs/screenshots");
const SKU = "22423";
const CUSTOMER = "14911";
const VISITORS = 60;
const STEP_MS = 100;
/** Else they are taken for bots. */
const BROWSER =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36";

interface Shot {
  readonly name: string;
  readonly at: string;
  readonly width?: number;
  readonly height?: number;
  readonly dark?: true;
  /** What is done before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: "board", at: "replenishment?status=order_now" },
  { name: "sku", at: `replenishment/${SKU}`, height: 1640, act: tryLongerLeadTime },
  { name: "visitor", at: `visitors/${CUSTOMER}`, height: 1240 },
  { name: "product-dark", at: `products/${SKU}`, dark: true },
  { name: "shop-window", at: "shop", height: 1100, act: shopAround },
  { name: "sku-phone-dark", at: `replenishment/${SKU}`, width: 390, height: 1000, dark: true },
];
/** Taken when visitors have been about for a while. */
const LIVE_SHOTS: readonly Shot[] = [
  { name: "live", at: "live", act: openEvent },
  { name: "rejected-dark", at: "live/rejected", dark: true, act: openRejected },
  { name: "overview", at: "overview", height: 1000 },
];
const TRAFFIC_MS = 210_000;

async function openEvent(page: Page): Promise<void> {
  await page.locator("ol.feed li").nth(5).waitFor();
  await page.locator("ol.feed summary", { hasText: "Product Added" }).first().click();
}

async function openRejected(page: Page): Promise<void> {
  await page.locator("ol.feed summary").first().click();
}

async function tryLongerLeadTime(page: Page): Promise<void> {
  await page.getByLabel("Lead time, days").fill("28");
  await page.getByRole("button", { name: "Compute" }).click();
  await page.getByRole("columnheader", { name: "28 days" }).waitFor();
}

async function shopAround(page: Page): Promise<void> {
  await page.getByLabel("Find a product").fill("regency cakestand");
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByRole("button", { name: /^Regency Cakestand 3 Tier/ }).click();
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByText("← Recommendations: cart").waitFor();
  await quiet(page);
  await page.locator("section", { hasText: "Before you go" }).locator("button.link").first().click();
  await page.getByRole("heading", { name: "Goes with it" }).waitFor();
}

/** Until nothing loads any more, every row has come and every chart is drawn. */
async function quiet(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("main h1") !== null);
  await page.waitForFunction(() => document.querySelector("[aria-busy], .loading, .chart:empty") === null);
  await page.getByText("more are coming").waitFor({ state: "detached" });
}

/** Visitors who look at the sample's products, put them into carts and buy; now and then an event lacks its visitor. */
function sendTraffic(url: string, writeKey: string, products: readonly CatalogueItem[]): () => void {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() ** 2 * list.length)]!;
  const carts = new Map<string, CatalogueItem[]>();
  const step = () => {
    const visitor = `visitor-${Math.ceil(Math.random() * VISITORS)}`;
    const product = pick(products);
    const cart = carts.get(visitor) ?? [];
    const chance = Math.random();
    let event = "Product Viewed";
    let properties: Record<string, unknown> = { ...product };
    if (chance > 0.97 && cart.length > 0) {
      event = "Order Completed";
      const total = Math.round(cart.reduce((sum, { price = 0 }) => sum + price, 0) * 100) / 100;
      properties = { order_id: `order-${Date.now()}`, currency: "GBP", total, products: cart };
      carts.delete(visitor);
    } else if (chance > 0.8) {
      event = "Product Added";
      properties["quantity"] = 1;
      carts.set(visitor, [...cart, product]);
    }
    const context = { library: { name: "analytics.js", version: "npm:next-1.84.3" } };
    void fetch(`${url}/v1/track`, {
      method: "POST",
      headers: { authorization: `Bearer ${writeKey}`, "user-agent": BROWSER },
      body: JSON.stringify({
        messageId: crypto.randomUUID(),
        ...(chance > 0.02 && { anonymousId: visitor }),
        event,
        properties,
        context,
      }),
    }).catch(() => {});
  };
  const timer = setInterval(
    () => Math.random() < 0.6 + 0.3 * Math.sin(Date.now() / 40_000) && step(),
    STEP_MS,
  );
  return () => clearInterval(timer);
}

interface CatalogueItem {
  readonly product_id: string;
  readonly name?: string;
  readonly category?: string;
  readonly price?: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { dir: { type: "string" } } });
  const dir = values.dir ?? join(tmpdir(), "shelfwise-screenshots");
  const server = await startServer({ port: 0, dir });
  try {
    const [secretKey, writeKey] = [oneKey(server.keys.secretKey), oneKey(server.keys.writeKey)];
    const printer = progressPrinter(process.stdout);
    await loadSample({ url: server.url, secretKey, dir, onProgress: printer.show });
    printer.end();
    mkdirSync(FOLDER, { recursive: true });
    const trending = await fetch(`${server.url}/v1/trending?limit=60`, {
      headers: { authorization: `Bearer ${writeKey}` },
    });
    const { items } = (await trending.json()) as { items: { product: CatalogueItem }[] };
    const stop = sendTraffic(
      server.url,
      writeKey,
      items.map(({ product }) => product),
    );
    const began = Date.now();
    const browser = await launch();
    for (const shot of SHOTS) await take(shot, browser, server.url, { secretKey, writeKey });
    await sleep(Math.max(0, began + TRAFFIC_MS - Date.now()));
    for (const shot of LIVE_SHOTS) await take(shot, browser, server.url, { secretKey, writeKey });
    stop();
    await browser.close();
  } finally {
    await server.stop();
  }
}

async function take(
  { name, at, width = 1280, height = 900, dark, act }: Shot,
  browser: Browser,
  url: string,
  { secretKey, writeKey }: { secretKey: string; writeKey: string },
): Promise<void> {
  const context = await browser.newContext({
    locale: "en-GB",
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  await page.addInitScript(
    ([secret, write]) => {
      sessionStorage.setItem("shelfwise.secret_key", secret!);
      sessionStorage.setItem("shelfwise.write_key", write!);
    },
    [secretKey, writeKey],
  );
  await page.goto(`${url}/#/${at}`);
  await quiet(page);
  await act?.(page);
  await quiet(page);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  console.log(`docs/screenshots/${name}.png`);
  await context.close();
}

await main();
