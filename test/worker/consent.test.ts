import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, viewed, WRITE } from "./call.ts";

const REFUSED = {
  context: { consent: { categoryPreferences: { Analytics: false } }, traits: { email: "who@example" } },
};
const post = (batch: object[]) => call("POST", "/v1/batch", { key: WRITE, body: { batch } });
const combiners = () => Array.from({ length: 16 }, (_, shard) => env.SIGNAL_COMBINER.getByName(`c:${shard}`));
const flush = () => Promise.all(combiners().map((combiner) => combiner.flush()));

/** Views of a product that the model has counted: they have hardly decayed. */
const viewsOf = (productId: string) =>
  runInDurableObject(env.MODEL_BUILDER.getByName("model"), (object) => {
    const { tables } = object["open"]();
    const slot = tables.slotOf(productId);
    return slot < 0 ? 0 : tables.columns.trendSlow[slot]!;
  });

const order = (messageId: string, more: object = {}) => ({
  type: "track",
  messageId,
  event: "Order Completed",
  userId: "refuser",
  properties: { order_id: "refused-order", products: [{ product_id: "refused-sku", quantity: 3, price: 2 }] },
  ...REFUSED,
  ...more,
});

test("[CO1] a visitor who refuses analytics is counted, and known nowhere", async () => {
  const batch = [
    viewed("refuser-x", "refused-p", REFUSED),
    viewed("refuser-x", "refused-p", { ...REFUSED, userId: "refuser" }),
    { ...viewed("-", "refused-p", REFUSED), anonymousId: null },
    {
      type: "identify",
      messageId: "refused-identify",
      userId: "refuser",
      anonymousId: "refuser-x",
      ...REFUSED,
    },
    order("refused-order-message"),
  ];
  expect((await post(batch)).json).toMatchObject({ accepted: 5, duplicates: 0, rejected: [] });
  for (const id of ["refuser", "refuser-x"]) {
    expect((await call("GET", `/v1/users/${id}`)).status).toBe(404);
    for (const name of [`u:${id}`, `a:${id}`]) {
      const tables = await runInDurableObject(env.USER_PROFILE.getByName(name), (_, state) =>
        state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'page'").toArray(),
      );
      expect(tables).toEqual([]);
    }
  }
  for (const combiner of combiners()) {
    const bytes = await runInDurableObject(combiner, (_, state) =>
      ["journal", "delta", "seen", "message"].flatMap((table) =>
        state.storage.sql
          .exec<{ body: ArrayBuffer }>(`SELECT body FROM ${table}`)
          .toArray()
          .map(({ body }) => new TextDecoder("latin1").decode(body)),
      ),
    );
    expect(bytes.join()).not.toContain("refuser");
  }
  await flush();
  expect(await viewsOf("refused-p")).toBeCloseTo(3, 1);
  const { json } = await call("GET", "/v1/inventory/refused-sku/forecast");
  expect(json.history.at(-1).units).toBe(3);
  const cancel = order("refused-cancel", { event: "Order Cancelled" });
  await post([cancel, cancel]);
  expect((await call("GET", "/v1/inventory/refused-sku/forecast")).json.history.at(-1)?.units ?? 0).toBe(0);
});

test("[CO1] the monitor shows what happened, not who it was, also of a message that failed validation", async () => {
  await post([
    viewed("shown-x", "shown-p", { ...REFUSED, userId: "shown-u" }),
    { ...viewed("shown-x", "failed-p", { ...REFUSED, userId: "shown-u" }), timestamp: "never" },
  ]);
  const monitor = await call("GET", "/v1/monitor");
  const rejected = await call("GET", "/v1/rejected?limit=500");
  expect(monitor.text + rejected.text).toMatch(/failed-p/);
  expect(monitor.text + rejected.text).not.toMatch(/shown-[xu]|who@example/);
});

test("[CO2] each message of theirs counts once: in a batch, side by side, after a merge and a restart", async () => {
  const batch = Array.from({ length: 20 }, () => viewed("-", "once-p", REFUSED));
  const answers = await Promise.all([1, 2, 3].map(() => post([...batch, ...batch])));
  expect(answers.reduce((sum, { json }) => sum + json.accepted, 0)).toBe(20);
  expect(answers.reduce((sum, { json }) => sum + json.duplicates, 0)).toBe(100);
  const again = async () => expect((await post(batch)).json).toMatchObject({ accepted: 0, duplicates: 20 });
  for (const combiner of combiners()) {
    await combiner.lag();
    await evictDurableObject(combiner);
  }
  await again();
  await flush();
  for (const combiner of combiners()) await evictDurableObject(combiner);
  await again();
  await flush();
  expect(await viewsOf("once-p")).toBeCloseTo(20, 0);
});

test("[CO2] what could not be counted is answered with 503, and counts once when it is sent again", async () => {
  let lost = 2;
  const failing = {
    getByName: (name: string) =>
      new Proxy(env.DEMAND_PLANNER.getByName(name), {
        get:
          (target, method) =>
          (...args: unknown[]) => {
            if (lost-- > 0) throw new Error("lost on the way there");
            return (target as unknown as Record<string, (...args: unknown[]) => unknown>)[method as string]!(
              ...args,
            );
          },
      }),
  } as unknown as typeof env.DEMAND_PLANNER;
  const sold = order("retried", {
    properties: { order_id: "retried", products: [{ product_id: "retried-sku", quantity: 2 }] },
  });
  const send = () =>
    call("POST", "/v1/batch", { key: WRITE, body: { batch: [sold] }, env: { DEMAND_PLANNER: failing } });
  expect((await send()).status).toBe(503);
  expect((await send()).status).toBe(503);
  expect((await send()).status).toBe(200);
  expect((await call("GET", "/v1/inventory/retried-sku/forecast")).json.history.at(-1).units).toBe(2);
});

test("[CO3] refusing does not erase; consenting again goes on", async () => {
  await post([viewed("wavers", "p"), viewed("wavers", "p", REFUSED), viewed("wavers", "p")]);
  expect((await call("GET", "/v1/users/wavers")).json.counts.views).toBe(2);
});
