import * as L from "../assembly/layout.ts";
import { SLOT_DELETED, SLOT_HIDDEN, SLOT_PRICED, SLOT_SOLD_OUT, SLOT_USED } from "../domain/model/columns.ts";
import {
  growth,
  remaining,
  TREND_FAST_HALF_LIFE_MS,
  TREND_SLOW_HALF_LIFE_MS,
} from "../domain/model/decay.ts";
import { LINK_PAGE_PRODUCTS } from "../domain/model/link-page.ts";
import { MODEL_PART_BYTES } from "../domain/model/manifest.ts";
import { NeighbourList } from "../domain/model/neighbours.ts";
import type { ModelTables } from "../domain/model/tables.ts";
import { MODEL_WEIGHTS, type ModelWeights } from "../domain/model/weights.ts";
import { grouped, LONGEST, ranked } from "./model-lists.ts";
import { type ImageShape, roomFor, sectionsOf } from "./model-sections.ts";
import { encodeStrength } from "./strength.ts";

/** What a publish has to pack: the pages whose links changed, at a time. */
export interface Packing {
  readonly version: number;
  /** Unix ms. */
  readonly now: number;
  readonly viewedPages: Iterable<number>;
  readonly boughtPages: Iterable<number>;
}

/**
 * The model as kernels read it: one block of memory with a header, columns and neighbour lists
 * (assembly/layout.ts). It stands between publishes, so that only the lists of changed pages are packed anew.
 */
export class ModelImage {
  /** What kernels of this release read. */
  static readonly format = L.IMAGE_FORMAT;
  private bytes = new Uint8Array(0);
  private room: ImageShape = { products: 0, categories: 0, brands: 0 };
  private readonly neighbours: NeighbourList;
  private readonly tables: ModelTables;
  private readonly weights: ModelWeights;

  constructor(tables: ModelTables, weights: ModelWeights = MODEL_WEIGHTS) {
    this.tables = tables;
    this.weights = weights;
    this.neighbours = new NeighbourList(weights);
  }

  /** Brings the image up to date; every list is packed when it had to grow. The bytes are valid until the next. */
  build(packing: Packing): Uint8Array {
    const steps = this.steps(packing);
    while (!steps.next().done);
    return this.bytes;
  }

  /** The same in steps of some milliseconds each; the tables must not change between them. */
  *steps(packing: Packing): Generator<undefined, Uint8Array> {
    const { size } = this.tables.columns;
    const grown = growth(packing.now, this.tables.landmark);
    const moved = this.layOut();
    const all = Array.from({ length: Math.ceil(size / LINK_PAGE_PRODUCTS) }, (_, page) => page);
    for (const page of moved ? all : packing.viewedPages) {
      this.packLinks("viewed", page, grown);
      yield;
    }
    for (const page of moved ? all : packing.boughtPages) {
      this.packLinks("bought", page, grown);
      yield;
    }
    this.set(L.HEADER_VERSION, packing.version);
    this.set(L.HEADER_PRODUCTS, size);
    this.packFacts();
    yield;
    this.packChances(grown);
    yield;
    yield* this.packRankings(packing.now, grown);
    return this.bytes;
  }

  /** An image cut into what a row of storage holds. */
  static parts(bytes: Uint8Array): Uint8Array[] {
    return Array.from({ length: Math.ceil(bytes.length / MODEL_PART_BYTES) }, (_, part) =>
      bytes.subarray(part * MODEL_PART_BYTES, (part + 1) * MODEL_PART_BYTES),
    );
  }

  private set(header: number, value: number): void {
    new Uint32Array(this.bytes.buffer, header, 1)[0] = value;
  }

  private get(header: number): number {
    return new Uint32Array(this.bytes.buffer, header, 1)[0]!;
  }

  private u32(section: number, length = this.room.products): Uint32Array {
    return new Uint32Array(this.bytes.buffer, this.get(section), length);
  }

  /** Writes a field of every product's record. */
  private setField(
    Shape: Float32ArrayConstructor | Uint16ArrayConstructor | Uint8ArrayConstructor,
    offset: number,
    value: (slot: number) => number,
  ): void {
    const stride = L.RECORD_BYTES / Shape.BYTES_PER_ELEMENT;
    const from = this.get(L.HEADER_RECORDS) + offset;
    const fields = new Shape(this.bytes.buffer, from, (this.room.products - 1) * stride + 1);
    const { size } = this.tables.columns;
    for (let slot = 0, at = 0; slot < size; slot++, at += stride) fields[at] = value(slot);
  }

  /** Makes room for what the tables hold; true when sections moved, and all has to be packed. */
  private layOut(): boolean {
    const { columns, dictionaries } = this.tables;
    const needed = {
      products: columns.size,
      categories: dictionaries.categories.size,
      brands: dictionaries.brands.size,
    };
    const { room } = this;
    const fits =
      needed.products <= room.products &&
      needed.categories <= room.categories &&
      needed.brands <= room.brands;
    if (fits && room.products > 0) return false;
    this.room = roomFor(needed);
    const sections = sectionsOf(this.room);
    this.bytes = new Uint8Array(sections.bytes);
    for (const [header, value] of sections.header) this.set(header, value);
    return true;
  }

  private packLinks(kind: "viewed" | "bought", number: number, grown: number): void {
    const { columns } = this.tables;
    const page = this.tables[kind].page(number);
    const counts = kind === "viewed" ? columns.viewedOut : columns.boughtOut;
    const { shrinkage, exponent } =
      kind === "viewed"
        ? { shrinkage: this.weights.shrinkage, exponent: this.weights.popularityExponent }
        : { shrinkage: this.weights.boughtShrinkage, exponent: this.weights.boughtPopularityExponent };
    const stride = this.get(kind === "viewed" ? L.HEADER_VIEWED_STRIDE : L.HEADER_BOUGHT_STRIDE);
    const lists = this.u32(
      kind === "viewed" ? L.HEADER_VIEWED : L.HEADER_BOUGHT,
      this.room.products * stride,
    );
    const first = number * LINK_PAGE_PRODUCTS;
    const rows = Math.min(LINK_PAGE_PRODUCTS, columns.size - first);
    const known = (slot: number) =>
      (columns.flags[slot]! & (SLOT_USED | SLOT_HIDDEN | SLOT_DELETED)) === SLOT_USED;
    const { targets, weights, lengths } = page;
    for (let row = 0; row < rows; row++) {
      const links = { targets, weights, from: row * page.stride, length: lengths[row]! };
      const source = counts[first + row]!;
      this.neighbours.select({ ...links, source, counts, grown, shrinkage, exponent }, known, stride);
      const list = lists.subarray((first + row) * stride, (first + row + 1) * stride);
      for (let at = 0; at < stride; at++) {
        const code = at < this.neighbours.length ? encodeStrength(this.neighbours.strengths[at]!) : 0;
        list[at] = code === 0 ? 0 : ((code << L.NEIGHBOUR_INDEX_BITS) | this.neighbours.targets[at]!) >>> 0;
      }
    }
  }

  private packFacts(): void {
    const { columns } = this.tables;
    const { size } = columns;
    this.u32(L.HEADER_HASH_LOW).set(columns.low.subarray(0, size));
    this.u32(L.HEADER_HASH_HIGH).set(columns.high.subarray(0, size));
    const isPriced = (slot: number) => (columns.flags[slot]! & SLOT_PRICED) !== 0;
    this.setField(Uint16Array, L.RECORD_CATEGORY, (slot) => columns.category[slot]!);
    this.setField(Uint16Array, L.RECORD_BRAND, (slot) => columns.brand[slot]!);
    this.setField(Uint8Array, L.RECORD_CURRENCY, (slot) => columns.currency[slot]!);
    this.setField(Uint8Array, L.RECORD_FLAGS, (slot) => {
      return (this.eligible(slot) ? L.FACT_ELIGIBLE : 0) | (isPriced(slot) ? L.FACT_PRICED : 0);
    });
    this.setField(Float32Array, L.RECORD_PRICE, (slot) => {
      return isPriced(slot) ? Math.log(columns.price[slot]!) : 0;
    });
    const table = this.u32(L.HEADER_TABLE, this.get(L.HEADER_TABLE_SLOTS)).fill(0);
    for (let slot = 0; slot < size; slot++) {
      if ((columns.flags[slot]! & SLOT_USED) === 0) continue;
      let at = columns.low[slot]! & (table.length - 1);
      while (table[at] !== 0) at = (at + 1) & (table.length - 1);
      table[at] = slot + 1;
    }
  }

  private eligible(slot: number): boolean {
    const left = SLOT_USED | SLOT_HIDDEN | SLOT_DELETED | SLOT_SOLD_OUT;
    return (this.tables.columns.flags[slot]! & left) === SLOT_USED;
  }

  /** Chances to be viewed again, each product's own mixed with the shop's as if seen `repeatPrior` times more. */
  private packChances(grown: number): void {
    const { views, agains, returns, size } = this.tables.columns;
    const sum = (column: Float32Array) => column.subarray(0, size).reduce((total, x) => total + x, 0);
    const viewed = Math.max(sum(views), Number.MIN_VALUE);
    const prior = this.weights.repeatPrior * grown;
    const pack = (field: number, column: Float32Array) => {
      const shop = Math.min(1, sum(column) / viewed);
      this.setField(Uint16Array, field, (slot) => {
        const chance = (column[slot]! + prior * shop) / (views[slot]! + prior);
        return Math.round(Math.min(1, chance) * 65_535);
      });
    };
    pack(L.RECORD_AGAIN, agains);
    pack(L.RECORD_RETURN, returns);
  }

  private *packRankings(now: number, grown: number): Generator<undefined, void> {
    const { columns } = this.tables;
    const { size } = columns;
    const eligible = (slot: number) => this.eligible(slot);
    const popularity = new Float32Array(size);
    const trend = new Float32Array(size);
    for (let slot = 0; slot < size; slot++) {
      popularity[slot] = Math.log1p(this.tables.activity(slot) / grown);
      trend[slot] = this.trendOf(slot, now);
    }
    yield;
    this.packLift(now, grown);
    yield;
    normalise(popularity);
    normalise(trend);
    this.setField(Float32Array, L.RECORD_POPULARITY, (slot) => popularity[slot]!);
    this.setField(Float32Array, L.RECORD_TREND, (slot) => trend[slot]!);
    const popular = ranked({ scores: popularity, size, eligible });
    yield;
    const rising = ranked({ scores: trend, size, eligible: (slot) => trend[slot]! > 0 && eligible(slot) });
    yield;
    this.u32(L.HEADER_ORDER).set(popular);
    this.set(L.HEADER_ELIGIBLE, popular.length);
    const trending = rising.subarray(0, LONGEST.trending);
    this.u32(L.HEADER_TRENDING_LIST, trending.length).set(trending);
    this.set(L.HEADER_TRENDING, trending.length);
    const { categories, brands } = this.room;
    const lists = (starts: number, list: number, groups: number, length: number) => ({
      starts: this.u32(starts, groups + 1),
      list: this.u32(list, Math.min(this.room.products, length)),
    });
    const byCategory = lists(L.HEADER_CATEGORY_START, L.HEADER_CATEGORY_LIST, categories, size);
    grouped(popular, columns.category, byCategory, size, true);
    yield;
    const byRise = lists(
      L.HEADER_RISING_START,
      L.HEADER_RISING_LIST,
      categories,
      LONGEST.rising * categories,
    );
    grouped(rising, columns.category, byRise, LONGEST.rising, false);
    const byBrand = lists(L.HEADER_BRAND_START, L.HEADER_BRAND_LIST, brands, LONGEST.brand * brands);
    grouped(popular, columns.brand, byBrand, LONGEST.brand, false);
  }

  /**
   * Factors of what neighbours lead to. What was looked at these days rather than weeks ago is likelier than its links
   * say, what everybody looks at is less so: `freshness^freshness exponent / (activity + floor)^lift exponent`, where
   * freshness is recent interest by all interest, against the shop's.
   */
  private packLift(now: number, grown: number): void {
    const { size } = this.tables.columns;
    const { freshnessPrior, freshnessExponent, liftFloor, liftExponent } = this.weights;
    const recent = new Float64Array(size);
    const all = new Float64Array(size);
    let recentSum = 0;
    let allSum = 0;
    for (let slot = 0; slot < size; slot++) {
      recentSum += recent[slot] = this.slowTrend(slot, now);
      allSum += all[slot] = this.tables.activity(slot) / grown;
    }
    const shop = recentSum > 0 && allSum > 0 ? recentSum / allSum : 1;
    this.setField(Float32Array, L.RECORD_LIFT, (slot) => {
      const freshness = (recent[slot]! / shop + freshnessPrior) / (all[slot]! + freshnessPrior);
      return freshness ** freshnessExponent / (all[slot]! + liftFloor) ** liftExponent;
    });
  }

  private slowTrend(slot: number, now: number): number {
    const { trendSlow, trendAt } = this.tables.columns;
    return trendSlow[slot]! * remaining(now - trendAt[slot]! * 1000, TREND_SLOW_HALF_LIFE_MS);
  }

  /** Velocity (now against usually) times the logarithm of the support; 0 below the least support. */
  private trendOf(slot: number, now: number): number {
    const { trendFast, trendAt } = this.tables.columns;
    const elapsed = now - trendAt[slot]! * 1000;
    const slow = this.slowTrend(slot, now);
    if (slow < this.weights.trendSupport) return 0;
    const fast = trendFast[slot]! * remaining(elapsed, TREND_FAST_HALF_LIFE_MS);
    const usual = (slow * TREND_FAST_HALF_LIFE_MS) / TREND_SLOW_HALF_LIFE_MS;
    return ((fast + 1) / (usual + 1)) * Math.log1p(slow);
  }
}

/** Divides by the greatest, where there is one. */
function normalise(scores: Float32Array): void {
  const greatest = scores.reduce((most, score) => Math.max(most, score), 0);
  if (greatest > 0) for (let slot = 0; slot < scores.length; slot++) scores[slot]! /= greatest;
}
