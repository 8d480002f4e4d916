import { DAY_MS, IDEMPOTENCY_KEYS_MAX } from "../domain/limits.ts";
import type { LedgerEntry, Stock } from "../domain/stock.ts";

const VERSION = 1;

interface StoredStock {
  readonly stock: Stock;
  /** The last version that planner and model know of, and whether the model was told of it as available. */
  readonly told: number;
  readonly toldAvailable?: boolean;
}

export interface StoredAnswer {
  /** What was asked, to tell a repeat from another request. */
  readonly request: string;
  readonly answer: string;
}

/**
 * One SKU's rows. `stock`: the state, a row. `ledger`: why it changed, a row a change. `answered`: answers by
 * Idempotency-Key, for a day.
 */
export class InventoryStore {
  rowsWritten = 0;
  private readonly sql: SqlStorage;
  private hasTables: boolean;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    // Reading must not create anything: anybody may ask for any SKU.
    this.hasTables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'stock'").toArray().length > 0;
  }

  read(): StoredStock | undefined {
    if (!this.hasTables) return undefined;
    const row = this.sql.exec<{ body: string }>("SELECT body FROM stock WHERE id = 0").toArray()[0];
    if (row === undefined) return undefined;
    const { version, ...stored } = JSON.parse(row.body) as StoredStock & { version: number };
    if (version !== VERSION) throw new RangeError(`stock of unknown version ${version}`);
    return stored;
  }

  write(stored: StoredStock): void {
    this.create();
    this.run("INSERT OR REPLACE INTO stock VALUES (0, ?)", JSON.stringify({ version: VERSION, ...stored }));
  }

  append(entry: LedgerEntry): void {
    this.create();
    this.run("INSERT INTO ledger (body) VALUES (?)", JSON.stringify({ version: VERSION, ...entry }));
  }

  /** Every change, oldest first. */
  ledger(): LedgerEntry[] {
    if (!this.hasTables) return [];
    return this.sql
      .exec<{ body: string }>("SELECT body FROM ledger ORDER BY id")
      .toArray()
      .map(({ body }) => JSON.parse(body));
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

  private create(): void {
    if (this.hasTables) return;
    this.sql.exec("CREATE TABLE stock (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    this.sql.exec("CREATE TABLE ledger (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
    this.sql.exec(
      "CREATE TABLE answered (key TEXT PRIMARY KEY, at INTEGER, request TEXT, answer TEXT) WITHOUT ROWID",
    );
    this.hasTables = true;
  }

  private run(query: string, ...values: SqlStorageValue[]): void {
    this.rowsWritten += this.sql.exec(query, ...values).rowsWritten;
  }
}
