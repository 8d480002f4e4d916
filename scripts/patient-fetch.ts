// A fetch that outlasts short failures.
import { setTimeout as sleep } from "node:timers/promises";

const TRIES_MAX = 10;
const BACKOFF_MS = 200;
const BACKOFF_MS_MAX = 8_000;
const REQUEST_SECONDS_MAX = 120;

/**
 * Connection errors, 429 and 5xx are tried again, waiting longer each time or as long as `Retry-After` says: only for
 * requests that may be repeated. Throws when the last try fails too, with what it said.
 */
export function patientFetch(signal?: AbortSignal): (request: Request) => Promise<Response> {
  return async (request) => {
    let failure = "";
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      signal?.throwIfAborted();
      let waitMs = Math.min(BACKOFF_MS * 2 ** attempt, BACKOFF_MS_MAX) * (0.5 + Math.random() / 2);
      const limit = AbortSignal.timeout(REQUEST_SECONDS_MAX * 1000);
      try {
        const response = await fetch(request.clone(), {
          signal: signal ? AbortSignal.any([limit, signal]) : limit,
        });
        // Read here, so that an answer that breaks off is a failure as well.
        const text = await response.text();
        const { status, statusText, headers } = response;
        if (status !== 429 && status < 500) {
          return new Response(text === "" ? null : text, { status, statusText, headers });
        }
        failure = `${status} ${text.slice(0, 500)}`;
        const seconds = Number(headers.get("retry-after"));
        if (seconds > 0) waitMs = Math.min(seconds * 1000, BACKOFF_MS_MAX);
      } catch (error) {
        failure = describe(error);
      }
      signal?.throwIfAborted();
      await sleep(waitMs);
    }
    const { pathname } = new URL(request.url);
    throw new Error(`${request.method} ${pathname} failed ${TRIES_MAX} times, at last with: ${failure}`);
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
