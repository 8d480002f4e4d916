import { DAY_MS } from "../limits.ts";
import type { VisitorContext } from "../visitor.ts";
import { affinityOf, type Interest } from "./interests.ts";
import type { Profile } from "./profile.ts";

const CONTEXT_PRODUCTS_MAX = 50;

/** A profile as `GET /v1/users/:id` shows it. Times ISO 8601, affinities 0..1, the strongest first. */
export interface ProfileView {
  readonly first_seen: string;
  readonly last_seen: string;
  readonly counts: {
    readonly views: number;
    readonly carts: number;
    readonly purchases: number;
    readonly orders: number;
    readonly sessions: number;
  };
  readonly categories: (InterestView & { readonly category: string })[];
  readonly brands: (InterestView & { readonly brand: string })[];
  readonly price: { category: string; currency: string; p10: number; p50: number; p90: number }[];
  readonly value: {
    readonly recency_days: number | null;
    readonly frequency: number;
    readonly monetary: { currency: string; amount: number }[];
  };
  /** Activities by hour of the day and day of the week (0: Sunday), UTC. */
  readonly rhythm: { readonly hours: number[]; readonly weekdays: number[] };
  readonly recent: { product_id: string; last_seen: string; views: number }[];
  readonly cart: { product_id: string; quantity: number }[];
}

interface InterestView {
  readonly affinity: number;
  readonly views: number;
  readonly carts: number;
  readonly purchases: number;
  readonly last_seen: string;
}

/** What recommendations need. */
export function contextOf(profile: Profile, now: number): VisitorContext {
  return {
    recent: recents(profile)
      .slice(0, CONTEXT_PRODUCTS_MAX)
      .map(([productId, { lastAt, views, touch }]) => ({ productId, at: lastAt, views, kind: touch })),
    cart: profile.cart.lines().map(({ productId }) => productId),
    purchased: [...profile.purchased]
      .filter(([, { count }]) => count > 0)
      .sort((a, b) => b[1].lastAt - a[1].lastAt || (a[0] < b[0] ? -1 : 1))
      .map(([productId, { lastAt, count }]) => ({ productId, at: lastAt, count })),
    categories: profile.categories
      .ranked()
      .map(([category, { grown }]) => ({ category, affinity: affinityOf(grown, now) })),
    brands: profile.brands
      .ranked()
      .map(([brand, { grown }]) => ({ brand, affinity: affinityOf(grown, now) })),
    prices: profile.prices.ranked(),
  };
}

export function viewOf(profile: Profile, now: number): ProfileView {
  const { counts, amounts } = profile.days.sums(now);
  const lastOrderAt = profile.orders.lastAt;
  return {
    first_seen: iso(profile.firstAt),
    last_seen: iso(profile.lastAt),
    counts: { ...counts, sessions: profile.trail.sessionCount },
    categories: profile.categories
      .ranked()
      .map(([category, interest]) => ({ category, ...interestView(interest, now) })),
    brands: profile.brands.ranked().map(([brand, interest]) => ({ brand, ...interestView(interest, now) })),
    price: profile.prices.ranked(),
    value: {
      recency_days: lastOrderAt === 0 ? null : Math.max(0, Math.floor((now - lastOrderAt) / DAY_MS)),
      frequency: counts.orders,
      monetary: amounts,
    },
    rhythm: { hours: [...profile.hours], weekdays: [...profile.weekdays] },
    recent: recents(profile).map(([product_id, { lastAt, views }]) => ({
      product_id,
      last_seen: iso(lastAt),
      views,
    })),
    cart: profile.cart.lines().map(({ productId, quantity }) => ({ product_id: productId, quantity })),
  };
}

/** Newest first. Of one instant, as in an order, the later name first: any rule does, so that it is always the same. */
function recents(
  profile: Profile,
): [string, { lastAt: number; views: number; touch: "viewed" | "carted" | "bought" }][] {
  return [...profile.recents].sort((a, b) => b[1].lastAt - a[1].lastAt || (a[0] < b[0] ? 1 : -1));
}

function interestView({ grown, views, carts, purchases, lastAt }: Interest, now: number): InterestView {
  return {
    affinity: Math.round(affinityOf(grown, now) * 1e6) / 1e6,
    views,
    carts,
    purchases,
    last_seen: iso(lastAt),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
