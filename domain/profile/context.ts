// What recommendations need of a profile, on its way from the profile to whoever recommends.
import { NOBODY, type VisitorContext } from "../visitor.ts";
import { affinityOfWeight, growth, type Interests } from "./interests.ts";
import type { Profile } from "./profile.ts";
import { TOUCHES } from "./recents.ts";

const CONTEXT_PRODUCTS_MAX = 50;
/** The kernel computes with as many. */
const AFFINITY_DIGITS = 7;

/**
 * Columns: this is read at every request, and a list for each of some hundred entries took twice as long. Names stand
 * once, in `names`, and are told by their place there.
 */
type ContextColumns = readonly [
  format: number,
  recent: JoinedTexts,
  newestAt: number,
  /** So long before the newest, ms. */
  ages: readonly number[],
  views: readonly number[],
  touches: readonly number[],
  cart: readonly string[],
  purchased: JoinedTexts,
  purchasedAt: readonly number[],
  purchasedCount: readonly number[],
  names: JoinedTexts,
  categories: InterestColumns,
  brands: InterestColumns,
  priceCategories: readonly number[],
  priceCurrencies: readonly number[],
  p10: readonly number[],
  p50: readonly number[],
  p90: readonly number[],
];
/** Seen from a fixed landmark, so that it does not fade: `Interest.grown`. */
type InterestColumns = readonly [names: readonly number[], grown: readonly number[]];

/** Parsing knows every short text of a list among all texts there are, which takes twice as long as cutting one up. */
type JoinedTexts = readonly [texts: string, lengths: readonly number[]];

/** Told apart because Workers and profiles of two versions meet while one replaces the other. */
const CONTEXT_FORMAT = 1;

/** A profile's context as JSON text, to be read by `readContext`. The same until the profile changes. */
export function contextText(profile: Profile): string {
  const recent = profile.recents.ranked().slice(0, CONTEXT_PRODUCTS_MAX);
  const newestAt = recent[0]?.lastAt ?? 0;
  const purchased = profile.purchased.ranked();
  const prices = profile.prices.ranked();
  const places = new Map<string, number>();
  const placeOf = (name: string): number => {
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  };
  const interests = (of: Interests): InterestColumns => {
    const ranked = of.ranked();
    return [ranked.map(({ name }) => placeOf(name)), ranked.map(({ grown }) => rounded(grown))];
  };
  const categories = interests(profile.categories);
  const brands = interests(profile.brands);
  const priceCategories = prices.map(({ category }) => placeOf(category));
  const priceCurrencies = prices.map(({ currency }) => placeOf(currency));
  const columns: ContextColumns = [
    CONTEXT_FORMAT,
    joined(recent.map(({ productId }) => productId)),
    newestAt,
    recent.map(({ lastAt }) => newestAt - lastAt),
    recent.map(({ views }) => views),
    recent.map(({ touch }) => touch),
    profile.cart.lines().map(({ productId }) => productId),
    joined(purchased.map(({ productId }) => productId)),
    purchased.map(({ lastAt }) => lastAt),
    purchased.map(({ count }) => count),
    joined([...places.keys()]),
    categories,
    brands,
    priceCategories,
    priceCurrencies,
    prices.map(({ p10 }) => p10),
    prices.map(({ p50 }) => p50),
    prices.map(({ p90 }) => p90),
  ];
  return JSON.stringify(columns);
}

function joined(texts: readonly string[]): JoinedTexts {
  return [texts.join(""), texts.map(({ length }) => length)];
}

function cutUp([texts, lengths]: JoinedTexts): string[] {
  let end = 0;
  return lengths.map((length) => {
    const from = end;
    end += length;
    return texts.substring(from, end);
  });
}

function rounded(value: number): number {
  return Number(value.toPrecision(AFFINITY_DIGITS));
}

/** What `contextText` wrote, as of `now`; nobody where it is of another format. */
export function readContext(text: string, now: number): VisitorContext {
  const [
    format,
    recent,
    newestAt,
    ages,
    views,
    touches,
    cart,
    purchased,
    purchasedAt,
    purchasedCount,
    joinedNames,
    categories,
    brands,
    priceCategories,
    priceCurrencies,
    p10,
    p50,
    p90,
  ] = JSON.parse(text) as ContextColumns;
  if (format !== CONTEXT_FORMAT) return NOBODY;
  const names = cutUp(joinedNames);
  const landmark = growth(now);
  const affinity = (grown: number) => affinityOfWeight(grown / landmark);
  return {
    recent: cutUp(recent).map((productId, n) => ({
      productId,
      at: newestAt - ages[n]!,
      views: views[n]!,
      kind: TOUCHES[touches[n]!]!,
    })),
    cart,
    purchased: cutUp(purchased).map((productId, n) => ({
      productId,
      at: purchasedAt[n]!,
      count: purchasedCount[n]!,
    })),
    categories: categories[0].map((name, n) => ({
      category: names[name]!,
      affinity: affinity(categories[1][n]!),
    })),
    brands: brands[0].map((name, n) => ({ brand: names[name]!, affinity: affinity(brands[1][n]!) })),
    prices: priceCategories.map((name, n) => ({
      category: names[name]!,
      currency: names[priceCurrencies[n]!]!,
      p10: p10[n]!,
      p50: p50[n]!,
      p90: p90[n]!,
    })),
  };
}
