import type { Activity, ActivityKind } from "../activity.ts";
import { countKindOf, stepsOf } from "../activity-signals.ts";
import type { ByteReader, ByteWriter } from "../bytes.ts";
import { DAY_MS, PROFILE_BRANDS_MAX, PROFILE_CATEGORIES_MAX } from "../limits.ts";
import { Trail, type TrailSink } from "../session.ts";
import type { Step } from "../steps.ts";
import { TOUCH_INTEREST } from "../visitor.ts";
import { Cart } from "./cart.ts";
import { Days } from "./days.ts";
import { Interests } from "./interests.ts";
import { type OrderEffect, Orders } from "./orders.ts";
import { Prices } from "./prices.ts";
import { Purchased } from "./purchased.ts";
import { Recents } from "./recents.ts";

/** How much interest doing something shows, in views. */
const INTEREST: Partial<Record<ActivityKind, number>> = {
  viewed: TOUCH_INTEREST.viewed,
  clicked: 0.5,
  added: TOUCH_INTEREST.carted,
  wishlist_added: 2,
  wishlist_to_cart: 3,
  product_shared: 2,
  reviewed: 1,
  ordered: TOUCH_INTEREST.bought,
};
const NO_CURRENCY = "";

/**
 * What is known of one visitor over the last 90 days. Sums and maxima only, over times of events, so that the order
 * in which activities arrive does not change it while no bound is reached.
 */
export class Profile {
  firstAt = 0;
  lastAt = 0;
  readonly categories = new Interests(PROFILE_CATEGORIES_MAX);
  readonly brands = new Interests(PROFILE_BRANDS_MAX);
  readonly prices = new Prices();
  readonly cart = new Cart();
  readonly days = new Days();
  readonly orders = new Orders();
  readonly trail = new Trail();
  readonly recents = new Recents();
  readonly purchased = new Purchased();
  readonly hours: number[] = new Array<number>(24).fill(0);
  readonly weekdays: number[] = new Array<number>(7).fill(0);
  /** Counts changes, so that what is computed from it is known to be of now; not stored. */
  changes = 0;

  get isEmpty(): boolean {
    return this.lastAt === 0;
  }

  /** Takes activities, each once, none older than 90 days. The sink is told what the trail teaches. */
  fold(activities: readonly Activity[], sink: TrailSink): void {
    const steps: Step[] = [];
    const times: number[] = [];
    for (const activity of activities) {
      this.take(activity);
      times.push(activity.at);
      for (const step of stepsOf(activity)) steps.push(step);
    }
    this.trail.take(times, steps, sink);
  }

  /** Takes activities of another profile, and its trail with one portion of them: it taught by itself what it could. */
  absorb(activities: readonly Activity[], trail: Trail | undefined, sink: TrailSink): void {
    for (const activity of activities) this.take(activity);
    if (trail !== undefined) this.trail.absorb(trail, sink);
  }

  private take(activity: Activity): void {
    this.changes++;
    const { at, kind, lines } = activity;
    if (this.lastAt === 0 || at < this.firstAt) this.firstAt = at;
    if (at > this.lastAt) this.lastAt = at;
    this.hours[Math.floor((at % DAY_MS) / 3_600_000)]! += 1;
    // 1970-01-01 was a Thursday; 0 is Sunday.
    this.weekdays[(Math.floor(at / DAY_MS) + 4) % 7]! += 1;
    const currency = activity.currency ?? NO_CURRENCY;
    const weight = INTEREST[kind] ?? 0;
    const counted = countKindOf(kind);
    for (const { productId, category, brand, price, quantity } of lines) {
      const views = counted === "view" ? 1 : 0;
      const carts = counted === "cart" ? 1 : 0;
      const purchases = counted === "purchase" ? quantity : 0;
      if (weight > 0) {
        if (category !== undefined) this.categories.add(category, at, weight, views, carts, purchases);
        if (brand !== undefined) this.brands.add(brand, at, weight, views, carts, purchases);
        if (category !== undefined && price !== undefined)
          this.prices.add(category, currency, price, at, weight);
        this.recents.add(productId, at, views, carts > 0 ? "carted" : purchases > 0 ? "bought" : "viewed");
      }
      if (views > 0) this.days.add(at, "views", 1);
      if (carts > 0) this.days.add(at, "carts", 1);
      if (carts > 0) this.cart.change(productId, quantity, at);
      if (kind === "removed") this.cart.change(productId, -quantity, at);
    }
    if (kind === "ordered") this.cart.ordered(at);
    const { before, after } = this.orders.take(activity);
    if (before !== undefined) this.add(before, -1);
    if (after !== undefined) this.add(after, 1);
    // Money back of no order that could be named.
    if (kind === "refunded" && activity.orderId === undefined) {
      this.days.paid(at, currency, -Math.abs(amountOf(activity)));
    }
  }

  /** @param times -1 takes back what an order added before more was told of it. */
  private add({ at, currency, amount, units, products }: OrderEffect, times: 1 | -1): void {
    this.days.add(at, "orders", times);
    this.days.add(at, "purchases", times * units);
    this.days.paid(at, currency, times * amount);
    for (const productId of products) this.purchased.add(productId, at, times);
  }

  write(writer: ByteWriter): void {
    writer.varint(this.firstAt);
    writer.varint(this.lastAt);
    for (const count of this.hours) writer.varint(count);
    for (const count of this.weekdays) writer.varint(count);
    for (const part of this.parts()) part.write(writer);
  }

  read(reader: ByteReader): void {
    this.firstAt = reader.varint();
    this.lastAt = reader.varint();
    for (let i = 0; i < 24; i++) this.hours[i] = reader.varint();
    for (let i = 0; i < 7; i++) this.weekdays[i] = reader.varint();
    for (const part of this.parts()) part.read(reader);
  }

  /** In the order they are stored. */
  private parts() {
    const { categories, brands, prices, cart, days, orders, trail, recents, purchased } = this;
    return [categories, brands, prices, cart, days, orders, trail, recents, purchased];
  }
}

/** Total of a refund: as told, else the sum of its lines. */
function amountOf({ value, lines }: Activity): number {
  if (value !== undefined) return value;
  return lines.reduce((sum, { price, quantity }) => sum + (price ?? 0) * quantity, 0);
}
