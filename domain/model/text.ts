import { textOf } from "../bytes.ts";
import { MODEL_TEXT_BYTES_MAX, PRODUCT_TEXT_BYTES_MAX } from "../limits.ts";
import type { PublishedProduct } from "../recommendation.ts";

/** Products of one published page of texts: less than 1.9 MB of them. */
export const TEXT_PAGE_PRODUCTS = 2_048;
const PAGE_VERSION = 1;
const HEADER_BYTES = 8;
const FIELDS = ["productId", "name", "url", "imageUrl"] as const;

const encoder = new TextEncoder();

/** Bytes each product may take, so that all together stay within MODEL_TEXT_BYTES_MAX. */
export function textShare(products: number): number {
  return Math.min(PRODUCT_TEXT_BYTES_MAX, Math.floor(MODEL_TEXT_BYTES_MAX / Math.max(1, products)));
}

/**
 * What a product says of itself: price (f64, NaN for none), then four texts, each after its length (u16). What does
 * not fit is left out, the image first, then the address; the name is cut. The id always stands.
 */
export function encodeText(product: PublishedProduct, bytesMax: number): Uint8Array {
  const texts: Uint8Array[] = FIELDS.map((field) => encoder.encode(product[field] ?? ""));
  const total = () => texts.reduce((sum, text) => sum + 2 + text.length, 8);
  for (const drop of [3, 2] as const) if (total() > bytesMax) texts[drop] = new Uint8Array(0);
  const spare = total() - bytesMax;
  if (spare > 0) texts[1] = cut(texts[1]!, Math.max(0, texts[1]!.length - spare));
  const bytes = new Uint8Array(total());
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, product.price ?? Number.NaN, true);
  let at = 8;
  for (const text of texts) {
    view.setUint16(at, text.length, true);
    bytes.set(text, at + 2);
    at += 2 + text.length;
  }
  return bytes;
}

/** At most `length` bytes, never within a character. */
function cut(text: Uint8Array, length: number): Uint8Array {
  let end = length;
  while (end > 0 && end < text.length && (text[end]! & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

/** Texts of TEXT_PAGE_PRODUCTS consecutive slots; an empty one where no product is. */
export class TextPage {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly slots: number;

  /** Throws on a version it does not know. */
  constructor(bytes: Uint8Array) {
    if (bytes[0] !== PAGE_VERSION) throw new Error(`text page of unknown version ${bytes[0]}`);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.slots = this.view.getUint32(4, true);
  }

  private start(row: number): number {
    return row < this.slots ? this.view.getUint32(HEADER_BYTES + row * 4, true) : this.bytes.length;
  }

  text(row: number): Uint8Array {
    return row < this.slots ? this.bytes.subarray(this.start(row), this.start(row + 1)) : new Uint8Array(0);
  }

  /** Empty where no product is. */
  productId(row: number): string {
    if (row >= this.slots) return "";
    const at = this.start(row);
    return at === this.start(row + 1) ? "" : textOf(this.bytes, at + 10, this.view.getUint16(at + 8, true));
  }

  /** Undefined where no product is. */
  product(row: number): Pick<PublishedProduct, (typeof FIELDS)[number] | "price"> | undefined {
    if (row >= this.slots) return undefined;
    let at = this.start(row);
    if (at === this.start(row + 1)) return undefined;
    const product: { [F in (typeof FIELDS)[number]]?: string } & { price?: number } = {};
    const price = this.view.getFloat64(at, true);
    if (!Number.isNaN(price)) product.price = price;
    at += 8;
    for (const field of FIELDS) {
      const length = this.view.getUint16(at, true);
      if (length > 0) product[field] = textOf(this.bytes, at + 2, length);
      at += 2 + length;
    }
    return { ...product, productId: product.productId ?? "" };
  }
}

/** A page of `slots` products with what `replacement` gives, and elsewhere what `before` holds. */
export function encodeTextPage(
  slots: number,
  before: TextPage | undefined,
  replacement: (row: number) => Uint8Array | undefined,
): Uint8Array {
  const texts = Array.from(
    { length: slots },
    (_, row) => replacement(row) ?? before?.text(row) ?? new Uint8Array(0),
  );
  const size = texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = new Uint8Array(HEADER_BYTES + slots * 4 + size);
  const view = new DataView(bytes.buffer);
  bytes[0] = PAGE_VERSION;
  view.setUint32(4, slots, true);
  let at = HEADER_BYTES + slots * 4;
  texts.forEach((text, row) => {
    view.setUint32(HEADER_BYTES + row * 4, at, true);
    bytes.set(text, at);
    at += text.length;
  });
  return bytes;
}
