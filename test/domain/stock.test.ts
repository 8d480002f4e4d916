import { describe, expect, test } from "vitest";
import { Calendar, isoDate } from "../../domain/calendar.ts";
import { DAY_MS, PLANNER_PAGE_SKUS, RESERVATIONS_REMEMBERED_MAX } from "../../domain/limits.ts";
import { encodeStates } from "../../domain/planner/sku-states.ts";
import {
  type Adjustment,
  adjustStock,
  commit,
  etagOf,
  type HoldRequest,
  hold,
  release,
  restock,
  type StockSetting,
  setStock,
  settle,
} from "../../domain/stock/decisions.ts";
import { cancelledLine, soldLine } from "../../domain/stock/ledger.ts";
import { pick } from "../../domain/stock/picking.ts";
import { positionOf } from "../../domain/stock/position.ts";
import { StockBook } from "../../domain/stock/stock-book.ts";
import { runStock } from "../reference/stock-run.ts";

const utc = new Calendar("UTC");
const NOON = Date.parse("2026-11-24T12:00:00Z");
const HOUR = 3_600_000;
const DAY = 20_781;

/** A SKU's stock, and what may be done to it at a time. */
function stocked(onHand?: number, more: Partial<StockSetting> = {}, calendar = utc) {
  const book = new StockBook(calendar);
  const on = (now: number) => ({ sku: "s", book, at: book.begin(now) });
  const set = (change: Partial<StockSetting>, now = NOON) => setStock(on(now), { policy: {}, ...change });
  const adjust = (change: Partial<Adjustment>, now = NOON) =>
    adjustStock(on(now), { delta: 1, reason: "count", ...change });
  const take = (id: string, quantity: number, asked: Partial<HoldRequest> = {}, now = NOON) =>
    hold(on(now), { id, wants: [{ quantity }], expiresAt: now + HOUR, ...asked });
  if (onHand !== undefined) expect(set({ onHand, ...more })).toBeUndefined();
  return { book, on, set, adjust, take };
}

describe("stock", () => {
  test("[ST1] is created with its units, and changed on the version that was read", () => {
    const { book, set } = stocked();
    expect(set({})).toMatchObject({ problem: "on_hand_required" });
    expect(set({ onHand: 5, ifMatch: "*" })).toMatchObject({ problem: "precondition_failed" });
    expect(book.exists).toBe(false);
    set({ onHand: 5, policy: { leadTimeDays: 3 } });
    expect(set({ onHand: 6 })).toMatchObject({ problem: "precondition_required" });
    expect(set({ onHand: 6, ifMatch: '"9"' })).toMatchObject({ problem: "precondition_failed" });
    const first = etagOf(book);
    expect(set({ onHand: 6, ifMatch: first })).toBeUndefined();
    expect(book.totals.onHand).toBe(6);
    expect(set({ onHand: 7, ifMatch: first })).toMatchObject({ problem: "precondition_failed" });
    set({ policy: { leadTimeDays: 9 } });
    expect([book.policy.leadTimeDays, book.totals.onHand]).toEqual([9, 6]);
    set({ incoming: [{ quantity: 4, eta: "2026-12-01" }] });
    expect(book.locations[0]?.incoming).toHaveLength(1);
    expect(set({ onHand: 1, location: "store" })).toMatchObject({ problem: "precondition_required" });
    expect(set({ onHand: 1, location: "store", ifMatch: "*" })).toBeUndefined();
    expect(book.totals.onHand).toBe(7);
  });

  test("[ST2] adjustments and absolute figures never go below what is reserved; receipts take from deliveries", () => {
    expect(stocked().adjust({})).toMatchObject({ problem: "unknown_sku" });
    const incoming = [
      { quantity: 5, eta: "2026-12-05" },
      { quantity: 3, eta: "2026-12-01" },
    ];
    const { book, set, adjust, take } = stocked(10, { incoming });
    expect(adjust({ delta: -11, reason: "shrinkage" })).toMatchObject({
      problem: "insufficient_stock",
      items: [{ sku: "s", requested: 11, available: 10 }],
    });
    expect(adjust({ delta: 1_000_000_000 })).toMatchObject({ problem: "too_much_stock" });
    expect(adjust({ location: "elsewhere" })).toMatchObject({ problem: "unknown_sku" });
    adjust({ delta: 4, reason: "return" });
    expect(book.locations[0]?.incoming).toHaveLength(2);
    adjust({ delta: 4, reason: "receipt" });
    expect(book.locations[0]).toMatchObject({ onHand: 18, incoming: [{ quantity: 4, eta: "2026-12-05" }] });
    take("held", 12);
    expect(adjust({ delta: -7 })).toMatchObject({ problem: "insufficient_stock", items: [{ available: 6 }] });
    expect(set({ onHand: 11, ifMatch: "*" })).toMatchObject({ problem: "insufficient_stock" });
    expect(set({ onHand: 12, ifMatch: "*" })).toBeUndefined();
    expect(book.totals).toMatchObject({ onHand: 12, reserved: 12, available: 0 });
  });

  test("[ST4] time out of stock is kept by day, and ends when anything is available anywhere", () => {
    const { book, set, adjust } = stocked(2);
    adjust({ delta: -2, reason: "shrinkage" });
    expect(positionOf("s", book, utc)).toMatchObject({ onHand: 0, outSince: NOON, inStock: [] });
    set({ onHand: 5, location: "store", ifMatch: "*" }, NOON + 36 * HOUR);
    expect(book.outSince).toBeUndefined();
    expect(positionOf("s", book, utc).inStock).toEqual([
      { day: DAY, fraction: 0.5 },
      { day: DAY + 1, fraction: 0 },
    ]);
    // Out again for six hours of the day it came back on.
    adjust({ location: "store", delta: -5 }, NOON + 40 * HOUR);
    adjust({ location: "store", delta: 1 }, NOON + 46 * HOUR);
    expect(positionOf("s", book, utc).inStock.at(-1)).toEqual({ day: DAY + 2, fraction: 0.75 });
  });

  test("[ST4] a SKU is out while all of it is held, until the hold expires, however late that is noticed", () => {
    const { book, take, on } = stocked(2);
    take("all", 2, { expiresAt: NOON + 6 * HOUR });
    expect(book.outSince).toBe(NOON);
    on(NOON + 60 * HOUR);
    expect(positionOf("s", book, utc).inStock).toEqual([{ day: DAY, fraction: 0.75 }]);
  });

  test("[ST33] deliveries are told by day, as many as a row of the planner has room for, and none is lost", () => {
    const { book, set } = stocked(1);
    const etaOf = (day: number) => isoDate(DAY + day);
    for (let place = 0; place < 64; place++) {
      const incoming = Array.from({ length: 100 }, (_, i) => ({
        quantity: 1_000_000_000,
        eta: etaOf(place < 32 ? i : 100 * place + i),
      }));
      set({ location: place === 0 ? "default" : `place-${place}`, incoming });
    }
    const position = positionOf("s", book, utc);
    expect(position.incoming.slice(0, 2)).toEqual([
      { quantity: 32_000_000_000, eta: etaOf(0) },
      { quantity: 32_000_000_000, eta: etaOf(1) },
    ]);
    expect(position.incoming.at(-1)?.eta).toBe(etaOf(6_399));
    expect(position.incoming.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(6_400_000_000_000);
    const page = Array.from({ length: PLANNER_PAGE_SKUS }, () => ({ price: 1, paidAt: NOON, position }));
    expect(encodeStates(page).length).toBeLessThan(2_000_000);
  });

  test("[ST4] a day is as long as the shop's clock makes it", () => {
    const berlin = new Calendar("Europe/Berlin");
    // 25 October 2026 has 25 hours in Berlin.
    const from = Date.parse("2026-10-24T22:00:00Z");
    const { book, set, adjust } = stocked(undefined, {}, berlin);
    set({ onHand: 0 }, from);
    adjust({}, from + 5 * HOUR);
    expect(positionOf("s", book, berlin).inStock).toEqual([{ day: 20_751, fraction: 0.8 }]);
  });
});

describe("picking", () => {
  const free = [
    { location: "a", units: 2 },
    { location: "b", units: 5 },
    { location: "c", units: 9 },
  ];
  test.each([
    ["one place that has all", [{ quantity: 4 }], [["b", 4]]],
    ["the first of those that have all", [{ quantity: 2 }], [["a", 2]]],
    [
      "several in their order",
      [{ quantity: 10 }],
      [
        ["a", 2],
        ["b", 5],
        ["c", 3],
      ],
    ],
    ["where it is asked for", [{ quantity: 3, location: "c" }], [["c", 3]]],
    [
      "what is asked for there first",
      [{ quantity: 5 }, { quantity: 1, location: "b" }],
      [
        ["b", 1],
        ["c", 5],
      ],
    ],
  ])("[ST8] takes from %s", (_, wants, parts) => {
    expect(pick(free, wants, false)).toEqual({
      parts: parts.map(([location, units]) => ({ location, units })),
    });
  });

  test("[ST8] tells what is short", () => {
    expect(pick(free, [{ quantity: 17 }], false)).toEqual({ short: [{ quantity: 17 }], left: free });
    const there = { quantity: 3, location: "a" };
    expect(pick(free, [{ quantity: 1 }, there], false)).toMatchObject({ short: [there] });
    // After what others take where they ask for it.
    expect(pick(free, [{ quantity: 16 }, { quantity: 2, location: "a" }], false)).toEqual({
      short: [{ quantity: 16 }],
      left: free.map((at) => (at.location === "a" ? { location: "a", units: 0 } : at)),
    });
  });

  test("[ST9] takes what there is and backorders the rest, where that is allowed", () => {
    expect(pick(free, [{ quantity: 17 }], true)).toEqual({
      parts: [
        { location: "a", units: 2, backordered: 1 },
        { location: "b", units: 5 },
        { location: "c", units: 9 },
      ],
    });
    expect(pick(free, [{ quantity: 1, location: "nowhere" }], true)).toMatchObject({
      short: [{ quantity: 1, location: "nowhere" }],
    });
  });
});

describe("reservations", () => {
  test("[ST9] tens of thousands of backordered holds that end at once are filled one by one in little time", () => {
    const { book, on, take } = stocked(10_000, { policy: { backorders: true } });
    for (let i = 0; i < 20_000; i++) take(`h${i}`, 1, {}, NOON + i);
    expect(book.totals).toMatchObject({ onHand: 10_000, reserved: 10_000, backordered: 10_000 });
    const from = performance.now();
    on(NOON + 2 * HOUR);
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(book.totals).toMatchObject({ onHand: 10_000, reserved: 0, backordered: 0 });
  });

  test("[ST9] what comes fills what is sold, then holds, the oldest first", () => {
    const { book, on, set, adjust, take } = stocked(1, { policy: { backorders: true } });
    take("first", 3);
    take("second", 2);
    commit(on(NOON), "first", {});
    expect(book.locations[0]).toMatchObject({ onHand: 0, reserved: 0, backordered: 4 });
    expect(positionOf("s", book, utc).reserved).toBe(4);
    adjust({ delta: 3, reason: "receipt" });
    expect(book.locations[0]).toMatchObject({ onHand: 1, reserved: 1, backordered: 1 });
    expect(book.reservation("second")?.parts).toEqual([{ location: "default", units: 1, backordered: 1 }]);
    set({ policy: { backorders: false } });
    expect(take("third", 1)).toMatchObject({ problem: "insufficient_stock" });
    release(on(NOON), "second", { ahead: false });
    expect(book.locations[0]).toMatchObject({ onHand: 1, reserved: 0, backordered: 0 });
  });

  test("[ST9] a cancelled order's backordered units are owed no more", () => {
    const { book, on, take } = stocked(1, { policy: { backorders: true } });
    take("order", 3, {});
    const parts = book.reservation("order")!.parts;
    commit(on(NOON), "order", { orderId: "o" });
    restock(on(NOON), { key: "k", parts, reason: "cancel", order: { orderId: "o", at: NOON } });
    expect(book.locations[0]).toMatchObject({ onHand: 1, reserved: 0, backordered: 0 });
  });

  test("[ST11] a hold is good until its last millisecond and not at its end, however late that is noticed", () => {
    for (const [late, status] of [
      [-1, "committed"],
      [0, "reservation_closed"],
      [1, "reservation_closed"],
      [365 * DAY_MS, "reservation_unknown"],
    ] as const) {
      const { on, take } = stocked(1);
      take("hold", 1);
      const answer = commit(on(NOON + HOUR + late), "hold", {});
      expect("problem" in answer ? answer.problem : answer.reservation.status).toBe(status);
      if (status === "committed") continue;
      expect(take("next", 1, {}, NOON + HOUR + late)).toMatchObject({ reservation: { status: "held" } });
    }
  });

  test("[ST11] time never goes back: what has expired for one is expired for all", () => {
    const { on, take } = stocked(2);
    take("hold", 1);
    on(NOON + HOUR);
    expect(commit(on(NOON + HOUR - 1), "hold", {})).toMatchObject({
      problem: "reservation_closed",
      reservation: { status: "expired", at: NOON + HOUR },
    });
  });

  test("[ST12] a hold counts the units of the one it replaces; both have theirs until it is settled", () => {
    const { book, on, take } = stocked(3);
    take("old", 2);
    expect(take("new", 4, { replaces: "old" })).toMatchObject({
      problem: "insufficient_stock",
      items: [{ available: 3 }],
    });
    take("new", 1, { replaces: "old" });
    expect([book.totals.reserved, book.reservation("old")?.status]).toEqual([2, "replaced"]);
    release(on(NOON), "new", { ahead: true });
    expect([book.totals.reserved, book.reservation("old")?.status]).toEqual([2, "held"]);
    take("newer", 3, { replaces: "old" });
    settle(on(NOON), "newer");
    expect([book.totals.reserved, book.reservation("old")?.status]).toEqual([3, "released"]);
  });

  test("[ST12] one that was replaced does not stand again once it has expired", () => {
    const { book, on, take } = stocked(3);
    take("old", 2, { expiresAt: NOON + HOUR });
    take("new", 1, { replaces: "old", expiresAt: NOON + 2 * HOUR });
    on(NOON + 3 * HOUR);
    expect([book.totals.reserved, book.reservation("old")?.status]).toEqual([0, "expired"]);
  });

  test("[ST15] a hold that comes after its release finds it closed; for a day all is remembered", () => {
    const { book, on, take } = stocked(3);
    release(on(NOON), "late", { ahead: true });
    expect(take("late", 1)).toMatchObject({ repeated: true, reservation: { status: "released" } });
    expect(release(on(NOON), "other", { ahead: false })).toMatchObject({ problem: "reservation_unknown" });
    on(NOON + DAY_MS - 1);
    expect(book.reservation("late")?.status).toBe("released");
    on(NOON + DAY_MS);
    expect(book.reservation("late")).toBeUndefined();
  });

  test("[ST15] of more than may be remembered the latest are, and after a day none", () => {
    const { book, on } = stocked(0);
    const closed = RESERVATIONS_REMEMBERED_MAX + 100;
    for (let n = 0; n < closed; n++) release(on(NOON + n), `r${n}`, { ahead: true });
    const last = NOON + closed;
    on(last);
    const known = (n: number) => book.reservation(`r${n}`) !== undefined;
    expect([known(0), known(99), known(closed >> 1), known(closed - 1)]).toEqual([false, false, true, true]);
    const count = Array.from({ length: closed }, (_, n) => n).filter(known).length;
    expect(count).toBeLessThanOrEqual(RESERVATIONS_REMEMBERED_MAX);
    expect(count).toBeGreaterThan(0.9 * RESERVATIONS_REMEMBERED_MAX);
    on(last - 1 + DAY_MS);
    expect(known(closed - 1)).toBe(false);
    on(last + 2 * DAY_MS);
    release(on(last + 2 * DAY_MS), "new", { ahead: true });
    on(last + 3 * DAY_MS);
    expect(book.reservation("new")).toBeUndefined();
  });

  test("[ST16] a sale with its order is demand, a cancellation takes it back on the order's day", () => {
    const { book, on, take } = stocked(5);
    take("sale", 3);
    commit(on(NOON), "sale", { orderId: "o", price: 2 });
    take("other", 1);
    commit(on(NOON), "other", {});
    const parts = [{ location: "default", units: 3 }];
    for (let repeat = 0; repeat < 2; repeat++) {
      restock(on(NOON + HOUR), { key: "k", parts, reason: "cancel", order: { orderId: "o", at: NOON } });
    }
    restock(on(NOON + HOUR), { key: "r", parts: [{ location: "default", units: 1 }], reason: "return" });
    const entries = book.drain();
    expect(entries.flatMap((entry) => soldLine("s", entry) ?? [])).toEqual([
      { orderId: "o", sku: "s", units: 3, at: NOON, price: 2 },
    ]);
    expect(entries.flatMap((entry) => cancelledLine("s", entry) ?? [])).toEqual([
      { orderId: "o", sku: "s", at: NOON },
    ]);
    expect(book.totals.onHand).toBe(5);
  });

  test.each([1, 2, 3])(
    "[ST14] random operations come to what a plain reference comes to, seed %i",
    (seed) => {
      const { refused } = runStock(4_000, seed);
      expect(refused).toBeGreaterThan(200);
    },
  );
});
