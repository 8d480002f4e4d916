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
  if (Number(request.headers.get("content-length")) > bytesMax) throw tooLarge(bytesMax);
  if (request.body === null) return "";
  const raw = await gather(request.body, bytesMax);
  if (raw[0] !== GZIP_MAGIC[0] || raw[1] !== GZIP_MAGIC[1]) {
    const encoding = request.headers.get("content-encoding");
    if (encoding !== null && !/^(identity|gzip)?$/i.test(encoding.trim())) {
      throw new Problem(
        "unsupported_encoding",
        `content-encoding ${encoding} is not understood; send gzip or none.`,
      );
    }
    return decoder.decode(raw);
  }
  const inflated = new Response(raw).body!.pipeThrough(new DecompressionStream("gzip"));
  return decoder.decode(await gather(inflated, bytesMax));
}

/** @throws Problem 400 when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = error instanceof SyntaxError ? error.message : "it is nested too deeply";
    throw new Problem("invalid_json", `The body is not JSON: ${detail}.`, { errors: [{ path: "", detail }] });
  }
}

/** The body as JSON. @throws Problem 400, 413 or 415. */
export async function readJson(request: Request, bytesMax: number): Promise<unknown> {
  return parseJson(await readText(request, bytesMax));
}

/** One item of a list, or why its line is not one. */
export type Item = { readonly value: unknown } | { readonly problem: string };

/**
 * Items of a list: a JSON array, a Segment batch (`{"batch": [...]}`), one object, or NDJSON, told apart by how the
 * text begins. Lines of NDJSON are parsed as they are asked for.
 */
export function* itemsOf(text: string): Generator<Item> {
  const begin = text.search(/\S/);
  if (begin < 0) return;
  if (text[begin] === "[" || !hasSecondValue(text, begin)) {
    const whole = parseJson(text);
    const list = Array.isArray(whole) ? whole : batchOf(whole);
    for (const value of list) yield { value };
    return;
  }
  let from = begin;
  while (from < text.length) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(from, end).trim();
    from = end + 1;
    if (line === "") continue;
    try {
      yield { value: JSON.parse(line) };
    } catch (error) {
      yield { problem: error instanceof SyntaxError ? error.message : "it is nested too deeply" };
    }
  }
}

/** Whether the first line alone is a whole value with something behind it: NDJSON rather than JSON over lines. */
function hasSecondValue(text: string, begin: number): boolean {
  const newline = text.indexOf("\n", begin);
  if (newline < 0 || text.slice(newline).trim() === "") return false;
  try {
    JSON.parse(text.slice(begin, newline));
    return true;
  } catch {
    return !/^\s*[{[]\s*$/.test(text.slice(begin, newline)) && /^\s*\{.*\}\s*$/m.test(text.slice(newline));
  }
}

function batchOf(value: unknown): readonly unknown[] {
  if (typeof value === "object" && value !== null && "batch" in value && Array.isArray(value.batch)) {
    return value.batch;
  }
  return [value];
}

async function gather(stream: ReadableStream<Uint8Array>, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > bytesMax) throw tooLarge(bytesMax);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(
      "invalid_request",
      "The body could not be read whole: it breaks off, or its gzip is damaged.",
    );
  }
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function tooLarge(bytesMax: number): Problem {
  return new Problem("too_large", `The body is larger than ${bytesMax} bytes.`);
}
