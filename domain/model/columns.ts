import { MODEL_PRODUCTS_MAX } from "../limits.ts";
import type { CountKind } from "../signal.ts";
import { remaining, TREND_FAST_HALF_LIFE_MS, TREND_SLOW_HALF_LIFE_MS } from "./decay.ts";
import { TREND_AMOUNTS } from "./weights.ts";

/** Slots of one stored page of columns. */
export const COLUMN_PAGE_SLOTS = 4_096;
const PAGE_VERSION = 1;
const PAGE_HEADER_BYTES = 16;

export const SLOT_USED = 1;
export const SLOT_HIDDEN = 2;
export const SLOT_DELETED = 4;
export const SLOT_SOLD_OUT = 8;
export const SLOT_PRICED = 16;

/** Order is the stored order: append only. */
const SHAPES = [
  ["low", Uint32Array],
  ["high", Uint32Array],
  ["views", Float32Array],
  ["carts", Float32Array],
  ["purchases", Float32Array],
  ["agains", Float32Array],
  ["returns", Float32Array],
  ["viewedOut", Float32Array],
  ["boughtOut", Float32Array],
  ["trendFast", Float32Array],
  ["trendSlow", Float32Array],
  ["trendAt", Uint32Array],
  ["price", Float32Array],
  ["category", Uint16Array],
  ["brand", Uint16Array],
  ["currency", Uint8Array],
  ["flags", Uint8Array],
] as const;

type Column = Uint32Array | Float32Array | Uint16Array | Uint8Array;
type ColumnName = (typeof SHAPES)[number][0];

/** Counts that grow forward with the table's landmark (decay.ts). */
const FORWARD = ["views", "carts", "purchases", "agains", "returns", "viewedOut", "boughtOut"] as const;

/** Where each kind of count goes. */
const COUNT_COLUMN: Record<CountKind, (typeof FORWARD)[number]> = {
  view: "views",
  cart: "carts",
  purchase: "purchases",
  again: "agains",
  return: "returns",
};

/** What the model knows of each product, by slot: counts, trends and facts in columns, all in memory. */
export class Columns {
  low = new Uint32Array(0);
  high = new Uint32Array(0);
  views = new Float32Array(0);
  carts = new Float32Array(0);
  purchases = new Float32Array(0);
  agains = new Float32Array(0);
  returns = new Float32Array(0);
  /** Sum of all transitions and of all pairings that left the product, also of neighbours that fell out. */
  viewedOut = new Float32Array(0);
  boughtOut = new Float32Array(0);
  trendFast = new Float32Array(0);
  trendSlow = new Float32Array(0);
  /** Time the two trend counters stand at, Unix s. */
  trendAt = new Uint32Array(0);
  price = new Float32Array(0);
  category = new Uint16Array(0);
  brand = new Uint16Array(0);
  currency = new Uint8Array(0);
  flags = new Uint8Array(0);
  /** Slots below this are or were used. */
  size = 0;
  private readonly dirtyPages = new Set<number>();

  constructor() {
    this.reserve(1);
  }

  get capacity(): number {
    return this.low.length;
  }

  /** Makes room for `slots`; the arrays may move. Returns whether they did. */
  reserve(slots: number): boolean {
    if (slots <= this.capacity) return false;
    const wanted = Math.max(slots, Math.min(this.capacity * 2, MODEL_PRODUCTS_MAX));
    const capacity = Math.ceil(wanted / COLUMN_PAGE_SLOTS) * COLUMN_PAGE_SLOTS;
    const columns = this as Record<ColumnName, Column>;
    for (const [name, Shape] of SHAPES) {
      const grown = new Shape(capacity);
      grown.set(columns[name]);
      columns[name] = grown;
    }
    return true;
  }

  touch(slot: number): void {
    this.dirtyPages.add(Math.floor(slot / COLUMN_PAGE_SLOTS));
  }

  /** Adds `amount` of a kind; `grown` is the amount times the growth at `at`. */
  count(slot: number, kind: CountKind, amount: number, grown: number, at: number): void {
    const column = this[COUNT_COLUMN[kind]];
    column[slot] = Math.max(0, column[slot]! + grown);
    const interest = TREND_AMOUNTS[kind] * amount;
    if (interest !== 0) this.trend(slot, interest, at);
    this.touch(slot);
  }

  private trend(slot: number, interest: number, at: number): void {
    const stands = this.trendAt[slot]! * 1000;
    const seconds = Math.floor(at / 1000);
    const forward = Math.max(0, seconds * 1000 - stands);
    const behind = Math.max(0, stands - at);
    const add = (value: number, halfLife: number) =>
      Math.max(0, value * remaining(forward, halfLife) + interest * remaining(behind, halfLife));
    this.trendFast[slot] = add(this.trendFast[slot]!, TREND_FAST_HALF_LIFE_MS);
    this.trendSlow[slot] = add(this.trendSlow[slot]!, TREND_SLOW_HALF_LIFE_MS);
    if (forward > 0) this.trendAt[slot] = seconds;
  }

  /** Forgets a slot, so that another product may have it. */
  clear(slot: number): void {
    const columns = this as Record<ColumnName, Column>;
    for (const [name] of SHAPES) columns[name][slot] = 0;
    this.touch(slot);
  }

  /** Multiplies all forward-decayed counts: the landmark moved. */
  scale(factor: number): void {
    for (const name of FORWARD) {
      const column = this[name];
      for (let slot = 0; slot < this.size; slot++) column[slot]! *= factor;
    }
    for (let slot = 0; slot < this.size; slot += COLUMN_PAGE_SLOTS) this.touch(slot);
  }

  /** Numbers of the pages changed since the last call. */
  takeDirty(): number[] {
    const pages = [...this.dirtyPages].sort((a, b) => a - b);
    this.dirtyPages.clear();
    return pages;
  }

  encode(page: number): Uint8Array {
    const from = page * COLUMN_PAGE_SLOTS;
    const rowBytes = SHAPES.reduce((sum, [, Shape]) => sum + Shape.BYTES_PER_ELEMENT, 0);
    const bytes = new Uint8Array(PAGE_HEADER_BYTES + rowBytes * COLUMN_PAGE_SLOTS);
    bytes[0] = PAGE_VERSION;
    bytes[1] = SHAPES.length;
    let at = PAGE_HEADER_BYTES;
    for (const [name] of SHAPES) {
      const part = (this as Record<ColumnName, Column>)[name].subarray(from, from + COLUMN_PAGE_SLOTS);
      bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
      at += part.byteLength;
    }
    return bytes;
  }

  /** Takes a stored page. Throws on a version it does not know. */
  decode(page: number, bytes: Uint8Array): void {
    if (bytes[0] !== PAGE_VERSION) throw new Error(`columns page of unknown version ${bytes[0]}`);
    const from = page * COLUMN_PAGE_SLOTS;
    this.reserve(from + COLUMN_PAGE_SLOTS);
    let at = PAGE_HEADER_BYTES;
    for (const [name, Shape] of SHAPES.slice(0, bytes[1])) {
      const length = Shape.BYTES_PER_ELEMENT * COLUMN_PAGE_SLOTS;
      const column = (this as Record<ColumnName, Column>)[name];
      new Uint8Array(column.buffer, from * Shape.BYTES_PER_ELEMENT, length).set(
        bytes.subarray(at, at + length),
      );
      at += length;
    }
    for (let slot = from; slot < from + COLUMN_PAGE_SLOTS; slot++) {
      if ((this.flags[slot]! & SLOT_USED) !== 0) this.size = Math.max(this.size, slot + 1);
    }
  }
}
