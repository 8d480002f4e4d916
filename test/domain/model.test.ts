import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CatalogueRecord, learn, newRecord, patch } from "../../domain/model/catalogue.ts";
import type { LinkTable } from "../../domain/model/link-table.ts";
import { ModelTables } from "../../domain/model/tables.ts";
import type { LinkKind, Signals } from "../../domain/signal.ts";

const NOW = Date.UTC(2026, 5, 1);
const ROOM = 100;

function emptyTables(records = new Map<string, CatalogueRecord>()): ModelTables {
  const catalogue = {
    get: (productId: string) => records.get(productId),
    put: (productId: string, record: CatalogueRecord) => void records.set(productId, record),
    soldOut: () => false,
  };
  const store = { catalogue, readViewed: () => undefined, readBought: () => undefined };
  return new ModelTables(store, NOW, ROOM);
}

/** Each product viewed so often, and a transition from it to the first. */
function views(products: readonly string[], amount: number): Signals {
  return {
    products,
    facts: [],
    counts: products.map((_, product) => ({ product, kind: "view", at: NOW, amount })),
    links: products.map((_, from) => ({ from, to: 0, kind: "transition", at: NOW, weight: 1 })),
  };
}

const named = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe("ModelTables", () => {
  test("[MD5] the least active products make room for new ones, and links to them go with them", () => {
    const tables = emptyTables();
    tables.apply(views(named("busy", 90), 5), NOW);
    tables.apply(views(named("idle", 10), 1), NOW);
    const idle = named("idle", 10).map((one) => tables.slotOf(one));
    tables.apply(views(named("new", 4), 2), NOW);
    expect(tables.columns.size).toBe(ROOM);
    for (const one of [...named("busy", 90), ...named("new", 4)]) {
      expect(tables.slotOf(one)).toBeGreaterThanOrEqual(0);
    }
    const left = named("idle", 10).filter((one) => tables.slotOf(one) >= 0);
    expect(left.length).toBe(6);
    const freed = new Set(idle.filter((slot) => !left.some((one) => tables.slotOf(one) === slot)));
    const page = tables.viewed.page(0);
    for (let slot = 0; slot < ROOM; slot++) {
      const from = slot * page.stride;
      const targets = [...page.targets.subarray(from, from + page.lengths[slot]!)];
      // A freed slot is another product's now: only that one's own links may lead to it.
      const own = named("new", 4).map((one) => tables.slotOf(one));
      if (!own.includes(slot)) for (const target of targets) expect(freed.has(target)).toBe(false);
    }
    const gone = named("idle", 10).find((one) => !left.includes(one))!;
    tables.apply(views([gone], 1), NOW);
    const back = tables.slotOf(gone);
    expect(back).toBeGreaterThanOrEqual(0);
    expect(tables.activity(back)).toBe(1);
  });

  test("[SG1] a transition leads back at half its weight, what is told one way does not, a pairing both ways alike", () => {
    const tables = emptyTables();
    const link = (kind: LinkKind, from: number, to: number) => ({ kind, from, to, at: NOW, weight: 3 });
    const links = [link("transition", 0, 1), link("one_way", 2, 3), link("pairing", 0, 3)];
    tables.apply({ products: ["a", "b", "c", "d"], facts: [], counts: [], links }, NOW);
    const slot = (product: string) => tables.slotOf(product);
    const weight = (table: LinkTable, from: string, to: string) => {
      const { targets, weights, stride, lengths } = table.page(0);
      const start = slot(from) * stride;
      const at = targets.subarray(start, start + lengths[slot(from)]!).indexOf(slot(to));
      return at < 0 ? 0 : weights[start + at];
    };
    expect([weight(tables.viewed, "a", "b"), weight(tables.viewed, "b", "a")]).toEqual([3, 1.5]);
    expect([weight(tables.viewed, "c", "d"), weight(tables.viewed, "d", "c")]).toEqual([3, 0]);
    expect([weight(tables.bought, "a", "d"), weight(tables.bought, "d", "a")]).toEqual([3, 3]);
    expect(tables.columns.viewedOut[slot("b")]).toBe(1.5);
  });

  test("[MD5] a catalogue alone takes no active product's place", () => {
    const tables = emptyTables();
    tables.apply(views(named("busy", ROOM), 5), NOW);
    const record = newRecord(NOW);
    patch(record, { name: "Listed" }, NOW);
    expect(tables.place("listed", record, false)).toBe(-1);
    expect(tables.slotOf("busy7")).toBeGreaterThanOrEqual(0);
  });

  test("[MD8] what events say over and over teaches what it would if each were learnt", () => {
    const product = fc.constantFrom("a", "b");
    const at = fc.integer({ min: 1, max: 6 }).map((minute) => NOW + minute * 60_000);
    const fact = fc.record(
      {
        productId: product,
        at,
        name: fc.constantFrom("x", "y"),
        sku: fc.constantFrom("s1", "s2"),
        price: fc.constantFrom(1, 2),
      },
      { requiredKeys: ["productId", "at"] },
    );
    const step = fc.oneof(
      { weight: 9, arbitrary: fact },
      { weight: 2, arbitrary: fc.record({ cleared: product, name: fc.constant(null) }) },
    );
    const priced = (minute: number, price: 1 | 2) => ({
      productId: "a" as const,
      at: NOW + minute * 60_000,
      price,
    });
    let again = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (steps, repeats) => {
          const told = steps.flatMap((one, i) => (repeats.includes(i) ? [one, one] : [one]));
          const records = new Map<string, CatalogueRecord>();
          const expected = new Map<string, CatalogueRecord>();
          const tables = emptyTables(records);
          for (const one of told) {
            if ("cleared" in one) {
              for (const rows of [records, expected]) {
                const record = rows.get(one.cleared) ?? newRecord(NOW);
                patch(record, { name: null }, NOW);
                if (rows === records) tables.place(one.cleared, record);
                else rows.set(one.cleared, record);
              }
              continue;
            }
            const before = records.get(one.productId)?.updatedAt;
            tables.apply({ products: [], facts: [one], counts: [], links: [] }, NOW);
            const record = expected.get(one.productId) ?? newRecord(NOW);
            if (!learn(record, one) && before !== undefined) again++;
            expected.set(one.productId, record);
          }
          for (const [productId, { learnt, skus }] of expected) {
            expect(records.get(productId)).toMatchObject({ learnt, skus });
          }
        },
      ),
      {
        numRuns: 1000,
        // Said once more before the shop changed something else: what is told late is still older.
        examples: [[[priced(1, 1), priced(6, 1), { cleared: "a" as const, name: null }, priced(5, 2)], []]],
      },
    );
    expect(again).toBeGreaterThan(500);
  });
});
