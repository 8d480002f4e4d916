import { NEIGHBOURS_KEPT_MAX } from "../limits.ts";

/** Products of one stored page of neighbours: at most 131 kB of it. */
export const LINK_PAGE_PRODUCTS = 256;
const PAGE_VERSION = 1;
const HEADER_BYTES = 16;

/**
 * Neighbours of LINK_PAGE_PRODUCTS consecutive slots. Each has room for `stride` neighbours, which doubles when
 * one of them needs more, up to NEIGHBOURS_KEPT_MAX; then the weakest falls out.
 */
export class LinkPage {
  stride: number;
  readonly lengths = new Uint8Array(LINK_PAGE_PRODUCTS);
  targets: Uint32Array;
  /** Forward-decayed sums of link weights (decay.ts). */
  weights: Float32Array;
  dirty = false;
  /** Since pages fell out of memory last. */
  used = false;

  constructor(stride = 4) {
    this.stride = stride;
    this.targets = new Uint32Array(LINK_PAGE_PRODUCTS * stride);
    this.weights = new Float32Array(LINK_PAGE_PRODUCTS * stride);
  }

  get bytes(): number {
    return LINK_PAGE_PRODUCTS * (1 + this.stride * 8);
  }

  /** Adds to row -> target. A link that falls to nothing or below goes. */
  add(row: number, target: number, weight: number): void {
    this.dirty = true;
    const start = row * this.stride;
    const length = this.lengths[row]!;
    for (let at = start; at < start + length; at++) {
      if (this.targets[at] !== target) continue;
      const sum = this.weights[at]! + weight;
      if (sum > Math.abs(weight) * 1e-6) this.weights[at] = sum;
      else this.remove(row, at);
      return;
    }
    if (weight <= 0) return;
    if (length < this.stride) this.append(row, target, weight);
    else if (this.stride < NEIGHBOURS_KEPT_MAX) {
      this.widen();
      this.append(row, target, weight);
    } else this.replaceWeakest(start, target, weight);
  }

  private append(row: number, target: number, weight: number): void {
    const at = row * this.stride + this.lengths[row]!++;
    this.targets[at] = target;
    this.weights[at] = weight;
  }

  /** A newcomer takes the weakest's place and half its weight: what is heard of again climbs, noise does not. */
  private replaceWeakest(start: number, target: number, weight: number): void {
    let weakest = start;
    for (let at = start + 1; at < start + this.stride; at++) {
      if (this.weights[at]! < this.weights[weakest]!) weakest = at;
    }
    this.targets[weakest] = target;
    this.weights[weakest] = weight + this.weights[weakest]! / 2;
  }

  private remove(row: number, at: number): void {
    const last = row * this.stride + --this.lengths[row]!;
    this.targets[at] = this.targets[last]!;
    this.weights[at] = this.weights[last]!;
  }

  private widen(): void {
    const wide = new LinkPage(Math.min(this.stride * 2, NEIGHBOURS_KEPT_MAX));
    for (let row = 0; row < LINK_PAGE_PRODUCTS; row++) {
      const from = row * this.stride;
      const to = from + this.lengths[row]!;
      wide.targets.set(this.targets.subarray(from, to), row * wide.stride);
      wide.weights.set(this.weights.subarray(from, to), row * wide.stride);
    }
    this.stride = wide.stride;
    this.targets = wide.targets;
    this.weights = wide.weights;
  }

  clearRow(row: number): void {
    if (this.lengths[row] === 0) return;
    this.lengths[row] = 0;
    this.dirty = true;
  }

  /** Drops links to slots that `gone` names. */
  purge(gone: (slot: number) => boolean): void {
    for (let row = 0; row < LINK_PAGE_PRODUCTS; row++) {
      for (let at = row * this.stride + this.lengths[row]! - 1; at >= row * this.stride; at--) {
        if (!gone(this.targets[at]!)) continue;
        this.remove(row, at);
        this.dirty = true;
      }
    }
  }

  scale(factor: number): void {
    for (let at = 0; at < this.weights.length; at++) this.weights[at]! *= factor;
    this.dirty = true;
  }

  /** Header (version, landmark), lengths, then targets and weights of the neighbours there are. */
  encode(landmark: number): Uint8Array {
    const links = this.lengths.reduce((sum, length) => sum + length, 0);
    const bytes = new Uint8Array(HEADER_BYTES + LINK_PAGE_PRODUCTS + links * 8);
    const view = new DataView(bytes.buffer);
    bytes[0] = PAGE_VERSION;
    view.setFloat64(8, landmark, true);
    bytes.set(this.lengths, HEADER_BYTES);
    const targets = new Uint32Array(bytes.buffer, HEADER_BYTES + LINK_PAGE_PRODUCTS, links);
    const weights = new Float32Array(bytes.buffer, HEADER_BYTES + LINK_PAGE_PRODUCTS + links * 4, links);
    let next = 0;
    for (let row = 0; row < LINK_PAGE_PRODUCTS; row++) {
      const from = row * this.stride;
      const to = from + this.lengths[row]!;
      targets.set(this.targets.subarray(from, to), next);
      weights.set(this.weights.subarray(from, to), next);
      next += to - from;
    }
    return bytes;
  }

  /** Throws on a version it does not know. Weights are brought to `landmark` by `factorFrom(stored landmark)`. */
  static decode(stored: Uint8Array, factorFrom: (landmark: number) => number): LinkPage {
    if (stored[0] !== PAGE_VERSION) throw new Error(`link page of unknown version ${stored[0]}`);
    const bytes = stored.byteOffset % 4 === 0 ? stored : stored.slice();
    const lengths = bytes.subarray(HEADER_BYTES, HEADER_BYTES + LINK_PAGE_PRODUCTS);
    const links = lengths.reduce((sum, length) => sum + length, 0);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    const page = new LinkPage(
      Math.min(NEIGHBOURS_KEPT_MAX, Math.max(4, 2 ** Math.ceil(Math.log2(longest || 1)))),
    );
    page.lengths.set(lengths);
    const start = bytes.byteOffset + HEADER_BYTES + LINK_PAGE_PRODUCTS;
    const targets = new Uint32Array(bytes.buffer, start, links);
    const weights = new Float32Array(bytes.buffer, start + links * 4, links);
    let next = 0;
    for (let row = 0; row < LINK_PAGE_PRODUCTS; row++) {
      const length = lengths[row]!;
      page.targets.set(targets.subarray(next, next + length), row * page.stride);
      page.weights.set(weights.subarray(next, next + length), row * page.stride);
      next += length;
    }
    const factor = factorFrom(new DataView(bytes.buffer, bytes.byteOffset).getFloat64(8, true));
    if (factor !== 1) page.scale(factor);
    return page;
  }
}
