import { ByteReader, ByteWriter } from "../bytes.ts";
import { hash53 } from "../hash.ts";

const VERSION = 1;

/** Where the keys of a day that is not in memory come from. */
export type LoadKeys = (day: number) => Iterable<number>;

/**
 * Which order lines were counted, by hash and by the day of the order. An order reported twice bears nearly the same
 * time, so the days beside its own are looked at as well.
 */
export class OrderKeys {
  private readonly days = new Map<number, Set<number>>();
  private readonly fresh = new Map<number, number[]>();
  private readonly load: LoadKeys;
  private readonly max: number;
  private size = 0;

  /** @param max keys in memory; days without unsaved keys that were not used for longest are forgotten. */
  constructor(load: LoadKeys, max: number) {
    this.load = load;
    this.max = max;
  }

  /** Returns whether the line is new; if so, it is remembered. */
  takeLine(orderId: string, sku: string, day: number): boolean {
    return this.take(hash53(`${orderId}\u0000${sku}`), day);
  }

  /** Returns whether the order is new; if so, it is remembered. */
  takeOrder(orderId: string, day: number): boolean {
    return this.take(hash53(orderId), day);
  }

  /** Keys not yet saved, by day. */
  unsaved(): ReadonlyMap<number, readonly number[]> {
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

  private take(key: number, day: number): boolean {
    if (this.day(day - 1).has(key) || this.day(day + 1).has(key)) return false;
    const keys = this.day(day);
    if (keys.has(key)) return false;
    keys.add(key);
    this.size++;
    const fresh = this.fresh.get(day);
    if (fresh === undefined) this.fresh.set(day, [key]);
    else fresh.push(key);
    return true;
  }

  private day(day: number): Set<number> {
    let keys = this.days.get(day);
    if (keys === undefined) {
      keys = new Set(this.load(day));
      this.size += keys.size;
    } else {
      this.days.delete(day);
    }
    // Last in the order of use.
    this.days.set(day, keys);
    return keys;
  }
}

export function encodeKeys(keys: readonly number[]): Uint8Array {
  const sorted = Float64Array.from(keys).sort();
  const writer = new ByteWriter(sorted.length * 8 + 8);
  writer.u8(VERSION);
  writer.varint(sorted.length);
  let last = 0;
  for (const key of sorted) {
    writer.varint(key - last);
    last = key;
  }
  return writer.bytes();
}

export function decodeKeys(bytes: Uint8Array): number[] {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`order keys of unknown version ${version}`);
  let last = 0;
  return Array.from({ length: reader.varint() }, () => {
    last += reader.varint();
    return last;
  });
}
