import { EMPTY_PAGE, type OrderPage } from "../domain/order/order-page.ts";

const VERSION = 1;

/** One row: the page. */
export class OrderStore {
  rowsWritten = 0;
  private readonly sql: SqlStorage;
  private hasTable: boolean;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    // Reading must not create anything: anybody may ask for any order.
    this.hasTable = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'page'").toArray().length > 0;
  }

  read(): OrderPage {
    const row = this.hasTable
      ? this.sql.exec<{ body: string }>("SELECT body FROM page WHERE id = 0").toArray()[0]
      : undefined;
    if (row === undefined) return EMPTY_PAGE;
    const { version, ...page } = JSON.parse(row.body) as OrderPage & { version: number };
    if (version !== VERSION) throw new RangeError(`order of unknown version ${version}`);
    return page;
  }

  /** The storage was emptied. */
  forget(): void {
    this.hasTable = false;
  }

  write(page: OrderPage): void {
    if (!this.hasTable) {
      this.sql.exec("CREATE TABLE page (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
      this.hasTable = true;
    }
    const body = JSON.stringify({ version: VERSION, ...page });
    this.rowsWritten += this.sql.exec("INSERT OR REPLACE INTO page VALUES (0, ?)", body).rowsWritten;
  }
}
