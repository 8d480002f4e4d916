import { describe, expect, test } from "vitest";
import { IMPORT_REJECTED_MAX } from "../../domain/limits.ts";
import type { Env } from "../../durable-objects/env.ts";
import type { RecordResult } from "../../durable-objects/rpc.ts";
import { call, gzip, SECRET, viewed, WRITE } from "./call.ts";

const send = (body: unknown, headers: Record<string, string> = {}) =>
  call("POST", "/v1/import", { key: SECRET, body, headers });

/** Profiles that only note that they are called. */
const profiles = (record: (name: string) => Promise<RecordResult>) =>
  ({
    USER_PROFILE: { getByName: (name: string) => ({ record: () => record(name) }) },
  }) as unknown as Partial<Env>;

describe("an import", () => {
  test("[HT43] is recorded as it comes: what is broken at its end spoils nothing before it", async () => {
    const list = Array.from({ length: 600 }, (_, i) => viewed(`stream-${i % 3}`, `p${i}`));
    const text = JSON.stringify(list).slice(0, -1);
    const { status, json } = await send(text);
    expect(status).toBe(200);
    expect(json).toMatchObject({ accepted: 600, duplicates: 0, rejected: [{ index: 600, path: "" }] });
    expect((await send(`${text}]`)).json).toMatchObject({ accepted: 0, duplicates: 600 });
  });

  test("[HT43] that grows too large is refused with what was taken, which counts once when sent again", async () => {
    const list = Array.from({ length: 1_000 }, (_, i) => viewed("large", `p${i}`));
    const lines = list.map((item) => JSON.stringify(item)).join("\n");
    const grown = await gzip(`${lines}\n${" ".repeat(10 * 1024 * 1024)}`);
    const answer = await send(grown);
    expect(answer.status).toBe(413);
    expect(answer.json).toMatchObject({ code: "too_large", duplicates: 0 });
    const { accepted } = answer.json;
    expect(accepted).toBeGreaterThanOrEqual(500);
    const again = (await send(lines)).json;
    expect(again.accepted + again.duplicates).toBe(1_000);
    expect(again.duplicates).toBe(accepted);
    const cut = await gzip(lines);
    expect((await send(cut.slice(0, cut.length - 20))).status).toBe(400);
  });

  test("[HT50] of more visitors than a request may call is taken in parts, each going on where the one before ended", async () => {
    const history = Array.from({ length: 1_500 }, (_, i) => viewed(`many-${i}`, "p"));
    const called: string[] = [];
    const bindings = profiles(async (name) => {
      called.push(name);
      return {};
    });
    const ends: number[] = [];
    for (let from = 0; from < history.length; ends.push(from)) {
      const before = called.length;
      // The least that a plan allows.
      const options = { body: history.slice(from), env: { ...bindings, OBJECT_CALLS_MAX: "1000" } };
      const { status, json } = await call("POST", "/v1/import", options);
      if (status !== 200)
        expect(json).toMatchObject({ status: 413, code: "too_large", accepted: json.taken });
      expect(called.length - before).toBeLessThan(1_000);
      from += json.taken ?? json.accepted;
    }
    expect(ends).toEqual([500, 1_000, 1_500]);
    expect(new Set(called).size).toBe(1_500);
    expect(called).toHaveLength(1_500);
  });

  test("[HT50] a visitor is one call in every 500 messages: sorted by visitor, a request takes more", async () => {
    const interleaved = Array.from({ length: 3_000 }, (_, i) => viewed(`regular-${i % 600}`, "p"));
    const sorted = interleaved.toSorted((a, b) => (a.anonymousId < b.anonymousId ? -1 : 1));
    const send = (body: unknown[]) =>
      call("POST", "/v1/import", {
        body,
        env: { ...profiles(async () => ({})), OBJECT_CALLS_MAX: "1000" },
      });
    expect((await send(sorted)).json).toMatchObject({ accepted: 3_000 });
    const refused = await send(interleaved);
    expect(refused).toMatchObject({ status: 413, json: { taken: 500 } });
    expect(refused.json.detail).toContain("those of a visitor one after another");
  });

  test("[HT50] goes on the same way where the platform stops a request earlier than was told", async () => {
    const history = Array.from({ length: 700 }, (_, i) => viewed(`earlier-${i}`, "p"));
    let made = 0;
    const stopping = profiles(async () => {
      if (++made > 600) throw new Error("Too many subrequests by single Worker invocation.");
      return {};
    });
    expect(await call("POST", "/v1/import", { body: history, env: stopping })).toMatchObject({
      status: 413,
      json: { code: "too_large", accepted: 500, taken: 500 },
    });
  });

  test("[HT50] so it does where the visitors refused analytics", async () => {
    const refusing = { context: { consent: { categoryPreferences: { Analytics: false } } } };
    const body = Array.from({ length: 2 }, (_, i) => viewed(`refusing-${i}`, "p", refusing));
    const stopped = () => Promise.reject(new Error("Too many subrequests by single Worker invocation."));
    const stopping = { SIGNAL_COMBINER: { getByName: () => ({ add: stopped }) } } as unknown as Partial<Env>;
    expect(await call("POST", "/v1/import", { body, env: stopping })).toMatchObject({
      status: 413,
      json: { code: "too_large" },
    });
  });

  test("[HT43] tells the first thousand rejections one by one and counts the rest", async () => {
    const { status, json } = await send(`[${"1,".repeat(IMPORT_REJECTED_MAX + 499)}1]`);
    expect(status).toBe(200);
    expect(json.rejected).toHaveLength(IMPORT_REJECTED_MAX);
    expect(json).toMatchObject({ accepted: 0, rejected_omitted: 500 });
  });
});

test("[HT50] a batch of more visitors than a request may call is refused before anything of it is recorded", async () => {
  const batch = Array.from({ length: 1_000 }, (_, i) => viewed(`crowd-${i}`, "p"));
  let made = 0;
  const bindings = profiles(async () => {
    made++;
    return {};
  });
  const post = (messages: unknown[]) =>
    call("POST", "/v1/batch", { body: { batch: messages }, env: { ...bindings, OBJECT_CALLS_MAX: "1000" } });
  expect(await post(batch)).toMatchObject({ status: 413, json: { code: "too_large" } });
  expect(made).toBe(0);
  expect((await post(batch.slice(0, 500))).json.accepted).toBe(500);
});

describe("a message without an id", () => {
  const nameless = (product: string) => ({ ...viewed("nameless", product), messageId: undefined });
  const views = async () => (await call("GET", "/v1/users/nameless")).json.counts.views;

  test("[HT44] counts once under the request's Idempotency-Key, however it is sent", async () => {
    const body = { batch: [nameless("a"), nameless("a"), nameless("b")] };
    const post = (path: string, given: unknown, key: string) =>
      call("POST", path, { key: SECRET, body: given, headers: { "idempotency-key": key } });
    expect((await post("/v1/batch", body, "k-1")).json).toMatchObject({ accepted: 3, duplicates: 0 });
    expect((await post("/v1/batch", body, "k-1")).json).toMatchObject({ accepted: 0, duplicates: 3 });
    // Another body, and another key, are other events.
    expect((await post("/v1/batch", { batch: [nameless("c")] }, "k-1")).json.accepted).toBe(1);
    expect((await post("/v1/batch", body, "k-2")).json.accepted).toBe(3);
    for (const repeated of [0, 1]) {
      const one = await post("/v1/track", { ...nameless("d"), writeKey: WRITE }, "k-3");
      expect(one.json.duplicates).toBe(repeated);
      const lines = await post("/v1/import", `${JSON.stringify(nameless("e"))}\n`, "k-4");
      expect(lines.json.duplicates).toBe(repeated);
    }
    expect(await views()).toBe(9);
    // Without a key each is an event of its own.
    await call("POST", "/v1/batch", { body });
    expect(await views()).toBe(12);
    for (const bad of [" ", "x".repeat(300)]) {
      expect((await post("/v1/batch", body, bad)).status).toBe(400);
    }
  });
});
