import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";

const NOW = Date.now();
const stockOf = (sku: string) => env.INVENTORY.getByName(`s:${sku}`);
const planner = env.DEMAND_PLANNER.getByName("planner");
const put = (sku: string, more: object = {}) => stockOf(sku).put({ policy: {}, now: NOW, ...more });

async function plannedOnHand(sku: string): Promise<number | undefined> {
  return (await planner.forecast({ sku, horizon: 1, now: NOW }))?.replenishment?.on_hand;
}

/** From now on it finds these objects under the names of these bindings. */
const reaches = (stock: ReturnType<typeof stockOf>, objects: Record<string, object>) =>
  runInDurableObject(stock, (one) => {
    const get = (target: object, name: string) =>
      name in objects ? { getByName: () => objects[name] } : Reflect.get(target, name);
    (one as unknown as { env: object }).env = new Proxy(one["env"], { get });
  });

describe("inventory", () => {
  test("[ST5] planner and model learn the position through a restart, once for several changes", async () => {
    const object = stockOf("told");
    await put("told", { onHand: 9 });
    await object.adjust({ delta: -4, reason: "count", now: NOW });
    expect(await plannedOnHand("told")).toBeUndefined();
    await evictDurableObject(object);
    expect(await runDurableObjectAlarm(object)).toBe(true);
    expect(await plannedOnHand("told")).toBe(5);
    expect(await runDurableObjectAlarm(object)).toBe(false);
    await object.adjust({ delta: -5, reason: "shrinkage", now: NOW });
    await runDurableObjectAlarm(object);
    expect(await plannedOnHand("told")).toBe(0);
    expect(await env.MODEL_BUILDER.getByName("model").product("told")).toBeUndefined();
  });

  test("[ST5] a change is told within seconds, also while a hold has long to go", async () => {
    const object = stockOf("waiting");
    await put("waiting", { onHand: 9 });
    await object.hold({ id: "h", wants: [{ quantity: 1 }], expiresAt: NOW + 3_600_000 }, NOW);
    await runDurableObjectAlarm(object);
    const alarmAt = () => runInDurableObject(object, (_, state) => state.storage.getAlarm());
    expect(await alarmAt()).toBe(NOW + 3_600_000);
    await object.hold({ id: "i", wants: [{ quantity: 1 }], expiresAt: NOW + 3_600_000 }, NOW);
    expect(await alarmAt()).toBeLessThan(Date.now() + 2_001);
  });

  test("[ST5] a sold-out product leaves the catalogue's available ones, and comes back", async () => {
    const builder = env.MODEL_BUILDER.getByName("model");
    await builder.putProducts([{ productId: "shirt", name: "Shirt" }], NOW);
    await put("shirt", { onHand: 0 });
    await runDurableObjectAlarm(stockOf("shirt"));
    expect((await builder.product("shirt"))?.available).toBe(false);
    await stockOf("shirt").adjust({ delta: 2, reason: "receipt", now: NOW });
    await runDurableObjectAlarm(stockOf("shirt"));
    expect((await builder.product("shirt"))?.available).toBe(true);
  });

  test("[ST5] what the model was told is known also where the planner could not be reached", async () => {
    await put("half-told", { onHand: 1 });
    const object = stockOf("half-told");
    await runDurableObjectAlarm(object);
    const told: boolean[] = [];
    let isLost = true;
    const position = async () => {
      if (!isLost) return;
      isLost = false;
      throw new Error("not reached");
    };
    const availability = async ({ available }: { available: boolean }) => {
      told.push(available);
    };
    await reaches(object, { DEMAND_PLANNER: { position }, MODEL_BUILDER: { availability } });
    await object.adjust({ delta: -1, reason: "shrinkage", now: NOW });
    await runDurableObjectAlarm(object);
    await object.adjust({ delta: 5, reason: "receipt", now: NOW });
    await runDurableObjectAlarm(object);
    expect(told).toEqual([false, true]);
  });

  test("[ST5] the model is told again where its answer was lost and the stock has come back meanwhile", async () => {
    await put("unheard", { onHand: 1 });
    const object = stockOf("unheard");
    await runDurableObjectAlarm(object);
    const told: boolean[] = [];
    const availability = async ({ available }: { available: boolean }) => {
      if (told.push(available) === 1) throw new Error("the answer was lost");
    };
    await reaches(object, { MODEL_BUILDER: { availability } });
    await object.adjust({ delta: -1, reason: "shrinkage", now: NOW });
    await runDurableObjectAlarm(object);
    await object.adjust({ delta: 5, reason: "receipt", now: NOW });
    await runDurableObjectAlarm(object);
    expect(told).toEqual([false, true]);
  });

  test("[ST1] a policy alone makes no location", async () => {
    await put("berlin", { onHand: 9, location: "berlin" });
    await put("berlin", { policy: { leadTimeDays: 3 } });
    await put("berlin", { incoming: [{ quantity: 1, eta: "2030-01-01" }], location: "paris" });
    const view = await stockOf("berlin").read(NOW);
    expect(view).toMatchObject({ policy: { leadTimeDays: 3 } });
    expect("locations" in view && view.locations.map(({ location }) => location)).toEqual([
      "berlin",
      "paris",
    ]);
  });

  test("[ST16] a sale has the price that its hold was made with, unless another one is told", async () => {
    const object = stockOf("priced");
    await put("priced", { onHand: 9 });
    const expiresAt = Date.now() + 60_000;
    const hold = (id: string) => object.hold({ id, wants: [{ quantity: 1 }], expiresAt, price: 9 }, NOW);
    await hold("a");
    await hold("b");
    await evictDurableObject(object);
    await object.pin("b", NOW);
    await object.commit("a", { orderId: "o1" }, NOW);
    await evictDurableObject(object);
    await object.commit("b", { orderId: "o2" }, NOW);
    const { rows } = await object.ledger(Number.MAX_SAFE_INTEGER, 10);
    const sales = rows.flatMap(({ entries }) => entries).filter(({ what }) => what === "commit");
    expect(sales).toMatchObject([
      { orderId: "o2", price: 9 },
      { orderId: "o1", price: 9 },
    ]);
  });

  test("[ST3] each move is in the ledger, and a change is two rows and an alarm", async () => {
    const object = stockOf("ledger");
    await put("ledger", { onHand: 3 });
    await object.adjust({ delta: 4, reason: "receipt", now: NOW });
    const rows = await runInDurableObject(object, (one) => one.rowsWritten());
    expect(rows).toBe(2);
    await evictDurableObject(object);
    const { rows: ledger } = await object.ledger(Number.MAX_SAFE_INTEGER, 10);
    expect(ledger.flatMap(({ entries }) => entries)).toMatchObject([
      { what: "receipt", moves: [{ location: "default", onHand: 4 }] },
      { what: "set", moves: [{ location: "default", onHand: 3 }] },
    ]);
  });

  test("[ST6] a repeat by its key counts once, also after a restart, and not for ever", async () => {
    const object = stockOf("keyed");
    await put("keyed", { onHand: 1 });
    const adjustment = { delta: 2, reason: "receipt" as const, idempotencyKey: "k", now: NOW };
    expect(await object.adjust(adjustment)).toMatchObject({ repeated: false, stock: { on_hand: 3 } });
    await evictDurableObject(object);
    expect(await object.adjust(adjustment)).toMatchObject({ repeated: true, stock: { on_hand: 3 } });
    expect(await object.adjust({ ...adjustment, delta: 3 })).toMatchObject({
      problem: "idempotency_key_reused",
    });
    const later = NOW + 2 * 86_400_000;
    expect(await object.adjust({ ...adjustment, now: later })).toMatchObject({ stock: { on_hand: 5 } });
  });

  test("[ST7] asking for an unknown SKU stores nothing", async () => {
    const object = stockOf("unknown");
    expect(await object.read(NOW)).toMatchObject({ problem: "unknown_sku" });
    expect(await object.adjust({ delta: 1, reason: "count", now: NOW })).toMatchObject({
      problem: "unknown_sku",
    });
    const tables = await runInDurableObject(object, (_, state) =>
      state.storage.sql
        .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
        .toArray(),
    );
    expect(tables).toEqual([]);
  });
});
