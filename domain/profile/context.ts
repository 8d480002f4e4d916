// What recommendations need of a profile, on its way from the profile to whoever recommends.
import type { PriceBand, RecentProduct, VisitorContext } from "../visitor.ts";
import { affinityOfWeight, growth, type Interests } from "./interests.ts";
import type { Profile } from "./profile.ts";
import { TOUCHES } from "./recents.ts";

const CONTEXT_PRODUCTS_MAX = 50;
/** The kernel computes with as many. */
const AFFINITY_DIGITS = 7;

/** Lists of lists: objects would name each field of each of some hundred entries. */
type ContextLists = readonly [
  recent: readonly (readonly [productId: string, at: number, views: number, touch: number])[],
  cart: readonly string[],
  purchased: readonly (readonly [productId: string, at: number, count: number])[],
  categories: readonly GrownInterest[],
  brands: readonly GrownInterest[],
  prices: readonly (readonly [category: string, currency: string, p10: number, p50: number, p90: number])[],
];
/** Seen from a fixed landmark, so that it does not fade: `Interest.grown`. */
type GrownInterest = readonly [name: string, grown: number];

/** A profile's context as JSON text, to be read by `readContext`. The same until the profile changes. */
export function contextText(profile: Profile): string {
  const lists: ContextLists = [
    profile.recents
      .ranked()
      .slice(0, CONTEXT_PRODUCTS_MAX)
      .map(({ productId, lastAt, views, touch }) => [productId, lastAt, views, touch]),
    profile.cart.lines().map(({ productId }) => productId),
    profile.purchased.ranked().map(({ productId, lastAt, count }) => [productId, lastAt, count]),
    interestsOf(profile.categories),
    interestsOf(profile.brands),
    profile.prices
      .ranked()
      .map(({ category, currency, p10, p50, p90 }) => [category, currency, p10, p50, p90]),
  ];
  return JSON.stringify(lists);
}

function interestsOf(interests: Interests): GrownInterest[] {
  return interests.ranked().map(({ name, grown }) => [name, rounded(grown)]);
}

function rounded(value: number): number {
  return Number(value.toPrecision(AFFINITY_DIGITS));
}

/** What `contextText` wrote, as of `now`. */
export function readContext(text: string, now: number): VisitorContext {
  const [recent, cart, purchased, categories, brands, prices] = JSON.parse(text) as ContextLists;
  const landmark = growth(now);
  const affinity = (grown: number) => affinityOfWeight(grown / landmark);
  return {
    recent: recent.map(
      ([productId, at, views, touch]): RecentProduct => ({ productId, at, views, kind: TOUCHES[touch]! }),
    ),
    cart,
    purchased: purchased.map(([productId, at, count]) => ({ productId, at, count })),
    categories: categories.map(([category, grown]) => ({ category, affinity: affinity(grown) })),
    brands: brands.map(([brand, grown]) => ({ brand, affinity: affinity(grown) })),
    prices: prices.map(
      ([category, currency, p10, p50, p90]): PriceBand => ({ category, currency, p10, p50, p90 }),
    ),
  };
}
