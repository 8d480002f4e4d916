import { hash53 } from "../domain/hash.ts";
import { jsonText } from "../domain/json-text.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";

/**
 * Events are their own keys by their `messageId`. One without gets its id from the request's `Idempotency-Key`, its
 * place and its content, so that the request counts once however often it is sent, and another body under the same key
 * is not taken for it.
 *
 * @returns per message what to add to its source: nothing where it has an id or the request no key.
 * @throws Problem 400 for a key that is no key.
 */
export function idsOfNameless(request: Request): (message: unknown, index: number) => { messageId?: string } {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return () => ({});
  return (message, index) =>
    hasId(message) ? {} : { messageId: `${key}:${index}:${hash53(jsonText(message) ?? "").toString(36)}` };
}

function hasId(message: unknown): boolean {
  const { messageId } = (message ?? {}) as { messageId?: unknown };
  return messageId !== undefined && messageId !== null && messageId !== "";
}
