import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LINK_PAGE_PRODUCTS } from "../../domain/model/link-page.ts";
import { LinkTable } from "../../domain/model/link-table.ts";

const NOW = Date.UTC(2026, 5, 1);
const PAGES = 6;

/** A table over stored pages, as a builder has it. */
function tableOf(bytesMax: number, waitingMax: number) {
  const stored = new Map<number, Uint8Array>();
  const table = new LinkTable((page) => stored.get(page), bytesMax, NOW, waitingMax);
  const store = () => {
    for (const { page, bytes } of table.takeDirty()) stored.set(page, bytes);
  };
  return { table, store, stored };
}

/** Neighbours and weights of each slot that has any, in the order they are kept. */
function linksOf(table: LinkTable): Record<number, [number, number][]> {
  const links: Record<number, [number, number][]> = {};
  for (let number = 0; number < PAGES; number++) {
    const page = table.page(number);
    for (let row = 0; row < LINK_PAGE_PRODUCTS; row++) {
      const length = page.lengths[row]!;
      if (length === 0) continue;
      const from = row * page.stride;
      links[number * LINK_PAGE_PRODUCTS + row] = Array.from({ length }, (_, i) => [
        page.targets[from + i]!,
        page.weights[from + i]!,
      ]);
    }
  }
  return links;
}

const slot = fc
  .tuple(fc.nat(PAGES - 1), fc.nat(3))
  .map(([page, row]) => page * LINK_PAGE_PRODUCTS + row * 80);
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      from: slot,
      to: fc.nat(200),
      weight: fc.oneof(
        fc.nat(9).map((n) => n + 0.5),
        fc.constant(-1),
      ),
      times: fc.constantFrom(1, 1, 1, 90),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("store" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("read" as const), page: fc.nat(PAGES - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("purge" as const), gone: slot }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("rebase" as const), // Half-lives, so that scaling is exact.
      days: fc.constantFrom(0, 60, 120),
    }),
  },
);

describe("LinkTable", () => {
  test("[MD7] what memory has no room for changes nothing: the same links, kept in the same order", () => {
    let stores = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.nat(40_000),
        fc.nat(60),
        (steps, bytesMax, waitingMax) => {
          const whole = tableOf(1e9, 1e9);
          const small = tableOf(bytesMax, waitingMax);
          let at = NOW;
          for (const one of steps) {
            if (one.do === "rebase") at += one.days * 86_400_000;
            for (const { table, store } of [whole, small]) {
              if (one.do === "store") store();
              else if (one.do === "read") table.page(one.page);
              else if (one.do === "purge") table.purge((other) => other === one.gone, PAGES);
              else if (one.do === "rebase") table.rebase(at);
              else {
                for (let n = 0; n < one.times; n++) table.add(one.from, (one.to + n * 7) % 1_000, one.weight);
                if (!table.full) continue;
                store();
                stores++;
              }
            }
          }
          expect(small.table.takeChanged()).toEqual(whole.table.takeChanged());
          whole.store();
          small.store();
          expect(linksOf(small.table)).toEqual(linksOf(whole.table));
        },
      ),
      { numRuns: 300 },
    );
    expect(stores).toBeGreaterThan(300);
  });

  test("[MD7] deltas that touch every page of a large model do not store all of them each time", () => {
    const pages = 40;
    const { table, store, stored } = tableOf(400_000, 20_000);
    let stores = 0;
    for (let delta = 0; delta < 50; delta++) {
      for (let page = 0; page < pages; page++) {
        for (let n = 0; n < 10; n++) table.add(page * LINK_PAGE_PRODUCTS + n, delta % 30, 1);
      }
      if (table.full) {
        store();
        stores++;
      }
    }
    store();
    // Where pages widen, not where they change.
    expect(stores).toBeLessThan(5);
    expect(stored.size).toBe(pages);
    for (let page = 0; page < pages; page++) {
      const { lengths, weights, stride } = table.page(page);
      for (let row = 0; row < 10; row++) {
        expect(lengths[row]).toBe(30);
        const sum = weights.subarray(row * stride, row * stride + 30).reduce((a, b) => a + b, 0);
        expect(sum).toBe(50);
      }
    }
  });
});
