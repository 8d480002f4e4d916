import { EMPTY_PAGE, type OrderPage } from "../domain/order/order-page.ts";

const VERSION = 1;
/** Of one row: at up to three bytes each they are well below the platform's 2 MB. */
const ROW_CHARACTERS_MAX = 500_000;

/** The page: one row, or several where long lists of places make it large. */
export class OrderStore {
  rowsWritten = 0;
  private readonly sql: SqlStorage;
  private hasTable: boolean;
  private rows = 0;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    // Reading must not create anything: anybody may ask for any order.
    this.hasTable = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'page'").toArray().length > 0;
  }

  read(): OrderPage {
    const rows = this.hasTable
      ? this.sql.exec<{ body: string }>("SELECT body FROM page ORDER BY id").toArray()
      : [];
    this.rows = rows.length;
    if (rows.length === 0) return EMPTY_PAGE;
    const text = rows.map(({ body }) => body).join("");
    const { version, ...page } = JSON.parse(text) as OrderPage & { version: number };
    if (version !== VERSION) throw new RangeError(`order of unknown version ${version}`);
    return page;
  }

  /** The storage was emptied. */
  forget(): void {
    this.hasTable = false;
    this.rows = 0;
  }

  write(page: OrderPage): void {
    if (!this.hasTable) {
      this.sql.exec("CREATE TABLE page (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
      this.hasTable = true;
    }
    const body = JSON.stringify({ version: VERSION, ...page });
    let row = 0;
    for (let from = 0, to = 0; from < body.length; from = to) {
      to = from + ROW_CHARACTERS_MAX;
      // Half of a pair would not be stored as it is.
      if (isHighSurrogate(body.charCodeAt(to - 1))) to--;
      this.run("INSERT OR REPLACE INTO page VALUES (?, ?)", row++, body.slice(from, to));
    }
    if (row < this.rows) this.run("DELETE FROM page WHERE id >= ?", row);
    this.rows = row;
  }

  private run(query: string, ...values: SqlStorageValue[]): void {
    this.rowsWritten += this.sql.exec(query, ...values).rowsWritten;
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}
