// The generator's own books: what a service that loses nothing and doubles nothing must hold.
import { DAY_MS, PROFILE_DAYS, SESSION_GAP_MS } from "../../domain/limits.ts";

export const KINDS = ["view", "cart", "purchase"] as const;
export type Kind = (typeof KINDS)[number];

export interface VisitorCounts {
  views: number;
  carts: number;
  purchases: number;
  orders: number;
  sessions: number;
}

/** What happened to one product or SKU on one UTC day. */
export interface Day {
  view: number;
  cart: number;
  purchase: number;
}

export interface Line {
  readonly product: string;
  readonly quantity: number;
}

export class Books {
  events = 0;
  orders = 0;
  /** Day number of the earliest purchase. */
  firstSaleDay = Number.POSITIVE_INFINITY;
  /** By visitor: a user's id, or an anonymous one's that no user was known by. */
  readonly visitors = new Map<string, { counts: VisitorCounts; times: number[] }>();
  /** Anonymous visitors that became a user. */
  readonly joined: string[] = [];
  /** By product and day number. */
  readonly products = new Map<string, Map<number, Day>>();
  /** Times of each product's views, carts and purchases: one each, whatever their units. */
  readonly moments = new Map<string, { kind: Kind; at: number }[]>();
  /** On hand, by SKU. */
  readonly stock = new Map<string, number>();

  /** Enters one event, once, whatever becomes of it on its way. */
  enter(visitor: string, kind: Kind | "other", at: number, lines: readonly Line[], now: number): void {
    this.events++;
    if (kind === "purchase") this.orders++;
    for (const { product, quantity } of lines) {
      if (kind !== "other") this.count(product, kind, at, kind === "purchase" ? quantity : 1);
    }
    if (at < now - PROFILE_DAYS * DAY_MS) return;
    const { counts, times } = this.visitor(visitor);
    times.push(at);
    if (kind === "view") counts.views++;
    if (kind === "cart") counts.carts++;
    if (kind === "purchase") {
      counts.orders++;
      for (const { quantity } of lines) counts.purchases += quantity;
    }
  }

  /** What an anonymous visitor did becomes the user's. */
  join(anonymous: string, user: string): void {
    const from = this.visitors.get(anonymous);
    if (from === undefined) return;
    this.visitors.delete(anonymous);
    this.joined.push(anonymous);
    const { counts, times } = this.visitor(user);
    for (const name of ["views", "carts", "purchases", "orders"] as const) counts[name] += from.counts[name];
    for (const at of from.times) times.push(at);
  }

  /** Counts of a visitor with the sessions their times make. */
  countsOf(visitor: string): VisitorCounts {
    const { counts, times } = this.visitor(visitor);
    times.sort((a, b) => a - b);
    let sessions = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (const at of times) {
      if (at - last > SESSION_GAP_MS) sessions++;
      last = at;
    }
    return { ...counts, sessions };
  }

  private visitor(name: string): { counts: VisitorCounts; times: number[] } {
    let visitor = this.visitors.get(name);
    if (visitor === undefined) {
      const counts = { views: 0, carts: 0, purchases: 0, orders: 0, sessions: 0 };
      visitor = { counts, times: [] };
      this.visitors.set(name, visitor);
    }
    return visitor;
  }

  private count(product: string, kind: Kind, at: number, amount: number): void {
    let days = this.products.get(product);
    if (days === undefined) {
      days = new Map();
      this.products.set(product, days);
      this.moments.set(product, []);
    }
    const number = Math.floor(at / DAY_MS);
    if (kind === "purchase") this.firstSaleDay = Math.min(this.firstSaleDay, number);
    let day = days.get(number);
    if (day === undefined) {
      day = { view: 0, cart: 0, purchase: 0 };
      days.set(number, day);
    }
    day[kind] += amount;
    this.moments.get(product)!.push({ kind, at });
  }
}
