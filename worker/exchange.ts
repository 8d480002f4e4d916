import type { Env } from "../durable-objects/env.ts";
import { Calls } from "./calls.ts";
import { respond } from "./cors.ts";

/** One request on its way to an answer. */
export class Exchange {
  readonly request: Request;
  readonly env: Env;
  readonly ctx: ExecutionContext;
  /** Decoded parts of the path. */
  readonly params: Readonly<Record<string, string>>;
  /** What the presented key may do. */
  readonly access: Access;
  /** Receive time, Unix ms. */
  readonly now = Date.now();
  /** What it may still ask of objects. */
  readonly calls: Calls;

  constructor({ request, env, ctx }: Arrival, params: Readonly<Record<string, string>>, access: Access) {
    this.request = request;
    this.env = env;
    this.ctx = ctx;
    this.params = params;
    this.access = access;
    this.calls = new Calls(env);
  }

  /** Parsed anew each time: the busiest routes need none. */
  get url(): URL {
    return new URL(this.request.url);
  }
}

/** What the platform gives a Worker of a request. */
export interface Arrival {
  readonly request: Request;
  readonly env: Env;
  readonly ctx: ExecutionContext;
}

/** What the address asks, as it stands there. */
export function queryText({ url }: Request): string {
  const from = url.indexOf("?");
  return from < 0 ? "" : url.slice(from + 1);
}

/** Of the text: a whole URL would cost twice as much. */
export function queryOf(request: Request): URLSearchParams {
  return new URLSearchParams(`?${queryText(request)}`);
}

/** `none`: no key is asked for. `write`: the public key. `secret`: everything. */
export type Access = "none" | "write" | "secret";

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return jsonAnswer(JSON.stringify(body), status, headers);
}

/** To a POST: no cache keeps it, and it need not be said. */
export function posted(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return respond(JSON.stringify(body), status, { "content-type": "application/json", ...headers });
}

/** Of JSON that is a text already. */
export function jsonAnswer(text: string, status = 200, headers: Record<string, string> = {}): Response {
  return respond(text, status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...headers,
  });
}
