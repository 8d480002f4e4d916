import { avalanche } from "./hash.ts";
import { resized } from "./resized.ts";

/** Places of the hash for each sum: found in one or two steps. */
const SPREAD = 2;
/** 1.3 MB: making room anew after every merge cost a third of adding up. */
const ROWS_KEPT_MAX = 32_768;

/** Of a row's keys: a, b, tag, and one that keeps rows from lying across cache lines. */
const KEYS = 4;
const VALUES = 2;

/**
 * Sums by three whole numbers (0 to 2^31 - 1), row by row in two columns, so that one costs two cache lines and its
 * place: a hot path adds a thousand of them a batch, and objects or texts as keys cost ten times as much. Rows are
 * numbered in the order they came.
 */
export class SumTable {
  size = 0;
  private keys = new Int32Array(0);
  private values = new Float64Array(0);
  /** Row + 1 by hash, 0 where free; twice the capacity or more, a power of two. */
  private places = new Int32Array(0);

  private get capacity(): number {
    return this.keys.length / KEYS;
  }

  a(row: number): number {
    return this.keys[row * KEYS]!;
  }

  b(row: number): number {
    return this.keys[row * KEYS + 1]!;
  }

  tag(row: number): number {
    return this.keys[row * KEYS + 2]!;
  }

  /** Latest time of what was added, Unix ms. */
  at(row: number): number {
    return this.values[row * VALUES]!;
  }

  amount(row: number): number {
    return this.values[row * VALUES + 1]!;
  }

  add(a: number, b: number, tag: number, at: number, amount: number): void {
    if (this.size === this.capacity) this.grow();
    const { keys, values, places } = this;
    const mask = places.length - 1;
    let place = hashOf(a, b, tag) & mask;
    for (let row = places[place]! - 1; row >= 0; row = places[place]! - 1) {
      const key = row * KEYS;
      if (keys[key] === a && keys[key + 1] === b && keys[key + 2] === tag) {
        const value = row * VALUES;
        values[value + 1]! += amount;
        if (at > values[value]!) values[value] = at;
        return;
      }
      place = (place + 1) & mask;
    }
    const row = this.size++;
    places[place] = row + 1;
    keys[row * KEYS] = a;
    keys[row * KEYS + 1] = b;
    keys[row * KEYS + 2] = tag;
    values[row * VALUES] = at;
    values[row * VALUES + 1] = amount;
  }

  /** Holds nothing afterwards, and memory for no more than ROWS_KEPT_MAX rows. */
  clear(): void {
    this.size = 0;
    if (this.capacity > ROWS_KEPT_MAX) {
      this.resize(0);
      this.places = new Int32Array(0);
    } else this.places.fill(0);
  }

  private grow(): void {
    this.resize(Math.max(256, this.size * 2));
    this.places = new Int32Array(this.capacity * SPREAD);
    const mask = this.places.length - 1;
    for (let row = 0; row < this.size; row++) {
      let place = hashOf(this.a(row), this.b(row), this.tag(row)) & mask;
      while (this.places[place] !== 0) place = (place + 1) & mask;
      this.places[place] = row + 1;
    }
  }

  private resize(rows: number): void {
    this.keys = resized(this.keys, rows * KEYS);
    this.values = resized(this.values, rows * VALUES);
  }
}

function hashOf(a: number, b: number, tag: number): number {
  return avalanche(Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(tag, 0xc2b2ae3d));
}
