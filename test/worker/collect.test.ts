import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { call, gzip, viewed, WRITE } from "./call.ts";

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  call("POST", path, { key: WRITE, body, headers });
const activities = async (id: string) =>
  (await call("GET", `/v1/users/${id}/export`)).json?.activities as { message_id: string; kind: string }[];

describe("events", () => {
  test.each([
    ["track", "t", { event: "Product Viewed", properties: { product_id: "p" } }],
    ["page", "p", { name: "Home" }],
    ["screen", "s", { name: "Home" }],
    ["identify", "i", { traits: { plan: "a" } }],
    ["group", "g", { groupId: "g" }],
  ])("[HT7] %s and its short form are taken", async (name, short, more) => {
    const anonymousId = `calls-${name}`;
    expect((await post(`/v1/${name}`, { anonymousId, messageId: "1", ...more })).json).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [],
    });
    expect((await post(`/v1/${short}`, { anonymousId, messageId: "2", ...more })).json.accepted).toBe(1);
    expect((await activities(anonymousId)).map(({ message_id }) => message_id).sort()).toEqual(["1", "2"]);
  });

  test("[HT7] a beacon of RudderStack's browser library is a batch, its key in the query", async () => {
    const body = JSON.stringify({ batch: [viewed("beacon", "p1")], sentAt: new Date().toISOString() });
    const sent = (key: string) =>
      call("POST", `/beacon/v1/batch?writeKey=${key}`, {
        key: null,
        body,
        headers: { "content-type": "text/plain" },
      });
    expect((await sent("wrong")).status).toBe(401);
    expect((await sent(WRITE)).json).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect(await activities("beacon")).toHaveLength(1);
  });

  test("[HT8] one bad event never spoils a batch, and is told with its place, code and field", async () => {
    const good = viewed("mixed", "p1");
    const batch = [
      good,
      { ...viewed("mixed", "p2"), timestamp: "yesterday" },
      { type: "track", messageId: "x", event: "Product Viewed" },
      "text",
      null,
      { ...viewed("mixed", "p3"), properties: { text: "x".repeat(33_000) } },
      { type: "track", anonymousId: "mixed", messageId: "nameless" },
      good,
    ];
    const { status, json } = await post("/v1/batch", { batch });
    expect(status).toBe(200);
    expect(json).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(
      json.rejected.map((one: { index: number; code: string; path: string }) => [
        one.index,
        one.code,
        one.path,
      ]),
    ).toEqual([
      [1, "invalid_event", "timestamp"],
      [2, "missing_identity", "userId"],
      [3, "invalid_event", ""],
      [4, "invalid_event", ""],
      [5, "event_too_large", ""],
      [6, "invalid_event", "event"],
    ]);
    expect(await activities("mixed")).toHaveLength(1);
  });

  test("[HT47] an empty id is none", async () => {
    const none = { userId: "", previousId: "", groupId: "", messageId: "" };
    const anonymousId = "empty-ids";
    const told = [
      { ...viewed(anonymousId, "p1"), ...none },
      { ...viewed(anonymousId, "p2"), ...none },
    ];
    expect((await post("/v1/batch", { batch: told })).json.accepted).toBe(2);
    expect(new Set((await activities(anonymousId)).map(({ message_id }) => message_id)).size).toBe(2);
    const nobody = await post("/v1/track", { ...viewed("", "p"), userId: " " });
    expect([nobody.status, nobody.json.errors[0].path]).toEqual([400, "userId"]);
  });

  test("[HT8] what is no ISO 8601 is no time", async () => {
    for (const timestamp of ["1", "Nov 5", "2026", "2026-11-32"]) {
      const { status, json } = await post("/v1/track", { ...viewed("times", "p"), timestamp });
      expect([status, json.errors]).toEqual([
        400,
        [{ path: "timestamp", detail: "must be a time (ISO 8601)" }],
      ]);
    }
  });

  test("[HT8] [EV3] a time may come with an offset, as seconds or milliseconds, and empty for none", async () => {
    const at = Date.UTC(2026, 10, 20, 8);
    const times = [
      "2026-11-20T08:00:00Z",
      "2026-11-20T10:00:00.000000+02:00",
      "2026-11-20T03:00:00-0500",
      at,
      at / 1000,
      String(at),
      `${at / 1000}.000`,
    ];
    const batch = [...times, "", " "].map((timestamp) => ({
      ...viewed("offsets", "p"),
      timestamp,
      sentAt: "",
    }));
    const { json } = await post("/v1/validate", { batch, sentAt: "" });
    const told = json.events.map(({ timestamp }: { timestamp: string }) => Date.parse(timestamp));
    expect(told.slice(0, times.length)).toEqual(times.map(() => at));
    for (const now of told.slice(times.length)) expect(Math.abs(Date.now() - now)).toBeLessThan(60_000);
    const wrong = [0, -1, 20261120, 1e11, 1e14, "20261120100000"];
    const refused = await post("/v1/validate", {
      batch: wrong.map((timestamp) => ({ ...viewed("offsets", "p"), timestamp })),
    });
    expect(refused.json.rejected).toHaveLength(wrong.length);
  });

  test("[HT48] a missing field is required, an unknown one is not known", async () => {
    const wrong = async (path: string, body: unknown) => (await call("POST", path, { body })).json.errors;
    expect(await wrong("/v1/batch", [])).toEqual([{ path: "batch", detail: "is required" }]);
    expect(await wrong("/v1/batch", { batch: {} })).toEqual([
      { path: "batch", detail: "must be a list of messages" },
    ]);
    expect(await wrong("/v1/batch", "7")).toEqual([{ path: "", detail: "must be an object with a batch" }]);
    expect(await wrong("/v1/orders", { itemz: [] })).toEqual([
      { path: "order_id", detail: "is required" },
      { path: "items", detail: "is required" },
      { path: "itemz", detail: "is not a known field" },
    ]);
    const [rejected] = (await post("/v1/batch", { batch: [{ anonymousId: "x" }] })).json.rejected;
    expect(rejected).toMatchObject({ path: "type", detail: "is required" });
  });

  test("[HT9] bodies are known by what they are: JSON as text, gzip with and without its header", async () => {
    const body = (n: number) => JSON.stringify(viewed("sniffed", `p${n}`));
    expect((await post("/v1/track", body(1), { "content-type": "text/plain" })).status).toBe(200);
    expect((await post("/v1/track", await gzip(body(2)), { "content-encoding": "gzip" })).status).toBe(200);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await post("/v1/track", await gzip(body(3)), form)).status).toBe(200);
    expect(await activities("sniffed")).toHaveLength(3);
    expect((await post("/v1/track", (await gzip(body(4))).slice(0, 40))).status).toBe(400);
    expect((await post("/v1/track", body(5), { "content-encoding": "br" })).status).toBe(415);
  });

  test("[HT9] RudderStack's gzip and a beacon's body are read, from one piece or many", async () => {
    const types = [
      "application/json",
      "application/x-www-form-urlencoded",
      "text/plain;charset=UTF-8",
      "x/y",
    ];
    for (const [n, type] of types.entries()) {
      const batch = JSON.stringify({ batch: [viewed("rudder", `p${n}`)], sentAt: null });
      const packed = await gzip(batch);
      for (const encoding of [{ "content-encoding": "gzip" }, { "content-encoding": "GZIP" }, {}]) {
        const { json } = await post("/v1/batch", packed, { "content-type": type, ...encoding });
        expect(json.accepted + json.duplicates).toBe(1);
      }
      // Said to be gzip, and is not: also taken for what it is.
      const plain = await post("/v1/batch", batch, { "content-type": type, "content-encoding": "gzip" });
      expect(plain.json.duplicates).toBe(1);
    }
    expect(await activities("rudder")).toHaveLength(types.length);
  });

  test("[HT10] an event is bounded by its bytes of UTF-8, alone, in a batch and in an import", async () => {
    const fits = { ...viewed("bytes", "p"), properties: { text: "ü".repeat(16_000) } };
    const tooLarge = { ...viewed("bytes", "p"), properties: { text: "ü".repeat(17_000) } };
    expect((await post("/v1/track", fits)).status).toBe(200);
    expect((await post("/v1/track", tooLarge)).status).toBe(413);
    const listed = (list: object[]) => list.map((one) => JSON.stringify(one)).join("\n");
    const messages = [fits, tooLarge];
    for (const { json } of [
      await post("/v1/batch", { batch: messages }),
      await call("POST", "/v1/import", { body: { batch: messages } }),
      await call("POST", "/v1/import", { body: messages }),
      await call("POST", "/v1/import", { body: listed(messages) }),
    ]) {
      expect(json).toMatchObject({ duplicates: 1, rejected: [{ index: 1, code: "event_too_large" }] });
    }
  });

  test("[HT10] bodies are bounded before and after inflation, batches by their events", async () => {
    expect((await post("/v1/batch", `{"batch":"${"x".repeat(1024 * 1024)}"}`)).status).toBe(413);
    expect((await post("/v1/batch", await gzip("0".repeat(10_000_000)))).status).toBe(413);
    const batch = Array.from({ length: 2_501 }, () => ({}));
    const tooMany = await post("/v1/batch", { batch });
    expect(tooMany.status).toBe(413);
    expect(tooMany.json.detail).toContain("2500");
    expect((await post("/v1/batch", { batch: batch.slice(1) })).status).toBe(200);
  });

  test("[HT11] validate says what collect would, and stores nothing", async () => {
    const batch = [viewed("validated", "p"), { type: "track" }];
    const { json } = await post("/v1/validate", { batch });
    expect(json).toMatchObject({ valid: 1, rejected: [{ index: 1 }] });
    const message = {
      ...viewed("validated", "p"),
      timestamp: "2026-01-01T00:00:00Z",
      sentAt: "2026-01-01T00:10:00Z",
    };
    const one = (await post("/v1/validate", message)).json;
    const { messageId } = message;
    const products = [{ product_id: "p", sku: "p", quantity: 1 }];
    const product = { type: "track", kind: "viewed", name: "Product Viewed", products, bot: false };
    expect(one).toMatchObject({
      valid: 1,
      rejected: [],
      events: [{ index: 0, message_id: messageId, ...product }],
    });
    // As it will be dated: the sender's clock is months off.
    expect(Math.abs(Date.parse(one.events[0].timestamp) - Date.now() + 600_000)).toBeLessThan(60_000);
    const order = { id: "o-1", total: "1.299,00 EUR", products: [{ sku: "a", price: "1.234" }] };
    const sold = (await post("/v1/validate", { ...message, event: "Order Completed", properties: order }))
      .json;
    expect(sold.events[0]).toMatchObject({ kind: "ordered", order_id: "o-1", value: 1299 });
    // What may mean two amounts is left out, and can be seen to be.
    expect(sold.events[0].products).toEqual([{ product_id: "a", sku: "a", quantity: 1 }]);
    const list = await post("/v1/validate", [message, {}, { ...message, event: "Made Up" }]);
    expect(list.json).toMatchObject({
      valid: 2,
      rejected: [{ index: 1 }],
      events: [{}, { index: 2, kind: "other" }],
    });
    expect(
      (await call("GET", "/v1/rejected")).json.items.map(({ index }: { index: number }) => index),
    ).not.toContain(1);
    expect((await call("GET", "/v1/users/validated")).status).toBe(404);
  });

  test("[HT12] an import takes an array, a batch or NDJSON, and keeps its times", async () => {
    const timestamp = "2026-10-01T10:00:00.000Z";
    const at = (n: number) => ({ ...viewed(`import-${n}`, "p"), timestamp, sentAt: "2026-10-05T00:00:00Z" });
    const send = (body: unknown) => call("POST", "/v1/import", { body });
    expect((await send([at(1), at(2)])).json.accepted).toBe(2);
    expect((await send({ batch: [at(3)] })).json.accepted).toBe(1);
    const lines = [JSON.stringify(at(4)), "{broken", "", JSON.stringify(at(5))].join("\n");
    expect((await send(lines)).json).toMatchObject({ accepted: 2, rejected: [{ index: 1 }] });
    for (const n of [1, 2, 3, 4, 5]) {
      const { json } = await call("GET", `/v1/users/import-${n}/export`);
      expect(json.activities[0].timestamp).toBe(timestamp);
    }
    expect((await send("")).status).toBe(400);
  });

  test("[HT13] a message sent twice counts once, in one batch, over batches, and side by side", async () => {
    const batch = Array.from({ length: 20 }, (_, i) => viewed("twice", `p${i}`));
    const answers = await Promise.all(
      [1, 2, 3].map(() => post("/v1/batch", { batch: [...batch, ...batch] })),
    );
    const accepted = answers.reduce((sum, { json }) => sum + json.accepted, 0);
    expect(accepted).toBe(20);
    expect((await call("GET", "/v1/users/twice")).json.counts.views).toBe(20);
  });
});

describe("people", () => {
  test("[HT14] a profile shows what a visitor did; an export every activity; an erased one is gone", async () => {
    const order = {
      type: "track",
      messageId: "order",
      event: "Order Completed",
      userId: "u-1",
      properties: {
        order_id: "o-1",
        currency: "EUR",
        total: 60,
        products: [{ product_id: "p1", sku: "p1", quantity: 3, price: 20, category: "Shoes", brand: "Acme" }],
      },
    };
    await post("/v1/batch", { batch: [{ ...viewed("x", "p1"), userId: "u-1" }, order] });
    const { json } = await call("GET", "/v1/users/u-1");
    expect(json).toMatchObject({
      user_id: "u-1",
      counts: { views: 1, orders: 1, purchases: 3, sessions: 1 },
      categories: [{ category: "Shoes", views: 1, purchases: 3 }],
    });
    expect(json.categories[0].affinity).toBeGreaterThan(0);
    expect(json.categories[0].affinity).toBeLessThanOrEqual(1);
    expect(json.price[0]).toMatchObject({ category: "Shoes", currency: "EUR" });
    expect(Math.abs(json.price[0].p50 / 20 - 1)).toBeLessThan(0.05);
    const exported = await call("GET", "/v1/users/u-1/export");
    expect(exported.json).toMatchObject({ user_id: "u-1", profile: { counts: { orders: 1 } } });
    expect(exported.json.activities).toHaveLength(2);
    const lines = await call("GET", "/v1/users/u-1/export", { headers: { accept: "application/x-ndjson" } });
    expect(
      lines.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).message_id),
    ).toContain("order");
    expect((await call("DELETE", "/v1/users/u-1")).status).toBe(204);
    expect((await call("GET", "/v1/users/u-1")).status).toBe(404);
    // A late retry of what was erased does not bring it back.
    expect((await post("/v1/batch", { batch: [order] })).json.accepted).toBe(0);
    expect((await call("GET", "/v1/users/u-1")).status).toBe(404);
  });
});

test("[EV8] an order of hundreds of products counts whole; one of more than are taken is refused, never cut", async () => {
  const units = async () => (await env.DEMAND_PLANNER.getByName("planner").totals()).units;
  const products = (count: number) => Array.from({ length: count }, (_, n) => ({ sku: `many-${n}` }));
  const order = (id: string, count: number, given: unknown = products(count)) => ({
    type: "track",
    event: "Order Completed",
    messageId: id,
    anonymousId: "wholesale",
    properties: { order_id: id, products: given },
  });
  const before = await units();
  const batch = [
    order("many", 500),
    order("too-many", 501),
    order("too-many-keyed", 501, Object.fromEntries(products(501).map((one, n) => [`k${n}`, one]))),
    { ...order("long-list", 501), event: "Product List Viewed" },
  ];
  const { json } = await call("POST", "/v1/batch", { key: WRITE, body: { batch } });
  const detail =
    "must not hold more than 500 products: send it as several orders, each with an id of its own";
  const why = { code: "invalid_event", path: "properties.products", detail };
  expect(json).toMatchObject({
    accepted: 2,
    rejected: [
      { index: 1, ...why },
      { index: 2, ...why },
    ],
  });
  await vi.waitUntil(async () => (await units()) >= before + 500, { timeout: 5_000 });
  expect(await units()).toBe(before + 500);
});

test("[HT51] an id that no address reaches is refused", async () => {
  const batch = [viewed("..", "p"), viewed(".", "p"), viewed("...", "p")];
  const { json } = await call("POST", "/v1/batch", { key: WRITE, body: { batch } });
  expect(json.accepted).toBe(1);
  expect(json.rejected).toMatchObject([
    { index: 0, code: "invalid_event", path: "anonymousId", detail: "must not be . or .." },
    { index: 1, code: "invalid_event", path: "anonymousId", detail: "must not be . or .." },
  ]);
  const products = await call("POST", "/v1/products", { body: [{ product_id: ".." }] });
  expect(products.status).toBe(422);
  expect(products.json.errors[0].path).toBe("0.product_id");
});
