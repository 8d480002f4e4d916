import { type Activity, type ActivityKind, type ActivityLine, tellsOfOrder } from "./activity.ts";
import type { CancelledLine, DemandLine } from "./demand.ts";
import { hash32 } from "./hash.ts";
import { PAIRINGS_PER_LINE_MAX } from "./limits.ts";
import type { TrailSink } from "./session.ts";
import type { CountKind, CountSignal, LinkKind, LinkSignal, ProductFact, Signals } from "./signal.ts";
import { factKey } from "./signal-merge.ts";
import type { Step } from "./steps.ts";

/** Activities by which a visitor comes by one product. */
const STEPS: ReadonlySet<ActivityKind> = new Set(["viewed", "clicked", "added"]);

/** Which counter an activity adds to. */
export function countKindOf(kind: ActivityKind): CountKind | undefined {
  if (kind === "viewed") return "view";
  if (kind === "added" || kind === "wishlist_to_cart") return "cart";
  return kind === "ordered" ? "purchase" : undefined;
}

/** The steps of a visitor's trail that an activity makes. */
export function stepsOf(activity: Activity): Step[] {
  if (!STEPS.has(activity.kind) || activity.silent) return [];
  const tie = hash32(activity.messageId);
  return activity.lines.map(({ productId }) => ({
    at: activity.at,
    tie,
    productId,
    viewed: activity.kind === "viewed",
  }));
}

/**
 * Lines of an order as demand, one a SKU, in whole units. An order without an id is known by its message; an update adds
 * what the order did not have.
 */
export function demandOf(activity: Activity): DemandLine[] {
  if (!tellsOfOrder(activity) || activity.silent) return [];
  const orderId = activity.orderId ?? activity.messageId;
  const bySku = new Map<string, DemandLine>();
  for (const { sku, quantity, price } of activity.lines) {
    if (!(quantity > 0)) continue;
    const known = bySku.get(sku);
    const units = Math.max(1, Math.round(quantity)) + (known?.units ?? 0);
    const line: DemandLine = { orderId, sku, units, at: activity.at };
    const paid = price || known?.price;
    bySku.set(sku, paid === undefined ? line : { ...line, price: paid });
  }
  return [...bySku.values()];
}

/** Lines that a cancellation itself names. */
export function cancelledOf({ kind, orderId, lines, at, silent }: Activity): CancelledLine[] {
  if (kind !== "cancelled" || orderId === undefined || silent) return [];
  return [...new Set(lines.map(({ sku }) => sku))].map((sku) => ({ orderId, sku, at }));
}

/** Gathers the signals of one batch; products get an index as they come. */
export class SignalSink implements TrailSink {
  private readonly products: string[] = [];
  private readonly indexes = new Map<string, number>();
  private readonly facts = new Map<string, ProductFact>();
  private readonly counts: CountSignal[] = [];
  private readonly links: LinkSignal[] = [];

  get isEmpty(): boolean {
    return this.counts.length === 0 && this.links.length === 0 && this.facts.size === 0;
  }

  /** What an activity tells by itself, without the steps before it; `times` -1 takes back what was told twice. */
  activity(activity: Activity, times: 1 | -1 = 1): void {
    if (activity.silent) return;
    const kind = countKindOf(activity.kind);
    const { lines, at } = activity;
    for (const line of lines) {
      this.fact(line, activity);
      if (kind !== undefined) this.count(kind, line.productId, at, times);
    }
    if (activity.kind === "ordered") this.pairings(lines, at, times);
  }

  transition(from: string, to: string, at: number, weight: number): void {
    this.link("transition", from, to, at, weight);
  }

  repeat(kind: "again" | "return", productId: string, at: number, amount: number): void {
    this.count(kind, productId, at, amount);
  }

  signals(): Signals {
    return {
      products: this.products,
      facts: [...this.facts.values()],
      counts: this.counts,
      links: this.links,
    };
  }

  /** In the order of the lines as a ring: what stands together was put together, and each has as many partners. */
  private pairings(lines: readonly ActivityLine[], at: number, weight: number): void {
    const ring = [...new Set(lines.map((line) => line.productId))];
    const pairs = (ring.length * (ring.length - 1)) / 2;
    for (let n = 0; n < Math.min(pairs, ring.length * PAIRINGS_PER_LINE_MAX); n++) {
      const i = n % ring.length;
      const apart = 1 + Math.floor(n / ring.length);
      this.link("pairing", ring[i]!, ring[(i + apart) % ring.length]!, at, weight);
    }
  }

  private count(kind: CountKind, productId: string, at: number, amount: number): void {
    if (amount !== 0) this.counts.push({ product: this.indexOf(productId), kind, at, amount });
  }

  private link(kind: LinkKind, from: string, to: string, at: number, weight: number): void {
    this.links.push({ from: this.indexOf(from), to: this.indexOf(to), kind, at, weight });
  }

  private fact(line: ActivityLine, { at, currency }: Activity): void {
    const { productId, sku, name, category, brand, price, imageUrl, url } = line;
    const variant = sku === productId ? { productId } : { productId, sku };
    const key = factKey(variant);
    if ((this.facts.get(key)?.at ?? -1) >= at) return;
    this.facts.set(key, {
      ...variant,
      at,
      ...(name !== undefined && { name }),
      ...(category !== undefined && { category }),
      ...(brand !== undefined && { brand }),
      ...(price !== undefined && { price }),
      ...(price !== undefined && currency !== undefined && { currency }),
      ...(imageUrl !== undefined && { imageUrl }),
      ...(url !== undefined && { url }),
    });
  }

  private indexOf(productId: string): number {
    let index = this.indexes.get(productId);
    if (index === undefined) {
      index = this.products.push(productId) - 1;
      this.indexes.set(productId, index);
    }
    return index;
  }
}
