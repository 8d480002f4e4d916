import fc from "fast-check";
import { expect, test } from "vitest";
import { ROUTES } from "../../worker/router.ts";
import { type Answer, call, gzip, viewed, WRITE } from "./call.ts";

const RUNS = 60;

/** A body that each route takes, to be damaged. */
const GOOD: Record<string, unknown> = {
  "/v1/batch": { batch: [viewed("g", "p")], sentAt: new Date().toISOString() },
  "/v1/b": { batch: [viewed("g", "p")] },
  "/v1/validate": { batch: [viewed("g", "p")] },
  "/v1/import": [viewed("g", "p")],
  "/v1/products": [{ product_id: "p", name: "P", price: 1, currency: "EUR" }],
  "/v1/products/:product_id": { name: "P", price: 1, hidden: false },
  "/v1/recommendations": { recent: ["p"], cart: ["q"], limit: 5, placement: "cart", strategies: ["recent"] },
  "/v1/inventory/:sku": { on_hand: 5, lead_time_days: 3, incoming: [{ quantity: 2, eta: "2026-12-01" }] },
  "/v1/inventory/:sku/adjustments": { delta: 1, reason: "receipt" },
  "/v1/forecast": { series: [{ id: "a", start: "2026-01-01", demand: [1, 2, 3] }], horizon: 3 },
};
const EVENT = {
  ...viewed("g", "p"),
  context: { locale: "de" },
  traits: { plan: "x" },
  previousId: "o",
  groupId: "g",
};

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1e308,
    1.5,
    "",
    "\ud800",
    "x".repeat(3_000),
    [],
    {},
    [[]],
    "2026-13-45",
  ),
  fc.constantFrom<unknown>(
    JSON.parse('{"__proto__":{"a":1},"constructor":1}'),
    Number.MAX_SAFE_INTEGER,
    "NaN",
    "null",
  ),
  fc.string({ unit: "binary" }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** One place of a value replaced, removed or added to. */
function damaged(value: unknown): fc.Arbitrary<unknown> {
  const places: (readonly (string | number)[])[] = [[]];
  const walk = (at: unknown, path: readonly (string | number)[]) => {
    if (typeof at !== "object" || at === null) return;
    for (const key of Object.keys(at)) {
      places.push([...path, key]);
      walk((at as Record<string, unknown>)[key], [...path, key]);
    }
  };
  walk(value, []);
  return fc
    .tuple(fc.constantFrom(...places), junk, fc.constantFrom("replace", "remove", "add"), fc.string())
    .map(([path, given, what, name]) => {
      if (path.length === 0) return what === "replace" ? given : { ...(value as object), [name]: given };
      const copy = structuredClone(value) as Record<string, unknown>;
      let holder: Record<string, unknown> = copy;
      for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
      const last = path.at(-1)!;
      if (what === "remove") delete holder[last];
      else if (what === "add") holder[`${last}${name}`] = given;
      else holder[last] = given;
      return copy;
    });
}

const RAW: readonly (string | Uint8Array)[] = [
  "",
  "{",
  "null",
  "[]",
  '"text"',
  `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
  `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
  '{"batch":[{"type":"track"',
  '{"__proto__":{"polluted":1}}',
  "\ufeff{}",
  "{}\n{}\nnot json\n",
  Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3),
  Uint8Array.of(0xff, 0xfe, 0x00, 0xd8),
  `{"batch":[${"1e999,".repeat(50)}1]}`,
];

const SEGMENTS = [
  "x",
  "%00",
  "%E0%A4%A",
  "%F0%9F%98%80",
  "..%2f..",
  "a".repeat(300),
  "__proto__",
  "%20",
  "u%3Ax",
];
const QUERIES = [
  "",
  "?limit=-1",
  "?limit=1e9",
  "?limit=%00",
  "?cursor=%7B",
  "?horizon=0",
  "?status=x",
  "?exclude=,,,",
  "?x=%",
];

function verify(what: string, { status, json, headers }: Answer): void {
  expect(status, what).toBeLessThan(500);
  expect(status, what).toBeGreaterThanOrEqual(200);
  if (status < 400) return;
  expect(headers.get("content-type"), what).toBe("application/problem+json");
  expect(typeof json.detail === "string" && json.detail.length > 0, what).toBe(true);
  expect(json.status, what).toBe(status);
  // What is wrong with a value names its field.
  if (status === 422 && json.code === "invalid_values" && json.errors) {
    expect(typeof json.errors[0].path, what).toBe("string");
  }
  expect(JSON.stringify(json), what).not.toMatch(/\bat \w+ \(|\.ts:\d/);
}

test.each(ROUTES.map(({ method, path }) => [method, path]))(
  "[HT26] %s %s withstands garbage",
  async (method, path) => {
    const target = (segment: string) => path.replaceAll(/:\w+/g, segment);
    const send = async (what: string, address: string, body?: unknown) =>
      verify(`${method} ${address} ${what}`, await call(method, address, body === undefined ? {} : { body }));
    for (const segment of path.includes(":") ? SEGMENTS : ["x"]) {
      for (const query of QUERIES)
        await send("", `${target(segment)}${query}`, method === "GET" ? undefined : {});
    }
    if (method === "GET" || method === "DELETE") return;
    for (const body of RAW) await send(String(body).slice(0, 40), target("garbage"), body);
    await fc.assert(
      fc.asyncProperty(damaged(GOOD[path] ?? EVENT), async (body) => {
        await send(JSON.stringify(body)?.slice(0, 300) ?? "undefined", target("garbage"), body ?? null);
      }),
      { numRuns: RUNS },
    );
  },
);

test("[HT26] what is refused stores nothing, and a good event after it is taken", async () => {
  const bad = [
    { batch: [{ ...viewed("clean", "p"), timestamp: "never" }] },
    { batch: "text" },
    await gzip("0".repeat(9_000_000)),
    "{",
  ];
  for (const body of bad) await call("POST", "/v1/batch", { key: WRITE, body });
  expect((await call("GET", "/v1/users/clean")).status).toBe(404);
  await call("PUT", "/v1/inventory/clean", { body: { on_hand: -1 } });
  expect((await call("GET", "/v1/inventory/clean")).status).toBe(404);
  await call("PUT", "/v1/products/clean", { body: { price: "much" } });
  expect((await call("GET", "/v1/products/clean")).status).toBe(404);
  expect((await call("POST", "/v1/track", { key: WRITE, body: viewed("clean", "p") })).json.accepted).toBe(1);
  expect((await call("GET", "/v1/users/clean")).json.counts.views).toBe(1);
});
