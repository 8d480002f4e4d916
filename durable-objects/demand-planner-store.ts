import { ByteReader, ByteWriter } from "../domain/bytes.ts";
import type { CancelledLine } from "../domain/demand.ts";
import { PLANNER_PAGE_SKUS } from "../domain/limits.ts";
import { DemandBlock } from "../domain/planner/block.ts";
import { decodeJournal, encodeJournal, type JournalEntry } from "../domain/planner/journal.ts";
import { decodeKeys, encodeKeys, type OrderKey } from "../domain/planner/order-keys.ts";
import { decodeStates, encodeStates, type SkuState } from "../domain/planner/sku-states.ts";
import { portions } from "../domain/portions.ts";

const VERSION = 1;
/** Block numbers below one page's id. */
const BLOCKS = 65_536;
/** Rows of one day's keys before they are written as fewer. */
const KEY_ROWS_MAX = 16;
/** Keys of one row: below the platform's 2 MB. */
const KEYS_PER_ROW = 150_000;
/** Of a row of the journal: at up to 3 bytes a character below the platform's 2 MB. */
const JOURNAL_ROW_CHARACTERS = 600_000;

/** About what a count takes there beside its SKU. */
const COUNT_CHARACTERS = 12;

/** What a planner has counted in all, and the last delta of each combiner. */
export interface Counters {
  orders: number;
  lines: number;
  units: number;
  /** Day number of the first demand. */
  firstDay: number;
  readonly sequences: Map<number, number>;
}

/** What a flush writes. */
export interface Dirty {
  readonly skus: ReadonlyMap<number, string>;
  readonly blocks: Iterable<{ page: number; block: number; body: DemandBlock }>;
  readonly states: Iterable<{ page: number; body: readonly (SkuState | undefined)[] }>;
  readonly keys: ReadonlyMap<number, Iterable<OrderKey>>;
  readonly counters: Counters;
}

/**
 * A planner's rows. `journal`: what was told since the last flush, a row a group commit. `sku`: names by number.
 * `demand`: days of 1,024 SKUs, a row a page and block. `state`: prices and positions, a row a page. `keys`: which
 * order lines were counted, rows by day. `counter`: one row.
 */
export class DemandPlannerStore {
  rowsWritten = 0;
  private readonly sql: SqlStorage;
  private nextJournal = 1;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS sku (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS demand (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS state (page INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec(
      "CREATE TABLE IF NOT EXISTS keys (day INTEGER, part INTEGER, body BLOB, PRIMARY KEY (day, part)) WITHOUT ROWID",
    );
    sql.exec("CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
  }

  /** Names by number. */
  skus(): string[] {
    return this.sql
      .exec<{ name: string }>("SELECT name FROM sku ORDER BY id")
      .toArray()
      .map(({ name }) => name);
  }

  journal(): JournalEntry[] {
    const rows = this.sql.exec<{ id: number; body: ArrayBuffer }>("SELECT id, body FROM journal ORDER BY id");
    return rows.toArray().flatMap(({ id, body }) => {
      this.nextJournal = id + 1;
      return decodeJournal(new Uint8Array(body));
    });
  }

  /** One row for all entries of a group commit, more where they are many. Returns their bytes. */
  appendJournal(entries: readonly JournalEntry[]): number {
    let total = 0;
    for (const row of portions(entries.flatMap(partsOf), sizeOf, JOURNAL_ROW_CHARACTERS)) {
      const bytes = encodeJournal(row);
      this.run("INSERT INTO journal VALUES (?, ?)", this.nextJournal++, bytes);
      total += bytes.length;
    }
    return total;
  }

  block(page: number, block: number): DemandBlock {
    const body = this.body("SELECT body FROM demand WHERE id = ?", page * BLOCKS + block);
    return body === undefined ? new DemandBlock() : DemandBlock.decode(body);
  }

  states(page: number): (SkuState | undefined)[] {
    const body = this.body("SELECT body FROM state WHERE page = ?", page);
    return body === undefined ? [] : decodeStates(body);
  }

  /** Rows of `encodeKeys`: what comes later replaces what came before. */
  keys(day: number): Uint8Array[] {
    return this.sql
      .exec<{ body: ArrayBuffer }>("SELECT body FROM keys WHERE day = ? ORDER BY part", day)
      .toArray()
      .map(({ body }) => new Uint8Array(body));
  }

  counters(): Counters {
    const body = this.body("SELECT body FROM counter WHERE id = ?", 0);
    return body === undefined ? freshCounters() : decodeCounters(body);
  }

  /** The journal becomes pages; call within one transaction. */
  fold({ skus, blocks, states, keys, counters }: Dirty): void {
    for (const [id, name] of skus) this.run("INSERT INTO sku VALUES (?, ?)", id, name);
    for (const { page, block, body } of blocks) {
      this.run("INSERT OR REPLACE INTO demand VALUES (?, ?)", page * BLOCKS + block, body.encode());
    }
    for (const { page, body } of states) {
      this.run("INSERT OR REPLACE INTO state VALUES (?, ?)", page, encodeStates(body));
    }
    for (const [day, fresh] of keys) this.addKeys(day, fresh);
    this.run("INSERT OR REPLACE INTO counter VALUES (0, ?)", encodeCounters(counters));
    this.run("DELETE FROM journal");
  }

  /** Forgets days whose demand no forecast looks at any more. */
  forgetBefore(day: number, block: number): void {
    this.run("DELETE FROM keys WHERE day < ?", day);
    this.run(`DELETE FROM demand WHERE id % ${BLOCKS} < ?`, block);
  }

  private addKeys(day: number, fresh: Iterable<OrderKey>): void {
    const [row] = this.sql
      .exec<{ rows: number; last: number }>(
        "SELECT COUNT(*) AS rows, COALESCE(MAX(part), 0) AS last FROM keys WHERE day = ?",
        day,
      )
      .toArray();
    let keys = [...fresh];
    let part = (row?.last ?? 0) + 1;
    if ((row?.rows ?? 0) >= KEY_ROWS_MAX) {
      keys = [...new Map([...this.keys(day).flatMap(decodeKeys), ...keys])];
      this.run("DELETE FROM keys WHERE day = ?", day);
      part = 1;
    }
    for (let from = 0; from < keys.length; from += KEYS_PER_ROW) {
      this.run(
        "INSERT INTO keys VALUES (?, ?, ?)",
        day,
        part++,
        encodeKeys(keys.slice(from, from + KEYS_PER_ROW)),
      );
    }
  }

  private body(query: string, id: number): Uint8Array | undefined {
    const row = this.sql.exec<{ body: ArrayBuffer }>(query, id).toArray()[0];
    return row === undefined ? undefined : new Uint8Array(row.body);
  }

  private run(query: string, ...values: (number | string | Uint8Array)[]): void {
    this.rowsWritten += this.sql.exec(query, ...values).rowsWritten;
  }
}

/** An entry, or its lines in several that each fit into a row. */
function partsOf(entry: JournalEntry): JournalEntry[] {
  if (entry.kind === "lines") return parted(entry.lines).map((lines) => ({ kind: "lines", lines }));
  if (entry.kind === "cancelled") return parted(entry.lines).map((lines) => ({ kind: "cancelled", lines }));
  return [entry];
}

function parted<T extends Pick<CancelledLine, "orderId" | "sku">>(lines: readonly T[]): (readonly T[])[] {
  return [...portions(lines, sizeOfLine, JOURNAL_ROW_CHARACTERS)];
}

/** About what an entry takes in the journal. */
function sizeOf(entry: JournalEntry): number {
  if (entry.kind === "behaviour") {
    return entry.delta.counts.reduce((sum, { sku }) => sum + sku.length + COUNT_CHARACTERS, 0);
  }
  if (entry.kind === "position") {
    const { inStock, incoming } = entry.position;
    return 512 + 8 * (inStock.length + incoming.length);
  }
  return entry.lines.reduce((sum, line) => sum + sizeOfLine(line), 0);
}

function sizeOfLine({ orderId, sku }: Pick<CancelledLine, "orderId" | "sku">): number {
  return orderId.length + sku.length + 24;
}

export function freshCounters(): Counters {
  return { orders: 0, lines: 0, units: 0, firstDay: Number.MAX_SAFE_INTEGER, sequences: new Map() };
}

/** Page and place in it of a SKU's number. */
export function placeOf(id: number): { page: number; slot: number } {
  return { page: Math.floor(id / PLANNER_PAGE_SKUS), slot: id % PLANNER_PAGE_SKUS };
}

function encodeCounters({ orders, lines, units, firstDay, sequences }: Counters): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u8(VERSION);
  writer.varint(orders);
  writer.varint(lines);
  writer.varint(units);
  writer.varint(firstDay);
  writer.varint(sequences.size);
  for (const [shard, sequence] of sequences) {
    writer.varint(shard);
    writer.varint(sequence);
  }
  return writer.bytes();
}

function decodeCounters(bytes: Uint8Array): Counters {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`planner counters of unknown version ${version}`);
  const counters = {
    orders: reader.varint(),
    lines: reader.varint(),
    units: reader.varint(),
    firstDay: reader.varint(),
    sequences: new Map<number, number>(),
  };
  for (let n = reader.varint(); n > 0; n--) counters.sequences.set(reader.varint(), reader.varint());
  return counters;
}
