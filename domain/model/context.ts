import { DAY_MS, SESSION_GAP_MS } from "../limits.ts";
import type { RecommendationQuery } from "../recommendation.ts";
import type { RecentProduct } from "../visitor.ts";
import type { PlacementWeights } from "./weights.ts";

/** A product whose neighbours are gathered, and what its viewed and its bought neighbours count. */
export interface Source {
  readonly productId: string;
  readonly viewed: number;
  readonly bought: number;
  /** Its position among the recent products; -1: it comes from elsewhere. */
  readonly position: number;
}

/** Products of a cart whose complements are gathered; the first of it. */
const CART_SOURCES_MAX = 20;

/**
 * Where a list starts from: the product of the page, the cart, and the last recent products, whose weight falls by
 * occasion, and once more where a session has ended since.
 */
export function sourcesOf(query: RecommendationQuery, weights: PlacementWeights): Source[] {
  const { recent, cart } = query.visitor;
  const sources: Source[] = [];
  const add = (productId: string, viewed: number, bought: number, position = -1) => {
    if (viewed > 0 || bought > 0) sources.push({ productId, viewed, bought, position });
  };
  if (query.productId !== undefined) add(query.productId, weights.pageViewed, weights.pageBought);
  for (let place = 0; place < Math.min(cart.length, CART_SOURCES_MAX); place++) {
    add(cart[place]!, weights.cartViewed, weights.cartBought);
  }
  const session = sessionLength(recent, query.now);
  let occasion = 0;
  for (let position = 0; position < Math.min(recent.length, weights.context); position++) {
    const earlier = position < session ? 1 : weights.earlier;
    // Products of one instant, as those of an order, come in no order: all of them are one step back.
    if (position === 0 || recent[position]!.at !== recent[position - 1]!.at) occasion++;
    if (occasion > weights.occasions) break;
    const weight = earlier / occasion ** weights.contextPower;
    add(recent[position]!.productId, weight * weights.viewed, weight * weights.bought, position);
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

/** What doubts a habit: occasions to buy beside those known, and purchases that repeat none. */
const OCCASIONS_PRIOR = 6;
const PURCHASES_PRIOR = 4;

/**
 * What showing each purchased product again counts: the share of the visitor's occasions to buy that had it, times the
 * share of their purchases that repeat one, of those that could. Of who never bought a thing twice nothing is shown again.
 * After Hu, He, Gao & Zhang 2020, "Modeling Personalized Item Frequency Information for Next-basket Recommendation". How
 * long ago it was bought, which tells most elsewhere (Anderson et al. 2014, "The Dynamics of Repeat Consumption"), told
 * nothing more on the sample shop's orders.
 */
export function rebuyWeights(
  { visitor: { purchased } }: RecommendationQuery,
  weights: PlacementWeights,
): number[] {
  let purchases = 0;
  let greatest = 0;
  let days = 0;
  let before = -1;
  // The newest comes first, so products bought last on one day stand together.
  for (const { at, count } of purchased) {
    const day = dayOf(at);
    if (day !== before) days++;
    before = day;
    purchases += count;
    greatest = Math.max(greatest, count);
  }
  const occasions = Math.max(days, greatest);
  const repeats = purchases - purchased.length;
  if (repeats <= 0 || weights.rebuy === 0) return purchased.map(() => 0);
  const habit = repeats / (purchases * (1 - 1 / occasions) + PURCHASES_PRIOR);
  const worth = (weights.rebuy * habit) / (occasions + OCCASIONS_PRIOR);
  return purchased.map(({ count }) => worth * count);
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
