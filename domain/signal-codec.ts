import { ByteReader, type ByteWriter, bytesOf } from "./bytes.ts";
import {
  COUNT_KINDS,
  type CountSignal,
  LINK_KINDS,
  type LinkSignal,
  type ProductFact,
  type Signals,
  type SignalTaker,
} from "./signal.ts";

const VERSION = 2;
/** Kinds of links that there were in version 1. */
const LINK_KINDS_1 = 2;
const TEXT_FIELDS = ["sku", "name", "category", "brand", "currency", "imageUrl", "url"] as const;
const SKU_BIT = 1 << TEXT_FIELDS.indexOf("sku");
const PRICE_BIT = 1 << TEXT_FIELDS.length;

/**
 * Signals as bytes: products, then facts, counts and links that name them by index. Times are whole milliseconds
 * since the earliest of the packet, weights f64 so that corrections cancel exactly.
 */
export function encodeSignals(signals: Signals): Uint8Array {
  return bytesOf((writer) => writeSignals(writer, signals));
}

function writeSignals(writer: ByteWriter, { products, facts, counts, links }: Signals): void {
  let base = Number.POSITIVE_INFINITY;
  for (const { at } of facts) base = Math.min(base, at);
  for (const { at } of counts) base = Math.min(base, at);
  for (const { at } of links) base = Math.min(base, at);
  if (base === Number.POSITIVE_INFINITY) base = 0;
  writer.u8(VERSION);
  writer.signed(base);
  writer.varint(products.length);
  for (const product of products) writer.text(product);
  writer.varint(facts.length);
  for (const fact of facts) writeFact(writer, fact, base);
  writer.varint(counts.length);
  for (const count of counts) {
    writer.varint(count.product * COUNT_KINDS.length + COUNT_KINDS.indexOf(count.kind));
    writer.varint(count.at - base);
    writeAmount(writer, count.amount);
  }
  writer.varint(links.length);
  for (const link of links) {
    writer.varint(link.from * LINK_KINDS.length + LINK_KINDS.indexOf(link.kind));
    writer.varint(link.to);
    writer.varint(link.at - base);
    writeAmount(writer, link.weight);
  }
}

/** Throws RangeError on bytes that encodeSignals did not write. */
export function decodeSignals(bytes: Uint8Array): Signals {
  const products: string[] = [];
  const facts: ProductFact[] = [];
  const counts: CountSignal[] = [];
  const links: LinkSignal[] = [];
  readSignals(bytes, {
    product: (productId) => void products.push(productId),
    fact: (fact) => void facts.push(fact),
    count: (product, kind, at, amount) => void counts.push({ product, kind, at, amount }),
    link: (from, to, kind, at, weight) => void links.push({ from, to, kind, at, weight }),
  });
  return { products, facts, counts, links };
}

/**
 * The same told to a taker, without an object for each: a delta holds ten thousand.
 *
 * @throws RangeError on bytes that encodeSignals did not write; the taker may have heard the first of them.
 */
export function readSignals(bytes: Uint8Array, taker: SignalTaker): void {
  const reader = new ByteReader(bytes);
  const version = readVersion(reader);
  const base = reader.signed();
  for (let n = reader.varint(); n > 0; n--) taker.product(reader.text());
  for (let n = reader.varint(); n > 0; n--) taker.fact(readFact(reader, base));
  readCountSignals(reader, base, taker);
  const linkKinds = version === 1 ? LINK_KINDS_1 : LINK_KINDS.length;
  for (let n = reader.varint(); n > 0; n--) {
    const key = reader.varint();
    const to = reader.varint();
    const at = base + reader.varint();
    taker.link(Math.floor(key / linkKinds), to, LINK_KINDS[key % linkKinds]!, at, readAmount(reader));
  }
}

/** Takes counts, and as what SKUs their products were met. */
export interface CountTaker extends Pick<SignalTaker, "product" | "count"> {
  sku(productId: string, sku: string): void;
}

/** Of the same no more than counts. @throws RangeError on bytes that encodeSignals did not write. */
export function readCounts(bytes: Uint8Array, taker: CountTaker): void {
  const reader = new ByteReader(bytes);
  readVersion(reader);
  const base = reader.signed();
  for (let n = reader.varint(); n > 0; n--) taker.product(reader.text());
  for (let n = reader.varint(); n > 0; n--) readSku(reader, taker);
  readCountSignals(reader, base, taker);
}

function readVersion(reader: ByteReader): number {
  const version = reader.u8();
  if (version !== VERSION && version !== 1) throw new RangeError(`signals of unknown version ${version}`);
  return version;
}

function readCountSignals(reader: ByteReader, base: number, taker: Pick<SignalTaker, "count">): void {
  for (let n = reader.varint(); n > 0; n--) {
    const key = reader.varint();
    const kind = COUNT_KINDS[key % COUNT_KINDS.length]!;
    const at = base + reader.varint();
    taker.count(Math.floor(key / COUNT_KINDS.length), kind, at, readAmount(reader));
  }
}

function writeFact(writer: ByteWriter, fact: ProductFact, base: number): void {
  let given = fact.price === undefined ? 0 : PRICE_BIT;
  TEXT_FIELDS.forEach((field, i) => {
    if (fact[field] !== undefined) given |= 1 << i;
  });
  writer.varint(given);
  writer.text(fact.productId);
  writer.varint(fact.at - base);
  for (const field of TEXT_FIELDS) {
    const text = fact[field];
    if (text !== undefined) writer.text(text);
  }
  if (fact.price !== undefined) writer.f64(fact.price);
}

function readFact(reader: ByteReader, base: number): ProductFact {
  const given = reader.varint();
  const fact: { -readonly [K in keyof ProductFact]: ProductFact[K] } = {
    productId: reader.text(),
    at: base + reader.varint(),
  };
  TEXT_FIELDS.forEach((field, i) => {
    if (given & (1 << i)) fact[field] = reader.text();
  });
  if (given & PRICE_BIT) fact.price = reader.f64();
  return fact;
}

/** A fact of which nothing but the SKU is wanted. */
function readSku(reader: ByteReader, taker: CountTaker): void {
  const given = reader.varint();
  if (given & SKU_BIT) {
    const productId = reader.text();
    reader.varint();
    taker.sku(productId, reader.text());
  } else {
    reader.skip();
    reader.varint();
  }
  for (let i = 1; i < TEXT_FIELDS.length; i++) if (given & (1 << i)) reader.skip();
  if (given & PRICE_BIT) reader.f64();
}

/** Small whole numbers in one byte, all else as f64 behind a zero. */
function writeAmount(writer: ByteWriter, amount: number): void {
  if (Number.isInteger(amount) && amount > 0 && amount < 1e9) {
    writer.varint(amount);
  } else {
    writer.u8(0);
    writer.f64(amount);
  }
}

function readAmount(reader: ByteReader): number {
  const whole = reader.varint();
  return whole === 0 ? reader.f64() : whole;
}
