// Pictures of the dashboard with the whole sample shop, into docs/screenshots:
//
//   npm run screenshots [-- --dir DIR]
//
// DIR keeps the shop's state (a folder of its own in the system's temporary one), so that a second run is quick.
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { launch } from "../test/e2e/browser.ts";
import { oneKey } from "./keys.ts";
import { loadSample } from "./sample/load.ts";
import { progressPrinter } from "./sample/printer.ts";
import { startServer } from "./server/index.ts";

const FOLDER = resolve(import.meta.dirname, "../docs/screenshots");
const SKU = "22423";
const CUSTOMER = "14911";

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
  { name: "overview", at: "overview" },
  { name: "board", at: "replenishment?status=order_now" },
  { name: "sku", at: `replenishment/${SKU}`, height: 1640, act: tryLongerLeadTime },
  { name: "visitor", at: `visitors/${CUSTOMER}`, height: 1240 },
  { name: "product-dark", at: `products/${SKU}`, dark: true },
  { name: "shop-window", at: "shop", height: 1100, act: shopAround },
  { name: "sku-phone-dark", at: `replenishment/${SKU}`, width: 390, height: 1000, dark: true },
];

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
    const browser = await launch();
    for (const { name, at, width = 1280, height = 900, dark, act } of SHOTS) {
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
      await page.goto(`${server.url}/#/${at}`);
      await quiet(page);
      await act?.(page);
      await quiet(page);
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: join(FOLDER, `${name}.png`) });
      console.log(`docs/screenshots/${name}.png`);
      await context.close();
    }
    await browser.close();
  } finally {
    await server.stop();
  }
}

await main();
