import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Env } from "../../durable-objects/env.ts";
import { call, WRITE } from "./call.ts";

const stock = async (sku: string) => {
  const { json } = await call("GET", `/v1/inventory/${sku}`);
  return { on_hand: json.on_hand, reserved: json.reserved, available: json.available };
};
const put = (sku: string, on_hand: number, more: object = {}) =>
  call("PUT", `/v1/inventory/${sku}`, { body: { on_hand, ...more } });
const reserve = (items: object[], more: object = {}, key?: string) =>
  call("POST", "/v1/reservations", {
    body: { items, ...more },
    ...(key !== undefined && { headers: { "idempotency-key": key } }),
  });

describe("reservations over HTTP", () => {
  test("[ST20] a hold of one SKU is made, read, committed; duplicate lines are summed", async () => {
    await put("one", 10);
    const made = await reserve([
      { sku: "one", quantity: 2 },
      { sku: "one", quantity: 3 },
    ]);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      status: "held",
      items: [{ sku: "one", quantity: 5, locations: [{ location: "default", quantity: 5 }] }],
    });
    expect(await stock("one")).toEqual({ on_hand: 10, reserved: 5, available: 5 });
    const path = made.headers.get("location")!;
    expect((await call("GET", path)).json).toEqual(made.json);
    await evictDurableObject(env.INVENTORY.getByName("s:one"));
    expect((await call("POST", `${path}/commit`)).json).toMatchObject({ status: "committed" });
    expect((await call("POST", `${path}/commit`, { body: {} })).status).toBe(200);
    expect(await stock("one")).toEqual({ on_hand: 5, reserved: 0, available: 5 });
    const late = await call("POST", `${path}/release`);
    expect([late.status, late.json.code, late.json.reservation.status]).toEqual([
      409,
      "reservation_closed",
      "committed",
    ]);
    expect((await call("GET", path)).json.status).toBe("committed");
  });

  test.each([
    ["no key", undefined],
    ["a key that is an address as it stands", "cart_77-0b1e"],
    ["one as long as a digest", "x".repeat(22)],
    ["one that is not", "cart 77/a.b"],
    ["a long one", "k".repeat(256)],
  ])("[ST21] with %s a hold is found under its id, of one SKU and of several", async (what, key) => {
    const skus = [`${what} ü`, `${what} b`];
    for (const sku of skus) await put(encodeURIComponent(sku), 10);
    for (const lines of [skus.slice(1), skus]) {
      const items = lines.map((sku) => ({ sku, quantity: 1 }));
      const made = await reserve(items, {}, key && `${key}${lines.length}`.slice(-256));
      expect(made.status).toBe(201);
      const path = made.headers.get("location")!;
      expect(path).toMatch(/^\/v1\/reservations\/[\w.~-]+$/);
      expect((await call("GET", path)).json).toEqual(made.json);
      expect((await call("POST", `${path}/release`)).json.status).toBe("released");
    }
  });

  test("[ST20] what is not there is refused with its evidence, all lines of it", async () => {
    await put("few", 1);
    await put("none", 0);
    const one = await reserve([
      { sku: "few", quantity: 1 },
      { sku: "few", quantity: 1 },
    ]);
    expect([one.status, one.json.items]).toEqual([409, [{ sku: "few", requested: 2, available: 1 }]]);
    await put("many", 100);
    const three = await reserve([
      { sku: "many", quantity: 1 },
      { sku: "few", quantity: 4 },
      { sku: "none", quantity: 2 },
    ]);
    expect([three.status, three.json.items]).toEqual([
      409,
      [
        { sku: "few", requested: 4, available: 1 },
        { sku: "none", requested: 2, available: 0 },
      ],
    ]);
    expect(await stock("many")).toEqual({ on_hand: 100, reserved: 0, available: 100 });
    const unknown = await reserve([{ sku: "never", quantity: 2 }]);
    expect([unknown.status, unknown.json.code, unknown.json.items]).toEqual([
      422,
      "unknown_sku",
      [{ sku: "never", requested: 2, available: 0 }],
    ]);
    expect(
      (
        await reserve([
          { sku: "many", quantity: 1 },
          { sku: "never", quantity: 1 },
        ])
      ).status,
    ).toBe(422);
    expect(await stock("many")).toMatchObject({ reserved: 0 });
  });

  test("[ST21] several SKUs are held together, committed together, released together", async () => {
    await put("a", 5);
    await put("b", 5);
    const made = await reserve([
      { sku: "a", quantity: 2 },
      { sku: "b", quantity: 3 },
    ]);
    expect(made.status).toBe(201);
    const path = made.headers.get("location")!;
    expect(await stock("b")).toEqual({ on_hand: 5, reserved: 3, available: 2 });
    expect((await call("POST", `${path}/commit`)).json.status).toBe("committed");
    expect(await stock("a")).toEqual({ on_hand: 3, reserved: 0, available: 3 });
    expect((await call("POST", `${path}/release`)).status).toBe(409);
    const other = await reserve([
      { sku: "a", quantity: 3 },
      { sku: "b", quantity: 2 },
    ]);
    const second = other.headers.get("location")!;
    expect((await call("POST", `${second}/release`)).json.status).toBe("released");
    expect((await call("POST", `${second}/release`)).status).toBe(200);
    const closed = await call("POST", `${second}/commit`);
    expect([closed.status, closed.json.reservation.status]).toEqual([409, "released"]);
    expect(await stock("a")).toEqual({ on_hand: 3, reserved: 0, available: 3 });
  });

  test("[ST22] a repeat by its key is answered as the reservation is, another body is 422", async () => {
    await put("keyed", 10);
    await put("keyed-2", 10);
    for (const items of [
      [{ sku: "keyed", quantity: 2 }],
      [
        { sku: "keyed", quantity: 2 },
        { sku: "keyed-2", quantity: 1 },
      ],
    ]) {
      const key = `k-${items.length}`;
      const first = await reserve(items, {}, key);
      const again = await reserve(items, {}, key);
      expect([first.status, again.status]).toEqual([201, 200]);
      expect(again.json).toEqual(first.json);
      const other = await reserve([{ ...items[0]!, quantity: 3 }, ...items.slice(1)], {}, key);
      expect([other.status, other.json.code]).toEqual([422, "idempotency_key_reused"]);
    }
    expect(await stock("keyed")).toMatchObject({ reserved: 4 });
  });

  test("[ST23] an owner has one hold: another takes its place, or leaves it as it is", async () => {
    await put("last", 1);
    await put("more", 5);
    const one = await reserve([{ sku: "last", quantity: 1 }], { owner: "cart-1" });
    expect([one.status, one.json.owner]).toEqual([201, "cart-1"]);
    expect((await reserve([{ sku: "last", quantity: 1 }], { owner: "cart-2" })).status).toBe(409);
    const two = await reserve(
      [
        { sku: "last", quantity: 1 },
        { sku: "more", quantity: 2 },
      ],
      { owner: "cart-1" },
    );
    expect(two.status).toBe(201);
    expect(await stock("last")).toEqual({ on_hand: 1, reserved: 1, available: 0 });
    expect((await call("GET", one.headers.get("location")!)).json.status).toBe("released");
    const tooMuch = await reserve([{ sku: "last", quantity: 2 }], { owner: "cart-1" });
    expect([tooMuch.status, tooMuch.json.items]).toEqual([
      409,
      [{ sku: "last", requested: 2, available: 1 }],
    ]);
    expect((await call("GET", two.headers.get("location")!)).json.status).toBe("held");
    expect(await stock("more")).toMatchObject({ reserved: 2 });
    const three = await reserve([{ sku: "more", quantity: 5 }], { owner: "cart-1" });
    expect(three.status).toBe(201);
    expect(await stock("last")).toMatchObject({ reserved: 0 });
    expect((await call("POST", `${two.headers.get("location")}/commit`)).status).toBe(409);
    expect((await call("POST", `${three.headers.get("location")}/commit`)).status).toBe(200);
    expect(await stock("more")).toEqual({ on_hand: 0, reserved: 0, available: 0 });
  });

  test("[ST24] a batch answers each reservation on its own", async () => {
    await put("batch", 3);
    await put("batch-2", 1);
    const { status, json } = await call("POST", "/v1/reservations/batch", {
      body: {
        reservations: [
          { items: [{ sku: "batch", quantity: 2 }], idempotency_key: "b1" },
          { items: [{ sku: "batch", quantity: 2 }] },
          { items: [{ sku: "batch", quantity: 2 }], idempotency_key: "b1" },
          { items: [{ sku: "nowhere", quantity: 2 }] },
          {
            items: [
              { sku: "batch", quantity: 1 },
              { sku: "batch-2", quantity: 1 },
            ],
            ttl_seconds: 60,
          },
        ],
      },
    });
    expect(status).toBe(200);
    expect(json.results.map((one: { status: number }) => one.status)).toEqual([201, 409, 200, 422, 201]);
    expect(json.results[1].problem.items).toEqual([{ sku: "batch", requested: 2, available: 1 }]);
    expect(await stock("batch")).toMatchObject({ reserved: 3 });
  });

  test("[ST24] of several in a batch that want the last one the first gets it, and an owner keeps the last hold", async () => {
    await put("last-a", 1);
    await put("last-b", 1);
    await put("owned-a", 9);
    await put("owned-b", 9);
    const both = (a: string, b: string, more: object = {}) => ({
      items: [
        { sku: a, quantity: 1 },
        { sku: b, quantity: 1 },
      ],
      ...more,
    });
    const owned = both("owned-a", "owned-b", { owner: "batch-owner" });
    const reservations = [both("last-a", "last-b"), both("last-a", "last-b"), owned, owned, owned];
    const { json } = await call("POST", "/v1/reservations/batch", { body: { reservations } });
    expect(json.results.map((one: { status: number }) => one.status)).toEqual([201, 409, 201, 201, 201]);
    const statuses = json.results.slice(2).map(async (one: { reservation: { reservation_id: string } }) => {
      return (await call("GET", `/v1/reservations/${one.reservation.reservation_id}`)).json.status;
    });
    expect(await Promise.all(statuses)).toEqual(["released", "released", "held"]);
  });

  test("[ST31] a stock that cannot be reached is 503, and says whether the request may be sent again", async () => {
    let calls = 0;
    const away = async () => {
      calls++;
      throw new Error("not reached");
    };
    const object = { read: away, put: away, adjust: away, ledger: away };
    const unreachable = { INVENTORY: { getByName: () => object } } as unknown as Partial<Env>;
    const ask = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
      calls = 0;
      const answer = await call(method, `/v1/inventory/away${path}`, { body, headers, env: unreachable });
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([
        503,
        expect.stringMatching(/^\d+$/),
      ]);
      return [calls, /nothing counts twice/.test(answer.json.detail)];
    };
    const adjustment = { delta: 1, reason: "receipt" };
    expect(await ask("GET", "")).toEqual([2, true]);
    expect(await ask("GET", "/ledger")).toEqual([2, true]);
    expect(await ask("PUT", "", { lead_time_days: 3 })).toEqual([2, true]);
    expect(await ask("PUT", "", { on_hand: 3 }, { "if-match": '"1"' })).toEqual([1, false]);
    expect(await ask("POST", "/adjustments", adjustment, { "idempotency-key": "k" })).toEqual([2, true]);
    expect(await ask("POST", "/adjustments", adjustment)).toEqual([1, false]);
  });

  test("[ST25] stock at several locations, and beyond what is there only where that is allowed", async () => {
    await put("loc", 2, { location: "store" });
    await call("PUT", "/v1/inventory/loc", {
      body: { on_hand: 5, location: "depot" },
      headers: { "if-match": "*" },
    });
    const taken = await reserve([{ sku: "loc", quantity: 3 }]);
    expect(taken.json.items[0].locations).toEqual([{ location: "depot", quantity: 3 }]);
    const there = await reserve([{ sku: "loc", quantity: 3, location: "store" }]);
    expect([there.status, there.json.items]).toEqual([
      409,
      [{ sku: "loc", requested: 3, available: 2, location: "store" }],
    ]);
    const split = await reserve([{ sku: "loc", quantity: 4 }]);
    expect(split.json.items[0].locations).toEqual([
      { location: "store", quantity: 2 },
      { location: "depot", quantity: 2 },
    ]);
    expect((await reserve([{ sku: "loc", quantity: 1 }])).status).toBe(409);
    await call("PUT", "/v1/inventory/loc", { body: { backorders: true } });
    const beyond = await reserve([{ sku: "loc", quantity: 2 }]);
    expect([beyond.status, beyond.json.items[0].backordered]).toEqual([201, 2]);
    expect((await call("GET", "/v1/inventory/loc")).json).toMatchObject({ available: 0, backordered: 2 });
    await call("POST", "/v1/inventory/loc/adjustments", {
      body: { delta: 3, reason: "receipt", location: "store" },
    });
    expect((await call("GET", "/v1/inventory/loc")).json).toMatchObject({ available: 1, backordered: 0 });
    expect((await call("GET", "/v1/inventory/loc", { key: WRITE })).json).toEqual({
      sku: "loc",
      available: 1,
      backorders: true,
    });
  });

  test("[ST27] a delivery comes on a day that the calendar has", async () => {
    await put("eta", 1);
    for (const [eta, detail] of [
      ["2026-02-31", "must be a date (YYYY-MM-DD)"],
      ["soon", "must be a date (YYYY-MM-DD)"],
      [undefined, "is required"],
    ]) {
      const { status, json } = await call("PUT", "/v1/inventory/eta", {
        body: { incoming: [{ quantity: 1, eta }] },
      });
      expect([status, json.errors]).toEqual([422, [{ path: "incoming.0.eta", detail }]]);
    }
    const known = await call("PUT", "/v1/inventory/eta", {
      body: { incoming: [{ quantity: 1, eta: "2028-02-29" }] },
    });
    expect(known.json.incoming).toEqual([{ quantity: 1, eta: "2028-02-29" }]);
  });

  test("[ST26] the ledger is read page by page and adds up to the stock", async () => {
    await put("book", 6);
    const { headers } = await reserve([{ sku: "book", quantity: 2 }]);
    await call("POST", `${headers.get("location")}/commit`);
    await call("POST", "/v1/inventory/book/adjustments", { body: { delta: -1, reason: "shrinkage" } });
    const entries: { what: string; moves: { on_hand: number; reserved: number }[] }[] = [];
    let path = "/v1/inventory/book/ledger?limit=2";
    for (let page = 0; page < 10; page++) {
      const { json } = await call("GET", path);
      entries.push(...json.items);
      if (json.next_cursor === undefined) break;
      path = `/v1/inventory/book/ledger?limit=2&cursor=${json.next_cursor}`;
    }
    expect(entries.map(({ what }) => what)).toEqual(["shrinkage", "commit", "hold", "set"]);
    const sum = (field: "on_hand" | "reserved") =>
      entries.flatMap(({ moves }) => moves).reduce((total, move) => total + move[field], 0);
    expect([sum("on_hand"), sum("reserved")]).toEqual([3, 0]);
    expect((await call("GET", "/v1/inventory/nobody/ledger")).status).toBe(404);
  });
});

describe("bad input", () => {
  const line = (quantity: unknown) => [{ sku: "bad", quantity }];
  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ sku: `bad-${i}`, quantity: 1 }));
  const bodies: [string, unknown, string][] = [
    ["a negative quantity", { items: line(-1) }, "items.0.quantity"],
    ["no quantity", { items: line(0) }, "items.0.quantity"],
    ["a fractional quantity", { items: line(1.5) }, "items.0.quantity"],
    ["a huge quantity", { items: line(1e12) }, "items.0.quantity"],
    ["a quantity beyond numbers", '{"items":[{"sku":"bad","quantity":1e999}]}', "items.0.quantity"],
    ["a quantity as text", { items: line("1") }, "items.0.quantity"],
    ["a line without SKU", { items: [{ quantity: 1 }] }, "items.0.sku"],
    ["no lines", { items: [] }, "items"],
    ["101 lines", { items: lines(101) }, "items"],
    ["a field nobody knows", { items: line(1), ttl: 5 }, "ttl"],
  ];
  const both = bodies.flatMap(([what, body, path]) => [
    [what, "/v1/reservations", body, path] as const,
    [
      what,
      "/v1/orders",
      typeof body === "string"
        ? body.replace("{", '{"order_id":"bad",')
        : { order_id: "bad", ...(body as object) },
      path,
    ] as const,
  ]);
  const table: (readonly [string, string, unknown, string])[] = [
    ...both,
    ["a ttl of 0", "/v1/reservations", { items: line(1), ttl_seconds: 0 }, "ttl_seconds"],
    ["a ttl without end", "/v1/reservations", { items: line(1), ttl_seconds: 1e9 }, "ttl_seconds"],
    ["a fractional ttl", "/v1/reservations", { items: line(1), ttl_seconds: 1.5 }, "ttl_seconds"],
    ["an empty owner", "/v1/reservations", { items: line(1), owner: " " }, "owner"],
    ["no order id", "/v1/orders", { items: line(1) }, "order_id"],
    ["an empty batch", "/v1/reservations/batch", { reservations: [] }, "reservations"],
  ];
  test.each(table)("[ST27] %s at %s is 422, named, and changes nothing", async (_, path, body, field) => {
    await put("bad", 3);
    const before = (await call("GET", "/v1/inventory/bad")).headers.get("etag");
    const { status, json } = await call("POST", path, { body });
    expect([status, json.code, json.errors[0].path]).toEqual([422, "invalid_values", field]);
    expect((await call("GET", "/v1/inventory/bad")).headers.get("etag")).toBe(before);
  });

  test("[ST27] stale versions, keys and ids are told, and change nothing", async () => {
    await put("worse", 3);
    const { headers } = await reserve([{ sku: "worse", quantity: 1 }]);
    const path = headers.get("location")!;
    const before = (await call("GET", "/v1/inventory/worse")).json;
    const set = (on_hand: number, match: string) =>
      call("PUT", "/v1/inventory/worse", { body: { on_hand }, headers: { "if-match": match } });
    expect((await set(9, '"1"')).status).toBe(412);
    const below = await set(0, "*");
    expect([below.status, below.json.items]).toEqual([409, [{ sku: "worse", requested: 3, available: 2 }]]);
    const less = await call("POST", "/v1/inventory/worse/adjustments", {
      body: { delta: -3, reason: "shrinkage" },
    });
    expect([less.status, less.json.items]).toEqual([409, [{ sku: "worse", requested: 3, available: 2 }]]);
    expect((await reserve([{ sku: "worse", quantity: 1 }], {}, "x".repeat(300))).status).toBe(400);
    for (const id of [
      "nothing",
      "s.%20.x",
      path.slice(17, -1),
      `r.${"x".repeat(22)}`,
      "w.AA.1",
      `${path.slice(17)}.x`,
    ]) {
      for (const what of ["/commit", "/release"]) {
        expect([id, (await call("POST", `/v1/reservations/${id}${what}`)).status]).toEqual([id, 404]);
      }
      expect((await call("GET", `/v1/reservations/${id}`)).status).toBe(404);
    }
    expect((await call("GET", "/v1/inventory/worse")).json).toEqual(before);
    await call("POST", `${path}/release`);
    const closed = await call("POST", `${path}/commit`);
    expect([closed.status, closed.json.code, closed.json.reservation.status]).toEqual([
      409,
      "reservation_closed",
      "released",
    ]);
    expect(await stock("worse")).toEqual({ on_hand: 3, reserved: 0, available: 3 });
  });
});

describe("stock over HTTP", () => {
  test("[ST1] a version is the one that was read also where its ETag was made weak, or is one of a list", async () => {
    const set = (on_hand: number, match: string) =>
      call("PUT", "/v1/inventory/versioned", { body: { on_hand }, headers: { "if-match": match } });
    const { headers } = await put("versioned", 3);
    const etag = headers.get("etag")!;
    for (const stale of [`W/"0"`, `"0", "77"`, etag.slice(1, -1), `W/W/${etag}`, ""]) {
      expect([stale, (await set(4, stale)).status]).toEqual([stale, 412]);
    }
    const weak = await set(5, `W/${etag}`);
    expect(weak.status).toBe(200);
    const listed = await set(6, `"0",W/${weak.headers.get("etag")}`);
    expect([listed.status, listed.json.on_hand]).toEqual([200, 6]);
  });

  test("[ST2] what has come back beyond the bound on a location's units may be taken off again", async () => {
    const units = 1_000_000_000;
    await put("brimful", units);
    await call("POST", "/v1/orders", {
      body: { order_id: "brim", items: [{ sku: "brimful", quantity: 5 }] },
    });
    const adjust = (delta: number) =>
      call("POST", "/v1/inventory/brimful/adjustments", { body: { delta, reason: "count" } });
    expect((await adjust(5)).status).toBe(201);
    await call("POST", "/v1/orders/brim/cancel");
    expect((await adjust(1)).status).toBe(422);
    expect((await adjust(-3)).json.on_hand).toBe(units + 2);
  });
});

describe("orders over HTTP", () => {
  const order = (order_id: string, items: object[]) =>
    call("POST", "/v1/orders", { body: { order_id, items } });

  test("[OR3] an order is sold once: a repeat is answered again, another body is 422", async () => {
    await put("sold-1", 5);
    await put("sold-2", 5);
    const items = [
      { sku: "sold-1", quantity: 1, price: 9.5 },
      { sku: "sold-2", quantity: 2 },
      { sku: "sold-1", quantity: 1 },
    ];
    const first = await order("order-1", items);
    expect(first.status).toBe(201);
    expect(first.json).toMatchObject({
      order_id: "order-1",
      status: "committed",
      items: [
        { sku: "sold-1", quantity: 2, price: 9.5 },
        { sku: "sold-2", quantity: 2 },
      ],
    });
    await evictDurableObject(env.ORDER.getByName("o:order-1"));
    const again = await order("order-1", items);
    expect([again.status, again.json]).toEqual([200, first.json]);
    const other = await order("order-1", items.slice(1));
    expect([other.status, other.json.code]).toEqual([422, "order_exists"]);
    expect(await stock("sold-1")).toEqual({ on_hand: 3, reserved: 0, available: 3 });
    expect((await call("GET", "/v1/orders/order-1")).json).toEqual(first.json);
    expect((await call("GET", "/v1/orders/order-2")).status).toBe(404);
  });

  test("[OR3] [ST22] a repeat is known whose lines come in another order, or split", async () => {
    for (const sku of ["turn-1", "turn-2"]) await put(sku, 9);
    const lines = [
      { sku: "turn-1", quantity: 3 },
      { sku: "turn-2", quantity: 2, location: "default", price: 4 },
      { sku: "turn-2", quantity: 1 },
    ];
    const turned = [...lines.toReversed(), { sku: "turn-1", quantity: 1 }].map((line) =>
      line.quantity === 3 ? { ...line, quantity: 2 } : line,
    );
    expect((await order("turned", lines)).status).toBe(201);
    expect((await order("turned", turned)).status).toBe(200);
    expect((await order("turned", turned.slice(1))).status).toBe(422);
    expect((await reserve(lines, {}, "turned")).status).toBe(201);
    expect((await reserve(turned, {}, "turned")).status).toBe(200);
    const give = (items: object[]) =>
      call("POST", "/v1/orders/turned/returns", {
        body: { items },
        headers: { "idempotency-key": "turned" },
      });
    const back = ["turn-1", "turn-2"].map((sku) => ({ sku, quantity: 1 }));
    expect((await give(back)).status).toBe(201);
    expect((await give(back.toReversed())).status).toBe(200);
    expect([await stock("turn-1"), await stock("turn-2")]).toMatchObject([
      { on_hand: 7, reserved: 3 },
      { on_hand: 7, reserved: 3 },
    ]);
  });

  test("[OR1] an order sells every line or none, and may be tried again when it was refused", async () => {
    await put("full", 5);
    await put("short", 1);
    const items = [
      { sku: "full", quantity: 5 },
      { sku: "short", quantity: 2 },
    ];
    const refused = await order("order-3", items);
    expect([refused.status, refused.json.items]).toEqual([
      409,
      [{ sku: "short", requested: 2, available: 1 }],
    ]);
    expect(await stock("full")).toEqual({ on_hand: 5, reserved: 0, available: 5 });
    expect((await call("GET", "/v1/orders/order-3")).status).toBe(404);
    await call("POST", "/v1/inventory/short/adjustments", { body: { delta: 1, reason: "receipt" } });
    expect((await order("order-3", items)).status).toBe(201);
    expect([await stock("full"), await stock("short")]).toMatchObject([{ on_hand: 0 }, { on_hand: 0 }]);
  });

  test("[OR6] a cancelled order's units go back once; a returned one is not cancelled", async () => {
    await put("back", 5);
    await order("order-4", [{ sku: "back", quantity: 3 }]);
    expect(await stock("back")).toMatchObject({ on_hand: 2 });
    expect((await call("POST", "/v1/orders/order-4/cancel")).json.status).toBe("cancelled");
    expect((await call("POST", "/v1/orders/order-4/cancel")).status).toBe(200);
    expect(await stock("back")).toMatchObject({ on_hand: 5 });
    expect((await call("POST", "/v1/orders/none/cancel")).status).toBe(404);
    const late = await call("POST", "/v1/orders/order-4/returns", {
      body: { items: [{ sku: "back", quantity: 1 }] },
    });
    expect([late.status, late.json.code]).toEqual([409, "order_closed"]);
  });

  test("[OR7] returns come back to stock, no more than was sold, once per key", async () => {
    await put("ret", 5);
    await order("order-5", [{ sku: "ret", quantity: 3 }]);
    const give = (quantity: number, key: string, more: object = {}) =>
      call("POST", "/v1/orders/order-5/returns", {
        body: { items: [{ sku: "ret", quantity }], ...more },
        headers: { "idempotency-key": key },
      });
    expect((await give(2, "r1")).status).toBe(201);
    expect((await give(2, "r1")).status).toBe(200);
    expect((await give(1, "r1")).status).toBe(422);
    expect(await stock("ret")).toMatchObject({ on_hand: 4 });
    const more = await give(2, "r2");
    expect([more.status, more.json.items]).toEqual([409, [{ sku: "ret", requested: 2, available: 1 }]]);
    expect((await give(1, "r3", { restock: false })).status).toBe(201);
    expect(await stock("ret")).toMatchObject({ on_hand: 4 });
    const cancelled = await call("POST", "/v1/orders/order-5/cancel");
    expect([cancelled.status, cancelled.json.code]).toEqual([409, "order_closed"]);
    expect((await call("GET", "/v1/orders/order-5")).json.returns).toMatchObject([
      { restock: true, items: [{ sku: "ret", quantity: 2 }] },
      { restock: false, items: [{ sku: "ret", quantity: 1 }] },
    ]);
  });
});
