import { beforeAll, describe, expect, test } from "vitest";
import { call, newest, publish, SECRET, viewed, WRITE } from "./call.ts";

interface Item {
  product_id: string;
  strategy: string;
  because?: { product_id: string };
}

const ids = (items: Item[]) => items.map(({ product_id }) => product_id);

/** Sessions of many visitors that see p1, p2, p3 or q1, q2, q3 one after another. */
beforeAll(async () => {
  const batch = Array.from({ length: 40 }, (_, visitor) =>
    [1, 2, 3].map((n) => viewed(`crowd-${visitor}`, `${visitor % 2 ? "p" : "q"}${n}`)),
  ).flat();
  await call("POST", "/v1/batch", { body: { batch } });
  await publish();
});

describe("recommendations", () => {
  test("[HT15] an event of a visitor changes that visitor's very next recommendations", async () => {
    const ask = async () =>
      (await call("GET", "/v1/recommendations?anonymous_id=fresh&limit=3&placement=session", { key: WRITE }))
        .json;
    const before = await ask();
    expect(before.items.some(({ because }: Item) => because !== undefined)).toBe(false);
    await call("POST", "/v1/track", { key: WRITE, body: viewed("fresh", "p1") });
    const after = await ask();
    expect(after.items.find(({ because }: Item) => because?.product_id === "p1")).toMatchObject({
      strategy: "collaborative",
    });
    expect(ids(after.items).slice(0, 3)).toContain("p2");
    await call("POST", "/v1/track", { key: WRITE, body: viewed("fresh", "q1") });
    expect(ids((await ask()).items)).toContain("q2");
  });

  test("[HT16] a stateless question is answered like a visitor's; exclusions, category and strategies hold", async () => {
    const ask = async (body: object) =>
      (await call("POST", "/v1/recommendations", { key: WRITE, body: { placement: "session", ...body } }))
        .json.items;
    expect(ids(await ask({ recent: ["p1"], limit: 4 }))).toContain("p2");
    expect(ids(await ask({ recent: ["p1"], exclude: ["p2"] }))).not.toContain("p2");
    expect((await ask({ recent: ["p1"], category: "Hats" })).length).toBe(0);
    for (const { strategy } of await ask({ recent: ["p1"], strategies: ["trending"] }))
      expect(strategy).toBe("trending");
    expect((await ask({ limit: 100 })).length).toBe(6);
  });

  test("[HT17] nobody reads another's recommendations: a user's need the token or the secret key", async () => {
    const ask = (query: string, key: string) => call("GET", `/v1/recommendations?${query}`, { key });
    expect((await ask("user_id=u9", WRITE)).status).toBe(403);
    expect((await ask(`user_id=u9&user_token=${"0".repeat(64)}`, WRITE)).status).toBe(403);
    expect((await ask("user_id=u9", SECRET)).status).toBe(200);
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(SECRET),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const digest = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode("u9"));
    const token = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    expect((await ask(`user_id=u9&user_token=${token}`, WRITE)).status).toBe(200);
    expect((await ask(`user_id=u8&user_token=${token}`, WRITE)).status).toBe(403);
    expect((await ask("limit=3", WRITE)).status).toBe(400);
  });

  test("[HT18] related and trending list what is viewed with a product, and what rises", async () => {
    const related = await call("GET", "/v1/products/p2/related?limit=2", { key: WRITE });
    expect(ids(related.json.items).sort()).toEqual(["p1", "p3"]);
    const trending = await call("GET", "/v1/trending?limit=3&category=Shoes", { key: WRITE });
    expect(trending.json.items).toHaveLength(3);
    expect((await call("GET", "/v1/products/p2/related?kind=liked", { key: WRITE })).status).toBe(400);
  });

  test("[HT19] an answer says how long its parts took", async () => {
    const { headers } = await call("GET", "/v1/recommendations?anonymous_id=fresh", { key: WRITE });
    expect(headers.get("server-timing")).toMatch(/profile;dur=[\d.]+, kernel;dur=[\d.]+/);
  });
});

describe("products", () => {
  test("[HT20] products are set, read, listed, hidden and deleted; what events taught shows until then", async () => {
    expect((await call("GET", "/v1/products/p1")).json).toMatchObject({
      name: "Name of p1",
      source: "events",
    });
    const put = await call("PUT", "/v1/products/p1", {
      body: { name: "Boot", price: 99.5, currency: "eur", brand: "Acme" },
    });
    expect(put.status).toBe(200);
    expect(put.json).toMatchObject({
      product_id: "p1",
      name: "Boot",
      price: 99.5,
      currency: "EUR",
      source: "catalogue",
    });
    expect((await call("PUT", "/v1/products/new", { body: { name: "New" } })).status).toBe(201);
    const many = [
      { product_id: "n1", name: "One" },
      { product_id: "n2", name: "Two", hidden: true },
    ];
    expect((await call("POST", "/v1/products", { body: many })).json).toEqual({ created: 2, updated: 0 });
    const lines = many.map((one) => JSON.stringify(one)).join("\n");
    expect((await call("POST", "/v1/products", { body: lines })).json).toEqual({ created: 0, updated: 2 });
    expect((await call("GET", "/v1/products?search=boot")).json.items).toHaveLength(1);
    await call("PUT", "/v1/products/p3", { body: { hidden: true } });
    expect((await call("DELETE", "/v1/products/q3")).status).toBe(204);
    expect((await call("DELETE", "/v1/products/q3")).status).toBe(404);
    await publish();
    await newest();
    const all = await call("POST", "/v1/recommendations", { body: { limit: 100 } });
    const shown = ids(all.json.items);
    for (const gone of ["p3", "q3", "n2"]) expect(shown).not.toContain(gone);
    expect(shown).toContain("p2");
  });

  test("[HT20] of wrong products none is taken, and each wrong field is named", async () => {
    const body = [{ product_id: "fine" }, { product_id: "bad", price: -1 }, { name: "nameless" }];
    const answer = await call("POST", "/v1/products", { body });
    expect(answer.status).toBe(422);
    expect(answer.json.errors.map(({ path }: { path: string }) => path)).toEqual(["1.price", "2.product_id"]);
    expect((await call("GET", "/v1/products/fine")).status).toBe(404);
  });
});

describe("stock and planning", () => {
  test("[HT21] stock is created without, and changed only with its ETag", async () => {
    const put = (body: object, ifMatch?: string) =>
      call("PUT", "/v1/inventory/sku-1", {
        body,
        ...(ifMatch !== undefined && { headers: { "if-match": ifMatch } }),
      });
    expect((await call("GET", "/v1/inventory/sku-1")).status).toBe(404);
    expect((await put({ lead_time_days: 3 })).status).toBe(422);
    const created = await put({ on_hand: 40, lead_time_days: 3 });
    expect(created.status).toBe(201);
    expect(created.json).toMatchObject({
      sku: "sku-1",
      on_hand: 40,
      reserved: 0,
      available: 40,
      lead_time_days: 3,
    });
    const etag = created.headers.get("etag")!;
    expect((await put({ on_hand: 10 })).status).toBe(428);
    expect((await put({ on_hand: 10 }, '"99"')).status).toBe(412);
    expect((await put({ lead_time_days: 9 })).json).toMatchObject({ on_hand: 40, lead_time_days: 9 });
    expect((await put({ on_hand: 10 }, etag)).status).toBe(412);
    const now = (await call("GET", "/v1/inventory/sku-1")).headers.get("etag")!;
    expect((await put({ on_hand: 10 }, now)).json.on_hand).toBe(10);
    const open = await call("GET", "/v1/inventory/sku-1", { key: WRITE });
    expect(open.json).toEqual({ sku: "sku-1", available: 10 });
  });

  test("[HT22] adjustments have reasons, are refused below nothing with evidence, and repeat by their key", async () => {
    await call("PUT", "/v1/inventory/sku-2", { body: { on_hand: 5 } });
    const adjust = (body: object, key?: string) =>
      call("POST", "/v1/inventory/sku-2/adjustments", {
        body,
        ...(key !== undefined && { headers: { "idempotency-key": key } }),
      });
    expect((await adjust({ delta: 7, reason: "receipt" }, "k1")).status).toBe(201);
    expect((await adjust({ delta: 7, reason: "receipt" }, "k1")).json.on_hand).toBe(12);
    expect((await adjust({ delta: 8, reason: "receipt" }, "k1")).status).toBe(422);
    const refused = await adjust({ delta: -13, reason: "shrinkage" });
    expect(refused.status).toBe(409);
    expect(refused.json.items).toEqual([{ sku: "sku-2", requested: 13, available: 12 }]);
    for (const body of [
      { delta: 0, reason: "count" },
      { delta: 1.5, reason: "count" },
      { delta: 1, reason: "luck" },
    ]) {
      expect((await adjust(body)).status).toBe(422);
    }
    expect((await call("GET", "/v1/inventory/sku-2")).json.on_hand).toBe(12);
    expect(
      (await call("POST", "/v1/inventory/none/adjustments", { body: { delta: 1, reason: "count" } })).status,
    ).toBe(404);
  });

  test("[HT23] orders become demand: a forecast with quantiles and a decision, and a place on the board", async () => {
    const day = 86_400_000;
    const batch = Array.from({ length: 60 }, (_, ago) => ({
      type: "track",
      event: "Order Completed",
      messageId: `order-${ago}`,
      userId: `buyer-${ago % 7}`,
      timestamp: new Date(Date.now() - (ago + 1) * day).toISOString(),
      properties: {
        order_id: `order-${ago}`,
        products: [{ product_id: "sold", sku: "sold", quantity: 4, price: 3 }],
      },
    }));
    await call("POST", "/v1/import", { body: batch });
    expect((await call("GET", "/v1/inventory/sold/forecast")).json).toMatchObject({
      sku: "sold",
      replenishment: null,
    });
    await call("PUT", "/v1/inventory/sold", { body: { on_hand: 10, lead_time_days: 7, unit_price: 3 } });
    const { env } = await import("cloudflare:workers");
    const { runDurableObjectAlarm } = await import("cloudflare:test");
    await runDurableObjectAlarm(
      (env as unknown as import("../../durable-objects/env.ts").Env).INVENTORY.getByName("s:sold"),
    );
    const { json } = await call("GET", "/v1/inventory/sold/forecast?horizon=10");
    expect(json.daily).toHaveLength(10);
    expect(json.daily[0].quantiles["0.9"]).toBeGreaterThanOrEqual(json.daily[0].quantiles["0.1"]);
    expect(json.lead_time.reorder_point).toBeGreaterThanOrEqual(28);
    expect(json.replenishment).toMatchObject({ status: "order_now", on_hand: 10 });
    expect(json.history).toHaveLength(61);
    const board = await call("GET", "/v1/replenishment?status=order_now&sort=sku&limit=5");
    expect(board.json.items).toMatchObject([{ sku: "sold", status: "order_now" }]);
    for (const query of ["status=now", "sort=price", "limit=0", "limit=x", "cursor=!"]) {
      expect((await call("GET", `/v1/replenishment?${query}`)).status).toBe(400);
    }
    expect((await call("GET", "/v1/inventory/never/forecast")).status).toBe(404);
    expect((await call("GET", "/v1/inventory/sold/forecast?horizon=91")).status).toBe(400);
  });

  test("[HT24] series of a body are forecast in their order; what is no demand is named by series and day", async () => {
    const series = (id: string, demand: unknown[], more: object = {}) => ({
      id,
      start: "2026-01-05",
      demand,
      ...more,
    });
    const week = Array.from({ length: 70 }, (_, t) => (t % 7 === 6 ? 0 : 5 + (t % 7)));
    const body = {
      series: [series("b", week), series("a", [3]), series("z", [0, 0])],
      horizon: 7,
      quantiles: [0.9, 0.1],
    };
    const { json } = await call("POST", "/v1/forecast", { body });
    expect(json.forecasts.map(({ id }: { id: string }) => id)).toEqual(["b", "a", "z"]);
    expect(json.forecasts[0].daily[0].date).toBe("2026-03-16");
    expect(Object.keys(json.forecasts[0].daily[0].quantiles)).toEqual(["0.1", "0.9"]);
    expect(json.forecasts[2].daily[0].mean).toBe(0);
    const wrong = (one: object) =>
      call("POST", "/v1/forecast", { body: { series: [series("x", week), one] } });
    for (const [one, path] of [
      [series("y", [1, 2, -1]), "series.1.demand.2"],
      [series("y", [1, null]), "series.1.demand.1"],
      [series("y", [1, "2"]), "series.1.demand.1"],
      [series("y", []), "series.1.demand"],
      [series("y", [1, 2], { in_stock: [1] }), "series.1.in_stock"],
      [series("y", [1, 2], { in_stock: [1, 2] }), "series.1.in_stock.1"],
      [{ ...series("y", [1]), start: "soon" }, "series.1.start"],
    ] as const) {
      const answer = await wrong(one);
      expect([answer.status, answer.json.errors[0].path]).toEqual([422, path]);
    }
  });

  test("[HT25] health tells version, model and lag", async () => {
    const { status, json } = await call("GET", "/health", { key: null });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      status: "ok",
      version: "0.1.0",
      model: { version: expect.any(Number) },
      lag: { packets: expect.any(Number) },
    });
  });
});
