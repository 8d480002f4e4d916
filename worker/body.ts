import { REQUEST_BYTES_MAX } from "../domain/limits.ts";
import { type Item, ItemScanner, problemOf } from "./item-scanner.ts";
import { Problem } from "./problem.ts";

const GZIP_MAGIC = [0x1f, 0x8b] as const;
const decoder = new TextDecoder();

/**
 * The body as text, however it came: gzip is known by its first bytes, whatever the headers say, and unpacked no
 * further than the bound.
 *
 * @param bytesMax of the body before and after inflation.
 * @throws Problem 413, or 400 for gzip that breaks off.
 */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const bytes of readBytes(request, bytesMax)) chunks.push(bytes);
  return decoder.decode(chunks.length === 1 ? chunks[0] : joined(chunks));
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

/**
 * Items of a list as they come: a JSON array, NDJSON, a Segment batch (`{"batch": [...]}`) or one object, told apart by
 * how the body begins. Of arrays and NDJSON never more than an item is held.
 *
 * @throws Problem 400, 413 or 415, also after the first items.
 */
export async function* readItems(request: Request, bytesMax: number): AsyncGenerator<Item> {
  const scanner = new ItemScanner();
  for await (const bytes of readBytes(request, bytesMax)) yield* scanner.push(bytes);
  try {
    yield* scanner.end();
  } catch (error) {
    throw notJson(error);
  }
}

/** The body's bytes as they come, unpacked. */
async function* readBytes(request: Request, bytesMax: number): AsyncGenerator<Uint8Array> {
  const length = request.headers.get("content-length");
  if (Number(length) > bytesMax) throw tooLarge(bytesMax);
  if (request.body === null) return;
  // A small body of known length is read by one call, the usual case.
  const whole = length !== null && Number(length) <= REQUEST_BYTES_MAX;
  const raw = whole ? readWhole(request) : bounded(request.body, bytesMax);
  const head: Uint8Array[] = [];
  for (let held = 0; held < GZIP_MAGIC.length; ) {
    const next = await raw.next();
    if (next.done) break;
    head.push(next.value);
    held += next.value.length;
  }
  const first = head.length === 1 ? head[0]! : joined(head);
  if (first[0] === GZIP_MAGIC[0] && first[1] === GZIP_MAGIC[1]) {
    const packed = streamOf(first, raw);
    yield* bounded(packed.pipeThrough(new DecompressionStream("gzip")), bytesMax);
    return;
  }
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && !/^(identity|gzip)?$/i.test(encoding.trim())) {
    throw new Problem(
      "unsupported_encoding",
      `content-encoding ${encoding} is not understood; send gzip or none.`,
    );
  }
  yield first;
  yield* raw;
}

async function* readWhole(request: Request): AsyncGenerator<Uint8Array> {
  try {
    yield await request.bytes();
  } catch {
    throw damaged();
  }
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
