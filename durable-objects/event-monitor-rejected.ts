import {
  DAY_MS,
  REJECTED_BYTES_MAX,
  REJECTED_DAYS_MAX,
  REJECTED_EVENTS_MAX,
  REJECTED_LIST_BYTES_MAX,
  REJECTED_PAGE_BYTES_MAX,
} from "../domain/limits.ts";
import {
  type KeptRejection,
  type RejectedEvent,
  type RejectedPlace,
  rejectedId,
  rejectedPlace,
} from "../domain/monitor/rejected.ts";

const VERSION = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface PageEntry {
  readonly id: number;
  count: number;
  bytes: number;
  /** When its newest one came, Unix ms. */
  at: number;
}

interface Page {
  /** Index of the next one added: an index is never used twice. */
  next: number;
  /** By index, ascending. */
  items: [number, RejectedEvent][];
}

/**
 * Rejected events in pages of many, a row each. One added is one row written, be there one or a thousand; the last page
 * is filled up before a new one begins. Bounded by number, bytes and age; the oldest page falls out.
 */
export class RejectedStore {
  private readonly sql: SqlStorage;
  /** Oldest first. */
  private pages: PageEntry[];
  private nextPage: number;
  /** The last page, once it was looked at. */
  private last: { readonly id: number; readonly page: Page } | undefined;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS rejected
       (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL)`,
    );
    sql.exec("CREATE TABLE IF NOT EXISTS rejected_next (id INTEGER PRIMARY KEY, page INTEGER NOT NULL)");
    this.pages = sql
      .exec<PageEntry & Record<string, number>>(
        "SELECT id, count, at, length(body) AS bytes FROM rejected ORDER BY id",
      )
      .toArray();
    const next = sql.exec<{ page: number }>("SELECT page FROM rejected_next WHERE id = 0").toArray()[0];
    this.nextPage = next?.page ?? 1;
  }

  get count(): number {
    return this.pages.reduce((sum, { count }) => sum + count, 0);
  }

  /** Ids, in the order given. Call within one transaction. */
  append(events: readonly RejectedEvent[], now: number): string[] {
    const ids: string[] = [];
    let open = this.openPage();
    let bytes = this.pages.at(-1)?.bytes ?? 0;
    for (const event of events) {
      if (open === undefined || bytes > REJECTED_PAGE_BYTES_MAX) {
        if (open !== undefined) this.write(open.id, open.page, now);
        open = this.newPage(now);
        bytes = 0;
      }
      const index = open.page.next++;
      open.page.items.push([index, event]);
      bytes += event.message.length + 256;
      ids.push(rejectedId({ page: open.id, index }));
    }
    if (open !== undefined) this.write(open.id, open.page, now);
    this.trim();
    return ids;
  }

  /** Newest first, from the one before `before`. */
  list(limit: number, before?: string): { items: KeptRejection[]; cursor?: string } {
    const place = before === undefined ? undefined : rejectedPlace(before);
    return this.walk(
      limit,
      [...this.pages].reverse(),
      (found) => place === undefined || isBefore(found, place),
      true,
    );
  }

  /** Oldest first, from the one after `after`. */
  oldest(limit: number, after?: string): { items: KeptRejection[]; cursor?: string } {
    const place = after === undefined ? undefined : rejectedPlace(after);
    return this.walk(limit, this.pages, (found) => place === undefined || isBefore(place, found), false);
  }

  /** Those of the ids that are there. */
  find(ids: readonly string[]): KeptRejection[] {
    const found = new Map<string, KeptRejection>();
    for (const [id, indexes] of this.byPage(ids)) {
      for (const [index, event] of this.page(id)!.items) {
        const name = rejectedId({ page: id, index });
        if (indexes.has(index)) found.set(name, { ...event, id: name });
      }
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /** How many of them were there. */
  drop(ids: readonly string[]): number {
    let dropped = 0;
    for (const [id, indexes] of this.byPage(ids)) {
      dropped += this.filter(id, ([index]) => !indexes.has(index));
    }
    return dropped;
  }

  /** Drops whatever names one of these. */
  forget(names: ReadonlySet<string>): number {
    let dropped = 0;
    for (const { id } of [...this.pages]) {
      dropped += this.filter(id, ([, event]) => !event.ids.some((name) => names.has(name)));
    }
    return dropped;
  }

  /**
   * Drops what came more than 30 days ago: pages whose newest one did, and what is too old of the one after them. Call
   * within one transaction.
   */
  expire(now: number): void {
    const oldest = now - REJECTED_DAYS_MAX * DAY_MS;
    for (const { id, at } of [...this.pages]) {
      if (at >= oldest) {
        this.filter(id, ([, { receivedAt }]) => receivedAt >= oldest);
        return;
      }
      this.remove(id);
    }
  }

  /** When the oldest one is 30 days old, Unix ms; undefined when there is none. */
  get nextExpiry(): number | undefined {
    const oldest = this.pages[0];
    if (oldest === undefined) return undefined;
    const [, first] = this.page(oldest.id)!.items[0]!;
    return first.receivedAt + REJECTED_DAYS_MAX * DAY_MS + 1;
  }

  private walk(
    limit: number,
    pages: readonly PageEntry[],
    wanted: (place: RejectedPlace) => boolean,
    newestFirst: boolean,
  ): { items: KeptRejection[]; cursor?: string } {
    const items: KeptRejection[] = [];
    let bytes = 0;
    for (const { id } of pages) {
      // Of a page only its ends can be told without reading it.
      if (!wanted({ page: id, index: newestFirst ? -1 : Number.POSITIVE_INFINITY })) continue;
      const { items: found } = this.page(id)!;
      for (const [index, event] of newestFirst ? [...found].reverse() : found) {
        if (!wanted({ page: id, index })) continue;
        if (items.length >= limit || bytes > REJECTED_LIST_BYTES_MAX)
          return { items, cursor: items.at(-1)!.id };
        items.push({ ...event, id: rejectedId({ page: id, index }) });
        bytes += event.message.length;
      }
    }
    return { items };
  }

  private filter(id: number, stays: (item: [number, RejectedEvent]) => boolean): number {
    const page = this.page(id)!;
    const before = page.items.length;
    page.items = page.items.filter(stays);
    const dropped = before - page.items.length;
    if (dropped === 0) return 0;
    if (page.items.length === 0) this.remove(id);
    else this.write(id, page, this.pages.find((entry) => entry.id === id)!.at);
    return dropped;
  }

  private byPage(ids: readonly string[]): Map<number, Set<number>> {
    const pages = new Map<number, Set<number>>();
    const known = new Set(this.pages.map(({ id }) => id));
    for (const id of ids) {
      const place = rejectedPlace(id);
      if (place === undefined || !known.has(place.page)) continue;
      const indexes = pages.get(place.page);
      if (indexes === undefined) pages.set(place.page, new Set([place.index]));
      else indexes.add(place.index);
    }
    return pages;
  }

  private openPage(): { id: number; page: Page } | undefined {
    const entry = this.pages.at(-1);
    if (entry === undefined) return undefined;
    if (this.last?.id !== entry.id) this.last = { id: entry.id, page: this.page(entry.id)! };
    return this.last;
  }

  private newPage(now: number): { id: number; page: Page } {
    const id = this.nextPage++;
    // Ids are never used twice, also when the page they were in is gone.
    this.sql.exec("INSERT OR REPLACE INTO rejected_next VALUES (0, ?)", this.nextPage);
    this.pages.push({ id, count: 0, bytes: 0, at: now });
    this.last = { id, page: { next: 0, items: [] } };
    return this.last;
  }

  private page(id: number): Page | undefined {
    if (this.last?.id === id) return this.last.page;
    const row = this.sql
      .exec<{ body: ArrayBuffer }>("SELECT body FROM rejected WHERE id = ?", id)
      .toArray()[0];
    if (row === undefined) return undefined;
    const { version, ...page } = JSON.parse(decoder.decode(row.body)) as Page & { version: number };
    if (version !== VERSION) throw new RangeError(`rejected events of unknown version ${version}`);
    return page;
  }

  private write(id: number, page: Page, at: number): void {
    const body = encoder.encode(JSON.stringify({ version: VERSION, ...page }));
    this.sql.exec("INSERT OR REPLACE INTO rejected VALUES (?, ?, ?, ?)", id, page.items.length, at, body);
    const entry = this.pages.find((found) => found.id === id)!;
    entry.count = page.items.length;
    entry.bytes = body.length;
    entry.at = at;
  }

  private trim(): void {
    let { count } = this;
    let bytes = this.pages.reduce((sum, page) => sum + page.bytes, 0);
    while (count > REJECTED_EVENTS_MAX || bytes > REJECTED_BYTES_MAX) {
      const oldest = this.pages[0]!;
      count -= oldest.count;
      bytes -= oldest.bytes;
      this.remove(oldest.id);
    }
  }

  private remove(id: number): void {
    this.sql.exec("DELETE FROM rejected WHERE id = ?", id);
    this.pages = this.pages.filter((entry) => entry.id !== id);
    if (this.last?.id === id) this.last = undefined;
  }
}

function isBefore(a: RejectedPlace, b: RejectedPlace): boolean {
  return a.page < b.page || (a.page === b.page && a.index < b.index);
}
