/** What recommendations need to know of a visitor; comes from a profile or from the request. */
export interface VisitorContext {
  /** Newest first, at most 50; products viewed, carted or bought. */
  readonly recent: readonly RecentProduct[];
  readonly cart: readonly string[];
  /** Products bought in the last 90 days, newest first, at most 200. */
  readonly purchased: readonly { readonly productId: string; readonly at: number; readonly count: number }[];
  /** Strongest first; affinity in 0..1. */
  readonly categories: readonly { readonly category: string; readonly affinity: number }[];
  readonly brands: readonly { readonly brand: string; readonly affinity: number }[];
  readonly prices: readonly PriceBand[];
}

export interface RecentProduct {
  readonly productId: string;
  /** Unix ms of the last activity. */
  readonly at: number;
  readonly views: number;
  /** The strongest thing done with it lately. */
  readonly kind: "viewed" | "carted" | "bought";
}

/** How much interest each kind of touch shows, in views. */
export const TOUCH_INTEREST: Readonly<Record<RecentProduct["kind"], number>> = {
  viewed: 1,
  carted: 3,
  bought: 5,
};

/** Prices a visitor looks at in a category, in `currency`. */
export interface PriceBand {
  readonly category: string;
  readonly currency: string;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

export const NOBODY: VisitorContext = {
  recent: [],
  cart: [],
  purchased: [],
  categories: [],
  brands: [],
  prices: [],
};
