import type { Env } from "../durable-objects/env.ts";

/** One request on its way to an answer. */
export interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly env: Env;
  readonly ctx: ExecutionContext;
  /** Receive time, Unix ms. */
  readonly now: number;
  /** Decoded parts of the path. */
  readonly params: Readonly<Record<string, string>>;
  /** What the presented key may do. */
  readonly access: Access;
}

/** `none`: no key is asked for. `write`: the public key. `secret`: everything. */
export type Access = "none" | "write" | "secret";

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
