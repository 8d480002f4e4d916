import { resized } from "../resized.ts";
import { LINK_PAGE_PRODUCTS } from "./link-page.ts";

/** Links to be added to pages that are not in memory, 16 bytes each, in the order they came. */
export class WaitingLinks {
  length = 0;
  from = new Uint32Array(0);
  to = new Uint32Array(0);
  weight = new Float64Array(0);

  add(from: number, to: number, weight: number): void {
    if (this.length === this.from.length) this.resize(Math.max(1024, this.length * 2));
    this.from[this.length] = from;
    this.to[this.length] = to;
    this.weight[this.length++] = weight;
  }

  scale(factor: number): void {
    for (let i = 0; i < this.length; i++) this.weight[i]! *= factor;
  }

  /** Pages that links wait for, lowest first, with their indexes in the order they came. Holds nothing afterwards. */
  *take(): Generator<{ readonly page: number; readonly indexes: Uint32Array }> {
    const { length, from } = this;
    // A counting sort: where each page's part ends.
    let pages = 0;
    for (let i = 0; i < length; i++) pages = Math.max(pages, pageOf(from[i]!) + 1);
    const ends = new Uint32Array(pages);
    for (let i = 0; i < length; i++) ends[pageOf(from[i]!)]!++;
    for (let page = 1; page < pages; page++) ends[page]! += ends[page - 1]!;
    const order = new Uint32Array(length);
    for (let i = length - 1; i >= 0; i--) order[--ends[pageOf(from[i]!)]!] = i;
    // By now the ends are where the parts begin.
    for (let page = 0; page < pages; page++) {
      const indexes = order.subarray(ends[page]!, ends[page + 1] ?? length);
      if (indexes.length > 0) yield { page, indexes };
    }
    this.length = 0;
  }

  private resize(capacity: number): void {
    this.from = resized(this.from, capacity);
    this.to = resized(this.to, capacity);
    this.weight = resized(this.weight, capacity);
  }
}

function pageOf(slot: number): number {
  return Math.floor(slot / LINK_PAGE_PRODUCTS);
}
