// A page of another origin: what its browser asks first, and what it gets to see.
import { expect, test } from "vitest";
import { type Call, call, viewed, WRITE } from "./call.ts";

const ORIGIN = "https://shop.example";
const NO_KEYS = { WRITE_KEY: "", SECRET_KEY: "" };
/** A limiter that lets nobody pass any more. */
const SPENT = { limit: async () => ({ success: false }) };

/** Every status that a caller acts on, and a call that is answered with it. */
const STATUSES: readonly (readonly [status: number, method: string, path: string, options: Call])[] = [
  [200, "POST", "/v1/batch", { key: WRITE, body: { batch: [viewed("cross", "p")] } }],
  [200, "GET", "/v1/trending", { key: WRITE }],
  [200, "GET", "/v1/recommendations?anonymous_id=cross", { key: WRITE }],
  [204, "DELETE", "/v1/users/nobody", {}],
  [400, "POST", "/v1/track", { key: WRITE, body: "{" }],
  [401, "POST", "/v1/batch", { key: "wrong", body: { batch: [] } }],
  [401, "GET", "/v1/trending", { key: null }],
  [403, "GET", "/v1/products", { key: WRITE }],
  [404, "GET", "/v1/users/nobody", {}],
  [404, "GET", "/v1/no/such/path", {}],
  [405, "PATCH", "/v1/trending", {}],
  [413, "POST", "/v1/batch", { key: WRITE, body: `{"batch":"${"x".repeat(1_100_000)}"}` }],
  [415, "POST", "/v1/batch", { key: WRITE, body: "x", headers: { "content-encoding": "br" } }],
  [422, "POST", "/v1/forecast", { body: {} }],
  [429, "POST", "/v1/batch", { key: WRITE, body: { batch: [] }, env: { KEY_RATE: SPENT } }],
  [503, "POST", "/v1/batch", { key: WRITE, body: { batch: [] }, env: NO_KEYS }],
];

test.each(STATUSES)(
  "[HT5] %i of %s %s arrives as itself after a preflight",
  async (status, method, path, options) => {
    const asked = ["authorization", "content-type", "x-retry-count", "anonymousid", "sentat"];
    const preflight = await call("OPTIONS", path, {
      key: null,
      headers: {
        origin: ORIGIN,
        "access-control-request-method": method,
        "access-control-request-headers": asked.join(","),
      },
      // A browser asks without a key, whatever the deployment has.
      ...(options.env && { env: options.env }),
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe(asked.join(","));
    if (method !== "PATCH") {
      expect(preflight.headers.get("access-control-allow-methods")?.split(", ")).toContain(method);
    }

    const answer = await call(method, path, { ...options, headers: { ...options.headers, origin: ORIGIN } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    // A star goes with no credentials: nothing here rests on a cookie.
    expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
    const exposed = answer.headers.get("access-control-expose-headers")?.split(", ") ?? [];
    for (const name of ["retry-after", "etag"]) {
      expect(exposed.includes(name)).toBe(answer.headers.has(name));
    }
    if (status >= 400) {
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.json).toMatchObject({ status, type: expect.any(String), detail: expect.any(String) });
    }
    if (status === 429 || status === 503)
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  },
);

test("[HT5] a preflight allows names of headers and nothing else", async () => {
  for (const asked of [
    "",
    "x y",
    "a:b",
    "x".repeat(65),
    Array.from({ length: 33 }, (_, i) => `x${i}`).join(","),
  ]) {
    const headers = { origin: ORIGIN, "access-control-request-headers": asked };
    const { headers: answered } = await call("OPTIONS", "/v1/batch", { key: null, headers });
    expect(answered.get("access-control-allow-headers")).toBe("authorization, content-type");
  }
});
