import { growth } from "./decay.ts";
import { LINK_PAGE_PRODUCTS, LinkPage } from "./link-page.ts";

/** Stored pages, read when one is needed. */
export type PageReader = (page: number) => Uint8Array | undefined;

/**
 * Neighbours of every slot, in pages of which a bounded number of bytes is in memory. Changed pages stay until
 * `takeDirty`; clean ones fall out, longest unused first.
 */
export class LinkTable {
  private readonly pages = new Map<number, LinkPage>();
  /** The page used last: links come in runs of one source. */
  private newest: { readonly number: number; readonly page: LinkPage } | undefined;
  private bytes = 0;
  private readonly read: PageReader;
  private readonly bytesMax: number;
  private landmark: number;
  /** Pages changed since `takeChanged`. */
  private readonly changed = new Set<number>();

  constructor(read: PageReader, bytesMax: number, landmark: number) {
    this.read = read;
    this.bytesMax = bytesMax;
    this.landmark = landmark;
  }

  add(from: number, to: number, weight: number): void {
    const number = Math.floor(from / LINK_PAGE_PRODUCTS);
    const page = this.page(number);
    const before = page.bytes;
    page.add(from % LINK_PAGE_PRODUCTS, to, weight);
    this.bytes += page.bytes - before;
    this.changed.add(number);
  }

  /** The page, read when it is not in memory; valid until the next call. */
  page(number: number): LinkPage {
    if (this.newest?.number === number) return this.newest.page;
    const held = this.pages.get(number);
    if (held !== undefined) {
      this.pages.delete(number);
      this.pages.set(number, held);
      this.newest = { number, page: held };
      return held;
    }
    const stored = this.read(number);
    const page =
      stored === undefined
        ? new LinkPage()
        : LinkPage.decode(stored, (landmark) => growth(landmark, this.landmark));
    this.pages.set(number, page);
    this.newest = { number, page };
    this.bytes += page.bytes;
    this.evict();
    return page;
  }

  private evict(): void {
    if (this.bytes <= this.bytesMax) return;
    let newest = this.pages.size;
    for (const [number, page] of this.pages) {
      if (--newest === 0 || this.bytes <= this.bytesMax) return;
      if (page.dirty) continue;
      this.pages.delete(number);
      this.bytes -= page.bytes;
    }
  }

  /** Whether changed pages alone fill the memory: time to store them. */
  get full(): boolean {
    return this.bytes > this.bytesMax;
  }

  /** Pages whose links changed since the last call: their published lists are out of date. */
  takeChanged(): number[] {
    const pages = [...this.changed].sort((a, b) => a - b);
    this.changed.clear();
    return pages;
  }

  /** Changed pages, encoded for storing. They count as stored from now on. */
  *takeDirty(): Generator<{ page: number; bytes: Uint8Array }> {
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
    for (const page of this.pages.values()) page.scale(factor);
    this.landmark = landmark;
  }
}
