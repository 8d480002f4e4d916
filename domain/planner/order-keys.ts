import { ByteReader, ByteWriter } from "../bytes.ts";
import { hash53 } from "../hash.ts";

const VERSION = 2;
/** What a line that was taken back counts as from then on. */
const TAKEN_BACK = 0;

/** A line's hash and the units that it counts with. */
export type OrderKey = readonly [key: number, units: number];

/** Where the keys of a day that is not in memory come from; what comes later replaces what came before. */
export type LoadKeys = (day: number) => Iterable<OrderKey>;

/**
 * Which order lines were counted, by hash and by the day of the order. An order reported twice bears nearly the same
 * time, so the days beside its own are looked at as well.
 */
export class OrderKeys {
  private readonly days = new Map<number, Map<number, number>>();
  private readonly fresh = new Map<number, Map<number, number>>();
  private readonly load: LoadKeys;
  private readonly max: number;
  private size = 0;

  /** @param max keys in memory; days without unsaved keys that were not used for longest are forgotten. */
  constructor(load: LoadKeys, max: number) {
    this.load = load;
    this.max = max;
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
   * Takes a line back that was counted on this day, the day after or one of so many days before. A line that was not
   * counted yet will not be. Returns when it counted and with how many units; undefined when there is nothing to take.
   */
  takeBack(
    orderId: string,
    sku: string,
    day: number,
    daysBefore: number,
  ): { day: number; units: number } | undefined {
    const key = hashOfLine(orderId, sku);
    for (let at = day + 1; at >= day - daysBefore; at--) {
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
    for (const [day, keys] of this.days) {
      if (this.size <= this.max) break;
      this.days.delete(day);
      this.size -= keys.size;
    }
  }

  private take(key: number, day: number, units: number): boolean {
    if (this.day(day - 1).has(key) || this.day(day + 1).has(key) || this.day(day).has(key)) return false;
    this.put(key, day, units);
    return true;
  }

  private put(key: number, day: number, units: number): void {
    const keys = this.day(day);
    if (!keys.has(key)) this.size++;
    keys.set(key, units);
    let fresh = this.fresh.get(day);
    if (fresh === undefined) {
      fresh = new Map();
      this.fresh.set(day, fresh);
    }
    fresh.set(key, units);
  }

  /** A search through the past brings nothing into memory. */
  private unitsOf(key: number, day: number): number | undefined {
    const keys = this.days.get(day);
    if (keys !== undefined) return keys.get(key);
    let found: number | undefined;
    for (const [other, units] of this.load(day)) if (other === key) found = units;
    return found;
  }

  private day(day: number): Map<number, number> {
    let keys = this.days.get(day);
    if (keys === undefined) {
      keys = new Map(this.load(day));
      this.size += keys.size;
    } else {
      this.days.delete(day);
    }
    // Last in the order of use.
    this.days.set(day, keys);
    return keys;
  }
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
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`order keys of unknown version ${version}`);
  let last = 0;
  return Array.from({ length: reader.varint() }, () => {
    last += reader.varint();
    return [last, reader.varint()] as const;
  });
}
