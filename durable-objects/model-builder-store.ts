import type { CatalogueRecord } from "../domain/model/catalogue.ts";

/** Kinds of stored pages; a page's key is its kind and its number. Append only. */
const PAGE_KINDS = ["columns", "viewed", "bought", "names"] as const;
export type PageKind = (typeof PAGE_KINDS)[number];
const PAGES_PER_KIND = 2 ** 24;
const PARTS_PER_VERSION = 2 ** 12;

export interface JournalEntry {
  readonly ordinal: number;
  /** Shard of a delta; COMMAND for what the shop set. */
  readonly shard: number;
  readonly sequence: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Shard of journal entries that hold a command as JSON. */
export const COMMAND = -1;

/** What the builder knows besides pages, as JSON. Fields are only ever added. */
export interface BuilderState {
  readonly landmark: number;
  /** Highest sequence merged into the stored pages, by shard. */
  readonly sequences: { readonly [shard: string]: number };
  /** Version in which each text part last changed, announced or about to be. */
  readonly textVersions: readonly number[];
  /** Bytes one product's text may take. */
  readonly textShare: number;
  /** Link pages are packed anew in turn; where the turn stands. */
  readonly refreshed: number;
}

export interface SkuRow {
  readonly product: string;
  readonly version: number;
  /** null: no stock is kept. */
  readonly available: number | null;
}

/** Rows of the model's builder. Every write is one row. */
export class ModelStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(`
      CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS journal (
        ordinal INTEGER PRIMARY KEY, shard INTEGER NOT NULL, sequence INTEGER NOT NULL,
        at INTEGER NOT NULL, bytes BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS page (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS product (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS sku (
        sku TEXT PRIMARY KEY, product TEXT NOT NULL, version INTEGER NOT NULL, available INTEGER) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS part (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
    `);
  }

  read<T>(key: string): T | undefined {
    const row = this.sql.exec<{ json: string }>("SELECT json FROM state WHERE key = ?", key).toArray()[0];
    return row === undefined ? undefined : (JSON.parse(row.json) as T);
  }

  write(key: string, value: unknown): void {
    this.sql.exec("INSERT OR REPLACE INTO state (key, json) VALUES (?, ?)", key, JSON.stringify(value));
  }

  append(entry: Omit<JournalEntry, "ordinal">): void {
    const { shard, sequence, at, bytes } = entry;
    this.sql.exec(
      "INSERT INTO journal (shard, sequence, at, bytes) VALUES (?, ?, ?, ?)",
      shard,
      sequence,
      at,
      bytes,
    );
  }

  /** The first entry after another; read one by one, for entries before it may go meanwhile. */
  journalAfter(ordinal: number): JournalEntry | undefined {
    const row = this.sql
      .exec<{ ordinal: number; shard: number; sequence: number; at: number; bytes: ArrayBuffer }>(
        "SELECT ordinal, shard, sequence, at, bytes FROM journal WHERE ordinal > ? ORDER BY ordinal LIMIT 1",
        ordinal,
      )
      .toArray()[0];
    return row === undefined ? undefined : { ...row, bytes: new Uint8Array(row.bytes) };
  }

  clearJournal(until: number): void {
    this.sql.exec("DELETE FROM journal WHERE ordinal <= ?", until);
  }

  page(kind: PageKind, number: number): Uint8Array | undefined {
    const key = PAGE_KINDS.indexOf(kind) * PAGES_PER_KIND + number;
    return this.blob(
      this.sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM page WHERE number = ?", key).toArray(),
    );
  }

  *pages(kind: PageKind): Generator<readonly [number, Uint8Array]> {
    const first = PAGE_KINDS.indexOf(kind) * PAGES_PER_KIND;
    const rows = this.sql.exec<{ number: number; bytes: ArrayBuffer }>(
      "SELECT number, bytes FROM page WHERE number >= ? AND number < ? ORDER BY number",
      first,
      first + PAGES_PER_KIND,
    );
    for (const { number, bytes } of rows) yield [number - first, new Uint8Array(bytes)];
  }

  writePage(kind: PageKind, number: number, bytes: Uint8Array): void {
    const key = PAGE_KINDS.indexOf(kind) * PAGES_PER_KIND + number;
    this.sql.exec("INSERT OR REPLACE INTO page (number, bytes) VALUES (?, ?)", key, bytes);
  }

  part(version: number, index: number): Uint8Array | undefined {
    const key = version * PARTS_PER_VERSION + index;
    return this.blob(
      this.sql.exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM part WHERE number = ?", key).toArray(),
    );
  }

  writePart(version: number, index: number, bytes: Uint8Array): void {
    const key = version * PARTS_PER_VERSION + index;
    this.sql.exec("INSERT OR REPLACE INTO part (number, bytes) VALUES (?, ?)", key, bytes);
  }

  deletePart(version: number, index: number): void {
    this.sql.exec("DELETE FROM part WHERE number = ?", version * PARTS_PER_VERSION + index);
  }

  /** Deletes image parts (below `textIndex`) of versions that were written but never announced. */
  deletePartsAfter(version: number, textIndex: number): void {
    this.sql.exec(
      "DELETE FROM part WHERE number >= ? AND number % ? < ?",
      (version + 1) * PARTS_PER_VERSION,
      PARTS_PER_VERSION,
      textIndex,
    );
  }

  record(productId: string): CatalogueRecord | undefined {
    const row = this.sql
      .exec<{ record: string }>("SELECT record FROM product WHERE id = ?", productId)
      .toArray()[0];
    return row === undefined ? undefined : (JSON.parse(row.record) as CatalogueRecord);
  }

  writeRecord(productId: string, record: CatalogueRecord): void {
    this.sql.exec(
      "INSERT OR REPLACE INTO product (id, record) VALUES (?, ?)",
      productId,
      JSON.stringify(record),
    );
  }

  countRecords(): number {
    return this.sql.exec<{ n: number }>("SELECT count(*) AS n FROM product").one().n;
  }

  /** Records after an id, in order of id; where a text is given, only those whose row holds it somewhere. */
  *recordsAfter(
    productId: string,
    holding: string | undefined,
  ): Generator<readonly [string, CatalogueRecord]> {
    const like =
      holding === undefined
        ? "%"
        : `%${JSON.stringify(holding)
            .slice(1, -1)
            .replace(/[\\%_]/g, "\\$&")}%`;
    const rows = this.sql.exec<{ id: string; record: string }>(
      `SELECT id, record FROM product WHERE id > ? AND (? = '%' OR record LIKE ? ESCAPE '\\'
         OR id LIKE ? ESCAPE '\\') ORDER BY id`,
      productId,
      like,
      like,
      like,
    );
    for (const row of rows) yield [row.id, JSON.parse(row.record) as CatalogueRecord];
  }

  sku(sku: string): SkuRow | undefined {
    return this.sql
      .exec<{ product: string; version: number; available: number | null }>(
        "SELECT product, version, available FROM sku WHERE sku = ?",
        sku,
      )
      .toArray()[0];
  }

  writeSku(sku: string, row: SkuRow): void {
    this.sql.exec(
      "INSERT OR REPLACE INTO sku (sku, product, version, available) VALUES (?, ?, ?, ?)",
      sku,
      row.product,
      row.version,
      row.available,
    );
  }

  /** Products all of whose SKUs with kept stock are sold out. */
  soldOut(): string[] {
    return this.sql
      .exec<{ product: string }>(
        "SELECT product FROM sku WHERE available IS NOT NULL GROUP BY product HAVING max(available) = 0",
      )
      .toArray()
      .map(({ product }) => product);
  }

  private blob(rows: readonly { bytes: ArrayBuffer }[]): Uint8Array | undefined {
    return rows[0] === undefined ? undefined : new Uint8Array(rows[0].bytes);
  }
}
