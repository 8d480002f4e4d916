// JSON in which most is lists of numbers: those are read straight into columns, in half the time of JSON.parse.

import { isRecord } from "../domain/is-record.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const POINT = 0x2e;
const COLON = 0x3a;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const ZERO = 0x30;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const TAB = 0x09;
/** Characters of a number in a column: rounded to 32 bits, it is on the same side of 1, and of 1e9, as before. */
const NUMBER_CHARACTERS_MAX = 9;
/** Columns are cut from pieces of so many numbers. */
const PIECE = 64 * 1024;
/** A longer list is left to JSON.parse. */
const COLUMN_MAX = 4 * 1024;
const TENS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Where a document has number lists: `{ [list]: [{ [field]: [1, 2, 3] }] }`. */
export interface ColumnPaths {
  readonly list: string;
  /** As JSON writes them. */
  readonly fields: readonly string[];
}

/**
 * As JSON.parse, but that number lists where they are told to be may come as a Float32Array: those that are long, and
 * hold nothing but numbers of up to nine characters without sign and exponent, as such lists mostly do.
 *
 * @throws SyntaxError of JSON.parse over the whole text.
 */
export function parseColumns(bytes: Uint8Array, paths: ColumnPaths): unknown {
  // Whoever wrote the document did not know the mark: none of its own texts begins so.
  const mark = crypto.randomUUID();
  const { columns, rest } = new ColumnScanner(bytes, paths.fields, mark).scan();
  const document = columns.length > 0 ? filled(rest, columns, mark, paths) : undefined;
  // An error is told by where it is in the whole text.
  return document ?? JSON.parse(decoder.decode(bytes));
}

/** The document with its columns in their places; undefined where one has another place, or where it is not JSON. */
function filled(
  rest: Uint8Array,
  columns: readonly Float32Array[],
  mark: string,
  { list, fields }: ColumnPaths,
): unknown {
  const document = parsed(rest);
  const items = isRecord(document) ? document[list] : undefined;
  if (!Array.isArray(items)) return undefined;
  let placed = 0;
  for (const item of items) {
    if (!isRecord(item)) continue;
    for (const field of fields) {
      const value = item[field];
      if (typeof value !== "string" || !value.startsWith(mark)) continue;
      item[field] = columns[Number(value.slice(mark.length))];
      placed++;
    }
  }
  return placed === columns.length ? document : undefined;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

/** One pass over a document's bytes: they are copied, but for the lists that become columns. */
class ColumnScanner {
  private readonly bytes: Uint8Array;
  private readonly fields: readonly Uint8Array[];
  private readonly mark: Uint8Array;
  private readonly rest: Uint8Array;
  private readonly columns: Float32Array[] = [];
  private piece = new Float32Array(0);
  private used = 0;
  /** Of the list read last: the byte behind it. */
  private end = 0;

  constructor(bytes: Uint8Array, fields: readonly string[], mark: string) {
    this.bytes = bytes;
    this.fields = fields.map((field) => encoder.encode(field));
    this.mark = encoder.encode(mark);
    this.rest = new Uint8Array(bytes.length);
  }

  scan(): { columns: readonly Float32Array[]; rest: Uint8Array } {
    const { bytes, rest, columns } = this;
    let to = 0;
    // Of the text read last: where it is, and whether only its colon came since.
    let [begin, end] = [0, 0];
    let isNamed = false;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === OPEN && isNamed && this.isField(begin, end)) {
        const column = this.columnAt(at);
        if (column !== undefined) {
          to = this.putName(to, columns.push(column) - 1);
          at = this.end - 1;
          isNamed = false;
          continue;
        }
      }
      rest[to++] = byte;
      if (byte === QUOTE) {
        begin = at + 1;
        for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) {
          rest[to++] = bytes[at]!;
          if (bytes[at] === BACKSLASH && at + 1 < bytes.length) rest[to++] = bytes[++at]!;
        }
        end = at;
        if (at < bytes.length) rest[to++] = QUOTE;
        isNamed = false;
      } else if (byte === COLON) {
        isNamed = true;
      } else if (!isBlank(byte)) {
        isNamed = false;
      }
    }
    return { columns, rest: rest.subarray(0, to) };
  }

  private isField(begin: number, end: number): boolean {
    return this.fields.some(
      (field) => field.length === end - begin && field.every((byte, i) => byte === this.bytes[begin + i]),
    );
  }

  /** The list that begins here; undefined where it has anything but plain numbers, or is shorter than a name. */
  private columnAt(begin: number): Float32Array | undefined {
    const { bytes } = this;
    if (this.used + COLUMN_MAX > this.piece.length) {
      this.piece = new Float32Array(PIECE);
      this.used = 0;
    }
    const { piece, used } = this;
    let to = used;
    for (let at = begin + 1; ; at++) {
      let value = bytes[at]! ^ ZERO;
      while (value > 9) {
        if (!isBlank(bytes[at]!)) return undefined;
        value = bytes[++at]! ^ ZERO;
      }
      const first = at++;
      let byte = bytes[at]!;
      if (byte !== COMMA) {
        let digit = byte ^ ZERO;
        // No digit follows a leading zero.
        if (value > 0) {
          for (; digit <= 9; digit = bytes[++at]! ^ ZERO) value = value * 10 + digit;
        }
        if (bytes[at] === POINT) {
          const point = at++;
          for (digit = bytes[at]! ^ ZERO; digit <= 9; digit = bytes[++at]! ^ ZERO) value = value * 10 + digit;
          if (at === point + 1) return undefined;
          value /= TENS[at - point - 1]!;
        }
        if (at - first > NUMBER_CHARACTERS_MAX) return undefined;
        while (isBlank(bytes[at]!)) at++;
        byte = bytes[at]!;
      }
      if (to === used + COLUMN_MAX) return undefined;
      piece[to++] = value;
      if (byte === COMMA) continue;
      if (byte !== CLOSE) return undefined;
      this.end = at + 1;
      if (this.end - begin < this.mark.length + NAME_BYTES) return undefined;
      this.used = to;
      return piece.subarray(used, to);
    }
  }

  private putName(to: number, column: number): number {
    const { rest, mark } = this;
    rest[to++] = QUOTE;
    rest.set(mark, to);
    to += mark.length;
    for (const digit of String(column)) rest[to++] = digit.charCodeAt(0);
    rest[to++] = QUOTE;
    return to;
  }
}

/** Of a column's name beside its mark: quotes, and its number's digits. */
const NAME_BYTES = 2 + 8;

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}
