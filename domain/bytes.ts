// Compact, growing byte strings: what pages, packets and journals are written with.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const EXACT_INTEGER_MAX = Number.MAX_SAFE_INTEGER;

/** Of a character, as JavaScript counts them, in UTF-8. */
export const CHARACTER_BYTES_MAX = 3;

/** Writes varints, floats and texts one after another. Little-endian. */
export class ByteWriter {
  private buffer: Uint8Array;
  private view: DataView;
  private end = 0;

  constructor(capacity = 1024) {
    this.buffer = new Uint8Array(capacity);
    this.view = new DataView(this.buffer.buffer);
  }

  get length(): number {
    return this.end;
  }

  private reserve(bytes: number): void {
    if (this.end + bytes <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.end + bytes));
    grown.set(this.buffer.subarray(0, this.end));
    this.buffer = grown;
    this.view = new DataView(grown.buffer);
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.end++] = value;
  }

  /** Unsigned, up to 2^53 - 1: 7 bits a byte. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.end++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.end++] = rest;
  }

  /** Signed, by zigzag. */
  signed(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.end, value, true);
    this.end += 4;
  }

  f32(value: number): void {
    this.reserve(4);
    this.view.setFloat32(this.end, value, true);
    this.end += 4;
  }

  f64(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.end, value, true);
    this.end += 8;
  }

  /** UTF-8 after its length in bytes; a lone surrogate becomes U+FFFD. */
  text(value: string): void {
    const units = value.length;
    this.reserve(units * CHARACTER_BYTES_MAX + 5);
    // Short ASCII, the usual case, without a call into the encoder.
    if (units < 0x80) {
      let i = 0;
      for (; i < units; i++) {
        const unit = value.charCodeAt(i);
        if (unit >= 0x80) break;
        this.buffer[this.end + 1 + i] = unit;
      }
      if (i === units) {
        this.buffer[this.end] = units;
        this.end += units + 1;
        return;
      }
    }
    const bytes = encoder.encode(value);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** A byte string after its length. */
  blob(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** A copy of what was written. */
  bytes(): Uint8Array {
    return this.written().slice();
  }

  /** What was written, until more is. */
  written(): Uint8Array {
    return this.buffer.subarray(0, this.end);
  }

  /** Begins again in the same memory. */
  clear(): void {
    this.end = 0;
  }
}

/** What the shared writer keeps between two uses. */
const SHARED_BYTES_MAX = 1024 * 1024;
let shared: ByteWriter | undefined;

/** What `write` writes, to be kept. */
export function bytesOf(write: (writer: ByteWriter) => void): Uint8Array {
  return lendBytes(write, (bytes) => bytes.slice());
}

/**
 * Lends what `write` writes to `use`, which must not keep it. All callers use one buffer in turn: pages are written at
 * every batch, and a buffer of their size made and cleared each time cost more than writing them.
 */
export function lendBytes<T>(write: (writer: ByteWriter) => void, use: (bytes: Uint8Array) => T): T {
  const writer = shared ?? new ByteWriter(16 * 1024);
  // Whoever is called meanwhile finds none and makes one.
  shared = undefined;
  writer.clear();
  write(writer);
  const result = use(writer.written());
  if (writer.length <= SHARED_BYTES_MAX) shared = writer;
  return result;
}

const SHORT_TEXT_BYTES = 32;
/** Texts read lately, by their hash: a power of two. */
const TEXTS_KEPT = 2048;
const texts: string[] = new Array<string>(TEXTS_KEPT).fill("");
const units: number[] = [];

/**
 * The text of UTF-8 bytes. Short ASCII, the usual case, needs no call into the decoder, and one that was read lately is
 * the same string again: names and ids come over and over, and each new string was most of what reading allocated.
 */
export function textOf(bytes: Uint8Array, from: number, length: number): string {
  if (length >= SHORT_TEXT_BYTES) return decoder.decode(bytes.subarray(from, from + length));
  let hash = length;
  units.length = length;
  for (let i = 0; i < length; i++) {
    const byte = bytes[from + i]!;
    if (byte >= 0x80) return decoder.decode(bytes.subarray(from, from + length));
    units[i] = byte;
    // FNV-1a.
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  const place = (hash ^ (hash >>> 15)) & (TEXTS_KEPT - 1);
  const known = texts[place]!;
  if (known.length === length && isText(known, bytes, from)) return known;
  const text = String.fromCharCode.apply(null, units);
  texts[place] = text;
  return text;
}

function isText(text: string, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

/** Reads what ByteWriter wrote, in the same order. Throws RangeError past the end. */
export class ByteReader {
  private readonly buffer: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array | ArrayBuffer) {
    this.buffer = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
    this.view = new DataView(this.buffer.buffer, this.buffer.byteOffset, this.buffer.byteLength);
  }

  get done(): boolean {
    return this.at >= this.buffer.length;
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.buffer.length) throw new RangeError("the bytes end too early");
  }

  u8(): number {
    this.need(1);
    return this.buffer[this.at++]!;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
      if (scale > EXACT_INTEGER_MAX) throw new RangeError("a varint is too long");
    }
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  u32(): number {
    this.need(4);
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  f32(): number {
    this.need(4);
    this.at += 4;
    return this.view.getFloat32(this.at - 4, true);
  }

  f64(): number {
    this.need(8);
    this.at += 8;
    return this.view.getFloat64(this.at - 8, true);
  }

  text(): string {
    const length = this.varint();
    this.need(length);
    this.at += length;
    return textOf(this.buffer, this.at - length, length);
  }

  /** A view, not a copy. */
  raw(length: number): Uint8Array {
    this.need(length);
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  blob(): Uint8Array {
    return this.raw(this.varint());
  }

  /** All that is left: a view. */
  rest(): Uint8Array {
    return this.raw(this.buffer.length - this.at);
  }

  /** Passes over a text or a byte string. */
  skip(): void {
    const length = this.varint();
    this.need(length);
    this.at += length;
  }
}
