// Browsers of any shop may call; what a key may do does not depend on where the page came from.
const READABLE = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "etag, retry-after, server-timing",
} as const;

const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers":
    "authorization, content-type, content-encoding, x-retry-count, idempotency-key, if-match, if-none-match",
  "access-control-max-age": "86400",
} as const;

export function preflight(): Response {
  return respond(null, 204, PREFLIGHT);
}

/** Every answer is made here: readable from any origin. Headers go along when it is made, which costs less than later. */
export function respond(
  body: BodyInit | null,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(body, { status, headers: { ...READABLE, ...headers } });
}
