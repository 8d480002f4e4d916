// Errors as RFC 9457 problem+json. A type is stable; what may be shown to a caller is in `detail` and `errors`.

import { respond } from "./cors.ts";

/** Status and title of each kind of problem. */
export const PROBLEMS = {
  invalid_request: [400, "The request is not valid"],
  invalid_json: [400, "The body is not JSON"],
  unauthorized: [401, "The key is missing or wrong"],
  forbidden: [403, "This key may not do that"],
  not_found: [404, "There is nothing here"],
  method_not_allowed: [405, "This path does not take this method"],
  insufficient_stock: [409, "There is not enough stock"],
  reservation_closed: [409, "The reservation does not hold any more"],
  order_closed: [409, "The order does not take this any more"],
  not_returnable: [409, "The order does not have so much to return"],
  precondition_failed: [412, "The stock has changed since it was read"],
  too_large: [413, "The request is too large"],
  unsupported_encoding: [415, "The body's encoding is not understood"],
  invalid_values: [422, "The values are not valid"],
  unknown_sku: [422, "No stock is kept of this SKU"],
  order_exists: [422, "The order id belongs to another order"],
  idempotency_key_reused: [422, "The idempotency key belongs to another request"],
  upgrade_required: [426, "This is a WebSocket"],
  precondition_required: [428, "Changing stock needs If-Match"],
  rate_limited: [429, "Too many requests"],
  internal: [500, "Something went wrong here"],
  unavailable: [503, "The service cannot take this now"],
  not_configured: [503, "The service is not set up yet"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One wrong field: where it is in the body or query (`batch.0.userId`), and what is wrong with it. */
export interface FieldError {
  readonly path: string;
  readonly detail: string;
}

/** An answer that ends a request early; thrown by what reads requests, caught by the router. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail: string,
    extra: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.code = code;
    this.extra = extra;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }

  /** As problem+json. */
  get body(): Readonly<Record<string, unknown>> {
    const [status, title] = PROBLEMS[this.code];
    return {
      type: `https://shelfwise.dev/problems/${this.code.replaceAll("_", "-")}`,
      title,
      status,
      detail: this.message,
      code: this.code,
      ...this.extra,
    };
  }

  response(): Response {
    return respond(JSON.stringify(this.body), this.status, {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...this.headers,
    });
  }
}

/** Fields that are wrong, the first of them in words. */
export function invalid(
  errors: readonly FieldError[],
  code: ProblemCode = "invalid_request",
  extra: Readonly<Record<string, unknown>> = {},
): Problem {
  const [first] = errors;
  const detail =
    first === undefined ? "The request is not valid." : `${first.path || "body"}: ${first.detail}`;
  return new Problem(code, detail, { errors, ...extra });
}

/** Seconds until a retry makes sense, spread so that not all come back at once. */
export function retryAfter(seconds: number): Record<string, string> {
  return { "retry-after": String(Math.ceil(seconds * (1 + Math.random()))) };
}
