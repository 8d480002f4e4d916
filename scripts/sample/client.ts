// Calls of the shop's HTTP API that outlast short failures.
import { setTimeout as sleep } from "node:timers/promises";

const TRIES_MAX = 10;
const BACKOFF_MS = 200;
const BACKOFF_MS_MAX = 8_000;
const REQUEST_SECONDS_MAX = 120;

export interface ShopClient {
  /**
   * The answer's status and JSON. Connection errors, 429 and 5xx are tried again, waiting longer each time or as long
   * as `Retry-After` says: only for calls that may be repeated.
   *
   * @throws when the last try fails too, with what it said.
   */
  call(method: string, path: string, body?: Body): Promise<Answer>;
}

export interface Body {
  readonly type: "application/json" | "application/x-ndjson";
  readonly text: string;
}

export interface Answer {
  readonly status: number;
  /** Undefined where the body is empty or not JSON. */
  readonly json: unknown;
}

export function shopClient(url: string, key: string, signal?: AbortSignal): ShopClient {
  return {
    async call(method, path, body) {
      let failure = "";
      for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
        signal?.throwIfAborted();
        let waitMs = Math.min(BACKOFF_MS * 2 ** attempt, BACKOFF_MS_MAX) * (0.5 + Math.random() / 2);
        try {
          const response = await fetch(url + path, {
            method,
            headers: { authorization: `Bearer ${key}`, ...(body && { "content-type": body.type }) },
            ...(body && { body: body.text }),
            signal: AbortSignal.any([
              AbortSignal.timeout(REQUEST_SECONDS_MAX * 1000),
              ...(signal ? [signal] : []),
            ]),
          });
          const text = await response.text();
          if (response.status !== 429 && response.status < 500) {
            return { status: response.status, json: parse(text) };
          }
          failure = `${response.status} ${text.slice(0, 500)}`;
          const seconds = Number(response.headers.get("retry-after"));
          if (seconds > 0) waitMs = Math.min(seconds * 1000, BACKOFF_MS_MAX);
        } catch (error) {
          failure = describe(error);
        }
        signal?.throwIfAborted();
        await sleep(waitMs);
      }
      throw new Error(`${method} ${path} failed ${TRIES_MAX} times, at last with: ${failure}`);
    },
  };
}

/** @throws unless the status is one of those, with what the service said. */
export function expectStatus(answer: Answer, what: string, ...statuses: readonly number[]): void {
  if (statuses.includes(answer.status)) return;
  throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.json)?.slice(0, 500) ?? ""}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
