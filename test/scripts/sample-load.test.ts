import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { apiClient } from "../../scripts/client.ts";
import { readSample } from "../../scripts/sample/files.ts";
import { type LoadOptions, type LoadState, loadSample } from "../../scripts/sample/load.ts";
import { lastDays, planLoad } from "../../scripts/sample/plan.ts";
import { progressPrinter } from "../../scripts/sample/printer.ts";
import { readProgress, writeProgress } from "../../scripts/sample/progress.ts";
import { type FakeShop, type Fault, fakeShop } from "./fake-shop.ts";

const whole = readSample();
const sample = lastDays({ ...whole, invoices: whole.invoices.slice(-60) }, 400);
const NOW = Date.parse("2026-11-24T10:00:00Z");
const DAY_MS = 86_400_000;
const plan = planLoad(sample, 5463);

let dir: string;
let shop: FakeShop;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-load-"));
});

afterEach(async () => {
  await shop.close();
  rmSync(dir, { recursive: true });
});

async function begin(fault?: Fault): Promise<LoadOptions> {
  shop = await fakeShop(fault);
  return { url: shop.url, secretKey: "secret", dir, sample, now: NOW, objectsPerSecond: 1e6 };
}

function expectWhole(): void {
  expect(shop.products.size).toBe(sample.catalogue.length);
  expect(shop.stock.size).toBe(sample.catalogue.length);
  expect([...shop.events.values()].sort()).toEqual(
    plan.events.flatMap(({ ndjson }) => ndjson.trimEnd().split("\n")).sort(),
  );
}

describe("a load", () => {
  test("[SS10] [SS12] sends everything once, and nothing after it is complete", async () => {
    const options = await begin();
    const states: LoadState[] = [];
    const first = await loadSample({ ...options, onProgress: (state) => states.push(state) });
    expect(first).toEqual({ loaded: true, orders: plan.orders, orderLines: plan.orderLines });
    expectWhole();
    expect(shop.received.length).toBe(plan.products.length + plan.events.length + plan.stock.length);
    expect(states.at(-1)).toMatchObject({ step: "settling", share: 1, events: shop.events.size });

    const sent = shop.received.length;
    const second = await loadSample({ ...options, now: NOW + 3 * DAY_MS });
    expect(second.loaded).toBe(false);
    expect(shop.received.length).toBe(sent);
  });

  test("[SS11] one cut off goes on where it was, days later with the same dates", async () => {
    const stop = new AbortController();
    const options = await begin((request) => {
      if (request === plan.products.length + 1) stop.abort();
      return "serve";
    });
    await expect(loadSample({ ...options, signal: stop.signal })).rejects.toThrow();
    const known = readProgress(dir);
    expect(known?.done.products).toBe(plan.products.length);
    expect(known?.complete).toBe(false);
    const sent = shop.received.length;
    await loadSample({ ...options, now: NOW + 5 * DAY_MS });
    expectWhole();
    const all = plan.products.length + plan.events.length + plan.stock.length;
    expect(shop.received.length - sent).toBeLessThanOrEqual(all - plan.products.length);
  });

  test("[SS11] one begun by another plan begins anew with the same dates", async () => {
    const options = await begin();
    const done = { products: 1, events: 2, stock: 3 };
    writeProgress(dir, { plan: 0, shift_days: 5463, done, complete: false });
    await loadSample({ ...options, now: NOW + 5 * DAY_MS });
    expectWhole();
  });

  test("[SS11] stock that the shop has set meanwhile stays", async () => {
    const options = await begin();
    const path = `/v1/inventory/${sample.catalogue[0]!.sku}`;
    shop.stock.set(path, '{"on_hand":7}');
    await loadSample(options);
    expect(shop.stock.get(path)).toBe('{"on_hand":7}');
  });

  test("[SS13] outlasts resets, 503 and lost answers, and still counts once", async () => {
    const faults = ["serve", "fail", "busy", "lose", "serve", "serve"] as const;
    await loadSample(await begin((request) => (request < 24 ? faults[request % faults.length]! : "serve")));
    expectWhole();
    expect(shop.received.length).toBeGreaterThan(
      plan.products.length + plan.events.length + plan.stock.length,
    );
  });

  test("[SS13] a refused event ends it with its reason, and is not taken for done", async () => {
    const options = await begin((_, path) => (path === "/v1/import" ? "refuse" : "serve"));
    await expect(loadSample(options)).rejects.toThrow("no such event");
    expect(readProgress(dir)).toMatchObject({ done: { events: 0 }, complete: false });
    expect(shop.stock.size).toBe(0);
  });

  test("[SS13] gives up after a bounded number of tries, saying what happened", async () => {
    let tries = 0;
    await begin(() => {
      tries += 1;
      return "busy";
    });
    await expect(apiClient(shop.url, "secret").GET("/v1/products")).rejects.toThrow(/failed 10 times.*503/);
    expect(tries).toBe(10);
  });
});

describe("its progress", () => {
  const state: LoadState = { step: "events", share: 0.514, events: 12_345, eventsAll: 24_327 };

  test("one line that is rewritten on a terminal, whole lines elsewhere", async () => {
    await begin();
    for (const isTTY of [true, false]) {
      let now = 0;
      let written = "";
      const out = { isTTY, write: (text: string) => (written += text) } as unknown as NodeJS.WritableStream;
      const printer = progressPrinter(out, () => now);
      for (now = 0; now <= 10_000; now += 1_000) printer.show(state);
      printer.end();
      const lines = written.split("\n").filter((line) => line !== "");
      expect(lines.length).toBe(isTTY ? 1 : 2);
      expect(lines[0]).toContain("Loading the sample shop: 51 % (orders 12,345 of 24,327)");
      expect(written.endsWith("\n")).toBe(true);
    }
  });
});
