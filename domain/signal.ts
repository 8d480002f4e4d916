/** What activities tell about products, free of who did them. Counted once, mergeable in any order. */

/**
 * `again`: a view right after a view of the same product in a session; `return`: a view of a product that
 * the session saw before, with another between. Both beside the `view` itself. Append only, never reorder.
 */
export const COUNT_KINDS = ["view", "cart", "purchase", "again", "return"] as const;
export type CountKind = (typeof COUNT_KINDS)[number];

/**
 * `transition`: `to` followed `from` in a session; leads back as well, at BACKWARD_SHARE of the weight. `pairing`: both
 * in one order, counts both ways. `one_way`: leads to `to` alone, as packets of version 1 have each way of a transition.
 * Append only, never reorder.
 */
export const LINK_KINDS = ["one_way", "pairing", "transition"] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** What following backwards counts: b was seen after a, so b leads back to a half as often. A power of 2: exact. */
export const BACKWARD_SHARE = 0.5;

/** What an event said of a product, met as a SKU of it; the latest `at` wins, per field. */
export interface ProductFact {
  readonly productId: string;
  readonly at: number;
  readonly sku?: string;
  readonly name?: string;
  readonly category?: string;
  readonly brand?: string;
  readonly price?: number;
  readonly currency?: string;
  readonly imageUrl?: string;
  readonly url?: string;
}

/** Merged by adding `amount`s of one (product, kind, UTC day). A purchase counts 1 whatever its units: one buyer, one vote. */
export interface CountSignal {
  /** Index into `Signals.products`. */
  readonly product: number;
  readonly kind: CountKind;
  readonly at: number;
  readonly amount: number;
}

/** Weight may be negative: a late event corrects transitions that were counted before it arrived. */
export interface LinkSignal {
  readonly from: number;
  readonly to: number;
  readonly kind: LinkKind;
  readonly at: number;
  readonly weight: number;
}

export interface Signals {
  /** Product ids, each once; counts and links index into it. */
  readonly products: readonly string[];
  readonly facts: readonly ProductFact[];
  readonly counts: readonly CountSignal[];
  readonly links: readonly LinkSignal[];
}

/** Takes signals one by one: first the products, numbered as they come, then facts, then what names them by number. */
export interface SignalTaker {
  product(productId: string): void;
  fact(fact: ProductFact): void;
  count(product: number, kind: CountKind, at: number, amount: number): void;
  link(from: number, to: number, kind: LinkKind, at: number, weight: number): void;
}

/** Tells signals to a taker. */
export function tellSignals({ products, facts, counts, links }: Signals, taker: SignalTaker): void {
  for (const product of products) taker.product(product);
  for (const fact of facts) taker.fact(fact);
  for (const { product, kind, at, amount } of counts) taker.count(product, kind, at, amount);
  for (const { from, to, kind, at, weight } of links) taker.link(from, to, kind, at, weight);
}

/** Signals of one visitor's batch on their way to a combiner: (stream, sequence) counts once. */
export interface SignalPacket {
  /** A number drawn for the visitor's profile: tells packets apart and names nobody. */
  readonly stream: number;
  /** Rising by 1 within a stream, from 1 on; 0: the stream is the hash of a message that counts by itself. */
  readonly sequence: number;
  /** `encodeSignals(signals)`. */
  readonly bytes: Uint8Array;
}

/** What one combiner gathered since its last merge: (shard, sequence) counts once. */
export interface SignalDelta {
  readonly shard: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}
