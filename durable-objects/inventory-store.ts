import { CHARACTER_BYTES_MAX } from "../domain/bytes.ts";
import type { Calendar } from "../domain/calendar.ts";
import {
  DAY_MS,
  IDEMPOTENCY_KEYS_MAX,
  LEDGER_DAYS_MAX,
  LEDGER_PAGE_CHARACTERS_MAX,
  LEDGER_REPLAY_ENTRIES_MIN,
} from "../domain/limits.ts";
import type { LedgerEntry } from "../domain/stock/ledger.ts";
import { bookOf, type StockSnapshot, snapshotOf } from "../domain/stock/snapshot.ts";
import { StockBook } from "../domain/stock/stock-book.ts";

const VERSION = 1;
/** Bytes of one row, well below the platform's 2 MB. */
const PART_BYTES = 1_000_000;
const ROW_ENTRIES_MAX = 2_000;
/** At most as many bytes as a part of the state has. */
const ROW_CHARACTERS_MAX = PART_BYTES / CHARACTER_BYTES_MAX;
/** Which state a part of one belongs to: as it was last written, and as it was before the first ledger row. */
const STATE = 0;
const OPENING = 1;

/** What planner and model know. */
export interface Told {
  /** Version of the position. */
  readonly version: number;
  readonly available?: boolean;
  /** Ledger row up to which demand is told. */
  readonly demand: number;
}

export interface StoredAnswer {
  /** What was asked, to tell a repeat from another request. */
  readonly request: string;
  readonly answer: string;
}

export interface LedgerRow {
  readonly id: number;
  readonly entries: readonly LedgerEntry[];
}

/** The newest first. */
export interface LedgerPage {
  readonly rows: readonly LedgerRow[];
  /** The row before which the next page begins; absent on the last one. */
  readonly next?: number;
}

interface StoredState {
  /** Ledger row up to which the state is folded. */
  readonly ledger: number;
  readonly book: StockSnapshot;
}

/**
 * One SKU's rows. `ledger`: what happened, a row a group commit, and thereby the state. `state`: the state as of a ledger
 * row, written whole now and then, so that waking reads little of the ledger. `told`: a row. `answered`: answers of
 * adjustments by Idempotency-Key, for a day.
 */
export class InventoryStore {
  rowsWritten = 0;
  private readonly sql: SqlStorage;
  private hasTables: boolean;
  private last = 0;
  /** The ledger row that the state is of; 0 without one. */
  private stateRow = 0;
  private entriesSinceState = 0;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    // Reading must not create anything: anybody may ask for any SKU.
    this.hasTables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").toArray().length > 0;
  }

  /** The newest ledger row. */
  get lastRow(): number {
    return this.last;
  }

  read(calendar: Calendar): StockBook {
    if (!this.hasTables) return new StockBook(calendar);
    const state = this.state(STATE);
    const stored = state ?? this.state(OPENING);
    this.stateRow = state?.ledger ?? 0;
    const book = stored === undefined ? new StockBook(calendar) : bookOf(stored.book, calendar);
    this.last = stored?.ledger ?? 0;
    this.entriesSinceState = 0;
    for (const { id, entries } of this.rowsAfter(this.last)) {
      for (const entry of entries) book.apply(entry);
      this.last = id;
      this.entriesSinceState += entries.length;
    }
    return book;
  }

  /** Whether the newest row is still the one this object wrote: memory is believed only while it is. */
  isCurrent(): boolean {
    if (!this.hasTables) return true;
    const row = this.sql.exec<{ id: number | null }>("SELECT max(id) AS id FROM ledger").one();
    return (row.id ?? this.last) === this.last;
  }

  append(entries: readonly LedgerEntry[]): void {
    this.create();
    for (const { at, body } of rowsOf(entries)) {
      this.run("INSERT INTO ledger VALUES (?, ?, ?)", this.last + 1, at, body);
      this.last++;
    }
    this.entriesSinceState += entries.length;
  }

  /** Whether waking would read so much of the ledger that the state is better written whole. */
  wantsState(book: StockBook): boolean {
    return this.entriesSinceState > Math.max(LEDGER_REPLAY_ENTRIES_MIN, 2 * book.open.size);
  }

  writeState(book: StockBook): void {
    this.write(STATE, { ledger: this.last, book: snapshotOf(book) });
    this.stateRow = this.last;
    this.entriesSinceState = 0;
  }

  /** Rows after one, the oldest first. */
  *rowsAfter(id: number): Generator<LedgerRow> {
    if (!this.hasTables) return;
    for (const row of this.sql.exec<{ id: number; body: string }>(
      "SELECT id, body FROM ledger WHERE id > ? ORDER BY id",
      id,
    )) {
      yield { id: row.id, entries: entriesOf(row.body) };
    }
  }

  /** Up to `limit` rows before one, fewer where they are large. */
  pageBefore(id: number, limit: number): LedgerPage {
    if (!this.hasTables) return { rows: [] };
    const rows: LedgerRow[] = [];
    let characters = 0;
    for (const row of this.sql.exec<{ id: number; body: string }>(
      "SELECT id, body FROM ledger WHERE id < ? ORDER BY id DESC LIMIT ?",
      id,
      limit + 1,
    )) {
      characters += row.body.length;
      if (rows.length === limit || (rows.length > 0 && characters > LEDGER_PAGE_CHARACTERS_MAX)) {
        return { rows, next: rows.at(-1)!.id };
      }
      rows.push({ id: row.id, entries: entriesOf(row.body) });
    }
    return { rows };
  }

  /** Entries of the last day, the oldest first. */
  *recent(now: number): Generator<LedgerEntry> {
    let first = this.last;
    const reading = this.hasTables
      ? this.sql.exec<{ id: number; at: number }>("SELECT id, at FROM ledger ORDER BY id DESC")
      : [];
    for (const { id, at } of reading) {
      first = id;
      if (at <= now - DAY_MS) break;
    }
    for (const { entries } of this.rowsAfter(first - 1)) yield* entries;
  }

  /** What is older than the ledger is kept becomes the state it opens with: a day of it at a time, not each sale. */
  fold(now: number, calendar: Calendar): void {
    if (!this.hasTables) return;
    const oldest = this.sql.exec<{ at: number }>("SELECT at FROM ledger ORDER BY id LIMIT 1").toArray()[0];
    const before = now - LEDGER_DAYS_MAX * DAY_MS;
    if (oldest === undefined || oldest.at > before - DAY_MS) return;
    const opening = this.state(OPENING);
    const book = opening === undefined ? new StockBook(calendar) : bookOf(opening.book, calendar);
    let ledger = opening?.ledger ?? 0;
    for (const { id, entries } of this.rowsAfter(ledger)) {
      if (entries[0]!.at >= before || id === this.last) break;
      for (const entry of entries) book.apply(entry);
      ledger = id;
    }
    this.write(OPENING, { ledger, book: snapshotOf(book) });
    this.run("DELETE FROM ledger WHERE id <= ?", ledger);
    // The rows that lead on from an older state are gone.
    if (this.stateRow > 0 && this.stateRow <= ledger) {
      this.run("DELETE FROM state WHERE which = ?", STATE);
      this.stateRow = 0;
    }
  }

  told(): Told {
    const row = this.hasTables
      ? this.sql.exec<{ body: string }>("SELECT body FROM told WHERE id = 0").toArray()[0]
      : undefined;
    return row === undefined ? { version: 0, demand: 0 } : (JSON.parse(row.body) as Told);
  }

  writeTold(told: Told): void {
    this.create();
    this.run("INSERT OR REPLACE INTO told VALUES (0, ?)", JSON.stringify(told));
  }

  answered(key: string, now: number): StoredAnswer | undefined {
    if (!this.hasTables) return undefined;
    return this.sql
      .exec<{ request: string; answer: string }>(
        "SELECT request, answer FROM answered WHERE key = ? AND at > ?",
        key,
        now - DAY_MS,
      )
      .toArray()[0];
  }

  keepAnswer(key: string, now: number, { request, answer }: StoredAnswer): void {
    this.create();
    this.run("INSERT OR REPLACE INTO answered VALUES (?, ?, ?, ?)", key, now, request, answer);
    this.run(
      `DELETE FROM answered WHERE at <= ? OR key IN
       (SELECT key FROM answered ORDER BY at DESC LIMIT -1 OFFSET ?)`,
      now - DAY_MS,
      IDEMPOTENCY_KEYS_MAX,
    );
  }

  private state(which: number): StoredState | undefined {
    const parts = this.sql
      .exec<{ body: ArrayBuffer }>("SELECT body FROM state WHERE which = ? ORDER BY part", which)
      .toArray();
    if (parts.length === 0) return undefined;
    const decoder = new TextDecoder();
    const text = parts.map(({ body }) => decoder.decode(body, { stream: true })).join("");
    const { version, ...stored } = JSON.parse(text) as StoredState & { version: number };
    if (version !== VERSION) throw new RangeError(`stock of unknown version ${version}`);
    return stored;
  }

  private write(which: number, state: StoredState): void {
    this.create();
    const bytes = new TextEncoder().encode(JSON.stringify({ version: VERSION, ...state }));
    let part = 0;
    for (let from = 0; from < bytes.length; from += PART_BYTES) {
      const body = bytes.slice(from, from + PART_BYTES).buffer;
      this.run("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", which, part++, body);
    }
    this.run("DELETE FROM state WHERE which = ? AND part >= ?", which, part);
  }

  private create(): void {
    if (this.hasTables) return;
    this.sql.exec("CREATE TABLE ledger (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL)");
    this.sql.exec(
      "CREATE TABLE state (which INTEGER, part INTEGER, body BLOB, PRIMARY KEY (which, part)) WITHOUT ROWID",
    );
    this.sql.exec("CREATE TABLE told (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    this.sql.exec(
      "CREATE TABLE answered (key TEXT PRIMARY KEY, at INTEGER, request TEXT, answer TEXT) WITHOUT ROWID",
    );
    this.hasTables = true;
  }

  private run(query: string, ...values: SqlStorageValue[]): void {
    this.rowsWritten += this.sql.exec(query, ...values).rowsWritten;
  }
}

/** Each within what the platform takes: ids of orders, owners and locations may be long, and many holds end at once. */
function* rowsOf(
  entries: readonly LedgerEntry[],
  atOnce = ROW_ENTRIES_MAX,
): Generator<{ at: number; body: string }> {
  for (let from = 0; from < entries.length; from += atOnce) {
    const part = entries.slice(from, from + atOnce);
    const body = JSON.stringify({ version: VERSION, entries: part });
    if (part.length > 1 && body.length > ROW_CHARACTERS_MAX) yield* rowsOf(part, Math.ceil(part.length / 2));
    else yield { at: part[0]!.at, body };
  }
}

function entriesOf(body: string): readonly LedgerEntry[] {
  const { version, entries } = JSON.parse(body) as { version: number; entries: LedgerEntry[] };
  if (version !== VERSION) throw new RangeError(`ledger row of unknown version ${version}`);
  return entries;
}
