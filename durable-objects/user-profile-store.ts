import type { Activity } from "../domain/activity.ts";
import { decodeActivities } from "../domain/activity-codec.ts";
import { lendBytes } from "../domain/bytes.ts";
import { ProfilePage } from "../domain/profile/page.ts";

/** Row of the profile; segments have the ids from 1 on. */
const PAGE_ID = 0;

/** One visitor's rows: the page, and segments of older activities. Counts the rows it writes. */
export class UserProfileStore {
  rowsWritten = 0;
  private readonly sql: SqlStorage;
  private hasTable: boolean;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    // Reading must not create anything: anybody may ask for any visitor.
    this.hasTable = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'page'").toArray().length > 0;
  }

  read(): ProfilePage {
    const body = this.body(PAGE_ID);
    return body === undefined ? new ProfilePage() : ProfilePage.decode(body);
  }

  /** Writes the page: one row. */
  writePage(page: ProfilePage): void {
    lendBytes(
      (writer) => page.write(writer),
      (bytes) => this.write(PAGE_ID, bytes),
    );
  }

  /** Writes the page and moves its activities to a segment: two rows. */
  writeWithSegment(page: ProfilePage): void {
    const { id, body } = page.cutSegment();
    this.write(id, body);
    this.writePage(page);
  }

  segment(id: number): Activity[] {
    return decodeActivities(this.segmentBody(id));
  }

  /** As it is stored. */
  segmentBody(id: number): Uint8Array {
    const body = this.body(id);
    if (body === undefined) throw new Error(`segment ${id} of a profile is missing`);
    return body;
  }

  deleteSegments(ids: readonly number[]): void {
    for (const id of ids) this.count(this.sql.exec("DELETE FROM page WHERE id = ?", id));
  }

  private body(id: number): Uint8Array | undefined {
    if (!this.hasTable) return undefined;
    const row = this.sql.exec<{ body: ArrayBuffer }>("SELECT body FROM page WHERE id = ?", id).toArray()[0];
    return row === undefined ? undefined : new Uint8Array(row.body);
  }

  private write(id: number, body: Uint8Array): void {
    if (!this.hasTable) {
      this.sql.exec("CREATE TABLE page (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
      this.hasTable = true;
    }
    this.count(this.sql.exec("INSERT OR REPLACE INTO page VALUES (?, ?)", id, body));
  }

  private count(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.rowsWritten += cursor.rowsWritten;
  }
}
