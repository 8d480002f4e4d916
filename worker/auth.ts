import { keyList, wrongKeys } from "../domain/keys.ts";
import { KEY_BYTES_MAX } from "../domain/limits.ts";
import type { Env } from "../durable-objects/env.ts";
import { notConfigured } from "./configured.ts";
import { type Access, queryOf } from "./exchange.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A text in a frame of one size, so that comparing two takes one time: that tells neither where they differ nor how
 * long the expected one is. Undefined for what does not fit.
 */
function framed(text: string, { frame, body } = newFrame()): Uint8Array | undefined {
  body.fill(0);
  const { read, written } = encoder.encodeInto(text, body);
  if (read < text.length) return undefined;
  frame[0] = written >> 8;
  frame[1] = written & 0xff;
  return frame;
}

const LENGTH_BYTES = 2;
const FRAME_BYTES = LENGTH_BYTES + KEY_BYTES_MAX;

function newFrame() {
  const frame = new Uint8Array(FRAME_BYTES);
  return { frame, body: frame.subarray(LENGTH_BYTES) };
}

/** Every request's key in turn: used up before anything else runs. */
const presentedFrame = newFrame();

/** Compares in constant time. */
function sameText(given: string, expected: string): boolean {
  const frame = framed(expected);
  return frame !== undefined && crypto.subtle.timingSafeEqual(framed(given) ?? NOBODYS, frame);
}

/** Differs from the frame of every text, which says its length. */
const NOBODYS = new Uint8Array(FRAME_BYTES).fill(0xff);

/** What the presented key may do, and which of the valid ones it is. */
export interface Presented {
  readonly access: Access;
  /** `write-1`, `secret-2`; absent without a valid key. */
  readonly key?: string;
}

/**
 * What the request's key may do: `Basic base64(key:)` as Segment's libraries send it, `Bearer key`, or the write key
 * as `writeKey` in the query.
 *
 * @throws Problem 503 when the deployment has no keys: closed, not open.
 */
export function presentedBy(request: Request, env: Env): Presented {
  const inHeader = presentedKey(request);
  if (inHeader !== undefined) return presented(inHeader, env);
  const inQuery = presented(queryOf(request).get("writeKey") ?? "", env);
  return inQuery.access === "write" ? inQuery : { access: "none" };
}

/**
 * Of a key in a query, a path or a body: only the public one is taken there, for they are written down on their way.
 *
 * @throws Problem 503 as above.
 */
export function accessOfWriteKey(given: string, env: Env): Access {
  return presented(given, env).access === "write" ? "write" : "none";
}

/** The keys of a deployment in their frames; they change with it only. */
let known:
  | {
      readonly write?: string | undefined;
      readonly secret?: string | undefined;
      readonly keys: readonly ValidKey[];
    }
  | undefined;

interface ValidKey {
  readonly access: Access;
  readonly name: string;
  readonly frame: Uint8Array;
}

/** @throws Problem 503 unless there are keys of both kinds, none of them of both: a public key would open everything. */
function validKeys({ WRITE_KEY, SECRET_KEY }: Env): readonly ValidKey[] {
  if (known !== undefined && known.write === WRITE_KEY && known.secret === SECRET_KEY) return known.keys;
  const keys = [["write", WRITE_KEY] as const, ["secret", SECRET_KEY] as const].flatMap(([access, own]) =>
    keyList(own).flatMap((key, i) => {
      const frame = framed(key);
      return frame === undefined ? [] : [{ access, name: `${access}-${i + 1}`, frame }];
    }),
  );
  if (!keys.some(({ access }) => access === "write") || !keys.some(({ access }) => access === "secret")) {
    throw notConfigured(
      `Set WRITE_KEY and SECRET_KEY, of at most ${KEY_BYTES_MAX} bytes: npx wrangler secret put WRITE_KEY.`,
    );
  }
  const wrong = wrongKeys(WRITE_KEY, SECRET_KEY);
  if (wrong !== undefined) throw notConfigured(wrong);
  known = { write: WRITE_KEY, secret: SECRET_KEY, keys };
  return keys;
}

function presented(given: string, env: Env): Presented {
  const keys = validKeys(env);
  const frame = framed(given, presentedFrame) ?? NOBODYS;
  // Every key is compared, so that the time does not tell which kind came close.
  let found: Presented = { access: "none" };
  for (const key of keys) {
    if (crypto.subtle.timingSafeEqual(frame, key.frame)) found = { access: key.access, key: key.name };
  }
  return found;
}

function presentedKey(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null) return keyInProtocol(request);
  // The platform has cut off the spaces around it.
  const space = header.indexOf(" ");
  if (space < 0) return "";
  const scheme = header.slice(0, space).toLowerCase();
  const credentials = header.slice(space + 1).trim();
  if (scheme === "bearer") return credentials;
  if (scheme !== "basic") return "";
  try {
    return atob(credentials).split(":", 1)[0] ?? "";
  } catch {
    return "";
  }
}

/** Browsers cannot set headers of a WebSocket: its key comes as subprotocol, `key.` and the key in base64url. */
function keyInProtocol(request: Request): string | undefined {
  const protocols = request.headers.get("sec-websocket-protocol")?.split(",") ?? [];
  const found = protocols.map((protocol) => protocol.trim()).find((protocol) => protocol.startsWith("key."));
  if (found === undefined) return undefined;
  try {
    const binary = atob(found.slice("key.".length).replaceAll("-", "+").replaceAll("_", "/"));
    return decoder.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  } catch {
    return "";
  }
}

/**
 * Whether `token` is the hex HMAC-SHA-256 of the user's id under a secret key: the shop's server vouches that this
 * browser is that user's.
 */
export async function isUserToken(token: string, userId: string, env: Env): Promise<boolean> {
  let valid = false;
  for (const secret of keyList(env.SECRET_KEY)) {
    const key = await crypto.subtle.importKey(
      "raw",
      encoder.encode(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const digest = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(userId)));
    const expected = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (sameText(token.toLowerCase(), expected)) valid = true;
  }
  return valid;
}
