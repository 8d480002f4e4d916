import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Env } from "../../durable-objects/env.ts";
import worker from "../../worker/index.ts";
import { call, SECRET, viewed, WRITE } from "./call.ts";

const collect = (batch: unknown[]) => call("POST", "/v1/batch", { key: WRITE, body: { batch } });
const monitor = async () => (await call("GET", "/v1/monitor")).json;
const rejected = async (query = "") => (await call("GET", `/v1/rejected${query}`)).json;
/** What came before has not taken the samples of this second. */
const freshSecond = () => scheduler.wait(1_000 - (Date.now() % 1_000));
const replay = (body?: unknown) => call("POST", "/v1/rejected/replay", { body: body ?? {} });

/** Calls of the monitor's methods, counted. */
function counting() {
  const calls: Record<string, number> = {};
  const stub = new Proxy(env.EVENT_MONITOR.getByName("monitor"), {
    get:
      (target, method: string) =>
      (...args: unknown[]) => {
        calls[method] = (calls[method] ?? 0) + 1;
        return (target as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(...args);
      },
  });
  return { calls, env: { EVENT_MONITOR: { getByName: () => stub } } as unknown as Partial<Env> };
}

describe("the monitor", () => {
  test("[MO1] tells what arrived, what became of it and what was recommended", async () => {
    const library = { library: { name: "analytics.js", version: "1" } };
    const good = { ...viewed("seen-1", "p"), context: library };
    await collect([good, good, { ...viewed("seen-2", "p"), timestamp: "never" }]);
    await call("POST", "/v1/track", {
      key: WRITE,
      body: {
        event: "Order Completed",
        messageId: "seen-order",
        userId: "seen-u",
        properties: { order_id: "seen-o", currency: "eur", revenue: 12.5 },
      },
    });
    await call("GET", "/v1/recommendations?anonymous_id=seen-1", { key: WRITE });
    const { minutes, today, recent, now } = await monitor();
    const few = await call("GET", "/v1/monitor?recent=1");
    expect(few.json.recent).toEqual(recent.slice(0, 1));
    expect((await call("GET", "/v1/monitor?recent=0")).json.recent).toEqual([]);
    expect((await call("GET", "/v1/monitor?recent=501")).status).toBe(400);
    expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(10_000);
    expect(minutes).toHaveLength(60);
    const sums = minutes.reduce(
      (sum: Record<string, number>, minute: Record<string, number>) => ({
        events: sum["events"]! + minute["events"]!,
        rejected: sum["rejected"]! + minute["rejected"]!,
        orders: sum["orders"]! + minute["orders"]!,
        recommendations: sum["recommendations"]! + minute["recommendations"]!,
      }),
      { events: 0, rejected: 0, orders: 0, recommendations: 0 },
    );
    expect(sums).toEqual({ events: 2, rejected: 1, orders: 1, recommendations: 1 });
    expect(today).toEqual({
      events: 2,
      visitors: 2,
      orders: 1,
      revenue: [{ currency: "EUR", amount: 12.5 }],
      recommendations: 1,
      rejected: 1,
    });
    const outcomes = recent.map((event: Record<string, unknown>) => [event["outcome"], event["kind"]]);
    expect(outcomes).toEqual(
      expect.arrayContaining([
        ["accepted", "viewed"],
        ["duplicate", "viewed"],
        ["rejected", "viewed"],
        ["accepted", "ordered"],
      ]),
    );
    const shown = recent.find((event: Record<string, unknown>) => event["outcome"] === "duplicate");
    expect(shown).toMatchObject({
      message_id: good.messageId,
      type: "track",
      event: "Product Viewed",
      visitor: { anonymous_id: "seen-1" },
      bot: false,
      library: "analytics.js",
      message: good,
    });
    const refused = recent.find((event: Record<string, unknown>) => event["outcome"] === "rejected");
    expect(refused.rejected).toMatchObject({
      code: "invalid_event",
      path: "timestamp",
      detail: expect.any(String),
    });
    expect((await rejected()).items[0].id).toBe(refused.rejected.id);
    const single = recent.find((event: Record<string, unknown>) => event["kind"] === "ordered");
    expect(single.type).toBe("track");
  });

  test("[MO12] an isolate tells about once a second, whatever the number of requests", async () => {
    const { calls, env: bindings } = counting();
    const slow = { ...bindings, MONITOR_GATHER_SECONDS: "1" };
    const before = (await monitor()).today.events;
    const began = Date.now();
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        call("POST", "/v1/batch", { key: WRITE, body: { batch: [viewed(`gather-${i}`, "p")] }, env: slow }),
      ),
    );
    expect(calls["observe"]).toBeGreaterThan(0);
    expect(calls["observe"]).toBeLessThanOrEqual(1 + (Date.now() - began) / 1_000);
    expect((await monitor()).today.events).toBe(before + 50);
  });

  test("[MO12] a monitor that cannot be reached fails no request", async () => {
    const broken = {
      EVENT_MONITOR: {
        getByName: () => ({ observe: () => Promise.reject(new Error("out of reach")) }),
      },
    } as unknown as Partial<Env>;
    const body = { batch: [viewed("unreachable", "p")] };
    expect((await call("POST", "/v1/batch", { key: WRITE, body, env: broken })).json.accepted).toBe(1);
  });
});

describe("rejected events", () => {
  test("[MO30] each is kept before its sender is answered, however it came", async () => {
    const bad = { ...viewed("kept", "p"), timestamp: "never" };
    const single = await call("POST", "/v1/track", { key: WRITE, body: { ...bad, messageId: "kept-1" } });
    expect(single.status).toBe(400);
    await collect([
      { ...bad, messageId: "kept-2" },
      { ...bad, messageId: "kept-3" },
    ]);
    await call("POST", "/v1/import", {
      body: `${JSON.stringify({ ...bad, messageId: "kept-4" })}\n{broken\n`,
    });
    await collect([{ ...bad, messageId: "kept-5", properties: { text: "x".repeat(40_000) } }]);
    const { items, next_cursor } = await rejected("?limit=5");
    expect(items.map(({ message_id }: { message_id: string }) => message_id)).toEqual([
      "kept-5",
      null,
      "kept-4",
      "kept-3",
      "kept-2",
    ]);
    expect(items[1]).toMatchObject({ code: "invalid_event", path: "", message: "{broken" });
    expect(items[0]).toMatchObject({ code: "event_too_large", truncated: true });
    expect(items[3]).toMatchObject({
      code: "invalid_event",
      path: "timestamp",
      detail: "must be a time (ISO 8601)",
      message: { ...bad, messageId: "kept-3" },
    });
    const next = await rejected(`?limit=5&cursor=${next_cursor}`);
    expect(next.items[0]).toMatchObject({ message_id: "kept-1", message: { ...bad, messageId: "kept-1" } });
    expect((await call("GET", "/v1/rejected?cursor=x")).status).toBe(400);
  });

  test("[MO30] when it cannot be kept the client is told to send it again", async () => {
    const broken = {
      EVENT_MONITOR: {
        getByName: () => ({
          reject: () => Promise.reject(new Error("x")),
          observe: async () => ({ samples: 1 }),
        }),
      },
    } as unknown as Partial<Env>;
    const body = { batch: [{ type: "track" }] };
    const answer = await call("POST", "/v1/batch", { key: WRITE, body, env: broken });
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("[MO32] a corrected one is taken, dated as it would have been, and leaves the list", async () => {
    const before = Date.now();
    const bad = {
      type: "track",
      anonymousId: "mended",
      messageId: "mended-1",
      properties: { product_id: "p" },
    };
    await collect([bad, { ...bad, messageId: "mended-2" }]);
    const { items } = await rejected("?limit=2");
    const [second, first] = items as { id: string }[];
    const still = await replay({ ids: [first!.id] });
    expect(still.json).toEqual({
      accepted: 0,
      duplicates: 0,
      rejected: [
        { id: first!.id, code: "invalid_event", path: "event", detail: "is required of a track call" },
      ],
    });
    const mended = { ...bad, event: "Product Viewed" };
    const answer = await replay({ items: [{ id: first!.id, message: mended }], ids: [second!.id] });
    expect(answer.json).toMatchObject({ accepted: 1, duplicates: 0, rejected: [{ id: second!.id }] });
    const { activities } = (await call("GET", "/v1/users/mended/export")).json;
    expect(activities).toMatchObject([{ message_id: "mended-1", kind: "viewed" }]);
    expect(Date.parse(activities[0].timestamp)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(activities[0].timestamp)).toBeLessThan(Date.now());
    const left = (await rejected("?limit=500")).items.map(({ id }: { id: string }) => id);
    expect(left).toContain(second!.id);
    expect(left).not.toContain(first!.id);
    expect((await replay({ ids: [first!.id] })).status).toBe(404);
  });

  test("[MO32] one without an id counts once, however often it is sent again", async () => {
    await call("POST", "/v1/track", { key: WRITE, body: { anonymousId: "nameless", event: " " } });
    const [item] = (await rejected("?limit=1")).items;
    const message = { anonymousId: "nameless", event: "Product Viewed", properties: { product_id: "p" } };
    const answers = await Promise.all([1, 2, 3].map(() => replay({ items: [{ id: item.id, message }] })));
    const sum = (field: string) => answers.reduce((all, { json }) => all + (json[field] ?? 0), 0);
    expect(sum("accepted")).toBe(1);
    expect((await call("GET", "/v1/users/nameless")).json.counts.views).toBe(1);
  });

  test("[MO32] one that a bot sent counts as a bot's when it is sent again", async () => {
    const message = { type: "track", messageId: "crawler-1", anonymousId: "c", context: { page: {} } };
    const headers = { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)" };
    await call("POST", "/v1/track", { key: WRITE, body: message, headers });
    const [item] = (await rejected("?limit=1")).items;
    await freshSecond();
    const answer = await replay({ items: [{ id: item.id, message: { ...message, event: "Seen" } }] });
    expect(answer.json).toMatchObject({ accepted: 1 });
    const { recent } = await monitor();
    const [taken] = recent.filter((event: Record<string, unknown>) => event["message_id"] === "crawler-1");
    expect(taken).toMatchObject({ outcome: "accepted", bot: true });
  });

  test("[MO32] all of them are sent again by portions, the oldest first", async () => {
    await collect(Array.from({ length: 1_200 }, () => ({ type: "track", event: "x" })));
    const all = (await rejected("?limit=500")).items.length;
    expect(all).toBe(500);
    const first = await replay();
    expect(first.json.rejected).toHaveLength(1_000);
    const rest = await replay({ cursor: first.json.next_cursor });
    expect(rest.json.rejected.length).toBeGreaterThanOrEqual(200);
    expect(rest.json.next_cursor).toBeUndefined();
    const fewer = await call("POST", "/v1/rejected/replay", { body: {}, env: { OBJECT_CALLS_MAX: "1000" } });
    expect(fewer.json.rejected.length).toBeLessThan(1_000);
    expect(fewer.json.next_cursor).toBeDefined();
  });

  test("[MO33] one is dropped by its id", async () => {
    await collect([{ type: "track", messageId: "dropped" }]);
    const [item] = (await rejected("?limit=1")).items;
    expect((await call("DELETE", `/v1/rejected/${item.id}`)).status).toBe(204);
    expect((await call("DELETE", `/v1/rejected/${item.id}`)).status).toBe(204);
    expect((await rejected("?limit=1")).items[0]?.message_id).not.toBe("dropped");
    expect((await call("DELETE", "/v1/rejected/x")).status).toBe(400);
  });
});

test("[MO40] [CO1] of what is no message nothing stays that names an erased person, or that speaks of consent", async () => {
  const broken = (id: string, more = "") =>
    `{"type":"identify","userId":"${id}","traits":{"email":"${id}@x"}${more},}`;
  const consent = ',"context":{"consent":{"categoryPreferences":{"Analytics":false}}}';
  const lines = [
    broken("gone-1"),
    broken("stays-1"),
    broken("silent-1", consent),
    '[{"userId":"gone-1"}]',
    "{\"anonymousId\":'gone-2' ,",
    '{"previousId":"gone-2',
  ];
  const body = [JSON.stringify(viewed("stays-2", "p")), ...lines].join("\n");
  expect((await call("POST", "/v1/import", { body })).json.rejected).toHaveLength(lines.length);
  const held = async () => JSON.stringify([await monitor(), await rejected("?limit=500")]);
  expect(await held()).toContain("gone-1");
  expect(await held()).not.toContain("silent-1");
  for (const id of ["gone-1", "gone-2"]) expect((await call("DELETE", `/v1/users/${id}`)).status).toBe(204);
  expect(await held()).not.toContain("gone-");
  expect(await held()).toContain("stays-1");
});

test("[MO40] an erased visitor leaves the live view and the rejected events under every id", async () => {
  const bad = { timestamp: "never" };
  await freshSecond();
  await collect([
    { ...viewed("erased-a", "p"), userId: "erased-u" },
    viewed("erased-a", "q"),
    { ...viewed("erased-a", "r"), ...bad },
    { ...viewed("other", "s"), ...bad },
  ]);
  expect(JSON.stringify(await monitor())).toContain("erased-a");
  expect((await call("DELETE", "/v1/users/erased-u")).status).toBe(204);
  for (const held of [await monitor(), await rejected("?limit=500")]) {
    expect(JSON.stringify(held)).not.toContain("erased-");
    expect(JSON.stringify(held)).toContain('"other"');
  }
});

describe("the live feed", () => {
  async function open(headers: Record<string, string>, query = "") {
    const ctx = createExecutionContext();
    const request = new Request(`https://shop.test/v1/live${query}`, {
      headers: { upgrade: "websocket", ...headers },
    });
    const response = await worker.fetch(request, env as unknown as Env, ctx);
    await waitOnExecutionContext(ctx);
    return response;
  }
  const key = (secret: string) =>
    `key.${btoa(secret).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;

  test("[MO20] needs the secret key, as Bearer or as subprotocol, and an upgrade", async () => {
    const protocol = { "sec-websocket-protocol": `shelfwise.v1, ${key(SECRET)}` };
    const bearer = { authorization: `Bearer ${SECRET}` };
    for (const [headers, spoken] of [
      [protocol, "shelfwise.v1"],
      [bearer, null],
    ] as const) {
      const { status, webSocket, headers: answered } = await open(headers);
      expect(status).toBe(101);
      expect(answered.get("sec-websocket-protocol")).toBe(spoken);
      webSocket!.accept();
      webSocket!.close();
    }
    expect((await open({})).status).toBe(401);
    expect((await open({ "sec-websocket-protocol": `shelfwise.v1, ${key("wrong")}` })).status).toBe(401);
    expect((await open({ "sec-websocket-protocol": "shelfwise.v1, key.%%%" })).status).toBe(401);
    expect((await open({ "sec-websocket-protocol": `shelfwise.v1, ${key(WRITE)}` })).status).toBe(403);
    const plain = await call("GET", "/v1/live");
    expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
  });

  test("[MO21] says hello with the monitor's view, then what comes", async () => {
    const { webSocket } = await open({ authorization: `Bearer ${SECRET}` });
    const frames: Record<string, unknown>[] = [];
    webSocket!.accept();
    webSocket!.addEventListener("message", ({ data }) => {
      frames.push(JSON.parse(data as string));
    });
    const until = async (done: () => boolean) => {
      for (let tries = 0; tries < 300 && !done(); tries++) await scheduler.wait(50);
      expect(done()).toBe(true);
    };
    await until(() => frames.length === 1);
    const { type, ...hello } = frames[0]!;
    expect(type).toBe("hello");
    expect({ ...hello, now: 0, minutes: 0 }).toEqual({ ...(await monitor()), now: 0, minutes: 0 });
    await freshSecond();
    const event = viewed("live", "p");
    await collect([event, { type: "track" }]);
    const shown = () =>
      frames.slice(1).flatMap((frame) => frame["events"] as { message_id: string | null }[]);
    await until(() => shown().length === 2);
    expect(shown().map(({ message_id }) => message_id)).toEqual(
      expect.arrayContaining([event.messageId, null]),
    );
    expect(frames.at(-1)).toMatchObject({
      type: "events",
      minute: { events: expect.any(Number) },
      today: {},
    });
    webSocket!.close();
    const figures = (await open({ authorization: `Bearer ${SECRET}` }, "?recent=0")).webSocket!;
    figures.accept();
    const { data } = await new Promise<MessageEvent>((told) => {
      figures.addEventListener("message", told);
    });
    expect(JSON.parse(data as string)).toMatchObject({ type: "hello", recent: [] });
    figures.close();
  });
});
