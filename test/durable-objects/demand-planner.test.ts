import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { isoDate } from "../../domain/calendar.ts";
import { DEFAULT_POLICY, type DemandLine, type StockPosition } from "../../domain/demand.ts";
import { PLANNER_PAGE_SKUS } from "../../domain/limits.ts";

const DAY_MS = 86_400_000;
const NOW = Date.now();
const TODAY = Math.floor(NOW / DAY_MS);

const plannerNamed = (name: string) => env.DEMAND_PLANNER.getByName(name);
type Planner = ReturnType<typeof plannerNamed>;

function line(orderId: string, sku: string, units: number, daysAgo = 1, price = 2): DemandLine {
  return { orderId, sku, units, at: NOW - daysAgo * DAY_MS, price };
}

function position(
  sku: string,
  version: number,
  onHand: number,
  change: Partial<StockPosition> = {},
): StockPosition {
  return { sku, version, onHand, reserved: 0, incoming: [], policy: DEFAULT_POLICY, inStock: [], ...change };
}

async function forecast(planner: Planner, sku: string, now = NOW) {
  return (await planner.forecast({ sku, horizon: 14, now }))!;
}

async function unitsOf(planner: Planner, sku: string): Promise<number> {
  const { history } = await forecast(planner, sku);
  return history.reduce((sum, { units }) => sum + units, 0);
}

/** A year of steady sales of several SKUs. */
async function withHistory(name: string, skus: readonly string[], units = 10, days = 120): Promise<Planner> {
  const planner = plannerNamed(name);
  const lines = skus.flatMap((sku) =>
    Array.from({ length: days }, (_, i) => line(`${sku}-${i}`, sku, units, i + 1)),
  );
  await planner.record(lines);
  return planner;
}

describe("counting", () => {
  test("[DP1] a line counts once, in one call, over calls, beside itself, and after a restart", async () => {
    const planner = plannerNamed("once");
    const lines = [line("o1", "a", 3), line("o1", "b", 4), line("o2", "a", 5)];
    expect(await planner.record([...lines, line("o1", "a", 3)])).toEqual({ counted: 3, duplicates: 1 });
    const answers = await Promise.all([
      planner.record(lines),
      planner.record([line("o3", "a", 1), ...lines]),
    ]);
    expect(answers).toEqual([
      { counted: 0, duplicates: 3 },
      { counted: 1, duplicates: 3 },
    ]);
    // The order API tells the same order a little later, and so past midnight perhaps.
    expect(await planner.record([{ ...line("o1", "a", 3), at: NOW }])).toEqual({ counted: 0, duplicates: 1 });
    await evictDurableObject(planner);
    expect(await planner.record(lines)).toEqual({ counted: 0, duplicates: 3 });
    await runDurableObjectAlarm(planner);
    await evictDurableObject(planner);
    expect(await planner.record(lines)).toEqual({ counted: 0, duplicates: 3 });
    expect(await planner.totals()).toEqual({ skus: 2, orders: 3, lines: 4, units: 13 });
    expect(await unitsOf(planner, "a")).toBe(9);
  });

  test("[DP1] an order told at two times up to 8 days apart counts once, on the day told first; cancelled it is gone", async () => {
    for (const [first, second] of [
      [3, 0],
      [5, 2],
      [0, 8],
    ] as const) {
      const planner = plannerNamed(`apart ${first} ${second}`);
      await planner.record([line("o1", "a", 2, first), line("o2", "a", 5, second)]);
      await runDurableObjectAlarm(planner);
      await evictDurableObject(planner);
      expect(await planner.record([line("o1", "a", 2, second)])).toEqual({ counted: 0, duplicates: 1 });
      const { history } = await forecast(planner, "a");
      expect(history.find(({ date }) => date === isoDate(TODAY - first))?.units).toBe(2);
      expect(await planner.totals()).toMatchObject({ orders: 2, units: 7 });
      expect(await planner.cancel([{ orderId: "o1", sku: "a", at: NOW - second * DAY_MS }])).toEqual({
        takenBack: 1,
      });
      expect(await unitsOf(planner, "a")).toBe(5);
    }
  });

  test("[DP2] a restart before and after the flush keeps lines, positions and views", async () => {
    const planner = plannerNamed("restart");
    await planner.record([line("o1", "a", 7), line("o2", "a", 2, 40)]);
    await planner.position(position("a", 1, 50));
    await planner.behave({
      shard: 3,
      sequence: 1,
      counts: [{ sku: "a", day: TODAY - 1, views: 9, carts: 4 }],
    });
    const before = await forecast(planner, "a");
    await evictDurableObject(planner);
    expect(await forecast(planner, "a")).toEqual(before);
    await runDurableObjectAlarm(planner);
    await evictDurableObject(planner);
    expect(await forecast(planner, "a")).toEqual(before);
    expect(before.replenishment?.on_hand).toBe(50);
    expect(before.history.at(-2)).toMatchObject({ units: 7, views: 9, carts: 4 });
  });

  test("[DP11] a cancelled line is taken back once, on its day, over restarts; told afterwards it does not count", async () => {
    const planner = plannerNamed("cancelled");
    await planner.record([
      line("o1", "a", 7, 3),
      line("o1", "b", 2, 3),
      line("o2", "a", 5, 3),
      line("o3", "a", 9),
    ]);
    await runDurableObjectAlarm(planner);
    const gone = { orderId: "o1", sku: "a", at: NOW };
    const early = { orderId: "o4", sku: "a", at: NOW };
    expect(await planner.cancel([gone, gone, early])).toEqual({ takenBack: 1 });
    await evictDurableObject(planner);
    expect(await planner.cancel([gone])).toEqual({ takenBack: 0 });
    expect(await planner.cancel([{ orderId: "o2", sku: "a", at: NOW, units: 2 }])).toEqual({ takenBack: 1 });
    expect(await planner.record([line("o4", "a", 50, 0), line("o1", "a", 7, 3)])).toEqual({
      counted: 0,
      duplicates: 2,
    });
    await runDurableObjectAlarm(planner);
    await evictDurableObject(planner);
    expect(await planner.cancel([gone, early])).toEqual({ takenBack: 0 });
    expect(await unitsOf(planner, "a")).toBe(12);
    expect(await unitsOf(planner, "b")).toBe(2);
    const { history } = await forecast(planner, "a");
    expect(history.find(({ date }) => date === isoDate(TODAY - 3))?.units).toBe(3);
    expect(await planner.totals()).toMatchObject({ lines: 3, units: 14 });
  });

  test("[DP13] day by day or all at once, over restarts: the forecast is the same to the bit", async () => {
    const [slow, fast] = [plannerNamed("day-by-day"), plannerNamed("at-once")];
    const all: DemandLine[] = [];
    for (let ago = 90; ago > 0; ago--) {
      const lines = ["a", "b", "c"].map((sku, i) =>
        line(`${sku}${ago}`, sku, 1 + ((ago * (i + 3)) % 7), ago),
      );
      all.push(...lines);
      await slow.record(lines);
      if (ago % 30 === 0) {
        await runDurableObjectAlarm(slow);
        await evictDurableObject(slow);
        await forecast(slow, "a");
      }
    }
    await fast.record(all);
    for (const sku of ["a", "b", "c"]) expect(await forecast(slow, sku)).toEqual(await forecast(fast, sku));
  });

  test("[DP13] what tells of an older day than any before reaches the forecasts of all pages", async () => {
    const [slow, fast] = [plannerNamed("older-later"), plannerNamed("older-at-once")];
    const today = Array.from({ length: PLANNER_PAGE_SKUS }, (_, i) => line(`o${i}`, `s${i}`, 2, 0));
    const older = [line("old", "other", 3, 30)];
    await slow.record(today);
    await forecast(slow, "s0");
    await slow.record(older);
    await fast.record([...today, ...older]);
    expect(await forecast(slow, "s0")).toEqual(await forecast(fast, "s0"));
  });

  test("[DP3] calls that come together share a row, and a flush writes what changed", async () => {
    const planner = plannerNamed("rows");
    await planner.record([line("first", "a", 1)]);
    const rows = () => runInDurableObject(planner, (object) => object.rowsWritten());
    const before = await rows();
    await Promise.all(Array.from({ length: 50 }, (_, i) => planner.record([line(`o${i}`, "a", 1)])));
    expect((await rows()) - before).toBeLessThanOrEqual(3);
    const journalled = await rows();
    await runDurableObjectAlarm(planner);
    // SKU, demand, price, keys of the day, counters, and the journal rows that go.
    expect((await rows()) - journalled).toBeLessThanOrEqual(5 + 4);
    expect((await planner.totals()).orders).toBe(51);
  });

  test("[DP4] days are bounded: the future is today, and 400 days ago is over", async () => {
    const planner = plannerNamed("days");
    const told = [
      line("old", "a", 1, 400),
      line("last", "a", 2, 399),
      { ...line("next", "a", 4), at: NOW + 9 * DAY_MS },
    ];
    expect(await planner.record(told)).toEqual({ counted: 2, duplicates: 0 });
    const { history } = await forecast(planner, "a");
    expect(history[0]).toMatchObject({ date: isoDate(TODAY - 399), units: 2 });
    expect(history.at(-1)).toEqual({ date: isoDate(TODAY), units: 4, in_stock: 1, partial: true });
  });

  test("[DP5] views count once per combiner and sequence, for SKUs that are sold or stocked", async () => {
    const planner = plannerNamed("views");
    await planner.record([line("o1", "sold", 1)]);
    await planner.position(position("stocked", 1, 5));
    const counts = ["sold", "stocked", "unknown"].map((sku) => ({ sku, day: TODAY - 1, views: 5, carts: 1 }));
    await planner.behave({ shard: 2, sequence: 7, counts });
    await planner.behave({ shard: 2, sequence: 7, counts });
    await planner.behave({ shard: 2, sequence: 6, counts });
    await planner.behave({ shard: 1, sequence: 7, counts });
    for (const sku of ["sold", "stocked"]) {
      const { history } = await forecast(planner, sku);
      expect(history.find(({ date }) => date === isoDate(TODAY - 1))).toMatchObject({ views: 10, carts: 2 });
    }
    expect(await planner.forecast({ sku: "unknown", horizon: 7, now: NOW })).toBeUndefined();
  });

  test("[DP5] views of a UTC day that the shop's own is yet to reach count today", async () => {
    const planner = plannerNamed("evening");
    await planner.record([line("o1", "a", 1)]);
    await planner.behave({
      shard: 1,
      sequence: 1,
      counts: [{ sku: "a", day: TODAY + 1, views: 5, carts: 2 }],
    });
    const { history } = await forecast(planner, "a");
    expect(history.at(-1)).toMatchObject({ date: isoDate(TODAY), views: 5, carts: 2 });
  });
});

describe("prices", () => {
  test("[DP15] a SKU's price is the one last paid, in whatever order lines are told, and the board's at once", async () => {
    const planner = plannerNamed("prices");
    await planner.record([line("o1", "a", 1, 2, 9)]);
    await planner.position(position("a", 1, 5));
    const priceOf = async () => {
      const { items } = await planner.board({ sort: "sku", limit: 5, now: NOW });
      return [(await forecast(planner, "a")).unit_price, items[0]!.unit_price];
    };
    expect(await priceOf()).toEqual([9, 9]);
    await planner.record([line("o2", "a", 1, 0, 12), line("o3", "a", 1, 1, 8)]);
    expect(await priceOf()).toEqual([12, 12]);
    await runDurableObjectAlarm(planner);
    await evictDurableObject(planner);
    await planner.record([line("o4", "a", 1, 300, 5)]);
    expect(await priceOf()).toEqual([12, 12]);
    await planner.record([line("gift", "a", 1, 0, 0)]);
    expect(await priceOf()).toEqual([12, 12]);
  });

  test("[DP15] one that was paid for long stays the last one paid, also after a restart", async () => {
    const planner = plannerNamed("steady-price");
    for (const one of [line("o1", "a", 1, 60, 9), line("o2", "a", 1, 1, 9)]) {
      await planner.record([one]);
      await runDurableObjectAlarm(planner);
    }
    await evictDurableObject(planner);
    await planner.record([line("o3", "a", 1, 30, 5)]);
    expect((await forecast(planner, "a")).unit_price).toBe(9);
  });
});

describe("stock", () => {
  test("[DP6] an older position never replaces a newer one", async () => {
    const planner = await withHistory("positions", ["a"]);
    await planner.position(position("a", 5, 70));
    await planner.position(position("a", 4, 10));
    await planner.position(position("a", 5, 20));
    expect((await forecast(planner, "a")).replenishment?.on_hand).toBe(70);
  });

  test("[DP6] days out of stock teach nothing, ended or lasting", async () => {
    const planner = plannerNamed("outage");
    // Ten a day on four days of five, out of stock on the fifth, and out since five days.
    const lines = Array.from({ length: 100 }, (_, i) => i + 1)
      .filter((ago) => ago % 5 !== 0 && ago > 5)
      .flatMap((ago) => ["a", "b"].map((sku) => line(`${sku}${ago}`, sku, 10, ago)));
    await planner.record(lines);
    const inStock = Array.from({ length: 20 }, (_, i) => ({ day: TODAY - (i + 1) * 5, fraction: 0 }));
    const outSince = (TODAY - 5) * DAY_MS;
    await planner.position(position("a", 1, 0, { inStock, outSince }));
    const [known, ignored] = [await forecast(planner, "a"), await forecast(planner, "b")];
    expect(known.mean_daily_demand).toBeGreaterThan(9);
    expect(known.mean_daily_demand).toBeLessThan(11);
    expect(ignored.mean_daily_demand).toBeLessThan(8);
    expect(known.history.find(({ date }) => date === isoDate(TODAY - 3))?.in_stock).toBe(0);
  });

  test("[DP7] a forecast shows history, decisions where stock is known, and nothing of an unknown SKU", async () => {
    const planner = await withHistory("shape", ["a", "b"]);
    await planner.position(
      position("a", 1, 30, { policy: { ...DEFAULT_POLICY, leadTimeDays: 10, packSize: 6 } }),
    );
    const a = await forecast(planner, "a");
    expect(a.as_of).toBe(isoDate(TODAY));
    expect(a.daily).toHaveLength(14);
    expect(a.daily[0]?.date).toBe(isoDate(TODAY));
    expect(a.history).toHaveLength(121);
    expect(a.mean_daily_demand).toBeCloseTo(10, 0);
    expect(a.lead_time.days).toBe(10);
    expect(a.replenishment).toMatchObject({ status: "order_now", on_hand: 30 });
    expect(a.replenishment!.quantity % 6).toBe(0);
    expect(a.unit_price).toBe(2);
    expect((await forecast(planner, "b")).replenishment).toBeNull();
    expect(await planner.forecast({ sku: "c", horizon: 7, now: NOW })).toBeUndefined();
  });

  test("[DP7] on a shop's first day, sold or only stocked, today is today: it is not over, and decisions begin with it", async () => {
    const planner = plannerNamed("first-day");
    await planner.position(position("stocked", 1, 5));
    expect((await forecast(planner, "stocked")).as_of).toBe(isoDate(TODAY));
    await planner.record([line("o1", "sold", 3, 0), line("o2", "gone", 2, 0)]);
    await planner.position(position("gone", 1, 0));
    for (const sku of ["sold", "gone"]) {
      const { as_of, daily, history } = await forecast(planner, sku);
      expect(as_of).toBe(isoDate(TODAY));
      expect(daily[0]?.date).toBe(isoDate(TODAY));
      expect(history.map(({ date, partial }) => [date, partial])).toEqual([[isoDate(TODAY), true]]);
    }
    const { replenishment } = await forecast(planner, "gone");
    expect(replenishment).toMatchObject({ status: "out_of_stock", order_by: isoDate(TODAY) });
    expect(replenishment!.stock_out.p10).toBe(isoDate(TODAY));
    const { items } = await planner.board({ status: "out_of_stock", sort: "sku", limit: 5, now: NOW });
    expect(items.map(({ sku, order_by }) => [sku, order_by])).toEqual([["gone", isoDate(TODAY)]]);
    // The day after, what was told of the first is a closed day.
    const next = await forecast(planner, "sold", NOW + DAY_MS);
    expect(next.as_of).toBe(isoDate(TODAY + 1));
    expect(next.history.map(({ units, partial }) => [units, partial])).toEqual([
      [3, undefined],
      [0, true],
    ]);
  });

  test("[DP7] what is sold on a shop's first day shows in the next forecast", async () => {
    const planner = plannerNamed("first-sales");
    await planner.record([line("o1", "a", 1, 0)]);
    await planner.position(position("a", 1, 50));
    const meanOf = async () => {
      const { items } = await planner.board({ sort: "sku", limit: 5, now: NOW });
      return [(await forecast(planner, "a")).mean_daily_demand, items[0]!.mean_daily_demand] as const;
    };
    const [before, listed] = await meanOf();
    await planner.record([line("o2", "a", 40, 0)]);
    const [after, then] = await meanOf();
    expect(after).toBeGreaterThan(before);
    expect(then).toBeGreaterThan(listed);
  });

  test("[DP7] a shop's first day is forecast from as far as it has gone, as after a restart", async () => {
    const planner = plannerNamed("first-hours");
    const [morning, evening] = [TODAY * DAY_MS + 2 * 3_600_000, TODAY * DAY_MS + 20 * 3_600_000];
    await planner.record([line("o1", "a", 10, 0)]);
    const early = (await forecast(planner, "a", morning)).mean_daily_demand;
    const late = (await forecast(planner, "a", evening)).mean_daily_demand;
    expect(late).not.toBe(early);
    await evictDurableObject(planner);
    expect((await forecast(planner, "a", evening)).mean_daily_demand).toBe(late);
  });

  test("[DP8] the board lists SKUs with known stock, filtered, sorted, in pages", async () => {
    const skus = Array.from({ length: 12 }, (_, i) => `s${String(i).padStart(2, "0")}`);
    const planner = await withHistory("board", [...skus, "unstocked"]);
    for (const [i, sku] of skus.entries()) await planner.position(position(sku, 1, i * 60));
    const first = await planner.board({ sort: "days_of_cover", limit: 5, now: NOW });
    expect(first.items.map(({ sku }) => sku)).toEqual(skus.slice(0, 5));
    const second = await planner.board({
      sort: "days_of_cover",
      limit: 50,
      cursor: first.next_cursor!,
      now: NOW,
    });
    expect(second.items.map(({ sku }) => sku)).toEqual(skus.slice(5));
    expect(second.next_cursor).toBeUndefined();
    const out = await planner.board({ status: "out_of_stock", sort: "sku", limit: 5, now: NOW });
    expect(out.items.map(({ sku, status }) => [sku, status])).toEqual([["s00", "out_of_stock"]]);
    await planner.position(position("s00", 2, 5_000));
    const after = await planner.board({ status: "out_of_stock", sort: "sku", limit: 5, now: NOW });
    expect(after.items).toEqual([]);
  });

  test("[DP9] after midnight forecasts begin at the new day", async () => {
    const planner = await withHistory("midnight", ["a"]);
    await planner.position(position("a", 1, 500));
    const tomorrow = NOW + DAY_MS;
    const { as_of, daily } = await forecast(planner, "a", tomorrow);
    expect(as_of).toBe(isoDate(TODAY + 1));
    expect(daily[0]?.date).toBe(isoDate(TODAY + 1));
    const { items } = await planner.board({ sort: "sku", limit: 1, now: tomorrow });
    expect(items[0]!.stock_out.p10! > isoDate(TODAY + 1)).toBe(true);
    const alarmAt = await runInDurableObject(planner, (_, state) => state.storage.getAlarm());
    expect(alarmAt).not.toBeNull();
    await runDurableObjectAlarm(planner);
    // What remains is the alarm that closes the day, after midnight.
    const next = await runInDurableObject(planner, (_, state) => state.storage.getAlarm());
    expect(next! >= (TODAY + 1) * DAY_MS).toBe(true);
  });
});
