import type { Placement } from "../recommendation.ts";
import type { CountKind } from "../signal.ts";

/** What the published model is computed with, for every placement. Fitted by `npm run evaluate -- --fit` and `-- orders --fit`. */
export const MODEL_WEIGHTS = {
  /** Added to a product's count before it divides: what was seen once is doubted. */
  shrinkage: 6,
  /** Power of a neighbour's count that divides its strength: what everybody sees is held back. */
  popularityExponent: 0.16,
  /** Both of pairings, of which a line of an order makes up to sixteen. */
  boughtShrinkage: 60,
  boughtPopularityExponent: 0.08,
  /** Least count of a neighbour that enters that power. */
  countFloor: 0.01,
  /** Interest with which a product's freshness is mixed with the shop's, and the power of it in a score. */
  freshnessPrior: 3.5,
  freshnessExponent: 0.34,
  /** Power of a product's activity that divides its score, and what is added to that activity. */
  liftExponent: 0.15,
  liftFloor: 1,
  /** Views with which a product's own habit of being viewed again is mixed with the shop's. */
  repeatPrior: 150,
  /** Least decayed interest of the slow trend counter for a product to be called trending. */
  trendSupport: 3,
};
export type ModelWeights = Readonly<typeof MODEL_WEIGHTS>;

/** What each kind of activity adds to the trend counters and, decayed, to popularity. */
export const TREND_AMOUNTS: Record<CountKind, number> = {
  view: 1,
  cart: 3,
  purchase: 5,
  again: 0,
  return: 0,
};

/** How one list is put together. Chances, strengths and terms of a score are all on the scale of a strength. */
export interface PlacementWeights {
  /**
   * Recent products whose neighbours are gathered, and occasions that they are of: a view is one, and so is an order with
   * all that is in it. What is of occasion n, 1 the last, weighs n^-power.
   */
  readonly context: number;
  readonly occasions: number;
  readonly contextPower: number;
  /** Factor for recent products of an earlier session. */
  readonly earlier: number;
  /** Neighbours of recent products: viewed after, and bought together. */
  readonly viewed: number;
  readonly bought: number;
  /** The same for the product of the page, and for each product in the cart. */
  readonly pageViewed: number;
  readonly pageBought: number;
  readonly cartViewed: number;
  readonly cartBought: number;
  /** What each further source that leads to the same product adds to it, as a share; up to four. */
  readonly support: number;
  /** Best candidates whose own neighbours are gathered, and the factors of that second step. */
  readonly fan: number;
  readonly walkViewed: number;
  readonly walkBought: number;
  /** Best candidates of the second step alone that are walked once more, and that step's factor. */
  readonly fanThird: number;
  readonly walkThird: number;
  /** Least addition of the second and the third step, as a share of the best candidate of the first: time, not taste. */
  readonly walkFloor: number;
  /** Shows recent products again: factors of the chance to be viewed again at once, and later. */
  readonly again: number;
  readonly returning: number;
  /** Least chance of `again`, so that a reload or a second look keeps its place in a long list. */
  readonly againFloor: number;
  /** The chance to return to position p falls as p^-power. */
  readonly returnPower: number;
  /** Either chance grows as (times looked at)^viewsPower, and falls as (products of the session)^-crowding. */
  readonly viewsPower: number;
  readonly crowding: number;
  /** Shows purchased products again: factor of how often the visitor buys the product, and anything, again. */
  readonly rebuy: number;
  /** Recent products a list may hold, as a share of it, upwards rounded. */
  readonly seenShare: number;
  /** How much liking the category, the brand and the price band adds to a neighbour, as a factor. */
  readonly fitCategory: number;
  readonly fitBrand: number;
  readonly fitPrice: number;
  /** Popular and rising products of liked categories and brands. */
  readonly category: number;
  readonly brand: number;
  /** Products trending or popular everywhere. */
  readonly trend: number;
  readonly popularity: number;
  /** Factor of a score for each product of its category, and of its brand, chosen before it; 1: no diversity. */
  readonly categoryDiscount: number;
  readonly brandDiscount: number;
  /** Largest share of one category while others are left; 1: no cap. */
  readonly categoryShare: number;
  /** Leaves out the product of the page, the cart, and what was purchased. */
  readonly blockPage: boolean;
  readonly blockCart: boolean;
  readonly blockPurchased: boolean;
  /** Keeps purchased products of a category that is bought repeatedly. */
  readonly allowRebought: boolean;
}

const PREDICTION: PlacementWeights = {
  context: 5,
  occasions: 10,
  contextPower: 1.1,
  earlier: 0.3,
  viewed: 1,
  bought: 0.5,
  pageViewed: 0,
  pageBought: 0,
  cartViewed: 0,
  cartBought: 0,
  support: 0.2,
  fan: 40,
  walkViewed: 3.7,
  walkBought: 0.5,
  fanThird: 16,
  walkThird: 1.3,
  walkFloor: 3e-3,
  again: 4.2,
  returning: 3.5,
  againFloor: 0.04,
  returnPower: 1.15,
  viewsPower: 1.05,
  crowding: 0.4,
  rebuy: 0,
  seenShare: 1,
  fitCategory: 0,
  fitBrand: 0,
  fitPrice: 0,
  category: 1e-4,
  brand: 5e-5,
  trend: 2e-6,
  popularity: 1e-6,
  categoryDiscount: 1,
  brandDiscount: 1,
  categoryShare: 1,
  blockPage: false,
  blockCart: false,
  blockPurchased: false,
  allowRebought: false,
};

/** What is shown off is diversified, so that the tail of a walk matters less. */
const SHOWCASE = { walkFloor: 1e-2, categoryDiscount: 0.9, brandDiscount: 0.95, categoryShare: 0.5 } as const;

/**
 * The lists a shop can ask for, and what each is for; `related` and `trending` have endpoints of their own. `session` is
 * fitted on sessions (`npm run evaluate -- --fit`), `home`, `product` and `cart` on orders (`npm run evaluate -- orders
 * --fit`), but for what views count and how much alike a list may be. How recent products fade is the same for `home`
 * as for `session`: fitted on the orders of one month, it was that month's fashion.
 */
export const PLACEMENT_WEIGHTS: Record<
  Placement | "relatedViewed" | "relatedBought" | "trending",
  PlacementWeights
> = {
  /** The pure prediction task: what is viewed next. */
  session: PREDICTION,
  /** "For you": what the visitor likes, a few things they looked at, and of what they have only what they buy again. */
  home: {
    ...PREDICTION,
    ...SHOWCASE,
    context: 30,
    occasions: 5,
    fan: 24,
    rebuy: 0.1,
    bought: 3,
    walkBought: 3.4,
    seenShare: 0.2,
    fitCategory: 0.33,
    fitBrand: 0.25,
    fitPrice: 0.47,
    category: 0.033,
    brand: 0.02,
    trend: 0.0022,
    popularity: 0.003,
    again: 1,
    againFloor: 0,
    returning: 1,
    blockPurchased: true,
    allowRebought: true,
  },
  /** A product's page: what goes with it, coloured by where the visitor came from. */
  product: {
    ...PREDICTION,
    ...SHOWCASE,
    walkBought: 1.9,
    contextPower: 1.4,
    viewed: 0.3,
    bought: 0.05,
    pageViewed: 1,
    pageBought: 1,
    fitCategory: 0.4,
    fitBrand: 0.1,
    fitPrice: 0.25,
    category: 0.0019,
    brand: 0.001,
    trend: 7.5e-5,
    popularity: 6.3e-5,
    blockPage: true,
    blockPurchased: true,
  },
  /** A cart: complements, bought together before viewed together. */
  cart: {
    ...PREDICTION,
    ...SHOWCASE,
    support: 0.067,
    viewed: 0.1,
    bought: 0.05,
    cartViewed: 0.2,
    cartBought: 1.9,
    walkViewed: 0.5,
    walkBought: 0.5,
    fitPrice: 0.25,
    category: 5e-4,
    brand: 5e-4,
    trend: 1.5e-4,
    popularity: 5e-5,
    blockPage: true,
    blockCart: true,
    blockPurchased: true,
  },
  /** Viewed by those who viewed this: its neighbours, then its category. */
  relatedViewed: {
    ...PREDICTION,
    pageViewed: 1,
    pageBought: 0,
    walkViewed: 0.5,
    walkBought: 0,
    category: 1e-6,
    brand: 1e-6,
    blockPage: true,
  },
  /** Bought together with this. */
  relatedBought: {
    ...PREDICTION,
    pageViewed: 0,
    pageBought: 1,
    walkViewed: 0,
    walkBought: 0.5,
    category: 1e-6,
    brand: 1e-6,
    blockPage: true,
  },
  /** What rises now, then what is popular. */
  trending: { ...PREDICTION, trend: 1, popularity: 0.01 },
};
