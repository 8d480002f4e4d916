import { DAY_MS, SESSION_GAP_MS } from "../limits.ts";
import type { RecommendationQuery } from "../recommendation.ts";
import type { RecentProduct } from "../visitor.ts";
import type { PlacementWeights } from "./weights.ts";

/** A product whose neighbours are gathered, and what its viewed and its bought neighbours count. */
export interface Source {
  readonly productId: string;
  readonly viewed: number;
  readonly bought: number;
}

/** Products of a cart whose complements are gathered; the first of it. */
const CART_SOURCES_MAX = 20;

/**
 * Where a list starts from: the product of the page, the cart, and the last recent products, whose weight falls by
 * position, and once more where a session has ended since.
 */
export function sourcesOf(query: RecommendationQuery, weights: PlacementWeights): Source[] {
  const { recent, cart } = query.visitor;
  const sources: Source[] = [];
  const add = (productId: string, viewed: number, bought: number) => {
    if (viewed > 0 || bought > 0) sources.push({ productId, viewed, bought });
  };
  if (query.productId !== undefined) add(query.productId, weights.pageViewed, weights.pageBought);
  for (let place = 0; place < Math.min(cart.length, CART_SOURCES_MAX); place++) {
    add(cart[place]!, weights.cartViewed, weights.cartBought);
  }
  const session = sessionLength(recent, query.now);
  let place = 1;
  for (let position = 0; position < Math.min(recent.length, weights.context); position++) {
    const earlier = position < session ? 1 : weights.earlier;
    // Products of one instant, as those of an order, come in no order.
    if (position === 0 || recent[position]!.at !== recent[position - 1]!.at) place = position + 1;
    const weight = earlier / place ** weights.contextPower;
    add(recent[position]!.productId, weight * weights.viewed, weight * weights.bought);
  }
  return sources;
}

/**
 * What showing each recent product again counts, as a factor of its chance to be viewed again: less the more products
 * came after it and the more there are in the session, more the more often it was looked at.
 */
export function repeatWeights(
  { visitor: { recent }, now }: RecommendationQuery,
  weights: PlacementWeights,
): number[] {
  const session = sessionLength(recent, now);
  const crowd = Math.max(1, session) ** weights.crowding;
  return recent.map(({ views }, position) => {
    const looked = views ** weights.viewsPower / crowd;
    const earlier = position < session ? 1 : weights.earlier;
    if (position === 0) return weights.again * looked * earlier;
    return (weights.returning * looked * earlier) / position ** weights.returnPower;
  });
}

/** How many of the recent products belong to the running session; none when the last one is over. */
function sessionLength(recent: readonly RecentProduct[], now: number): number {
  if (recent.length === 0 || now - recent[0]!.at > SESSION_GAP_MS) return 0;
  let length = 1;
  while (length < recent.length && recent[length - 1]!.at - recent[length]!.at <= SESSION_GAP_MS) length++;
  return length;
}

/** Day number of a time; purchases on two of them are two occasions. */
export function dayOf(at: number): number {
  return Math.max(0, Math.floor(at / DAY_MS));
}

/** Middle of a price band in ln, and one over its half width: what a price is measured against. */
export function bandShape(p10: number, p50: number, p90: number): { middle: number; sharpness: number } {
  const middle = Math.log(p50);
  const width = Math.max(p90, 1e-9) / Math.max(p10, 1e-9);
  return { middle, sharpness: 1 / Math.max(0.2, Math.log(Math.max(width, 1)) / 2) };
}

/** What a list may hold of recent products and of one category. */
export function sharesOf(
  limit: number,
  weights: PlacementWeights,
): { seenQuota: number; categoryCap: number } {
  return {
    seenQuota: Math.ceil(limit * weights.seenShare),
    categoryCap: weights.categoryShare < 1 ? Math.max(1, Math.ceil(limit * weights.categoryShare)) : 0,
  };
}
