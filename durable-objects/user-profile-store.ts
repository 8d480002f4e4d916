import type { Activity } from "../domain/activity.ts";
import { decodeActivities } from "../domain/activity-codec.ts";
import { lendBytes } from "../domain/bytes.ts";
import { ProfilePage } from "../domain/profile/page.ts";
import { type PageBatch, readBatches, writeBatch, writeBatchesHead } from "../domain/profile/page-batch.ts";

/** Row of the profile; segments have the ids from 1 on. */
const PAGE_ID = 0;
/** Row of the batches that came since the page was written. */
const BATCHES_ID = -1;
/**
 * The batches' row is written anew with each, and the page when they have become so large a part of it: about what
 * makes the bytes written least, for a page of 40 KB a seventh of writing it each time.
 */
const BATCHES_SHARE_MAX = 1 / 4;
/** A page of SQLite's is written for less. */
const BATCHES_BYTES_MIN = 3 * 1024;

/**
 * One visitor's rows: the page, the batches it has taken since it was written, and segments of older activities. Counts
 * the rows it writes.
 */
export class UserProfileStore {
  rowsWritten = 0;
  /** Whether there is a row of batches, of this page or an earlier one. */
  hasBatches = false;
  private readonly sql: SqlStorage;
  private hasTable: boolean;
  /** Of the page as it is stored; 0: there is none. */
  private pageBytes = 0;
  private generation = 0;
  /** Bytes of those that belong to the stored page; 0: there are none. */
  private batchesBytes = 0;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    // Reading must not create anything: anybody may ask for any visitor.
    this.hasTable = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'page'").toArray().length > 0;
  }

  read(): ProfilePage {
    const body = this.body(PAGE_ID);
    const page = body === undefined ? new ProfilePage() : ProfilePage.decode(body);
    this.pageBytes = body?.length ?? 0;
    this.generation = page.generation;
    const stored = this.body(BATCHES_ID);
    this.hasBatches = stored !== undefined;
    const batches = stored === undefined ? [] : readBatches(stored, this.generation);
    for (const batch of batches) page.take(batch);
    this.batchesBytes = batches.length === 0 ? 0 : stored!.length;
    return page;
  }

  /** Writes the page: one row. What batches were stored belong to no page from then on. */
  writePage(page: ProfilePage): void {
    page.generation = this.generation + 1;
    lendBytes(
      (writer) => page.write(writer),
      (bytes) => {
        this.write(PAGE_ID, bytes);
        this.pageBytes = bytes.length;
      },
    );
    this.generation = page.generation;
    this.batchesBytes = 0;
  }

  /**
   * Writes a batch that the page has taken: one row. It is stored with the others of this page, which is less to write
   * than the page.
   */
  writeBatch(page: ProfilePage, batch: PageBatch): void {
    if (this.pageBytes === 0) {
      this.writePage(page);
      return;
    }
    const isFirst = this.batchesBytes === 0;
    const isWritten = lendBytes(
      (writer) => {
        if (isFirst) writeBatchesHead(writer, this.generation);
        writeBatch(writer, batch);
      },
      (bytes) => {
        const length = this.batchesBytes + bytes.length;
        if (length > Math.max(BATCHES_BYTES_MIN, this.pageBytes * BATCHES_SHARE_MAX)) return false;
        if (isFirst) this.write(BATCHES_ID, bytes);
        else this.append(BATCHES_ID, bytes);
        this.batchesBytes = length;
        this.hasBatches = true;
        return true;
      },
    );
    if (!isWritten) this.writePage(page);
  }

  /** Deletes batches that belong to no page any more: activities are in the page or in segments, or were erased. */
  deleteBatches(): void {
    if (!this.hasBatches || this.batchesBytes > 0) return;
    this.delete(BATCHES_ID);
    this.hasBatches = false;
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
    for (const id of ids) this.delete(id);
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

  /** What is there is not held in memory for it: SQLite joins bytes as text, which it does not look into. */
  private append(id: number, bytes: Uint8Array): void {
    this.count(this.sql.exec("UPDATE page SET body = CAST(body || ? AS BLOB) WHERE id = ?", bytes, id));
  }

  private delete(id: number): void {
    this.count(this.sql.exec("DELETE FROM page WHERE id = ?", id));
  }

  private count(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.rowsWritten += cursor.rowsWritten;
  }
}
