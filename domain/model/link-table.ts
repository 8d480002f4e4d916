import { growth } from "./decay.ts";
import { LINK_PAGE_PRODUCTS, LinkPage } from "./link-page.ts";
import { WaitingLinks } from "./waiting-links.ts";

/** Stored pages, read when one is needed. */
export type PageReader = (page: number) => Uint8Array | undefined;

/** Share of the memory that pages are read into; the rest is room for them to widen. */
const READ_SHARE = 0.75;
/** 4 MB. Fewer would store all pages of a large model every second. */
const WAITING_MAX = 256 * 1024;

/**
 * Neighbours of every slot, in pages of which a bounded number of bytes is in memory: links from others wait, since a
 * delta of a large model touches all of its pages. Changed pages stay until `takeDirty`; of clean ones
 * those not used since others fell out last fall out for one that is read ("second chance": a use costs a flag).
 */
export class LinkTable {
  private readonly pages = new Map<number, LinkPage>();
  /** The page used last: links come in runs of one source. */
  private newest: LinkPage | undefined;
  private newestNumber = -1;
  private bytes = 0;
  private readonly waiting = new WaitingLinks();
  private readonly read: PageReader;
  private readonly bytesMax: number;
  private readonly waitingMax: number;
  private landmark: number;
  /** Pages changed since `takeChanged`. */
  private readonly changed = new Set<number>();

  constructor(read: PageReader, bytesMax: number, landmark: number, waitingMax = WAITING_MAX) {
    this.read = read;
    this.bytesMax = bytesMax;
    this.landmark = landmark;
    this.waitingMax = waitingMax;
  }

  add(from: number, to: number, weight: number): void {
    const number = Math.floor(from / LINK_PAGE_PRODUCTS);
    this.changed.add(number);
    const page = this.held(number) ?? (this.isRoomy ? this.load(number) : undefined);
    if (page === undefined) {
      this.waiting.add(from, to, weight);
      // Nobody stores them.
      if (this.waiting.length > 2 * this.waitingMax) this.settle();
      return;
    }
    const before = page.bytes;
    page.add(from % LINK_PAGE_PRODUCTS, to, weight);
    this.bytes += page.bytes - before;
  }

  /** The page with all its links, read when it is not in memory; valid until the next call. */
  page(number: number): LinkPage {
    if (this.waiting.length > 0) this.settle();
    return this.held(number) ?? this.load(number);
  }

  private held(number: number): LinkPage | undefined {
    if (this.newestNumber === number) return this.newest;
    const page = this.pages.get(number);
    if (page !== undefined) this.use(number, page);
    return page;
  }

  private load(number: number): LinkPage {
    const page = this.stored(number);
    this.hold(number, page);
    this.bytes += page.bytes;
    this.evict();
    return page;
  }

  private hold(number: number, page: LinkPage): void {
    this.pages.set(number, page);
    this.use(number, page);
  }

  private use(number: number, page: LinkPage): void {
    page.used = true;
    this.newest = page;
    this.newestNumber = number;
  }

  private stored(number: number): LinkPage {
    const bytes = this.read(number);
    if (bytes === undefined) return new LinkPage();
    return LinkPage.decode(bytes, (landmark) => growth(landmark, this.landmark));
  }

  /** Once one page's links wait, those of all others do until they are added: links wait for no page in memory. */
  private get isRoomy(): boolean {
    return this.waiting.length === 0 && this.bytes < READ_SHARE * this.bytesMax;
  }

  /** Adds the links that wait to their pages, which are in memory afterwards. */
  private settle(): void {
    for (const { number, page } of this.settled()) {
      this.hold(number, page);
      this.bytes += page.bytes;
    }
  }

  /** Pages that links waited for, with these links. */
  private *settled(): Generator<{ number: number; page: LinkPage }> {
    const { waiting } = this;
    for (const { page: number, indexes } of waiting.take()) {
      const page = this.stored(number);
      for (const i of indexes) {
        page.add(waiting.from[i]! % LINK_PAGE_PRODUCTS, waiting.to[i]!, waiting.weight[i]!);
      }
      yield { number, page };
    }
  }

  private evict(): void {
    for (const [number, page] of this.pages) {
      if (this.bytes <= this.bytesMax) return;
      if (page.dirty || page === this.newest) continue;
      this.pages.delete(number);
      if (page.used) {
        page.used = false;
        // Comes up once more in this loop.
        this.pages.set(number, page);
      } else this.bytes -= page.bytes;
    }
  }

  /** Whether changed pages or waiting links fill the memory: time to store them. */
  get full(): boolean {
    return this.bytes > this.bytesMax || this.waiting.length > this.waitingMax;
  }

  /** Pages whose links changed since the last call: their published lists are out of date. */
  takeChanged(): number[] {
    const pages = [...this.changed].sort((a, b) => a - b);
    this.changed.clear();
    return pages;
  }

  /** Changed pages, encoded for storing. They count as stored from now on; what waited for one is in it. */
  *takeDirty(): Generator<{ page: number; bytes: Uint8Array }> {
    for (const { number, page } of this.settled()) yield { page: number, bytes: page.encode(this.landmark) };
    for (const [number, page] of this.pages) {
      if (!page.dirty) continue;
      page.dirty = false;
      yield { page: number, bytes: page.encode(this.landmark) };
    }
    this.evict();
  }

  /** Forgets freed slots, both as sources and as neighbours, in `pages` pages. */
  purge(gone: (slot: number) => boolean, pages: number): void {
    for (let number = 0; number < pages; number++) {
      const page = this.page(number);
      const wasDirty = page.dirty;
      page.dirty = false;
      page.purge(gone);
      for (let row = 0; row < LINK_PAGE_PRODUCTS; row++) {
        if (gone(number * LINK_PAGE_PRODUCTS + row)) page.clearRow(row);
      }
      if (page.dirty) this.changed.add(number);
      page.dirty ||= wasDirty;
    }
  }

  /** The landmark moved: brings what is in memory along; stored pages follow when read. */
  rebase(landmark: number): void {
    const factor = growth(this.landmark, landmark);
    this.waiting.scale(factor);
    for (const page of this.pages.values()) page.scale(factor);
    this.landmark = landmark;
  }
}
