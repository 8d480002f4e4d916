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
   * Takes lines back that were counted on their day, one of so many days before, or after it as far as an order may be
   * told apart. A line that was not counted yet will not be. Returns of each when it counted and with how many units;
   * undefined when there is nothing to take. Stored days are read once for all of them.
   */
  takeBack(
    lines: readonly { readonly orderId: string; readonly sku: string; readonly day: number }[],
    daysBefore: number,
  ): ({ day: number; units: number } | undefined)[] {
    const { daysApart } = this.bounds;
    const wanted = lines.map(({ orderId, sku, day }) => {
      return { key: hashOfLine(orderId, sku), day, from: day - daysBefore, to: day + daysApart };
    });
    const stored = this.storedOf(wanted);
    return wanted.map(({ key, day, from, to }) => {
      for (let at = to; at >= from; at--) {
        const units = this.days.get(at)?.since.get(key) ?? stored.get(at)?.get(key);
        if (units === undefined) continue;
        if (units === TAKEN_BACK) return undefined;
        this.put(key, at, TAKEN_BACK);
        return { day: at, units };
      }
      this.put(key, day, TAKEN_BACK);
      return undefined;
    });
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

  /** Units of keys as they are stored, by day. A search through the past brings nothing into memory. */
  private storedOf(
    wanted: readonly { readonly key: number; readonly from: number; readonly to: number }[],
  ): ReadonlyMap<number, ReadonlyMap<number, number>> {
    const found = new Map<number, Map<number, number>>();
    const keys = new Set(wanted.map(({ key }) => key));
    const first = wanted.reduce((day, { from }) => Math.min(day, from), Number.POSITIVE_INFINITY);
    const last = wanted.reduce((day, { to }) => Math.max(day, to), Number.NEGATIVE_INFINITY);
    for (let day = first; day <= last; day++) {
      const known = this.days.get(day);
      if (known !== undefined && !wanted.some(({ key }) => isIn(known, key))) continue;
      const ofDay = new Map<number, number>();
      for (const row of this.load(day)) {
        readKeys(row, (key, units) => {
          if (keys.has(key)) ofDay.set(key, units);
        });
      }
      if (ofDay.size > 0) found.set(day, ofDay);
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
