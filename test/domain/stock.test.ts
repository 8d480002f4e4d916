import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Calendar } from "../../domain/calendar.ts";
import {
  type Adjustment,
  adjustStock,
  etagOf,
  type LedgerEntry,
  positionOf,
  type Stock,
  type StockChange,
  type StockRefusal,
  type StockSetting,
  setStock,
  totals,
} from "../../domain/stock.ts";

const utc = new Calendar("UTC");
const NOON = Date.parse("2026-11-24T12:00:00Z");
const HOUR = 3_600_000;
const DAY = 20_781;

function done(result: StockChange | StockRefusal): Stock {
  if ("problem" in result) throw new Error(result.detail);
  return result.stock;
}

const set = (before: Stock | undefined, change: Partial<StockSetting>) =>
  setStock(before, { sku: "s", policy: {}, now: NOON, ...change }, utc);
const adjust = (before: Stock | undefined, change: Partial<Adjustment>) =>
  adjustStock(before, "s", { delta: 1, reason: "count", now: NOON, ...change }, utc);

describe("stock", () => {
  test("[ST1] is created with its units, and changed on the version that was read", () => {
    expect(set(undefined, {})).toMatchObject({ problem: "on_hand_required" });
    expect(set(undefined, { onHand: 5, ifMatch: "*" })).toMatchObject({ problem: "precondition_failed" });
    const one = done(set(undefined, { onHand: 5, policy: { leadTimeDays: 3 } }));
    expect(set(one, { onHand: 6 })).toMatchObject({ problem: "precondition_required" });
    expect(set(one, { onHand: 6, ifMatch: '"9"' })).toMatchObject({ problem: "precondition_failed" });
    const two = done(set(one, { onHand: 6, ifMatch: etagOf(one) }));
    expect(totals(two).onHand).toBe(6);
    expect(set(two, { onHand: 7, ifMatch: etagOf(one) })).toMatchObject({ problem: "precondition_failed" });
    const three = done(set(two, { policy: { leadTimeDays: 9 } }));
    expect([three.policy.leadTimeDays, totals(three).onHand]).toEqual([9, 6]);
    const four = done(set(three, { incoming: [{ quantity: 4, eta: "2026-12-01" }] }));
    expect(four.locations[0]?.incoming).toHaveLength(1);
    expect(set(four, { onHand: 1, location: "store" })).toMatchObject({ problem: "precondition_required" });
    expect(totals(done(set(four, { onHand: 1, location: "store", ifMatch: "*" }))).onHand).toBe(7);
  });

  test("[ST2] adjustments move units, never below nothing, receipts take from deliveries", () => {
    expect(adjust(undefined, {})).toMatchObject({ problem: "unknown_sku" });
    const incoming = [
      { quantity: 5, eta: "2026-12-05" },
      { quantity: 3, eta: "2026-12-01" },
    ];
    const stock = done(set(undefined, { onHand: 10, incoming }));
    expect(adjust(stock, { delta: -11, reason: "shrinkage" })).toMatchObject({
      problem: "insufficient_stock",
      items: [{ sku: "s", requested: 11, available: 10 }],
    });
    expect(adjust(stock, { delta: 1_000_000_000 })).toMatchObject({ problem: "too_much_stock" });
    expect(adjust(stock, { location: "elsewhere" })).toMatchObject({ problem: "unknown_sku" });
    const received = done(adjust(stock, { delta: 4, reason: "receipt" }));
    expect(received.locations[0]).toMatchObject({
      onHand: 14,
      incoming: [{ quantity: 4, eta: "2026-12-05" }],
    });
    expect(done(adjust(stock, { delta: 4, reason: "return" })).locations[0]?.incoming).toHaveLength(2);
  });

  test("[ST3] the ledger's deltas add up to what is on hand, at each location", () => {
    const step = fc.record({
      location: fc.constantFrom("a", "b"),
      delta: fc.integer({ min: -9, max: 9 }).filter((delta) => delta !== 0),
      set: fc.option(fc.nat(20)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let stock = done(set(undefined, { onHand: 3, location: "a" }));
        const ledger: LedgerEntry[] = [{ at: NOON, reason: "set", location: "a", delta: 3, onHand: 3 }];
        for (const { location, delta, set: units } of steps) {
          const result =
            units === null
              ? adjust(stock, { location, delta })
              : set(stock, { location, onHand: units, ifMatch: etagOf(stock) });
          if ("problem" in result) continue;
          expect(result.stock.version).toBe(stock.version + 1);
          stock = result.stock;
          if (result.entry !== undefined) ledger.push(result.entry);
        }
        for (const { location, onHand } of stock.locations) {
          const own = ledger.filter((entry) => entry.location === location);
          expect(own.reduce((sum, { delta }) => sum + delta, 0)).toBe(onHand);
          if (own.length > 0) expect(own.at(-1)?.onHand).toBe(onHand);
        }
      }),
    );
  });

  test("[ST4] time out of stock is kept by day, and ends when anything is available anywhere", () => {
    let stock = done(set(undefined, { onHand: 2 }));
    stock = done(adjust(stock, { delta: -2, reason: "shrinkage", now: NOON }));
    expect(stock.outSince).toBe(NOON);
    expect(positionOf(stock, utc)).toMatchObject({ onHand: 0, outSince: NOON, inStock: [] });
    stock = done(set(stock, { onHand: 5, location: "store", ifMatch: "*", now: NOON + 36 * HOUR }));
    expect(stock.outSince).toBeUndefined();
    expect(positionOf(stock, utc).inStock).toEqual([
      { day: DAY, fraction: 0.5 },
      { day: DAY + 1, fraction: 0 },
    ]);
    // Out again for six hours of the day it came back on.
    stock = done(adjust(stock, { location: "store", delta: -5, now: NOON + 40 * HOUR }));
    stock = done(adjust(stock, { location: "store", delta: 1, now: NOON + 46 * HOUR }));
    expect(positionOf(stock, utc).inStock.at(-1)).toEqual({ day: DAY + 2, fraction: 0.75 });
  });

  test("[ST4] a day is as long as the shop's clock makes it", () => {
    const berlin = new Calendar("Europe/Berlin");
    // 25 October 2026 has 25 hours in Berlin.
    const from = Date.parse("2026-10-24T22:00:00Z");
    let stock = done(setStock(undefined, { sku: "s", policy: {}, onHand: 0, now: from }, berlin));
    stock = done(adjustStock(stock, "s", { delta: 1, reason: "count", now: from + 5 * HOUR }, berlin));
    expect(positionOf(stock, berlin).inStock).toEqual([{ day: 20_751, fraction: 0.8 }]);
  });
});
