import { hash53 } from "../domain/hash.ts";
import { jsonText } from "../domain/json-text.ts";
import { ID_CHARACTERS_MAX } from "../domain/limits.ts";
import { invalid } from "./problem.ts";

/** Room for place and content behind the key. */
const KEY_CHARACTERS_MAX = ID_CHARACTERS_MAX - 32;

/**
 * Events are their own keys by their `messageId`. One without gets its id from the request's `Idempotency-Key`, its
 * place and its content, so that the request counts once however often it is sent, and another body under the same key
 * is not taken for it.
 *
 * @returns per message what to add to its source: nothing where it has an id or the request no key.
 * @throws Problem 400 for a key that is no key.
 */
export function idsOfNameless(request: Request): (message: unknown, index: number) => { messageId?: string } {
  const key = request.headers.get("idempotency-key")?.trim();
  if (key === undefined) return () => ({});
  if (key === "" || key.length > KEY_CHARACTERS_MAX) {
    const detail = `must be a text of 1 to ${KEY_CHARACTERS_MAX} characters`;
    throw invalid([{ path: "Idempotency-Key", detail }]);
  }
  return (message, index) =>
    hasId(message) ? {} : { messageId: `${key}:${index}:${hash53(jsonText(message) ?? "").toString(36)}` };
}

function hasId(message: unknown): boolean {
  const { messageId } = (message ?? {}) as { messageId?: unknown };
  return messageId !== undefined && messageId !== null;
}
