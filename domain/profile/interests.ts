import type { ByteReader, ByteWriter } from "../bytes.ts";
import { DAY_MS, INTEREST_HALF_LIFE_DAYS } from "../limits.ts";

/** 2020-01-01. Stored interests are relative to it: never change. */
const LANDMARK_MS = 1_577_836_800_000;
const HALF_LIFE_MS = INTEREST_HALF_LIFE_DAYS * DAY_MS;
/** Decayed weight at which an affinity is one half: about one purchase. */
const HALF_AFFINITY_WEIGHT = 5;

/**
 * Weight of something at a time, seen from a fixed landmark: grows by 2 a half-life, so that sums need no decay and
 * the order of arrival does not change them. Cormode, Shkapenyuk, Srivastava & Xu 2009, "Forward decay". Within f64
 * until 2059.
 */
export function growth(at: number): number {
  return 2 ** ((at - LANDMARK_MS) / HALF_LIFE_MS);
}

/** What a grown sum is worth now, as 0..1. */
export function affinityOf(grown: number, now: number): number {
  return affinityOfWeight(grown / growth(now));
}

/** Of a decayed weight, in views. */
export function affinityOfWeight(weight: number): number {
  return weight / (weight + HALF_AFFINITY_WEIGHT);
}

export interface Interest {
  /** Grown sum of what was done. */
  grown: number;
  views: number;
  carts: number;
  purchases: number;
  lastAt: number;
}

/** Interests by name, the least affine falling out of a full map. */
export class Interests {
  readonly entries = new Map<string, Interest>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  add(name: string, at: number, weight: number, views: number, carts: number, purchases: number): void {
    let entry = this.entries.get(name);
    if (entry === undefined) {
      entry = { grown: 0, views: 0, carts: 0, purchases: 0, lastAt: at };
      this.entries.set(name, entry);
    }
    entry.grown += weight * growth(at);
    entry.views += views;
    entry.carts += carts;
    entry.purchases += purchases;
    if (at > entry.lastAt) entry.lastAt = at;
    if (this.entries.size > this.max) {
      evictLeast(this.entries, (a, b) => signOf(a.grown, b.grown));
    }
  }

  /** Strongest first, of equals by name. */
  ranked(): [string, Interest][] {
    return [...this.entries].sort((a, b) => b[1].grown - a[1].grown || (a[0] < b[0] ? -1 : 1));
  }

  write(writer: ByteWriter): void {
    writer.varint(this.entries.size);
    for (const [name, entry] of this.entries) {
      writer.text(name);
      writer.f64(entry.grown);
      writer.varint(entry.views);
      writer.varint(entry.carts);
      writer.f64(entry.purchases);
      writer.varint(Math.max(0, entry.lastAt));
    }
  }

  read(reader: ByteReader): void {
    for (let n = reader.varint(); n > 0; n--) {
      this.entries.set(reader.text(), {
        grown: reader.f64(),
        views: reader.varint(),
        carts: reader.varint(),
        purchases: reader.f64(),
        lastAt: reader.varint(),
      });
    }
  }
}

/**
 * Removes the least entry; of equals the one of the greatest key, so that order does not matter.
 *
 * @param order Below 0 where a is less than b. A sign, not a difference, which would be a number object each.
 */
export function evictLeast<K extends string | number, V>(
  entries: Map<K, V>,
  order: (a: V, b: V) => number,
): void {
  let key: K | undefined;
  let least: V | undefined;
  // Without a pair of key and entry for each: a full map is gone through at every activity.
  entries.forEach((entry, other) => {
    const sign = key === undefined ? -1 : order(entry, least!);
    if (sign < 0 || (sign === 0 && other > key!)) {
      key = other;
      least = entry;
    }
  });
  if (key !== undefined) entries.delete(key);
}

/** -1, 0 or 1. */
export function signOf(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
