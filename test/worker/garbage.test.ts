// A little of what `npm run fuzz` does, where a failure shows its stack.
import fc from "fast-check";
import { expect, test } from "vitest";
import { damaged, rawText } from "../../scripts/fuzz/damage.ts";
import { operationOf } from "../../worker/openapi/document.ts";
import { ROUTES } from "../../worker/router.ts";
import { call, gzip, viewed, WRITE } from "./call.ts";

const RUNS = 30;
const SEGMENTS = ["x", "%00", "%E0%A4%A", "%F0%9F%98%80", "..%2f..", "a".repeat(300), "__proto__", "u%3Ax"];
const QUERY = "limit=-1&cursor=%7B&horizon=0&status=x&exclude=,,,&x=%";

test.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "[HT26] %s withstands garbage",
  async (_name, route) => {
    const { method, path } = route;
    const send = async (segment: string, query: string, body?: string) => {
      const address = `${path.replaceAll(/:\w+/g, segment)}${query}`;
      const { status } = await call(method, address, body === undefined ? {} : { body });
      expect(status, `${method} ${address} ${body}`).toBeLessThan(500);
    };
    const example = operationOf(route).body?.example;
    const good = example === undefined ? undefined : JSON.stringify(example);
    for (const segment of path.includes(":") ? SEGMENTS : ["x"]) await send(segment, "", good);
    await send("x", `?${QUERY}`, good);
    if (example === undefined) return;
    await fc.assert(
      fc.asyncProperty(damaged(example), (body) => send("garbage", "", rawText(body))),
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

test("[HT26] what is nested more deeply than can be written is answered for and shown", async () => {
  for (const depth of [4_000, 30_000]) {
    const deep = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const message = `{"type":"track","event":"e","userId":"deep","properties":${deep}}`;
    const bodies = [message, `{"batch":[${message},{"properties":${deep}}]}`, `[${message},${deep}]`];
    for (const path of ["/v1/track", "/v1/batch", "/v1/validate", "/v1/import"]) {
      for (const body of bodies) expect((await call("POST", path, { body })).status).toBeLessThan(500);
    }
  }
  expect((await call("GET", "/v1/monitor")).status).toBe(200);
  expect((await call("GET", "/v1/rejected")).json.items.length).toBeGreaterThan(0);
});
