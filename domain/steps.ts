import type { ByteReader, ByteWriter } from "./bytes.ts";
import { hash32 } from "./hash.ts";
import { resized } from "./resized.ts";

/** A product that a visitor came by. */
export interface Step {
  readonly at: number;
  /** Orders steps of the same instant, the same whatever order they arrive in. */
  readonly tie: number;
  readonly productId: string;
  /** A view, rather than a click or an addition to the cart. */
  readonly viewed: boolean;
}

const AT = 0;
const TIE = 1;
const VIEWED = 2;
/** Of the product: numbers are compared where texts would be, over a whole session. */
const HASH = 3;
const WIDTH = 4;
/** Room of a list that was shortened. */
const ROOM_MAX = 256;

/** Steps in the order of their times, numbers row by row: with an object a step most of a profile's were steps. */
export class Steps {
  private readonly productIds: string[] = [];
  private values = new Float64Array(0);

  get length(): number {
    return this.productIds.length;
  }

  at(index: number): number {
    return this.values[index * WIDTH + AT]!;
  }

  viewed(index: number): boolean {
    return this.values[index * WIDTH + VIEWED] === 1;
  }

  productId(index: number): string {
    return this.productIds[index]!;
  }

  /** Whether two steps are of one product. */
  isSame(a: number, b: number): boolean {
    const { values, productIds } = this;
    return values[a * WIDTH + HASH] === values[b * WIDTH + HASH] && productIds[a] === productIds[b];
  }

  /** Index of the first step at a time or later; `length` where all are earlier. */
  firstFrom(at: number): number {
    let index = this.length;
    while (index > 0 && this.at(index - 1) >= at) index--;
    return index;
  }

  /** Takes steps in where their times belong: from the end, since nearly all are the latest. */
  add(steps: readonly Step[]): void {
    const sorted = steps.length === 1 ? steps : [...steps].sort(byTime);
    const { productIds } = this;
    let own = this.length - 1;
    let next = sorted.length - 1;
    let place = own + sorted.length;
    this.reserve(place + 1);
    for (const { productId } of sorted) productIds.push(productId);
    const { values } = this;
    for (; next >= 0; place--) {
      const step = sorted[next]!;
      if (own >= 0 && this.isAfter(own, step)) {
        productIds[place] = productIds[own]!;
        values.copyWithin(place * WIDTH, own * WIDTH, (own + 1) * WIDTH);
        own--;
      } else {
        this.put(place, step);
        next--;
      }
    }
  }

  /** Forgets the first ones, as many as are more than `max`. */
  keepLast(max: number): void {
    const gone = this.length - max;
    if (gone <= 0) return;
    this.productIds.splice(0, gone);
    this.values.copyWithin(0, gone * WIDTH, (gone + max) * WIDTH);
    if (this.values.length > ROOM_MAX * WIDTH) this.values = resized(this.values, ROOM_MAX * WIDTH);
  }

  list(): Step[] {
    return this.productIds.map((productId, index) => ({
      at: this.at(index),
      tie: this.values[index * WIDTH + TIE]!,
      productId,
      viewed: this.viewed(index),
    }));
  }

  write(writer: ByteWriter): void {
    writer.varint(this.length);
    for (let index = 0; index < this.length; index++) {
      writer.varint(this.at(index));
      writer.u32(this.values[index * WIDTH + TIE]!);
      writer.u8(this.viewed(index) ? 1 : 0);
      writer.text(this.productId(index));
    }
  }

  read(reader: ByteReader): void {
    const length = reader.varint();
    this.reserve(length);
    for (let index = 0; index < length; index++) {
      const at = reader.varint();
      const tie = reader.u32();
      const viewed = reader.u8() === 1;
      this.put(index, { at, tie, viewed, productId: reader.text() });
    }
  }

  private put(index: number, { at, tie, viewed, productId }: Step): void {
    const start = index * WIDTH;
    this.productIds[index] = productId;
    this.values[start + AT] = at;
    this.values[start + TIE] = tie;
    this.values[start + VIEWED] = viewed ? 1 : 0;
    this.values[start + HASH] = hash32(productId);
  }

  private isAfter(index: number, step: Step): boolean {
    const start = index * WIDTH;
    const at = this.values[start + AT]!;
    if (at !== step.at) return at > step.at;
    const tie = this.values[start + TIE]!;
    return tie === step.tie ? this.productIds[index]! > step.productId : tie > step.tie;
  }

  private reserve(length: number): void {
    const room = this.values.length / WIDTH;
    if (length > room) this.values = resized(this.values, Math.max(length, room * 2, 8) * WIDTH);
  }
}

function byTime(a: Step, b: Step): number {
  return a.at - b.at || a.tie - b.tie || (a.productId < b.productId ? -1 : a.productId > b.productId ? 1 : 0);
}
