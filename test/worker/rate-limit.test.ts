import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "../../durable-objects/env.ts";
import { call, SECRET, viewed, WRITE } from "./call.ts";

/** A limiter that lets so many of a key pass. */
function limiter(limit: number) {
  const counts = new Map<string, number>();
  return {
    counts,
    limit: async ({ key }: { key: string }) => {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return { success: counts.get(key)! <= limit };
    },
  };
}

const from = (address: string) => ({ "cf-connecting-ip": address });

test("[HT42] more than the limit of an address is 429, told to come back at different times", async () => {
  const address = limiter(2);
  const bindings: Partial<Env> = { ADDRESS_RATE: address };
  const send = (headers: Record<string, string>, key = WRITE) =>
    call("POST", "/v1/track", { key, body: viewed("limited", "p"), headers, env: bindings });
  expect((await send(from("192.0.2.1"))).status).toBe(200);
  expect((await send(from("192.0.2.1"), "wrong")).status).toBe(401);
  const waits = new Set<string>();
  for (let n = 0; n < 30; n++) {
    const answer = await send(from("192.0.2.1"));
    expect([answer.status, answer.json.code]).toEqual([429, "rate_limited"]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-expose-headers")).toContain("retry-after");
    waits.add(answer.headers.get("retry-after")!);
  }
  expect(waits.size).toBeGreaterThan(1);
  for (const wait of waits) expect(Number(wait)).toBeGreaterThanOrEqual(5);
  // Also without a valid key, and for any route that takes one or tells about one; not for others.
  expect((await send(from("192.0.2.1"), "wrong")).status).toBe(429);
  const settings = { key: null, headers: from("192.0.2.1"), env: bindings };
  expect((await call("GET", "/v1/projects/x/settings", settings)).status).toBe(429);
  expect((await call("GET", "/health", settings)).status).toBe(200);
  expect((await send(from("192.0.2.2"))).status).toBe(200);
  expect((await send(from("192.0.2.1"), SECRET)).status).toBe(200);
  // What was refused was not stored.
  expect((await call("GET", "/v1/users/limited")).json.counts.views).toBe(3);
});

test("[HT42] beacons are limited like the calls that they stand for, wrong keys among them", async () => {
  const bindings: Partial<Env> = { ADDRESS_RATE: limiter(1) };
  const send = (key: string) =>
    call("POST", `/beacon/v1/batch?writeKey=${key}`, {
      key: null,
      body: { batch: [viewed("beacon-limited", "p")] },
      headers: from("192.0.2.9"),
      env: bindings,
    });
  expect((await send(WRITE)).status).toBe(200);
  expect((await send(WRITE)).status).toBe(429);
  expect((await send("wrong")).status).toBe(429);
});

test("[HT42] each key has a limit of its own, which the limiter does not learn", async () => {
  const key = limiter(1);
  const bindings: Partial<Env> = { KEY_RATE: key, WRITE_KEY: "one,two" };
  const trending = (given: string) => call("GET", "/v1/trending", { key: given, env: bindings });
  for (const given of ["one", "two", SECRET]) {
    expect((await trending(given)).status).toBe(200);
    expect((await trending(given)).status).toBe(429);
  }
  expect([...key.counts.keys()].sort()).toEqual(["secret-1", "write-1", "write-2"]);
});

test("[HT42] the platform's own limiter, bound by wrangler.toml, is asked", async () => {
  const address = "198.51.100.7";
  const ask = () =>
    call("GET", "/v1/projects/wrong/settings", { key: null, headers: from(address) }).then(
      ({ status }) => status,
    );
  expect(await ask()).toBe(404);
  // Its periods are the clock's: a boundary may fall between filling one and asking.
  let status = 0;
  for (let tries = 0; tries < 5 && status !== 429; tries++) {
    await Promise.all(Array.from({ length: 600 }, () => env.ADDRESS_RATE!.limit({ key: address })));
    status = await ask();
  }
  expect(status).toBe(429);
});
