import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../domain/demand.ts";
import { stockName } from "../../domain/object-names.ts";
import { plannerOf, planners } from "../../domain/planner/shards.ts";
import type { Env } from "../../durable-objects/env.ts";
import { call, publish } from "./call.ts";

const DAY_MS = 86_400_000;
const sharded = { ...env, PLANNER_SHARDS: "3" } as unknown as Env;

describe("several planners", () => {
  test("[DP12] SKUs are spread over the planners, and the board is one list over them", async () => {
    const skus = Array.from({ length: 24 }, (_, i) => `s${String(i).padStart(2, "0")}`);
    const messages = skus.flatMap((sku, i) =>
      Array.from({ length: 40 }, (_, ago) => ({
        type: "track",
        event: "Order Completed",
        messageId: `spread-${sku}-${ago}`,
        userId: `buyer-${ago % 3}`,
        timestamp: new Date(Date.now() - (ago + 1) * DAY_MS).toISOString(),
        properties: {
          order_id: `${sku}-${ago}`,
          products: [{ product_id: sku, sku, quantity: 2 + (i % 5), price: 3 }],
        },
      })),
    );
    await call("POST", "/v1/import", { body: messages, env: sharded });
    for (const [i, sku] of skus.entries()) {
      await plannerOf(sharded, sku).position({
        sku,
        version: 1,
        onHand: i * 7,
        reserved: 0,
        incoming: [],
        policy: DEFAULT_POLICY,
        inStock: [],
      });
    }
    const known = await Promise.all(planners(sharded).map((planner) => planner.totals()));
    expect(known.reduce((sum, { lines }) => sum + lines, 0)).toBe(skus.length * 40);
    expect(known.every(({ skus: some }) => some > 0 && some < skus.length)).toBe(true);
    const { json: one } = await call("GET", `/v1/inventory/${skus[5]}/forecast`, { env: sharded });
    expect(one).toMatchObject({ sku: skus[5], replenishment: { on_hand: 35 } });

    for (const [sort, limit] of [
      ["revenue_at_risk", 5],
      ["days_of_cover", 1],
      ["sku", 8],
      ["order_by", 24],
    ] as const) {
      const whole = await call("GET", `/v1/replenishment?sort=${sort}&limit=500`, { env: sharded });
      expect(whole.json.items).toHaveLength(skus.length);
      expect(whole.json.next_cursor).toBeUndefined();
      const seen: string[] = [];
      for (let path = `/v1/replenishment?sort=${sort}&limit=${limit}`; path !== ""; ) {
        const { json } = await call("GET", path, { env: sharded });
        seen.push(...json.items.map(({ sku }: { sku: string }) => sku));
        expect(json.totals).toEqual(whole.json.totals);
        path =
          json.next_cursor === undefined
            ? ""
            : `/v1/replenishment?sort=${sort}&limit=${limit}&cursor=${encodeURIComponent(json.next_cursor)}`;
      }
      expect(seen).toEqual(whole.json.items.map(({ sku }: { sku: string }) => sku));
    }
    const { json } = await call("GET", "/v1/replenishment?limit=1", { env: sharded });
    const counted = Object.values(json.totals as Record<string, { skus: number }>);
    expect(counted.reduce((sum, { skus: some }) => sum + some, 0)).toBe(skus.length);
    expect(json.totals.out_of_stock.skus).toBe(1);
  });
});

test("[OR8] an order told by an event of days before and by the order API is demand once, and gone when cancelled", async () => {
  const sku = "told-twice";
  const unitsOf = async () => {
    await runDurableObjectAlarm(env.INVENTORY.getByName(stockName(sku)));
    const { json } = await call("GET", `/v1/inventory/${sku}/forecast`);
    return json.history.reduce((sum: number, { units }: { units: number }) => sum + units, 0);
  };
  await call("PUT", `/v1/inventory/${sku}`, { body: { on_hand: 9 } });
  const bought = {
    event: "Order Completed",
    messageId: "told-twice-1",
    userId: "buyer",
    timestamp: new Date(Date.now() - 3 * DAY_MS).toISOString(),
    properties: { order_id: "told-twice-1", products: [{ product_id: sku, sku, quantity: 2, price: 9 }] },
  };
  await call("POST", "/v1/track", { body: bought });
  const order = { order_id: "told-twice-1", items: [{ sku, quantity: 2 }] };
  expect((await call("POST", "/v1/orders", { body: order })).status).toBe(201);
  expect(await unitsOf()).toBe(2);
  await call("POST", "/v1/orders/told-twice-1/cancel");
  expect(await unitsOf()).toBe(0);
});

describe("names", () => {
  test("[DP14] a SKU is called as its product is, though it is not the product's id, by the catalogue or by events", async () => {
    await call("PUT", "/v1/products/shirt", { body: { name: "Shirt", skus: ["shirt-red", "shirt-blue"] } });
    await call("PUT", "/v1/products/mug", { body: { name: "Mug" } });
    const bought = {
      event: "Order Completed",
      messageId: "names-1",
      userId: "buyer",
      properties: {
        order_id: "names-1",
        products: [{ product_id: "lamp", sku: "lamp-e27", name: "Lamp", quantity: 1, price: 9 }],
      },
    };
    await call("POST", "/v1/track", { body: bought });
    await publish();
    const names = {
      "shirt-red": "Shirt",
      "shirt-blue": "Shirt",
      mug: "Mug",
      "lamp-e27": "Lamp",
      nameless: undefined,
    };
    const listed = async (bindings: Partial<Env> = {}) => {
      const { json } = await call("GET", "/v1/replenishment?limit=500&sort=sku", { env: bindings });
      return Object.fromEntries(
        json.items.map(({ sku, name }: { sku: string; name?: string }) => [sku, name]),
      );
    };
    for (const sku of Object.keys(names)) {
      const { status } = await call("PUT", `/v1/inventory/${sku}`, { body: { on_hand: 3 } });
      expect(status).toBe(201);
      await runDurableObjectAlarm(env.INVENTORY.getByName(stockName(sku)));
    }
    expect(await listed()).toMatchObject(names);
    for (const [sku, name] of Object.entries(names)) {
      expect((await call("GET", `/v1/inventory/${sku}/forecast`)).json.name).toBe(name);
    }
    await call("PUT", "/v1/products/shirt", { body: { name: "Blouse" } });
    expect(await listed()).toMatchObject({ ...names, "shirt-red": "Blouse", "shirt-blue": "Blouse" });
    await call("DELETE", "/v1/products/mug");
    expect((await listed())["mug"]).toBeUndefined();
    const away = { getByName: () => ({ names: () => Promise.reject(new Error("away")) }) };
    const without = await listed({ MODEL_BUILDER: away } as unknown as Partial<Env>);
    expect(Object.keys(without)).toEqual(expect.arrayContaining(Object.keys(names)));
    expect(without["shirt-red"]).toBeUndefined();
  });
});

describe("POST /v1/forecast", () => {
  const ask = (series: readonly unknown[], more: object = {}) =>
    call("POST", "/v1/forecast", { body: { series, horizon: 9, ...more } });
  /** Every mean, quantile and level of a forecast. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not typed
  const numbersOf = ({ daily, lead_time, experts }: any): unknown[] => [
    ...daily.flatMap((day: { mean: unknown; quantiles: object }) => [
      day.mean,
      ...Object.values(day.quantiles),
    ]),
    lead_time.mean,
    lead_time.reorder_point,
    lead_time.safety_stock,
    lead_time.order_up_to,
    ...Object.values(lead_time.quantiles),
    ...experts.flatMap(({ weight, level }: { weight: unknown; level: unknown }) => [weight, level]),
  ];

  test("[FC15] whatever is given as demand: finite numbers, or a 422 that names series and day", async () => {
    const good = fc.oneof(
      fc.constant(0),
      fc.nat(9),
      fc.nat(1_000_000_000),
      fc.double({ min: 0, max: 50, noNaN: true }),
    );
    const bad = fc.constantFrom<unknown>(null, -1, -0.5, 1e10, "3", "", true, [], {}, "NaN");
    const day = fc.oneof({ weight: 40, arbitrary: good }, { weight: 1, arbitrary: bad });
    const one = fc.array(day, { minLength: 1, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 7, 12),
        async (many, season) => {
          const series = many.map((demand, i) => ({ id: `s${i}`, start: "2026-01-01", demand }));
          const { status, json } = await ask(series, { season });
          const wrong = many.flatMap((demand, i) =>
            demand.flatMap((units, t) =>
              typeof units === "number" && units >= 0 && units <= 1e9 ? [] : [`series.${i}.demand.${t}`],
            ),
          );
          if (wrong.length > 0) {
            expect(status).toBe(422);
            const named = json.errors.map(({ path }: { path: string }) => path);
            expect(named).toEqual(wrong.slice(0, named.length));
          } else {
            expect(status).toBe(200);
            for (const forecast of json.forecasts) {
              expect(
                numbersOf(forecast).every((value) => Number.isFinite(value) && (value as number) >= 0),
              ).toBe(true);
            }
          }
        },
      ),
      {
        numRuns: 60,
        // Less than a 32-bit float tells from nothing, and what it cannot square.
        examples: [
          [[[7.006492321624087e-46, 0]], 1],
          [[[1e-30, 0, 1e-22, 2e-7, 0]], 1],
          [[[1.1e-6, 0, 2e-6, 1e9, 0]], 7],
        ],
      },
    );
  });

  test("[FC15] nothing sold, one sale, one day, huge units, days out of stock have defined answers", async () => {
    const zeros = new Array<number>(60).fill(0);
    const { status, json } = await ask([
      { id: "zeros", start: "2026-01-01", demand: zeros },
      { id: "once", start: "2026-01-01", demand: zeros.map((_, t) => (t === 20 ? 3 : 0)) },
      { id: "day", start: "2026-03-01", demand: [5] },
      { id: "huge", start: "2026-01-01", demand: zeros.map(() => 1e9) },
      { id: "out", start: "2026-01-01", demand: zeros.map(() => 2), in_stock: zeros },
    ]);
    expect(status).toBe(200);
    for (const forecast of json.forecasts) {
      expect(numbersOf(forecast).every((value) => Number.isFinite(value))).toBe(true);
    }
    const [none, once, day, huge] = json.forecasts;
    expect(none.lead_time).toMatchObject({ mean: 0, reorder_point: 0, safety_stock: 0, order_up_to: 0 });
    expect(none.daily.every(({ mean }: { mean: number }) => mean === 0)).toBe(true);
    expect(none.class.demand).toBe("none");
    expect(once.daily[0].mean).toBeGreaterThan(0);
    expect(once.daily[0].mean).toBeLessThan(3 / 20);
    expect(day.daily[0].mean).toBeGreaterThan(0);
    expect(day.daily[0].mean).toBeLessThanOrEqual(5);
    expect(Math.abs(huge.daily[0].mean / 1e9 - 1)).toBeLessThan(0.3);
  });

  test("[FC15] a share above 1 of a long, plain list is named; numbers tell the same however they are written", async () => {
    const demand = Array.from({ length: 90 }, (_, t) => (t * 5) % 7);
    const shares = demand.map((_, t) => (t === 17 ? 1.5 : 1));
    const { status, json } = await ask([{ id: "a", start: "2026-01-01", demand, in_stock: shares }]);
    expect(status).toBe(422);
    expect(json.errors).toEqual([{ path: "series.0.in_stock.17", detail: "must be a number from 0 to 1" }]);
    const body = { horizon: 9, series: [{ id: "a", start: "2026-01-01", demand }] };
    const plain = await call("POST", "/v1/forecast", { body });
    const written = JSON.stringify(body).replace(/\[0,5,/, "[0e0,5.0,");
    expect(written).not.toBe(JSON.stringify(body));
    expect((await call("POST", "/v1/forecast", { body: written })).json).toEqual(plain.json);
  });

  test("[FC17] a start is a day of the calendar from 1900 to 2199, or a 422 names it", async () => {
    const starting = (start: string) => ask([{ id: "a", start, demand: [1, 2, 3] }]);
    const range = "must be from 1900-01-01 to 2199-12-31";
    const none = "must be a date (YYYY-MM-DD)";
    for (const [start, detail] of [
      ["2026-02-31", none],
      ["2026-02-29", none],
      ["2026-04-31", none],
      ["2026-13-01", none],
      ["2026-2-1", none],
      ["9999-12-30", range],
      ["2200-01-01", range],
      ["0000-01-01", range],
      ["1899-12-31", range],
    ] as const) {
      const { status, json } = await starting(start);
      expect([start, status, json.errors]).toEqual([start, 422, [{ path: "series.0.start", detail }]]);
    }
    for (const [start, first] of [
      ["2024-02-28", "2024-03-02"],
      ["1900-01-01", "1900-01-04"],
      ["2199-12-31", "2200-01-03"],
    ] as const) {
      const { status, json } = await starting(start);
      expect([status, json.forecasts[0].daily[0].date]).toEqual([200, first]);
    }
  });

  test("[FC5] a weekday without sales is exactly 0 in each quantile", async () => {
    const demand = Array.from({ length: 140 }, (_, t) => (t % 7 === 5 ? 0 : 4 + (t % 3)));
    const { json } = await ask([{ id: "a", start: "2026-01-05", demand }], { horizon: 14 });
    const shut = json.forecasts[0].daily.filter((_: unknown, ahead: number) => (140 + ahead) % 7 === 5);
    expect(shut).toHaveLength(2);
    for (const { mean, quantiles } of shut) {
      expect([mean, ...Object.values(quantiles)].every((value) => value === 0)).toBe(true);
    }
  });
});
