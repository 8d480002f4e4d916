// A running shop with a small part of the sample, and a browser that looks at it: what the dashboard's tests share.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { oneKey } from "../../scripts/keys.ts";
import { readSample, type Sample } from "../../scripts/sample/files.ts";
import { loadSample } from "../../scripts/sample/load.ts";
import { lastDays } from "../../scripts/sample/plan.ts";
import { startServer } from "../../scripts/server/index.ts";
import { launch } from "./browser.ts";

const DAYS = 60;
const SKUS = 60;
const CUSTOMERS = 25;
const BOARD_QUIET_MS = 1_500;
/** The aim is 50 ms, and printed; a busy machine is slower, and what a fault costs is more than this. */
export const LONG_TASK_MS = 200;

export interface Shop {
  readonly url: string;
  readonly secretKey: string;
  readonly writeKey: string;
  readonly browser: Browser;
  /** A customer and an article that occur often. */
  readonly customer: string;
  readonly sku: string;
  /** The service's own answer. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect of it
  readonly api: (method: string, path: string, body?: unknown) => Promise<{ status: number; json: any }>;
  readonly close: () => Promise<void>;
}

/** The articles and customers that occur most often in the sample's last days. */
function smallSample(): Sample {
  const recent = lastDays(readSample(), DAYS);
  const customers = new Set(
    most(
      recent.invoices.filter(({ customer }) => customer !== "").map(({ customer }) => customer),
      CUSTOMERS,
    ),
  );
  const skus = new Set(
    most(
      recent.invoices.flatMap(({ lines }) => lines.map(({ sku }) => sku)),
      SKUS,
    ),
  );
  const invoices = recent.invoices
    .filter(({ customer }) => customers.has(customer))
    .map((invoice) => ({ ...invoice, lines: invoice.lines.filter(({ sku }) => skus.has(sku)) }))
    .filter(({ lines }) => lines.length > 0);
  return { ...recent, invoices, catalogue: recent.catalogue.filter(({ sku }) => skus.has(sku)) };
}

/** The words that occur most often, the commonest first. */
function most(words: readonly string[], count: number): string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([word]) => word);
}

export async function openShop({ sample = true } = {}): Promise<Shop> {
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-dashboard-"));
  const vars = { MODEL_PUBLISH_SECONDS: "1", COMBINER_FLUSH_SECONDS: "1" };
  const server = await startServer({ port: 0, dir, vars });
  const [secretKey, writeKey] = [oneKey(server.keys.secretKey), oneKey(server.keys.writeKey)];
  const small = smallSample();
  if (sample) {
    await loadSample({ url: server.url, secretKey, dir, sample: small });
    await planned(server.url, secretKey);
  }
  const browser = await launch();
  return {
    url: server.url,
    secretKey,
    writeKey,
    browser,
    customer: most(
      small.invoices.map(({ customer }) => customer),
      1,
    )[0]!,
    sku: most(
      small.invoices.flatMap(({ lines }) => lines.map(({ sku }) => sku)),
      1,
    )[0]!,
    async api(method, path, body) {
      const response = await fetch(server.url + path, {
        method,
        headers: { authorization: `Bearer ${secretKey}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, json: text === "" ? undefined : JSON.parse(text) };
    },
    async close() {
      await browser.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Stock tells the board of itself within seconds: until it says the same twice. */
async function planned(url: string, secretKey: string): Promise<void> {
  const board = async () => {
    const headers = { authorization: `Bearer ${secretKey}` };
    return (await fetch(`${url}/v1/replenishment?limit=500`, { headers })).text();
  };
  for (let told = await board(), before = ""; told !== before; told = await board()) {
    before = told;
    await sleep(BOARD_QUIET_MS);
  }
}

export interface Visit {
  /** Where the page is opened, `#/overview`. */
  readonly at?: string;
  readonly context?: BrowserContextOptions;
  /** Console errors that belong to the test. */
  readonly expected?: RegExp;
  /** Before anything is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
  readonly signedIn?: boolean;
}

/** A page of its own; it fails on any error in the console, any exception and any dialog. */
export async function visit(shop: Shop, options: Visit, look: (page: Page) => Promise<void>): Promise<void> {
  const { at = "", expected, prepare, signedIn = true } = options;
  const context = await shop.browser.newContext({ locale: "en-GB", ...options.context });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const wrong: string[] = [];
  page.on("console", (message) => {
    const isBad = message.type() === "error" || message.type() === "warning";
    if (isBad && !expected?.test(message.text())) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  try {
    if (signedIn) {
      await page.addInitScript(
        ([secret, write]) => {
          sessionStorage.setItem("shelfwise.secret_key", secret!);
          sessionStorage.setItem("shelfwise.write_key", write!);
        },
        [shop.secretKey, shop.writeKey],
      );
    }
    await prepare?.(page);
    await page.goto(`${shop.url}/${at}`);
    await look(page);
    await settled(page);
    expect(wrong).toEqual([]);
  } finally {
    await context.close();
  }
}

/** Until nothing says any more that it loads. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("main h1") !== null);
  await page.waitForFunction(() => document.querySelector("[aria-busy], .loading") === null);
}

/**
 * CPU time in ms of the longest task of the page's main thread while something is done, from the browser's own trace:
 * what other processes take of a busy machine is not counted.
 */
export async function longestTask(page: Page, act: () => Promise<unknown>): Promise<number> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  let trace: Buffer;
  try {
    await act();
  } finally {
    trace = await browser.stopTracing();
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && main.has(`${pid} ${tid}`),
  );
  if (tasks.length === 0) throw new Error("the trace tells of no task");
  return Math.max(...tasks.map(({ tdur, dur }) => tdur ?? dur ?? 0)) / 1000;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args?: { readonly name?: string };
  /** Microseconds; `tdur` of the thread's own clock. */
  readonly dur?: number;
  readonly tdur?: number;
}
