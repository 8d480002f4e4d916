// Browsers of any shop may call; what a key may do does not depend on where the page came from.
const OPEN = { "access-control-allow-origin": "*" } as const;
/** Headers that a page's script acts on. What took how long is for people, whom the browser's tools tell it. */
const READABLE = ["etag", "retry-after"] as const;

const EXPOSE = "access-control-expose-headers";

const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-max-age": "86400",
} as const;
/** Names of headers, as many as libraries come to. */
const HEADER_NAMES = /^[\w-]{1,64}(\s*,\s*[\w-]{1,64}){0,31}$/;

/**
 * Every header that is asked for may be sent: each release of an event library has others of its own, and none is a
 * secret that the browser would add by itself.
 */
export function preflight(request: Request): Response {
  const asked = request.headers.get("access-control-request-headers")?.trim() ?? "";
  const allowed = HEADER_NAMES.test(asked) ? asked : "authorization, content-type";
  return respond(null, 204, { ...PREFLIGHT, "access-control-allow-headers": allowed });
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
