import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Env } from "../../durable-objects/env.ts";
import worker from "../../worker/index.ts";
import { checkDocumented } from "./documented.ts";

export const WRITE = "test-write";
export const SECRET = "test-secret";

export interface Call {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly env?: Partial<Env>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not typed
  readonly json: any;
}

/**
 * A request to the Worker, and all that it does behind its answer. Secret key unless told; null: none.
 *
 * @throws when the answer is not one that the OpenAPI document tells of the route.
 */
export async function call(method: string, path: string, options: Call = {}): Promise<Answer> {
  const { key = SECRET, body, headers = {} } = options;
  const raw = body instanceof Uint8Array || typeof body === "string";
  const request = new Request(`https://shop.test${path}`, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && !raw && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
  });
  const ctx = createExecutionContext();
  const response = await worker.fetch(request, { ...env, ...options.env } as Env, ctx);
  const text = await response.text();
  await waitOnExecutionContext(ctx);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const answer = { status: response.status, headers: response.headers, text, json };
  checkDocumented(method, path, answer);
  return answer;
}

let messages = 0;

/** A message about a product, of a fresh id. */
export function viewed(anonymousId: string, productId: string, more: object = {}) {
  return {
    type: "track",
    messageId: `m${messages++}`,
    event: "Product Viewed",
    anonymousId,
    properties: {
      product_id: productId,
      name: `Name of ${productId}`,
      category: "Shoes",
      price: 20,
      currency: "EUR",
    },
    ...more,
  };
}

/** Merges and publishes what was told so far. */
export async function publish(): Promise<void> {
  await Promise.all(
    Array.from({ length: 16 }, (_, shard) => env.SIGNAL_COMBINER.getByName(`c:${shard}`).flush()),
  );
  await env.MODEL_BUILDER.getByName("model").publish();
}

/** Until this isolate recommends from the model published last; it looks for one every few seconds. */
export async function newest(): Promise<void> {
  const { version } = await env.MODEL_BUILDER.getByName("model").manifest();
  for (let tries = 0; tries < 40; tries++) {
    const { json } = await call("GET", "/v1/trending");
    if (json.model_version === version) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`model ${version} never arrived`);
}

export async function gzip(text: string): Promise<Uint8Array> {
  const stream = new Response(text).body!.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
