import type { Env } from "../durable-objects/env.ts";
import type { Access } from "./exchange.ts";
import { Problem, retryAfter } from "./problem.ts";

/** Two keys of a kind may be valid at a time, while one replaces the other. */
const KEYS_MAX = 2;
const UNCONFIGURED_RETRY_SECONDS = 30;

/** Keys of a setting: one, or two separated by a comma. */
export function keysOf(setting: string | undefined): string[] {
  return (setting ?? "")
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "")
    .slice(0, KEYS_MAX);
}

/** Takes as long for a wrong key as for a right one: no early end at the first different character. */
export function sameText(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let i = 0; i < expected.length; i++) difference |= given.charCodeAt(i) ^ expected.charCodeAt(i);
  return difference === 0;
}

/**
 * What the request's key may do: `Basic base64(key:)` as Segment's libraries send it, `Bearer key`, or the write key
 * as `writeKey` in the query.
 *
 * @throws Problem 503 when the deployment has no keys: closed, not open.
 */
export function accessOf(request: Request, url: URL, env: Env): Access {
  const inHeader = presentedKey(request);
  if (inHeader !== undefined) return accessOfKey(inHeader, env);
  return accessOfWriteKey(url.searchParams.get("writeKey") ?? "", env);
}

/**
 * Of a key in a query or a body: only the public one is taken there, for both are written down on their way.
 *
 * @throws Problem 503 as above.
 */
export function accessOfWriteKey(given: string, env: Env): Access {
  return accessOfKey(given, env) === "write" ? "write" : "none";
}

function accessOfKey(given: string, env: Env): Access {
  const secret = keysOf(env.SECRET_KEY);
  const write = keysOf(env.WRITE_KEY);
  if (secret.length === 0 || write.length === 0) {
    throw new Problem(
      "not_configured",
      "Set WRITE_KEY and SECRET_KEY: npx wrangler secret put WRITE_KEY.",
      {},
      retryAfter(UNCONFIGURED_RETRY_SECONDS),
    );
  }
  // Every key is compared, so that the time does not tell which kind came close.
  let access: Access = "none";
  for (const key of write) if (sameText(given, key)) access = "write";
  for (const key of secret) if (sameText(given, key)) access = "secret";
  return access;
}

function presentedKey(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null) return undefined;
  const [scheme = "", credentials = ""] = header.trim().split(/\s+/, 2);
  if (scheme.toLowerCase() === "bearer") return credentials;
  if (scheme.toLowerCase() !== "basic") return "";
  try {
    return atob(credentials).split(":", 1)[0] ?? "";
  } catch {
    return "";
  }
}

/**
 * Whether `token` is the hex HMAC-SHA-256 of the user's id under a secret key: the shop's server vouches that this
 * browser is that user's.
 */
export async function isUserToken(token: string, userId: string, env: Env): Promise<boolean> {
  const encoder = new TextEncoder();
  let valid = false;
  for (const secret of keysOf(env.SECRET_KEY)) {
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
