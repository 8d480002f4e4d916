import { describe, expect, test, vi } from "vitest";
import type { Env } from "../../durable-objects/env.ts";
import { call, SECRET, viewed, WRITE } from "./call.ts";

describe("keys", () => {
  test("[HT2] a key comes as Bearer, as Basic user name, in the query, or in the body of events", async () => {
    const basic = (text: string) => ({ key: null, headers: { authorization: `Basic ${btoa(text)}` } });
    expect((await call("GET", "/v1/trending", { key: WRITE })).status).toBe(200);
    expect((await call("GET", "/v1/trending", basic(`${WRITE}:`))).status).toBe(200);
    expect((await call("GET", "/v1/products", basic(`${SECRET}:`))).status).toBe(200);
    expect((await call("GET", "/v1/trending", basic("wrong:"))).status).toBe(401);
    expect((await call("GET", "/v1/trending", basic(`x:${WRITE}`))).status).toBe(401);
    expect((await call("GET", `/v1/trending?writeKey=${WRITE}`, { key: null })).status).toBe(200);
    const body = { ...viewed("keys", "p"), writeKey: WRITE };
    expect((await call("POST", "/v1/track", { key: null, body })).status).toBe(200);
    expect(
      (await call("POST", "/v1/batch", { key: null, body: { batch: [body], writeKey: WRITE } })).status,
    ).toBe(200);
    expect((await call("POST", "/v1/track", { key: null, body: { ...body, writeKey: "no" } })).status).toBe(
      401,
    );
  });

  test("[HT2] the secret key in a query is not a key: addresses are written down everywhere", async () => {
    expect((await call("GET", `/v1/products?writeKey=${SECRET}`, { key: null })).status).not.toBe(200);
  });

  test("[HT3] while keys change two of a kind are valid", async () => {
    const two = { WRITE_KEY: "old-write,new-write", SECRET_KEY: "old-secret, new-secret" };
    for (const key of ["old-write", "new-write", "old-secret", "new-secret"]) {
      expect((await call("GET", "/v1/trending", { key, env: two })).status).toBe(200);
    }
    expect((await call("GET", "/v1/trending", { key: "old-write,new-write", env: two })).status).toBe(401);
    expect((await call("GET", "/v1/products", { key: "new-secret", env: two })).status).toBe(200);
  });

  test("[HT45] every key given is compared with every valid one, over as many bytes", async () => {
    const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
    const traces = new Set<string>();
    for (const key of [
      WRITE,
      SECRET,
      "",
      "x",
      `${SECRET}x`,
      SECRET.slice(0, -1),
      "y".repeat(5_000),
      "\u0000",
      "ä",
    ]) {
      compare.mockClear();
      const { status } = await call("GET", "/v1/products", {
        key: null,
        headers: { authorization: `Basic ${btoa(unescape(encodeURIComponent(`${key}:`)))}` },
      });
      expect([key, status]).toEqual([key, key === SECRET ? 200 : key === WRITE ? 403 : 401]);
      traces.add(compare.mock.calls.map(([a, b]) => `${a.byteLength}=${b.byteLength}`).join());
    }
    expect([...traces]).toEqual(["258=258,258=258"]);
    compare.mockRestore();
    const long = { SECRET_KEY: "s".repeat(300) };
    expect((await call("GET", "/v1/products", { key: long.SECRET_KEY, env: long })).status).toBe(503);
  });

  test("[HT4] a deployment without keys is closed", async () => {
    const none = { WRITE_KEY: "", SECRET_KEY: "" };
    for (const key of ["", "x", null]) {
      const answer = await call("GET", "/v1/products", { key, env: none });
      expect(answer.status).toBe(503);
      expect(answer.json.code).toBe("not_configured");
    }
    expect((await call("POST", "/v1/track", { key: null, body: viewed("a", "b"), env: none })).status).toBe(
      503,
    );
  });

  test("[HT4] a deployment whose public key is its secret one is closed", async () => {
    for (const env of [
      { WRITE_KEY: "same", SECRET_KEY: "same" },
      { WRITE_KEY: "old, same", SECRET_KEY: "same,other" },
    ]) {
      for (const [method, path] of [
        ["GET", "/v1/products"],
        ["GET", "/v1/trending"],
      ] as const) {
        const answer = await call(method, path, { key: "same", env });
        expect([answer.status, answer.json.code]).toEqual([503, "not_configured"]);
        expect(answer.json.detail).toContain("must differ");
      }
    }
  });

  test("[HT53] a setting of where things are stored that is wrong is 503 and named, whatever is asked", async () => {
    for (const [name, value] of [
      ["SHOP_TIME_ZONE", "Europe/Berln"],
      ["SHOP_TIME_ZONE", ""],
      ["PLANNER_SHARDS", "17"],
      ["PLANNER_SHARDS", "two"],
    ] as const) {
      const env = { [name]: value };
      for (const [method, path, body] of [
        ["POST", "/v1/track", viewed("unset", "p")],
        ["PUT", "/v1/inventory/unset", { on_hand: 1 }],
        ["GET", "/v1/replenishment", undefined],
      ] as const) {
        const answer = await call(method, path, { key: SECRET, env, body });
        expect([answer.status, answer.json.code]).toEqual([503, "not_configured"]);
        expect(answer.json.detail).toContain(`${name} must be`);
      }
      expect((await call("GET", "/health", { env })).status).toBe(503);
    }
    expect((await call("GET", "/v1/users/unset")).status).toBe(404);
    const set = { SHOP_TIME_ZONE: "Europe/Berlin", PLANNER_SHARDS: "16" };
    expect((await call("GET", "/v1/trending", { env: set })).status).toBe(200);
  });

  test("[HT6] another method of a known path is 405 with the allowed ones", async () => {
    const answer = await call("DELETE", "/v1/trending");
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
  });

  test("[HT52] a path that is no route's is 404 and says where the routes are told", async () => {
    for (const path of ["/v1/tracks", "/track", "/V1/track", "/v1/inventory/A/B"]) {
      const answer = await call("POST", path, { body: {} });
      expect([answer.status, answer.json.code]).toEqual([404, "not_found"]);
      expect(answer.json.detail).toBe(`There is no ${path}: /docs shows what there is.`);
    }
  });

  test("[HT49] an object that is away for a moment is 503 with Retry-After, a defect 500", async () => {
    const asked = (error: Error) => {
      const builder = { products: async () => Promise.reject(error) };
      const stubs = { MODEL_BUILDER: { getByName: () => builder } } as unknown as Partial<Env>;
      return call("GET", "/v1/products", { env: stubs });
    };
    for (const how of ["retryable", "overloaded", "durableObjectReset"]) {
      const { status, headers, json } = await asked(Object.assign(new Error("away"), { [how]: true }));
      expect([status, json.code, Number(headers.get("retry-after")) > 0]).toEqual([503, "unavailable", true]);
    }
    expect((await asked(new Error("a defect"))).status).toBe(500);
  });

  test("[HT6] HEAD is answered as GET, without a body", async () => {
    for (const path of ["/health", "/v1/trending", "/v1/users/nobody", "/v1/batch"]) {
      const [got, head] = [await call("GET", path), await call("HEAD", path)];
      expect([head.status, head.text]).toEqual([got.status, ""]);
      expect(head.headers.get("content-type")).toBe(got.headers.get("content-type"));
    }
  });
});
