import { expect } from "vitest";
import type { ProfileView } from "../../domain/profile/view.ts";
import type { Signals } from "../../domain/signal.ts";

/** Equal but for the last digits, for price steps of 8 %, and for the order of what is equally strong. */
export function expectSame(actual: ProfileView, wanted: ProfileView): void {
  const { price, categories, brands, recent, value, ...rest } = wanted;
  expect(actual).toMatchObject(rest);
  const interest = ({ affinity, ...one }: { affinity: number; category?: string; brand?: string }) => one;
  const affinities = (view: ProfileView) =>
    new Map([
      ...view.categories.map(({ category, affinity }) => [`category ${category}`, affinity] as const),
      ...view.brands.map(({ brand, affinity }) => [`brand ${brand}`, affinity] as const),
    ]);
  const own = affinities(actual);
  for (const [name, affinity] of affinities(wanted)) expect(own.get(name)).toBeCloseTo(affinity, 5);
  const byName = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  const sorted = <T extends object>(many: readonly T[]) => [...many].sort(byName);
  expect(sorted(actual.categories.map(interest))).toEqual(sorted(categories.map(interest)));
  expect(sorted(actual.brands.map(interest))).toEqual(sorted(brands.map(interest)));
  for (const list of [actual.categories, actual.brands]) {
    for (const [i, { affinity }] of list.entries()) {
      expect(affinity).toBeLessThanOrEqual((list[i - 1]?.affinity ?? 1) + 1e-6);
    }
  }
  expect(sorted(actual.recent)).toEqual(sorted(recent));
  expect(actual.recent.map(({ last_seen }) => last_seen)).toEqual(recent.map(({ last_seen }) => last_seen));
  expect(actual.value.recency_days).toBe(value.recency_days);
  const money = (many: ProfileView["value"]["monetary"]) =>
    Object.fromEntries(
      many
        .filter(({ amount }) => Math.abs(amount) > 0.005)
        .map(({ currency, amount }) => [currency, Math.round(amount * 100)]),
    );
  expect(money(actual.value.monetary)).toEqual(money(value.monetary));
  expect(actual.price).toHaveLength(price.length);
  for (const { category, currency, p10, p50, p90 } of price) {
    const band = actual.price.find((one) => one.category === category && one.currency === currency)!;
    for (const [is, should] of [
      [band.p10, p10],
      [band.p50, p50],
      [band.p90, p90],
    ] as const) {
      expect(Math.abs(is / should - 1)).toBeLessThan(0.041);
    }
  }
}

/** Weights of transitions by `from>to`, there and back. */
export function transitionsIn(many: readonly Signals[]): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (from: string, to: string, weight: number) => {
    sums.set(`${from}>${to}`, (sums.get(`${from}>${to}`) ?? 0) + weight);
  };
  for (const { products, links } of many) {
    for (const { from, to, kind, weight } of links) {
      if (kind !== "transition") continue;
      add(products[from]!, products[to]!, weight);
      add(products[to]!, products[from]!, weight / 2);
    }
  }
  return sums;
}

/** Counts by `kind product`, and pairings by `pairing product product`. */
export function countsIn(many: readonly Signals[]): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (key: string, amount: number) => sums.set(key, (sums.get(key) ?? 0) + amount);
  for (const { products, counts, links } of many) {
    for (const { product, kind, amount } of counts) add(`${kind} ${products[product]}`, amount);
    for (const { from, to, kind, weight } of links) {
      if (kind === "pairing") add(["pairing", ...[products[from]!, products[to]!].sort()].join(" "), weight);
    }
  }
  for (const [key, sum] of sums) if (Math.abs(sum) < 1e-9) sums.delete(key);
  return sums;
}

/** Equal sums, but for the last digits. */
export function expectSums(actual: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): void {
  const different = [...new Set([...actual.keys(), ...wanted.keys()])]
    .map((key) => [key, actual.get(key) ?? 0, wanted.get(key) ?? 0] as const)
    .filter(([, is, should]) => Math.abs(is - should) > 1e-6);
  expect(different).toEqual([]);
}
