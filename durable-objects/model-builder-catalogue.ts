import { keepLatest } from "../domain/keep-latest.ts";
import { CATALOGUE_PRODUCTS_MAX } from "../domain/limits.ts";
import { type CatalogueRecord, factsOf } from "../domain/model/catalogue.ts";
import type { CatalogueRows } from "../domain/model/tables.ts";
import type { ModelStore, SkuRow } from "./model-builder-store.ts";

/** About 4 MB. */
const RECORDS_KNOWN_MAX = 4_096;

/**
 * Catalogue rows with the changed ones in memory until they are stored: the journal holds what changed them, so a
 * product that many events speak of costs one row now and then.
 */
export class Catalogue implements CatalogueRows {
  private readonly store: ModelStore;
  private readonly changed = new Map<string, CatalogueRecord>();
  /** Rows as they are stored: events speak of the same products again and again. */
  private readonly known = new Map<string, CatalogueRecord>();
  /** Looked for in vain last: who enters it need not look again. */
  private missing: string | undefined;
  private count: number;

  constructor(store: ModelStore) {
    this.store = store;
    this.count = store.countRecords();
  }

  /** Changed rows held. */
  get held(): number {
    return this.changed.size;
  }

  get(productId: string): CatalogueRecord | undefined {
    const held = this.changed.get(productId) ?? this.known.get(productId);
    if (held !== undefined) return held;
    const stored = this.store.record(productId);
    if (stored === undefined) this.missing = productId;
    else keepLatest(this.known, productId, stored, RECORDS_KNOWN_MAX);
    return stored;
  }

  /** Whether a product may be entered: known, or room for it. */
  takes(productId: string): boolean {
    return this.count < CATALOGUE_PRODUCTS_MAX || this.get(productId) !== undefined;
  }

  put(productId: string, record: CatalogueRecord): void {
    if (productId === this.missing || this.get(productId) === undefined) {
      if (this.count >= CATALOGUE_PRODUCTS_MAX) return;
      this.count++;
      this.missing = undefined;
    }
    this.changed.set(productId, record);
    for (const sku of record.skus) {
      // What the shop lists under that id keeps its stock, whatever an event says.
      if (sku === productId || this.get(sku)?.listed) continue;
      const row = this.store.sku(sku);
      if (row === undefined) this.store.writeSku(sku, { product: productId, version: 0, available: null });
      else if (row.product === sku) this.store.writeSku(sku, { ...row, product: productId });
    }
  }

  /** The shop says whose its SKUs are; returns the products that lost one. A SKU may be a product of its own. */
  give(skus: readonly string[], productId: string): Set<string> {
    const former = new Set<string>();
    for (const sku of skus) {
      const row = this.store.sku(sku);
      if (row === undefined || row.product === productId) continue;
      former.add(row.product);
      this.store.writeSku(sku, { ...row, product: productId });
    }
    return former;
  }

  /** Stores what changed, by id as it lies there: in any other order each row was a page to be read and written. */
  save(): void {
    const byId = [...this.changed].sort(([one], [other]) => (one < other ? -1 : 1));
    for (const [productId, record] of byId) {
      this.store.writeRecord(productId, record);
      keepLatest(this.known, productId, record, RECORDS_KNOWN_MAX);
    }
    this.changed.clear();
  }

  /** Products after an id in order of id, whose id, name, brand or category holds the text; deleted ones aside. */
  *list(after: string, search: string | undefined): Generator<readonly [string, CatalogueRecord]> {
    const wanted = search?.toLowerCase();
    const fits = ([productId, record]: readonly [string, CatalogueRecord]) => {
      if (record.deleted) return false;
      if (wanted === undefined) return true;
      const { name, brand, category } = factsOf(record);
      return [productId, name, brand, category].some((text) => text?.toLowerCase().includes(wanted));
    };
    const held = [...this.changed]
      .filter(([id]) => isBefore(after, id))
      .sort(([a], [b]) => (isBefore(a, b) ? -1 : 1));
    let next = 0;
    for (const row of this.store.recordsAfter(
      after,
      search !== undefined && PLAIN.test(search) ? search : undefined,
    )) {
      while (next < held.length && isBefore(held[next]![0], row[0]))
        if (fits(held[next++]!)) yield held[next - 1]!;
      if (this.changed.has(row[0])) continue;
      if (fits(row)) yield row;
    }
    for (; next < held.length; next++) if (fits(held[next]!)) yield held[next]!;
  }

  soldOut(productId: string, record: CatalogueRecord): boolean {
    return this.available(productId, record) === false;
  }

  /** What the stock counters say; undefined where no stock is kept. */
  available(productId: string, record: CatalogueRecord | undefined): boolean | undefined {
    let known: boolean | undefined;
    for (const { row } of this.skuRows(productId, record)) {
      const available = row?.available ?? null;
      if (available === 1) return true;
      if (available === 0) known = false;
    }
    return known;
  }

  /** SKUs of a product: its own id and those that events named, unless another product has them. */
  skusOf(productId: string, record: CatalogueRecord | undefined): string[] {
    return Array.from(this.skuRows(productId, record), ({ sku }) => sku);
  }

  /** What the product is called that a SKU is of: where no product named the SKU, the one with its id. */
  nameOf(sku: string): string | undefined {
    const record = this.get(this.store.sku(sku)?.product ?? sku);
    return record === undefined || record.deleted ? undefined : factsOf(record).name;
  }

  private *skuRows(
    productId: string,
    record: CatalogueRecord | undefined,
  ): Generator<{ readonly sku: string; readonly row: SkuRow | undefined }> {
    for (const sku of new Set([productId, ...(record?.skus ?? [])])) {
      const row = this.store.sku(sku);
      if (row === undefined || row.product === productId) yield { sku, row };
    }
  }
}

/** What LIKE finds as `fits` does: no letters but ASCII's, nothing that JSON escapes, and its patterns have 50 bytes at most. */
const PLAIN = /^[\w .,'-]{1,24}$/;

/** In the order of the store, which is that of UTF-8: UTF-16 has surrogates before the last 8,192 characters. */
function isBefore(one: string, other: string): boolean {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const a = one.charCodeAt(i);
    const b = other.charCodeAt(i);
    if (a !== b) return rank(a) < rank(b);
  }
  return one.length < other.length;
}

function rank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
