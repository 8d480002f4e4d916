// Requests that look like good ones and are not quite.
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { damaged, rawText } from "./damage.ts";
import type { Described } from "./description.ts";

/** Stands in paths and bodies for the name that a request would store something under. */
export const MARK = "fuzz-mark";

export interface FuzzRequest {
  readonly operation: Described;
  readonly method: string;
  readonly path: string;
  readonly key: "secret" | "write" | "none" | "wrong" | "basic";
  readonly headers: Readonly<Record<string, string>>;
  /** With MARK in it; what is not text stands by its name in BINARIES. */
  readonly body?: { readonly text: string } | { readonly binary: string };
  readonly packing: keyof typeof PACKINGS;
}

const ZEROS_MB = 10;

/** Bodies that are no text. */
export const BINARIES: Readonly<Record<string, Uint8Array>> = {
  bomb: gzipSync(new Uint8Array(ZEROS_MB * 1024 * 1024)),
  "bomb in a bomb": gzipSync(gzipSync(new Uint8Array(ZEROS_MB * 1024 * 1024))),
  "gzip that breaks off": gzipSync('{"batch":[]}').subarray(0, 15),
  "gzip of nothing": gzipSync(""),
  "only gzip's first bytes": Uint8Array.of(0x1f, 0x8b),
  "gzip with a damaged sum": damagedSum(),
  "gzip with more behind it": Buffer.concat([gzipSync('{"batch":[]}'), Buffer.from("more")]),
  "bytes that are no UTF-8": Uint8Array.of(0x22, 0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x22),
  "UTF-16": Buffer.from('\ufeff{"batch":[]}', "utf16le"),
  nothing: new Uint8Array(),
};

const TEXTS = [
  "{",
  "null",
  "[]",
  "0",
  '"text"',
  "\ufeff{}",
  "{}\n{}\nnot json\n",
  "\n\n\n",
  '{"batch":[{"type":"track"',
  '{"batch":null}',
  '{"__proto__":{"batch":[]}}',
  "[".repeat(100_000),
  `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`,
  `{"batch":[${"1e999,".repeat(50)}1]}`,
  `{"batch":[${"{},".repeat(2_600)}{}]}`,
  `"${"x".repeat(1_100_000)}"`,
  `[${"0,".repeat(400_000)}0]`,
  "writeKey=x&batch=%5B%5D",
];

/** How a body is packed: what is sent, and what is said of it. */
const PACKINGS = {
  plain: (body: Uint8Array) => ({ body }),
  gzip: (body: Uint8Array) => ({ body: gzipSync(body), encoding: "gzip" }),
  "gzip, not said": (body: Uint8Array) => ({ body: gzipSync(body) }),
  "gzip, only said": (body: Uint8Array) => ({ body, encoding: "gzip" }),
  "gzip that breaks off": (body: Uint8Array) => ({
    body: gzipSync(body).subarray(0, -Math.min(9, body.length)),
    encoding: "gzip",
  }),
  "gzip twice": (body: Uint8Array) => ({ body: gzipSync(gzipSync(body)), encoding: "gzip" }),
  deflate: (body: Uint8Array) => ({ body: deflateSync(body), encoding: "deflate" }),
  "br, only said": (body: Uint8Array) => ({ body, encoding: "br" }),
} as const satisfies Record<string, (body: Uint8Array) => { body: Uint8Array; encoding?: string }>;

const SEGMENTS = [
  "%00",
  "%E0%A4%A",
  "%ED%A0%80",
  "%F0%9F%98%80",
  "..%2f..%2f..",
  "%2e%2e",
  ".",
  "a".repeat(300),
  "__proto__",
  "constructor",
  "%20",
  "u%3Ax",
  "%",
  "%0d%0ax:y",
  ";",
  "a,b",
  "-1",
];

const VALUES = [
  "",
  "-1",
  "0",
  "1e9",
  "99999999999999999999",
  "NaN",
  "%00",
  "%7B%7D",
  "%E0%A4%A",
  "%",
  ",,,",
  "a,".repeat(600),
  "x".repeat(5_000),
  "__proto__",
  "true",
  "%5B1,%22a%22%5D",
  "null",
  MARK,
];

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  "content-type": [
    "application/json",
    "text/plain",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "x",
    "",
  ],
  accept: ["application/x-ndjson", "*/*", "text/html", ",,,", "x".repeat(2_000)],
  "if-match": ["*", '"1"', "W/x", '""', "x".repeat(2_000)],
  "if-none-match": ["*", '"x"'],
  "idempotency-key": ["a", "x".repeat(300), " ", "é"],
  "x-retry-count": ["1", "-1", "x".repeat(1_000)],
  origin: ["https://other.test", "null", "x"],
  "user-agent": ["Googlebot/2.1", "x".repeat(4_000)],
  "cf-connecting-ip": ["::1", "x"],
  // Not "websocket": a handshake that is not one is refused by the runtime itself, below the Worker.
  upgrade: ["h2c"],
};

const headers = fc
  .array(
    fc
      .constantFrom(...Object.keys(HEADERS))
      .chain((name) => fc.constantFrom(...HEADERS[name]!).map((value) => [name, value] as const)),
    { maxLength: 3 },
  )
  .map((pairs) => Object.fromEntries(pairs));

const keys: fc.Arbitrary<FuzzRequest["key"]> = fc.oneof(
  { weight: 12, arbitrary: fc.constant("secret" as const) },
  { weight: 2, arbitrary: fc.constant("write" as const) },
  { weight: 2, arbitrary: fc.constantFrom("none" as const, "wrong" as const, "basic" as const) },
);

/** Any operation, somewhere between right and absurd. */
export function fuzzRequests(operations: readonly Described[]): fc.Arbitrary<FuzzRequest> {
  return fc.oneof(...operations.map(requestsOf));
}

function requestsOf(operation: Described): fc.Arbitrary<FuzzRequest> {
  const segment = fc.oneof(
    { weight: 3, arbitrary: fc.constant(MARK) },
    { weight: 1, arbitrary: fc.constantFrom(...SEGMENTS) },
  );
  const parts = [...operation.path.matchAll(/\{\w+\}/g)];
  const path = fc.tuple(...parts.map(() => segment)).map((segments) => {
    let at = 0;
    return operation.path.replaceAll(/\{\w+\}/g, () => segments[at++]!);
  });
  const name = fc.constantFrom(...operation.queryNames, "writeKey", "__proto__", "x");
  const query = fc
    .array(fc.tuple(name, fc.constantFrom(...VALUES)), {
      maxLength: operation.queryNames.length === 0 ? 1 : 4,
    })
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));
  const method = fc.oneof(
    { weight: 24, arbitrary: fc.constant(operation.method) },
    { weight: 1, arbitrary: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS") },
  );
  return fc
    .record({
      path,
      query,
      method,
      key: keys,
      headers,
      body: bodies(operation),
      packing: packings(operation),
    })
    .map(({ path, query, ...rest }) => {
      const { body, ...bare } = rest;
      const hasBody = body !== undefined && bare.method !== "GET" && bare.method !== "HEAD";
      return {
        operation,
        ...bare,
        path: query === "" ? path : `${path}?${query}`,
        ...(hasBody && { body }),
      };
    });
}

function packings({ example }: Described): fc.Arbitrary<FuzzRequest["packing"]> {
  if (example === undefined) return fc.constant("plain");
  const names = Object.keys(PACKINGS) as FuzzRequest["packing"][];
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<FuzzRequest["packing"]>("plain") },
    { weight: 1, arbitrary: fc.constantFrom(...names) },
  );
}

function bodies({ example }: Described): fc.Arbitrary<FuzzRequest["body"]> {
  if (example === undefined) {
    return fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(...TEXTS.slice(0, 8)).map((text) => ({ text })) },
    );
  }
  const marked = withMarks(example);
  return fc.oneof(
    { weight: 12, arbitrary: damaged(marked).map((value) => ({ text: rawText(value) })) },
    { weight: 2, arbitrary: fc.constant({ text: rawText(marked) }) },
    { weight: 2, arbitrary: cut(rawText(marked)) },
    { weight: 1, arbitrary: fc.constantFrom(...TEXTS).map((text) => ({ text })) },
    { weight: 1, arbitrary: fc.constantFrom(...Object.keys(BINARIES)).map((binary) => ({ binary })) },
  );
}

/** A text that breaks off, or has a character too many. */
function cut(text: string): fc.Arbitrary<{ text: string }> {
  return fc
    .tuple(fc.nat(text.length), fc.constantFrom("", "\u0000", "}", ",", "\\", '"', "\ud800", "\n"))
    .map(([at, more]) => ({
      text: more === "" ? text.slice(0, at) : text.slice(0, at) + more + text.slice(at),
    }));
}

/** The example with MARK for whatever names what it would store. */
function withMarks(example: unknown): unknown {
  return JSON.parse(
    JSON.stringify(example, (name, value: unknown) =>
      /^(\w*_id|sku|id|userId|anonymousId|messageId|previousId|orderId)$/.test(name) &&
      typeof value === "string"
        ? MARK
        : value,
    ),
  );
}

export interface Rendered {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
}

export interface FuzzKeys {
  readonly writeKey: string;
  readonly secretKey: string;
}

/** The request as it is sent, under a name of its own. */
export function rendered(request: FuzzRequest, mark: string, { writeKey, secretKey }: FuzzKeys): Rendered {
  const authorization = {
    secret: `Bearer ${secretKey}`,
    write: `Basic ${Buffer.from(`${writeKey}:`).toString("base64")}`,
    wrong: `Bearer ${secretKey.slice(1)}x`,
    basic: "Basic %%%",
    none: undefined,
  }[request.key];
  const plain =
    request.body === undefined
      ? undefined
      : "text" in request.body
        ? Buffer.from(request.body.text.replaceAll(MARK, mark))
        : BINARIES[request.body.binary]!;
  const packed: { body?: Uint8Array; encoding?: string } =
    plain === undefined ? {} : PACKINGS[request.packing](plain);
  return {
    method: request.method,
    path: request.path.replaceAll(MARK, mark),
    headers: {
      ...request.headers,
      ...(authorization !== undefined && { authorization }),
      ...(packed.encoding !== undefined && { "content-encoding": packed.encoding }),
    },
    ...(packed.body !== undefined && { body: packed.body }),
  };
}

function damagedSum(): Uint8Array {
  const bytes = gzipSync('{"batch":[]}');
  bytes[bytes.length - 5]! ^= 0xff;
  return bytes;
}
