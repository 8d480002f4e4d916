import { describe, expect, test } from "vitest";
import { ROUTES } from "../../worker/router.ts";
import { type Call, call, SECRET, WRITE } from "./call.ts";

/** What the public key opens, beside what needs no key. All else is the secret key's; a new route is, too. */
const PUBLIC = new Set([
  ...["track", "page", "screen", "identify", "alias", "group", "batch", "validate"].map(
    (name) => `POST /v1/${name}`,
  ),
  ...["t", "p", "s", "i", "a", "g", "b"].map((name) => `POST /v1/${name}`),
  "POST /beacon/v1/batch",
  "GET /v1/recommendations",
  "POST /v1/recommendations",
  "GET /v1/trending",
  "GET /v1/products/:product_id/related",
  "GET /v1/inventory/:sku",
]);
const OPEN = new Set(["GET /health", "GET /v1/projects/:key/settings"]);

const ROTATION = { WRITE_KEY: "write-old,write-new", SECRET_KEY: "secret-old,secret-new" };

interface Caller {
  readonly who: string;
  readonly kind: "none" | "write" | "secret";
  readonly call: Call;
}

const bearer = (who: string, kind: Caller["kind"], key: string | null, env: object = {}): Caller => ({
  who,
  kind,
  call: { key, env },
});
const basic = (who: string, kind: Caller["kind"], text: string): Caller => ({
  who,
  kind,
  call: { key: null, headers: { authorization: `Basic ${btoa(text)}` } },
});

const CALLERS: readonly Caller[] = [
  bearer("no key", "none", null),
  bearer("an empty key", "none", ""),
  bearer("a wrong key", "none", "test-secreT"),
  bearer("part of a key", "none", "test-secre"),
  bearer("a key and more", "none", "test-secret2"),
  basic("a key as password", "none", `:${SECRET}`),
  bearer("the write key", "write", WRITE),
  basic("the write key, Basic", "write", `${WRITE}:`),
  bearer("the secret key", "secret", SECRET),
  basic("the secret key, Basic", "secret", `${SECRET}:`),
  bearer("the old write key in a rotation", "write", "write-old", ROTATION),
  bearer("the new write key in a rotation", "write", "write-new", ROTATION),
  bearer("the old secret key in a rotation", "secret", "secret-old", ROTATION),
  bearer("the new secret key in a rotation", "secret", "secret-new", ROTATION),
  bearer("both secret keys at once", "none", "secret-old,secret-new", ROTATION),
  bearer("a key that was rotated away", "none", SECRET, ROTATION),
];

describe("who may what", () => {
  test.each(ROUTES.map(({ method, path }) => `${method} ${path}`))("[HT1] %s", async (name) => {
    const [method, path] = name.split(" ") as [string, string];
    const needs = OPEN.has(name) ? "none" : PUBLIC.has(name) ? "write" : "secret";
    for (const { who, kind, call: given } of CALLERS) {
      const body = method === "GET" || method === "DELETE" ? {} : { body: {} };
      const { status, json } = await call(method, path.replaceAll(/:\w+/g, "nobody"), { ...body, ...given });
      const what = `${who}: ${name} answers ${status}`;
      if (needs === "none" || kind === "secret" || kind === needs)
        expect([401, 403], what).not.toContain(status);
      else if (kind === "none") expect(status, what).toBe(401);
      else {
        expect(status, what).toBe(403);
        expect(json.type).toBe("https://shelfwise.dev/problems/forbidden");
      }
    }
  });

  test("[HT1] the table has no route that is not there", () => {
    const names = new Set(ROUTES.map(({ method, path }) => `${method} ${path}`));
    expect([...PUBLIC, ...OPEN].filter((name) => !names.has(name))).toEqual([]);
  });

  test("[HT1] the write key in a query or body opens what it opens in a header, the secret key nothing", async () => {
    const inQuery = (path: string, key: string) => call("GET", `${path}?writeKey=${key}`, { key: null });
    expect((await inQuery("/v1/trending", WRITE)).status).toBe(200);
    expect((await inQuery("/v1/users/nobody", WRITE)).status).toBe(403);
    expect((await inQuery("/v1/users/nobody", SECRET)).status).toBe(401);
    const inBody = (key: string) =>
      call("POST", "/v1/validate", { key: null, body: { writeKey: key, batch: [] } });
    expect((await inBody(WRITE)).status).toBe(200);
    expect((await inBody(SECRET)).status).toBe(401);
  });
});

test("[HT6] a path that was found once is still told by its method, and by nothing that follows it", async () => {
  for (let times = 0; times < 2; times++) {
    expect((await call("GET", "/v1/trending?limit=3", { key: WRITE })).status).toBe(200);
    expect((await call("GET", "/v1/trending?limit=none", { key: WRITE })).status).toBe(400);
    expect((await call("POST", "/v1/trending", { key: WRITE, body: {} })).status).toBe(405);
    expect((await call("GET", "/v1/trending/more", { key: WRITE })).status).toBe(404);
    expect((await call("GET", "//v1/trending", { key: null })).status).toBe(404);
    expect((await call("GET", "/v1/trending", { key: "wrong" })).status).toBe(401);
  }
});
