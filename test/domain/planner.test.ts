import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../domain/demand.ts";
import { DemandBlock } from "../../domain/planner/block.ts";
import { decodeJournal, encodeJournal, type JournalEntry } from "../../domain/planner/journal.ts";
import { decodeKeys, encodeKeys, OrderKeys } from "../../domain/planner/order-keys.ts";
import { decodeStates, encodeStates, type SkuState } from "../../domain/planner/sku-states.ts";

const money = fc.double({ min: 0, max: 1e6, noNaN: true });
const position = fc.record({
  version: fc.nat(),
  onHand: fc.nat(1e9),
  reserved: fc.nat(1e6),
  incoming: fc.array(fc.record({ quantity: fc.nat(1e6), eta: fc.constantFrom("2026-11-24", "1969-12-30") }), {
    maxLength: 5,
  }),
  policy: fc
    .record({ unitCost: money, leadTimeDays: fc.nat(365) })
    .map((some) => ({ ...DEFAULT_POLICY, ...some })),
  outSince: fc.integer({ min: 1, max: 2e12 }),
});

describe("stored pages", () => {
  test("[DP10] a block reads back as it was written", () => {
    const cell = fc.record({
      column: fc.constantFrom("units" as const, "views" as const, "carts" as const),
      slot: fc.nat(1023),
      day: fc.integer({ min: 20_000, max: 20_031 }),
      amount: fc.integer({ min: -1e9, max: 1e9 }),
      share: fc.constantFrom(0, 0.25, 0.5, 1),
    });
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 50 }), (cells) => {
        const block = new DemandBlock();
        for (const { column, slot, day, amount, share } of cells) {
          block.add(column, slot, day, amount);
          block.setInStock(slot, day, share);
        }
        const again = DemandBlock.decode(block.encode());
        for (const { slot, day } of cells) {
          expect(again.units(slot, day)).toBe(block.units(slot, day));
          expect(again.views(slot, day)).toBe(block.views(slot, day));
          expect(again.carts(slot, day)).toBe(block.carts(slot, day));
          expect(again.inStock(slot, day)).toBe(block.inStock(slot, day));
        }
      }),
      { numRuns: 30 },
    );
    expect(new DemandBlock().inStock(5, 20_000)).toBe(1);
  });

  test("[DP5] a view taken back before it is told counts nothing, in either order, and never shows as less than none", () => {
    const block = new DemandBlock();
    block.add("views", 3, 20_000, -1);
    expect(DemandBlock.decode(block.encode()).views(3, 20_000)).toBe(0);
    block.add("views", 3, 20_000, 1);
    expect(block.views(3, 20_000)).toBe(0);
    block.add("views", 3, 20_000, 2);
    expect(DemandBlock.decode(block.encode()).views(3, 20_000)).toBe(2);
  });

  test("[DP10] journal, states and keys read back as they were written", () => {
    const line = fc.record({
      orderId: fc.string(),
      sku: fc.string(),
      units: fc.nat(),
      at: fc.integer(),
      price: money,
    });
    const cancelled = fc.record(
      { orderId: fc.string(), sku: fc.string(), at: fc.integer(), units: fc.nat() },
      { requiredKeys: ["orderId", "sku", "at"] },
    );
    const count = fc.record({
      sku: fc.string(),
      day: fc.integer(),
      views: fc.integer(),
      carts: fc.integer(),
    });
    const entry: fc.Arbitrary<JournalEntry> = fc.oneof(
      fc.record({ kind: fc.constant("lines" as const), lines: fc.array(line) }),
      fc.record({ kind: fc.constant("cancelled" as const), lines: fc.array(cancelled) }),
      fc.record({
        kind: fc.constant("behaviour" as const),
        delta: fc.record({ shard: fc.nat(15), sequence: fc.nat(), counts: fc.array(count) }),
      }),
      fc.record({
        kind: fc.constant("position" as const),
        position: fc
          .tuple(
            fc.string(),
            position,
            fc.array(fc.record({ day: fc.nat(), fraction: fc.constantFrom(0, 0.5, 1) })),
          )
          .map(([sku, rest, inStock]) => ({ sku, ...rest, inStock })),
      }),
    );
    const state: fc.Arbitrary<SkuState> = fc.oneof(
      fc.constant({}),
      fc.record({ price: money, paidAt: fc.integer() }),
      fc.record({ price: money, paidAt: fc.integer(), position }),
    );
    fc.assert(
      fc.property(
        fc.array(entry),
        fc.array(state),
        fc.uniqueArray(fc.tuple(fc.maxSafeNat(), fc.nat()), { selector: ([key]) => key }),
        (entries, states, keys) => {
          expect(decodeJournal(encodeJournal(entries))).toEqual(entries);
          expect(decodeStates(encodeStates(states))).toEqual(states);
          expect(decodeKeys(encodeKeys(keys))).toEqual([...keys].sort(([a], [b]) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("[DP10] states that do not tell when prices were paid are read", () => {
    const price = new Uint8Array(new Float64Array([2.5]).buffer);
    expect(decodeStates(Uint8Array.of(1, 2, 1, ...price, 0, 0, 0))).toEqual([{ price: 2.5, paidAt: 0 }, {}]);
  });

  test("[DP10] an unknown version is not read", () => {
    const future = Uint8Array.of(99, 0);
    expect(() => DemandBlock.decode(future)).toThrow(RangeError);
    expect(() => decodeJournal(future)).toThrow(RangeError);
    expect(() => decodeStates(future)).toThrow(RangeError);
    expect(() => decodeKeys(future)).toThrow(RangeError);
  });
});

const DAYS_APART = 8;

/** Keys of a store that forgets all but ten keys of memory at each save. */
function storedKeys() {
  const stored = new Map<number, Uint8Array[]>();
  const keys = new OrderKeys((day) => stored.get(day) ?? [], {
    daysApart: DAYS_APART,
    keysMax: 10,
    keysSinceMax: 3,
  });
  const save = () => {
    for (const [day, fresh] of keys.unsaved()) {
      stored.set(day, [...(stored.get(day) ?? []), encodeKeys(fresh)]);
    }
    keys.saved();
  };
  return { keys, save };
}

describe("order keys", () => {
  test("[DP11] a line is taken back once with its units, on its day, however much later; never one not told", () => {
    const action = fc.record({
      order: fc.nat(12),
      takes: fc.boolean(),
      late: fc.integer({ min: 0, max: 30 }),
      saves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const { keys, save } = storedKeys();
        const state = new Map<number, "counted" | "cancelled">();
        for (const { order, takes, late, saves } of actions) {
          const day = 1_000 + (order % 3) * 5;
          const id = `o${order}`;
          if (takes) {
            const told = state.get(order);
            // What is cancelled before it is told is cancelled on the order's own day.
            const at = day + (told === "counted" ? late : 0);
            const wanted = told === "counted" ? { day, units: order + 1 } : undefined;
            expect(keys.takeBack([{ orderId: id, sku: "sku", day: at }], 60)[0]).toEqual(wanted);
            state.set(order, "cancelled");
          } else {
            expect(keys.takeLine(id, "sku", day, order + 1)).toBe(!state.has(order));
            if (!state.has(order)) state.set(order, "counted");
          }
          if (saves) save();
        }
      }),
      { numRuns: 200 },
    );
    const { keys } = storedKeys();
    keys.takeLine("old", "sku", 1_000, 2);
    expect(keys.takeBack([{ orderId: "old", sku: "sku", day: 1_061 }], 60)[0]).toBeUndefined();
  });

  test("[DP1] a line is new once, told up to 8 days earlier or later as well, also after its day left memory", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            order: fc.nat(12),
            sku: fc.nat(3),
            day: fc.integer({ min: 1_000, max: 1_000 + 3 * DAYS_APART }),
            save: fc.boolean(),
          }),
          { maxLength: 80 },
        ),
        (told) => {
          const { keys, save } = storedKeys();
          const counted: { name: string; day: number }[] = [];
          for (const { order, sku, day, save: saves } of told) {
            const name = `${order} ${sku}`;
            const isKnown = counted.some(
              (line) => line.name === name && Math.abs(line.day - day) <= DAYS_APART,
            );
            expect(keys.takeLine(`o${order}`, String(sku), day, 1)).toBe(!isKnown);
            if (!isKnown) counted.push({ name, day });
            if (saves) save();
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("[DP11] a line that counts on a day after that of its cancellation is taken back there", () => {
    const { keys, save } = storedKeys();
    keys.takeLine("o1", "sku", 1_000 + DAYS_APART, 3);
    save();
    const line = { orderId: "o1", sku: "sku", day: 1_000 };
    const found = { day: 1_000 + DAYS_APART, units: 3 };
    // The same in one call and in the next.
    expect(keys.takeBack([line, line, { ...line, orderId: "o2" }], 60)).toEqual([
      found,
      undefined,
      undefined,
    ]);
    expect(keys.takeBack([line], 60)).toEqual([undefined]);
    expect(keys.takeLine("o2", "sku", 1_000, 1)).toBe(false);
  });

  test("[DP11] stored days are read once for all lines of a cancellation", () => {
    const read: number[] = [];
    const load = (day: number) => {
      read.push(day);
      return [];
    };
    const keys = new OrderKeys(load, { daysApart: DAYS_APART, keysMax: 100, keysSinceMax: 100 });
    const lines = Array.from({ length: 50 }, (_, i) => ({
      orderId: `o${i}`,
      sku: "sku",
      day: 1_000 + (i % 3),
    }));
    keys.takeBack(lines, 120);
    // What is noted of lines that are not known is read once more, for three days.
    expect(read.length).toBeLessThanOrEqual(120 + 2 + DAYS_APART + 1 + 3);
  });
});
