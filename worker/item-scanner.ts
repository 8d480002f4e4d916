// Items of a list as its bytes come: a JSON array, NDJSON, or a document to be read whole, told apart by how it begins.

/** One item of a list, or why its text is not one. */
export type Item =
  | {
      readonly value: unknown;
      /** Characters of its JSON where it stood by itself. */
      readonly length?: number;
    }
  | { readonly problem: string; readonly text: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);
const ARRAY = 0x5b;
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Splits a list into its items. Holds no more of an array or of NDJSON than the item that is not complete yet; one
 * that is broken spoils no other. A document (`{"batch": [...]}`, one object over many lines) is held to its end.
 */
export class ItemScanner {
  private mode: "start" | "array" | "lines" | "document" | "end" = "start";
  /** Bytes of what is not complete yet. */
  private held: Uint8Array[] = [];
  /** A first line that is whole: NDJSON if there is a second one, else the document. */
  private firstLine: { readonly value: unknown } | undefined;
  private depth = 0;
  private inText = false;
  private escaped = false;
  private arrayItems = 0;

  /** Items that are complete with these bytes. The bytes are kept: they must not change. */
  *push(bytes: Uint8Array): Generator<Item> {
    let rest: Uint8Array | undefined = bytes;
    while (rest !== undefined && rest.length > 0) {
      if (this.mode === "array") rest = yield* this.takeArray(rest);
      else if (this.mode === "document") rest = this.hold(rest);
      else if (this.mode === "end") rest = yield* this.takeTail(rest);
      else rest = yield* this.takeLine(rest);
    }
  }

  /** What is left when the bytes end. @throws SyntaxError or RangeError of JSON.parse for a document that is none. */
  *end(): Generator<Item> {
    const text = this.release();
    if (this.mode === "array") {
      // An object that is whole has come whole.
      const last = parsed(text.trim());
      const isWhole = "value" in last && typeof last.value === "object";
      if (isWhole) yield last;
      yield { problem: "the list breaks off", text: isWhole ? "" : text };
      return;
    }
    if (this.mode === "lines") {
      if (text.trim() !== "") yield parsed(text.trim());
      return;
    }
    if (this.firstLine !== undefined && text.trim() === "") {
      yield* documentItems(this.firstLine.value);
      return;
    }
    if (this.firstLine !== undefined) {
      yield this.firstLine;
      yield parsed(text.trim());
      return;
    }
    if (text.trim() !== "") yield* wholeItems(text);
  }

  private *takeLine(bytes: Uint8Array): Generator<Item, Uint8Array | undefined> {
    if (this.mode === "start" && this.held.length === 0 && this.firstLine === undefined) {
      const begin = beginOf(bytes);
      if (begin === bytes.length) return undefined;
      if (bytes[begin] === ARRAY) {
        this.mode = "array";
        return bytes.subarray(begin + 1);
      }
    }
    const newline = bytes.indexOf(NEWLINE);
    if (newline < 0) return this.hold(bytes);
    this.held.push(bytes.subarray(0, newline));
    const line = this.release().trim();
    const rest = bytes.subarray(newline + 1);
    if (line === "") return rest;
    if (this.mode === "start" && this.firstLine === undefined) {
      const first = parsed(line);
      if ("value" in first) {
        this.firstLine = first;
        return rest;
      }
      this.mode = "document";
      this.held.push(new TextEncoder().encode(`${line}\n`));
      return rest;
    }
    if (this.firstLine !== undefined) yield this.firstLine;
    this.firstLine = undefined;
    this.mode = "lines";
    yield parsed(line);
    return rest;
  }

  private *takeArray(bytes: Uint8Array): Generator<Item, Uint8Array | undefined> {
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.inText) {
        if (this.escaped) this.escaped = false;
        else if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) this.inText = false;
      } else if (byte === QUOTE) {
        this.inText = true;
      } else if (OPEN.has(byte)) {
        this.depth++;
      } else if (CLOSE.has(byte) && this.depth > 0) {
        this.depth--;
      } else if (this.depth === 0 && (byte === COMMA || CLOSE.has(byte))) {
        this.held.push(bytes.subarray(from, at));
        from = at + 1;
        const text = this.release().trim();
        // An array without any item is empty; else each comma has one on either side.
        if (text !== "" || byte === COMMA || this.arrayItems > 0) yield parsed(text);
        this.arrayItems++;
        if (byte !== COMMA) {
          this.mode = "end";
          return bytes.subarray(from);
        }
      }
    }
    return this.hold(bytes.subarray(from));
  }

  private hold(bytes: Uint8Array): undefined {
    this.held.push(bytes);
  }

  /** Behind an array there is nothing. What is there is told once. */
  private *takeTail(bytes: Uint8Array): Generator<Item, undefined> {
    if (this.held.length > 0 || bytes.every((byte) => BLANK.has(byte))) return;
    const text = decoder.decode(bytes);
    this.held.push(bytes.subarray(0, 0));
    yield { problem: "it stands behind the end of the list", text };
  }

  /** What was held, as text. */
  private release(): string {
    const { held } = this;
    this.held = [];
    if (held.length === 1) return decoder.decode(held[0]!);
    const whole = new Uint8Array(held.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of held) {
      whole.set(part, at);
      at += part.length;
    }
    return decoder.decode(whole);
  }
}

const decoder = new TextDecoder();

function parsed(text: string): Item {
  try {
    return { value: JSON.parse(text), length: text.length };
  } catch (error) {
    return { problem: problemOf(error), text };
  }
}

/** Why JSON.parse failed, in words. */
export function problemOf(error: unknown): string {
  return error instanceof SyntaxError ? error.message : "it is nested too deeply";
}

function* wholeItems(text: string): Generator<Item> {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    // Lines of which the first is broken: one of the others is an object of its own.
    const lines = text.split("\n").map((line) => line.trim());
    if (!lines.slice(1).some((line) => line.startsWith("{") && "value" in parsed(line))) throw error;
    for (const line of lines) if (line !== "") yield parsed(line);
    return;
  }
  yield* documentItems(whole);
}

/** The items of a list or a batch, else the document as the only one. */
function* documentItems(value: unknown): Generator<Item> {
  const batch = typeof value === "object" && value !== null && "batch" in value ? value.batch : undefined;
  const list = Array.isArray(value) ? value : Array.isArray(batch) ? batch : [value];
  for (const item of list) yield { value: item };
}

function beginOf(bytes: Uint8Array): number {
  let at = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_MARK.length : 0;
  while (at < bytes.length && BLANK.has(bytes[at]!)) at++;
  return at;
}
