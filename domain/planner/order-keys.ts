import { ByteReader, ByteWriter } from "../bytes.ts";
import { hash53 } from "../hash.ts";

const VERSION = 2;
/** What a line that was taken back counts as from then on. */
const TAKEN_BACK = 0;

/** A line's hash and the units that it counts with. */
export type OrderKey = readonly [key: number, units: number];

/** The stored rows of a day, as `encodeKeys` wrote them; what comes later replaces what came before. */
export type LoadKeys = (day: number) => readonly Uint8Array[];

/** One day in memory. */
interface DayKeys {
  /** Sorted: a map of as many takes six times the memory, and every line looks at many days. */
  readonly stored: Float64Array;
  /** What came since then. */
  readonly since: Map<number, number>;
}

export interface OrderKeysBounds {
  /** How many days apart an order may be told and still be the same. */
  readonly daysApart: number;
  /** Keys in memory; days without unsaved keys that were not told of for longest are forgotten. */
  readonly keysMax: number;
  /** Keys of one day that came since it was read, before it is to be read anew. */
  readonly keysSinceMax: number;
}

/**
 * Which order lines were counted, by hash and by the day of the order. Each way in which an order is told may have a
 * time of its own, as that of its shipping, so days before and after are looked at as well.
 */
export class OrderKeys {
  private readonly days = new Map<number, DayKeys>();
  private readonly fresh = new Map<number, Map<number, number>>();
  private readonly load: LoadKeys;
  private readonly bounds: OrderKeysBounds;
  private size = 0;

  constructor(load: LoadKeys, bounds: OrderKeysBounds) {
    this.load = load;
    this.bounds = bounds;
  }

  /** Returns whether the line is new; if so, it is remembered. */
  takeLine(orderId: string, sku: string, day: number, units: number): boolean {
    return this.take(hashOfLine(orderId, sku), day, units);
  }

  /** Returns whether the order is new; if so, it is remembered. */
  takeOrder(orderId: string, day: number): boolean {
    return this.take(hash53(orderId), day, 1);
  }

  /**
   * Takes a line back that was counted on this day, one of so many days before, or after it as far as an order may be
   * told apart. A line that was not counted yet will not be. Returns when it counted and with how many units; undefined
   * when there is nothing to take.
   */
  takeBack(
    orderId: string,
    sku: string,
    day: number,
    daysBefore: number,
  ): { day: number; units: number } | undefined {
    const key = hashOfLine(orderId, sku);
    for (let at = day + this.bounds.daysApart; at >= day - daysBefore; at--) {
      const units = this.unitsOf(key, at);
      if (units === undefined) continue;
      if (units === TAKEN_BACK) return undefined;
      this.put(key, at, TAKEN_BACK);
      return { day: at, units };
    }
    this.put(key, day, TAKEN_BACK);
    return undefined;
  }

  /** Keys not yet saved, by day. */
  unsaved(): ReadonlyMap<number, Iterable<OrderKey>> {
    return this.fresh;
  }

  saved(): void {
    this.fresh.clear();
    const { keysMax, keysSinceMax } = this.bounds;
    for (const [day, { stored, since }] of this.days) {
      if (this.size <= keysMax && since.size <= keysSinceMax) continue;
      this.days.delete(day);
      this.size -= stored.length + since.size;
    }
  }

  private take(key: number, day: number, units: number): boolean {
    const { daysApart } = this.bounds;
    for (let at = day - daysApart; at <= day + daysApart; at++) {
      if (isIn(this.day(at), key)) return false;
    }
    this.put(key, day, units);
    return true;
  }

  private put(key: number, day: number, units: number): void {
    const keys = this.day(day);
    if (!keys.since.has(key)) this.size++;
    keys.since.set(key, units);
    let fresh = this.fresh.get(day);
    if (fresh === undefined) {
      fresh = new Map();
      this.fresh.set(day, fresh);
      // Last in the order of being told of.
      this.days.delete(day);
      this.days.set(day, keys);
    }
    fresh.set(key, units);
  }

  /** A search through the past brings nothing into memory. */
  private unitsOf(key: number, day: number): number | undefined {
    const keys = this.days.get(day);
    if (keys !== undefined && !isIn(keys, key)) return undefined;
    let found = keys?.since.get(key);
    if (found !== undefined) return found;
    for (const row of this.load(day)) {
      readKeys(row, (other, units) => {
        if (other === key) found = units;
      });
    }
    return found;
  }

  private day(day: number): DayKeys {
    let keys = this.days.get(day);
    if (keys === undefined) {
      keys = { stored: sortedKeys(this.load(day)), since: new Map() };
      this.size += keys.stored.length;
      this.days.set(day, keys);
    }
    return keys;
  }
}

function isIn({ stored, since }: DayKeys, key: number): boolean {
  let low = 0;
  let high = stored.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (stored[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return stored[low] === key || (since.size > 0 && since.has(key));
}

function hashOfLine(orderId: string, sku: string): number {
  return hash53(`${orderId}\u0000${sku}`);
}

export function encodeKeys(keys: Iterable<OrderKey>): Uint8Array {
  const sorted = [...keys].sort(([a], [b]) => a - b);
  const writer = new ByteWriter(sorted.length * 9 + 8);
  writer.u8(VERSION);
  writer.varint(sorted.length);
  let last = 0;
  for (const [key, units] of sorted) {
    writer.varint(key - last);
    writer.varint(units);
    last = key;
  }
  return writer.bytes();
}

export function decodeKeys(bytes: Uint8Array): OrderKey[] {
  const keys: OrderKey[] = [];
  readKeys(bytes, (key, units) => keys.push([key, units]));
  return keys;
}

/** A busy shop's week is read at once: no object is made of each key. */
function sortedKeys(rows: readonly Uint8Array[]): Float64Array {
  const keys: number[] = [];
  for (const row of rows) readKeys(row, (key) => keys.push(key));
  return new Float64Array(keys).sort();
}

function readKeys(bytes: Uint8Array, take: (key: number, units: number) => void): void {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`order keys of unknown version ${version}`);
  let key = 0;
  for (let n = reader.varint(); n > 0; n--) {
    key += reader.varint();
    take(key, reader.varint());
  }
}
