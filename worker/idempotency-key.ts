import * as v from "valibot";
import { key } from "./schema/basket.ts";
import { check } from "./schema/common.ts";

const optionalKey = v.optional(key);

/** The `Idempotency-Key` as sent. @throws Problem 400 for an empty or overlong one. */
export function idempotencyKeyOf(request: Request): string | undefined {
  const given = request.headers.get("idempotency-key") ?? undefined;
  return check(optionalKey, given, "invalid_request", "Idempotency-Key");
}
