import { DAY_MS } from "../limits.ts";
import { affinityOf, type Interest } from "./interests.ts";
import type { Profile } from "./profile.ts";

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

export function viewOf(profile: Profile, now: number): ProfileView {
  const { counts, amounts } = profile.days.sums(now);
  const lastOrderAt = profile.orders.lastAt;
  return {
    first_seen: iso(profile.firstAt),
    last_seen: iso(profile.lastAt),
    counts: { ...counts, sessions: profile.trail.sessionCount },
    categories: profile.categories
      .ranked()
      .map((interest) => ({ category: interest.name, ...interestView(interest, now) })),
    brands: profile.brands
      .ranked()
      .map((interest) => ({ brand: interest.name, ...interestView(interest, now) })),
    price: profile.prices.ranked(),
    value: {
      recency_days: lastOrderAt === 0 ? null : Math.max(0, Math.floor((now - lastOrderAt) / DAY_MS)),
      frequency: counts.orders,
      monetary: amounts,
    },
    rhythm: { hours: [...profile.hours], weekdays: [...profile.weekdays] },
    recent: profile.recents.ranked().map(({ productId, lastAt, views }) => ({
      product_id: productId,
      last_seen: iso(lastAt),
      views,
    })),
    cart: profile.cart.lines().map(({ productId, quantity }) => ({ product_id: productId, quantity })),
  };
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
