import { REQUEST_BYTES_MAX } from "../domain/limits.ts";
import { type Item, ItemScanner, problemOf } from "./item-scanner.ts";
import { type ColumnPaths, parseColumns } from "./number-columns.ts";
import { Problem } from "./problem.ts";

const GZIP_MAGIC = [0x1f, 0x8b] as const;
const decoder = new TextDecoder();

/** A body as text, and how long it was. */
export interface TextBody {
  readonly text: string;
  readonly bytes: number;
}

/** The body as text, however it came. @throws Problem as `readWhole`. */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  return (await readTextBody(request, bytesMax)).text;
}

/** The same, with its length once unpacked. @throws Problem as `readWhole`. */
export async function readTextBody(request: Request, bytesMax: number): Promise<TextBody> {
  const whole = await readWhole(request, bytesMax);
  return { text: decoder.decode(whole), bytes: whole.length };
}

/** @throws Problem 400 when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(error);
  }
}

/** The body as JSON. @throws Problem 400, 413 or 415. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  return parseJson(await readText(request, bytesMax));
}

/** The body as JSON, its long lists of numbers as columns: see `parseColumns`. @throws Problem 400, 413 or 415. */
export async function readColumns(request: Request, bytesMax: number, paths: ColumnPaths): Promise<unknown> {
  const bytes = await readWhole(request, bytesMax);
  try {
    return parseColumns(bytes, paths);
  } catch (error) {
    throw notJson(error);
  }
}

/**
 * Items of a list as they come: a JSON array, NDJSON, a Segment batch (`{"batch": [...]}`) or one object, told apart by
 * how the body begins. Of arrays and NDJSON never more than an item is held.
 *
 * @throws Problem 400, 413 or 415, also after the first items.
 */
export async function* readItems(request: Request, bytesMax: number): AsyncGenerator<Item> {
  lengthOf(request, bytesMax);
  const scanner = new ItemScanner();
  for await (const bytes of readBytes(request, bytesMax)) yield* scanner.push(bytes);
  try {
    yield* scanner.end();
  } catch (error) {
    throw notJson(error);
  }
}

/**
 * All of the body: gzip is known by its first bytes, whatever the headers say, and unpacked no further than the bound.
 *
 * @param bytesMax of the body before and after inflation.
 * @throws Problem 413, 415, or 400 for gzip that breaks off.
 */
async function readWhole(request: Request, bytesMax: number): Promise<Uint8Array> {
  const first = await readShort(request, lengthOf(request, bytesMax));
  if (first !== undefined && !isGzip(first)) {
    checkEncoding(request);
    return first;
  }
  const chunks: Uint8Array[] = [];
  for await (const bytes of readBytes(request, bytesMax, first)) chunks.push(bytes);
  return chunks.length === 1 ? chunks[0]! : joined(chunks);
}

/** A body of known, moderate length by one call, the usual case; else undefined, and nothing is read. */
async function readShort(request: Request, length: number | undefined): Promise<Uint8Array | undefined> {
  if (length === undefined || length > REQUEST_BYTES_MAX) return undefined;
  try {
    return await request.bytes();
  } catch {
    throw damaged();
  }
}

/** The body's bytes as they come, unpacked. @param whole All of it where it is read already. */
async function* readBytes(
  request: Request,
  bytesMax: number,
  whole?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  if (whole === undefined && request.body === null) return;
  const raw = whole === undefined ? bounded(request.body!, bytesMax) : only(whole);
  const head: Uint8Array[] = [];
  for (let held = 0; held < GZIP_MAGIC.length; ) {
    const next = await raw.next();
    if (next.done) break;
    head.push(next.value);
    held += next.value.length;
  }
  const first = head.length === 1 ? head[0]! : joined(head);
  if (isGzip(first)) {
    const packed = streamOf(first, raw);
    yield* bounded(packed.pipeThrough(new DecompressionStream("gzip")), bytesMax);
    return;
  }
  checkEncoding(request);
  yield first;
  yield* raw;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === GZIP_MAGIC[0] && bytes[1] === GZIP_MAGIC[1];
}

/** The body's length where it is told: one that is too large need not be read. @throws Problem 413 */
function lengthOf(request: Request, bytesMax: number): number | undefined {
  const told = request.headers.get("content-length");
  if (told === null) return undefined;
  const length = Number(told);
  if (length > bytesMax) throw tooLarge(bytesMax);
  return length;
}

/** Of a body that is not gzip. @throws Problem 415 */
function checkEncoding(request: Request): void {
  const encoding = request.headers.get("content-encoding");
  if (encoding === null || /^(identity|gzip)?$/i.test(encoding.trim())) return;
  throw new Problem(
    "unsupported_encoding",
    `content-encoding ${encoding} is not understood; send gzip or none.`,
  );
}

function streamOf(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(first);
    },
    async pull(controller) {
      const next = await rest.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

async function* bounded(stream: ReadableStream<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof Problem ? error : damaged();
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function notJson(error: unknown): Problem {
  const detail = problemOf(error);
  return new Problem("invalid_json", `The body is not JSON: ${detail}.`, { errors: [{ path: "", detail }] });
}

function damaged(): Problem {
  return new Problem(
    "invalid_request",
    "The body could not be read whole: it breaks off, or its gzip is damaged.",
  );
}

function tooLarge(bytesMax: number): Problem {
  return new Problem("too_large", `The body is larger than ${bytesMax} bytes.`);
}
