import { type ProductHash, productHash } from "./product-hash.ts";

/** Columns of hashes by slot that a directory searches; both 0 is a free slot. */
export interface HashColumns {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** Finds the slot of a product id: open addressing over hashes that somebody else holds. */
export class Directory {
  private table: Uint32Array;
  private used = 0;
  private columns: HashColumns;
  private readonly scratch: ProductHash = { low: 0, high: 0 };

  constructor(columns: HashColumns, slots: number) {
    this.columns = columns;
    this.table = new Uint32Array(tableSize(columns.low.length));
    this.rebuild(columns, slots);
  }

  /** Slot of the id, or -1. */
  find(id: string): number {
    const { low, high } = productHash(id, this.scratch);
    const mask = this.table.length - 1;
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const entry = this.table[at]!;
      if (entry === 0) return -1;
      if (this.columns.low[entry - 1] === low && this.columns.high[entry - 1] === high) return entry - 1;
    }
  }

  /** Enters an id that `find` did not find, writing its hash into the columns. */
  enter(id: string, slot: number): void {
    const { low, high } = productHash(id, this.scratch);
    this.columns.low[slot] = low;
    this.columns.high[slot] = high;
    this.insert(slot);
    if (this.used * 2 > this.table.length) this.rebuild(this.columns, this.columns.low.length);
  }

  /** Reads the columns anew: after they moved, or after slots were freed. */
  rebuild(columns: HashColumns, slots: number): void {
    this.columns = columns;
    const size = tableSize(columns.low.length);
    if (size === this.table.length) this.table.fill(0);
    else this.table = new Uint32Array(size);
    this.used = 0;
    for (let slot = 0; slot < slots; slot++) {
      if (columns.low[slot] !== 0 || columns.high[slot] !== 0) this.insert(slot);
    }
  }

  private insert(slot: number): void {
    const mask = this.table.length - 1;
    let at = this.columns.low[slot]! & mask;
    while (this.table[at] !== 0) at = (at + 1) & mask;
    this.table[at] = slot + 1;
    this.used++;
  }
}

/** Power of two at least twice the entries. */
export function tableSize(entries: number): number {
  let size = 16;
  while (size < entries * 2) size *= 2;
  return size;
}
