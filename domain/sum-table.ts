import { avalanche } from "./hash.ts";

/** Places of the hash for each sum: found in one or two steps. */
const SPREAD = 2;
/** 1.2 MB: making room anew after every merge cost a third of adding up. */
const ROWS_KEPT_MAX = 32_768;

/**
 * Sums by three whole numbers (0 to 2^31 - 1), in columns: a hot path adds a thousand of them a batch, and objects or
 * texts as keys cost ten times as much. Rows are numbered in the order they came.
 */
export class SumTable {
  size = 0;
  a = new Int32Array(0);
  b = new Int32Array(0);
  tag = new Int32Array(0);
  /** Latest time of what was added, Unix ms. */
  at = new Float64Array(0);
  amount = new Float64Array(0);
  /** Row + 1 by hash, 0 where free; twice the capacity or more, a power of two. */
  private places = new Int32Array(0);

  add(a: number, b: number, tag: number, at: number, amount: number): void {
    if (this.size === this.a.length) this.grow();
    const mask = this.places.length - 1;
    let place = hashOf(a, b, tag) & mask;
    for (let row = this.places[place]! - 1; row >= 0; row = this.places[place]! - 1) {
      if (this.a[row] === a && this.b[row] === b && this.tag[row] === tag) {
        this.amount[row]! += amount;
        if (at > this.at[row]!) this.at[row] = at;
        return;
      }
      place = (place + 1) & mask;
    }
    const row = this.size++;
    this.places[place] = row + 1;
    this.a[row] = a;
    this.b[row] = b;
    this.tag[row] = tag;
    this.at[row] = at;
    this.amount[row] = amount;
  }

  /** Holds nothing afterwards, and memory for no more than ROWS_KEPT_MAX rows. */
  clear(): void {
    this.size = 0;
    if (this.a.length > ROWS_KEPT_MAX) {
      this.resize(0);
      this.places = new Int32Array(0);
    } else this.places.fill(0);
  }

  private grow(): void {
    this.resize(Math.max(256, this.size * 2));
    this.places = new Int32Array(this.a.length * SPREAD);
    const mask = this.places.length - 1;
    for (let row = 0; row < this.size; row++) {
      let place = hashOf(this.a[row]!, this.b[row]!, this.tag[row]!) & mask;
      while (this.places[place] !== 0) place = (place + 1) & mask;
      this.places[place] = row + 1;
    }
  }

  private resize(rows: number): void {
    const int = (old: Int32Array) => {
      const column = new Int32Array(rows);
      column.set(old.subarray(0, this.size));
      return column;
    };
    const float = (old: Float64Array) => {
      const column = new Float64Array(rows);
      column.set(old.subarray(0, this.size));
      return column;
    };
    this.a = int(this.a);
    this.b = int(this.b);
    this.tag = int(this.tag);
    this.at = float(this.at);
    this.amount = float(this.amount);
  }
}

function hashOf(a: number, b: number, tag: number): number {
  return avalanche(Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(tag, 0xc2b2ae3d));
}
