// The sample shop's file: invoices as columns of variable-length integers, then Brotli.
//
//   "SWOR", version 1, then varints: first minute, and eight columns, each its length in bytes and its bytes.
//
//   customers  per customer, in order of first invoice: id, as a difference (zigzag)
//   prices     per SKU of the catalogue: how many prices, then each, the most frequent first
//   numbers    per invoice: number, as a difference (zigzag), times 2, plus 1 for a refund
//   minutes    per invoice: minutes since the one before
//   buyers     per invoice: 0 for a guest, else index of the customer plus 1
//   counts     per invoice: how many lines
//   skus       per line: index into the catalogue, as a difference within the invoice
//   units      per line: quantity
//   offers     per line: index into the SKU's prices
//
// Whatever is not in that order of magnitude of size (names) is in the catalogue beside it, as text.
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import type { Invoice, Line } from "./rules.ts";

const MAGIC = "SWOR";
const VERSION = 1;
const COLUMNS = [
  "customers",
  "prices",
  "numbers",
  "minutes",
  "buyers",
  "counts",
  "skus",
  "units",
  "offers",
] as const;
type Column = (typeof COLUMNS)[number];

/** `skus` ascending, holding every SKU of the invoices; invoices in order of time. */
export function encodeInvoices(invoices: readonly Invoice[], skus: readonly string[]): Uint8Array {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, new Writer()])) as Record<Column, Writer>;
  const prices = pricesBySku(invoices);
  for (const sku of skus) {
    const known = prices.get(sku) ?? [];
    columns.prices.unsigned(known.length);
    for (const price of known) columns.prices.unsigned(price);
  }
  const skuIndex = new Map(skus.map((sku, index) => [sku, index]));
  const customers = new Map<string, number>();
  const firstMinute = invoices[0]?.minute ?? 0;
  let before = { number: 0, minute: firstMinute, customer: 0 };
  for (const invoice of invoices) {
    if (invoice.customer !== "" && !customers.has(invoice.customer)) {
      customers.set(invoice.customer, customers.size);
      columns.customers.signed(Number(invoice.customer) - before.customer);
      before = { ...before, customer: Number(invoice.customer) };
    }
    columns.numbers.unsigned(
      zigzag(invoice.number - before.number) * 2 + (invoice.kind === "refund" ? 1 : 0),
    );
    columns.minutes.unsigned(invoice.minute - before.minute);
    columns.buyers.unsigned(invoice.customer === "" ? 0 : customers.get(invoice.customer)! + 1);
    columns.counts.unsigned(invoice.lines.length);
    before = { ...before, number: invoice.number, minute: invoice.minute };
    let lastSku = 0;
    for (const line of invoice.lines) {
      const index = skuIndex.get(line.sku);
      if (index === undefined) throw new Error(`${line.sku} is not in the catalogue`);
      columns.skus.unsigned(index - lastSku);
      columns.units.unsigned(line.quantity);
      columns.offers.unsigned(prices.get(line.sku)!.indexOf(line.price));
      lastSku = index;
    }
  }
  const file = new Writer();
  file.bytes(new TextEncoder().encode(MAGIC));
  file.unsigned(VERSION);
  file.unsigned(firstMinute);
  for (const name of COLUMNS) {
    const bytes = columns[name].done();
    file.unsigned(bytes.length);
    file.bytes(bytes);
  }
  const plain = file.done();
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = {
    [BROTLI_PARAM_QUALITY]: 11,
    [BROTLI_PARAM_LGWIN]: 24,
    [BROTLI_PARAM_SIZE_HINT]: plain.length,
  };
  return brotliCompressSync(plain, { params });
}

/** @throws when the bytes are not such a file. */
export function decodeInvoices(compressed: Uint8Array, skus: readonly string[]): Invoice[] {
  const file = new Reader(brotliDecompressSync(compressed));
  if (new TextDecoder().decode(file.bytes(MAGIC.length)) !== MAGIC) throw new Error("not a sample file");
  const version = file.unsigned();
  if (version !== VERSION) throw new Error(`sample file of version ${version}; ${VERSION} is understood`);
  let minute = file.unsigned();
  const columns = Object.fromEntries(
    COLUMNS.map((name) => [name, new Reader(file.bytes(file.unsigned()))]),
  ) as Record<Column, Reader>;
  const prices = skus.map(() => repeat(columns.prices.unsigned(), () => columns.prices.unsigned()));
  const customers: string[] = [];
  let customer = 0;
  while (!columns.customers.ended) {
    customer += columns.customers.signed();
    customers.push(String(customer));
  }
  const invoices: Invoice[] = [];
  let number = 0;
  while (!columns.numbers.ended) {
    const coded = columns.numbers.unsigned();
    number += unzigzag(Math.floor(coded / 2));
    minute += columns.minutes.unsigned();
    const buyer = columns.buyers.unsigned();
    let sku = 0;
    const lines = repeat(columns.counts.unsigned(), (): Line => {
      sku += columns.skus.unsigned();
      const price = prices[sku]![columns.offers.unsigned()]!;
      return { sku: skus[sku]!, quantity: columns.units.unsigned(), price };
    });
    const kind = coded % 2 === 1 ? "refund" : "order";
    invoices.push({ number, kind, minute, customer: buyer === 0 ? "" : customers[buyer - 1]!, lines });
  }
  return invoices;
}

/** Prices of each SKU, the most frequent first. */
function pricesBySku(invoices: readonly Invoice[]): Map<string, number[]> {
  const frequencies = new Map<string, Map<number, number>>();
  for (const { lines } of invoices) {
    for (const { sku, price } of lines) {
      const ofSku = frequencies.get(sku) ?? new Map<number, number>();
      frequencies.set(sku, ofSku.set(price, (ofSku.get(price) ?? 0) + 1));
    }
  }
  return new Map(
    [...frequencies].map(([sku, ofSku]) => [
      sku,
      [...ofSku].sort(([a, m], [b, n]) => n - m || a - b).map(([price]) => price),
    ]),
  );
}

function repeat<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

class Writer {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} does not fit a column`);
    this.#reserve(8);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  signed(value: number): void {
    this.unsigned(zigzag(value));
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error("the sample file ends too soon");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  signed(): number {
    return unzigzag(this.unsigned());
  }

  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new Error("the sample file ends too soon");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
