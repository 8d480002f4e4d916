import type { Env } from "../durable-objects/env.ts";
import type { Presented } from "./auth.ts";
import { Problem, retryAfter } from "./problem.ts";
import type { Route } from "./router.ts";

/** Half of the limits' period: with jitter a retry comes within the next one. */
const RETRY_SECONDS = 5;

/** Whether requests of a route are counted: those that take a key, by whatever path, or tell about one. */
export function isLimited({ access, path }: Pick<Route, "access" | "path">): boolean {
  return access !== "none" || path.startsWith("/v1/");
}

/**
 * Counts a request against the limits of its key and, without the secret one, of the address it came from. Asked before
 * the body is read and also of wrong keys, so that they cannot be tried at will. The limits are the platform's, a
 * deployment sets them in `wrangler.toml`; without their bindings, as on one machine, there are none.
 *
 * @throws Problem 429 with `Retry-After`, spread so that not all come back at once: event libraries send it again.
 */
export async function limitRate(request: Request, { access, key }: Presented, env: Env): Promise<void> {
  const { ADDRESS_RATE: addressRate, KEY_RATE: keyRate } = env;
  const asked: Promise<{ success: boolean }>[] = [];
  if (addressRate !== undefined && access !== "secret") {
    const address = request.headers.get("cf-connecting-ip");
    if (address !== null) asked.push(addressRate.limit({ key: address }));
  }
  if (keyRate !== undefined && key !== undefined) asked.push(keyRate.limit({ key }));
  if (asked.length === 0) return;
  const answers = await Promise.all(asked);
  if (answers.every(({ success }) => success)) return;
  throw new Problem(
    "rate_limited",
    "Too many requests; send it again later, nothing counts twice.",
    {},
    retryAfter(RETRY_SECONDS),
  );
}
