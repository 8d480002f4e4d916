import { describe, expect, test } from "vitest";
import { rebuyWeights, repeatWeights, sourcesOf } from "../../domain/model/context.ts";
import { withLiking } from "../../domain/model/liking.ts";
import { PLACEMENT_WEIGHTS } from "../../domain/model/weights.ts";
import type { RecommendationQuery } from "../../domain/recommendation.ts";
import { NOBODY, type RecentProduct } from "../../domain/visitor.ts";

const NOW = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;
const viewed = (productId: string, minutesAgo: number): RecentProduct => ({
  productId,
  at: NOW - minutesAgo * MINUTE_MS,
  views: 1,
  kind: "viewed",
});

function ask(recent: readonly RecentProduct[]): RecommendationQuery {
  const visitor = { ...NOBODY, recent };
  return { placement: "home", visitor, limit: 10, exclude: [], strategies: [], now: NOW };
}

describe("what a visitor likes", () => {
  const catalogue: Record<string, { category?: string; brand?: string }> = {
    pan: { category: "Kitchen", brand: "Iron" },
    pot: { category: "Kitchen" },
    hat: { category: "Clothes", brand: "Felt" },
  };
  const groupAt = (recent: readonly RecentProduct[]) => (position: number, kind: "category" | "brand") =>
    catalogue[recent[position]!.productId]?.[kind];

  test("[RC10] without a known category or brand those of the recent products count, the most looked at first", () => {
    const recent = [viewed("hat", 1), viewed("pan", 2), viewed("pot", 3), viewed("nobody knows", 4)];
    const { categories, brands } = withLiking({ ...NOBODY, recent }, groupAt(recent));
    expect(categories.map(({ category }) => category)).toEqual(["Kitchen", "Clothes"]);
    expect(categories[0]!.affinity).toBeGreaterThan(categories[1]!.affinity);
    expect(brands.map(({ brand }) => brand)).toEqual(["Felt", "Iron"]);
    for (const { affinity } of [...categories, ...brands]) expect(affinity).toBeLessThan(1);
  });

  test("[RC10] what a profile tells is left as it is, and nobody likes nothing", () => {
    const known = {
      ...NOBODY,
      recent: [viewed("pan", 1)],
      categories: [{ category: "Clothes", affinity: 0.4 }],
    };
    expect(withLiking(known, groupAt(known.recent)).categories).toEqual(known.categories);
    expect(withLiking(known, groupAt(known.recent)).brands).toMatchObject([{ brand: "Iron" }]);
    expect(withLiking(NOBODY, groupAt([]))).toBe(NOBODY);
  });
});

describe("where a list starts from", () => {
  const weights = PLACEMENT_WEIGHTS.home;
  const worth = (recent: readonly RecentProduct[]) =>
    sourcesOf(ask(recent), weights).map(({ viewed }) => viewed);

  test("[RC11] products of a session that is over count less than those of a running one", () => {
    const [running] = worth([viewed("a", 1)]);
    const [over] = worth([viewed("a", 60)]);
    expect(over).toBeCloseTo(running! * weights.earlier, 12);
    const again = (minutes: number) =>
      repeatWeights(ask([viewed("a", minutes)]), PLACEMENT_WEIGHTS.session)[0]!;
    expect(again(60)).toBeCloseTo(again(1) * PLACEMENT_WEIGHTS.session.earlier, 12);
  });

  test("[RC11] products of one instant count alike, those before them less", () => {
    const [a, b, c] = worth([viewed("a", 1), viewed("b", 1), viewed("c", 2)]);
    expect(b).toBe(a);
    expect(c).toBeLessThan(a!);
  });

  test("[RC11] an order is one step back, however much is in it, and home starts from all of it", () => {
    const order = Array.from({ length: 12 }, (_, n) => viewed(`ordered ${n}`, 1));
    const [small, large] = [order.slice(0, 1), order].map((newest) =>
      worth([...newest, viewed("before", 2)]),
    );
    expect(large).toHaveLength(13);
    expect(large!.at(-1)).toBe(small!.at(-1));
  });
});

describe("what is bought again", () => {
  const DAY_MS = 24 * 60 * MINUTE_MS;
  const bought = (productId: string, daysAgo: number, count: number) => ({
    productId,
    at: NOW - daysAgo * DAY_MS,
    count,
  });
  const worth = (purchased: ReturnType<typeof bought>[]) => {
    const query = { ...ask([]), visitor: { ...NOBODY, purchased } };
    return rebuyWeights(query, PLACEMENT_WEIGHTS.home);
  };

  test("[RC13] the more often a product was bought, the more it counts to show it again", () => {
    const [thrice, once, twice] = worth([bought("a", 1, 3), bought("b", 1, 1), bought("c", 9, 2)]);
    expect(thrice).toBeGreaterThan(twice!);
    expect(twice).toBeGreaterThan(once!);
    expect(once).toBeGreaterThan(0);
  });

  test("[RC13] it counts less for who seldom buys a thing again, and nothing for who never does", () => {
    const others = (count: number) => Array.from({ length: 8 }, (_, n) => bought(`other ${n}`, 2 + n, count));
    const [often] = worth([bought("a", 1, 2), ...others(2)]);
    const [seldom] = worth([bought("a", 1, 2), ...others(1)]);
    expect(often).toBeGreaterThan(seldom!);
    expect(new Set(worth([bought("a", 1, 1), ...others(1)]))).toEqual(new Set([0]));
    expect(worth([])).toEqual([]);
  });

  test("[RC13] no other list shows purchases again for it", () => {
    const query = { ...ask([]), visitor: { ...NOBODY, purchased: [bought("a", 1, 3)] } };
    for (const placement of ["product", "cart", "session"] as const) {
      expect(rebuyWeights(query, PLACEMENT_WEIGHTS[placement])).toEqual([0]);
    }
  });
});
