import type { VisitorContext } from "./visitor.ts";

export const PLACEMENTS = ["home", "product", "cart", "session"] as const;
export type Placement = (typeof PLACEMENTS)[number];

export const STRATEGIES = ["collaborative", "category", "recent", "trending"] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface RecommendationQuery {
  readonly placement: Placement;
  readonly visitor: VisitorContext;
  /** The product of the page, for `product`. */
  readonly productId?: string;
  /** 1..100 */
  readonly limit: number;
  /** Only products of this category. */
  readonly category?: string;
  readonly exclude: readonly string[];
  /** Empty means all. */
  readonly strategies: readonly Strategy[];
  /** Unix ms. */
  readonly now: number;
}

export interface Recommendation {
  readonly productId: string;
  /** Finite, not increasing along the list. */
  readonly score: number;
  readonly strategy: Strategy;
  /** The product that caused it, where one did. */
  readonly because?: string;
  /** All of this as JSON, with what the model says of the product (`recommendationOf`). */
  readonly text: string;
}

/** A product as the published model knows it. */
export interface PublishedProduct {
  readonly productId: string;
  readonly name?: string;
  readonly category?: string;
  readonly brand?: string;
  readonly price?: number;
  readonly currency?: string;
  readonly imageUrl?: string;
  readonly url?: string;
}

/** A product as the catalogue holds it: what was set, and what events taught where nothing was set. */
export interface CatalogueProduct extends PublishedProduct {
  /** Left out of recommendations. */
  /** Under which its stock may be kept, beside its own id. */
  readonly skus?: readonly string[];
  readonly hidden: boolean;
  /** Sold out per the stock counters; undefined where no stock is kept. */
  readonly available?: boolean;
  readonly updatedAt: number;
  /** `catalogue`: set by the shop; `events`: learnt. */
  readonly source: "catalogue" | "events";
}
