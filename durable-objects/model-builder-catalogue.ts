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
      if (sku === productId) continue;
      const row = this.store.sku(sku);
      if (row === undefined) this.store.writeSku(sku, { product: productId, version: 0, available: null });
      else if (row.product === sku) this.store.writeSku(sku, { ...row, product: productId });
    }
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
    const held = [...this.changed].filter(([id]) => id > after).sort(([a], [b]) => (a < b ? -1 : 1));
    let next = 0;
    for (const row of this.store.recordsAfter(after, search)) {
      while (next < held.length && held[next]![0] < row[0]) if (fits(held[next++]!)) yield held[next - 1]!;
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
