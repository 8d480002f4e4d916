// Browsers of any shop may call; what a key may do does not depend on where the page came from.
const HEADERS = [
  ["access-control-allow-origin", "*"],
  ["access-control-expose-headers", "etag, retry-after, server-timing"],
] as const;

const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers":
    "authorization, content-type, content-encoding, x-retry-count, idempotency-key, if-match, if-none-match",
  "access-control-max-age": "86400",
} as const;

export function preflight(): Response {
  return new Response(null, { status: 204, headers: { ...Object.fromEntries(HEADERS), ...PREFLIGHT } });
}

/** The same answer, its status kept, readable from any origin. Its headers must be changeable: an answer made here. */
export function withCors(response: Response): Response {
  // An open WebSocket is not an answer to be read.
  if (response.webSocket) return response;
  for (const [name, value] of HEADERS) response.headers.set(name, value);
  return response;
}
