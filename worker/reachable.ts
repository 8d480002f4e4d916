import { logEntry } from "../domain/log-entry.ts";
import { Problem, retryAfter } from "./problem.ts";

const BUSY_RETRY_SECONDS = 2;

/** The answer where an object was moved, busy or begun anew while it was asked; undefined for any other error. */
export function awayProblem(error: unknown): Problem | undefined {
  const { retryable, overloaded, durableObjectReset } = (error ?? {}) as Record<string, unknown>;
  if (retryable !== true && overloaded !== true && durableObjectReset !== true) return undefined;
  const detail = "A part of the service could not be reached; send the request again.";
  return unavailable(detail);
}

/**
 * A call that must not be made again, for nobody knows it as a repeat.
 *
 * @throws Problem 503 when the object could not be reached: whether it was made is not known.
 */
export async function reachableOnce<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    console.error(logEntry("an object could not be reached", error));
    const detail =
      "The stock could not be reached, and whether it has changed is not known: read it before you send this again.";
    throw unavailable(detail);
  }
}

/**
 * A call that may be made again is: once, with a fresh stub, before the client is asked to.
 *
 * @throws Problem 503 when the object could not be reached.
 */
export async function reachable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch {
    try {
      return await call();
    } catch (error) {
      console.error(logEntry("an object could not be reached", error));
      const detail = "The stock could not be reached; send the same request again, nothing counts twice.";
      throw unavailable(detail);
    }
  }
}

function unavailable(detail: string): Problem {
  return new Problem("unavailable", detail, {}, retryAfter(BUSY_RETRY_SECONDS));
}
