import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ORDER_RETURN_PARTS_MAX } from "../../domain/limits.ts";

const NOW = Date.now();
const stockOf = (sku: string) => env.INVENTORY.getByName(`s:${sku}`);
/** Four bytes a pair of them, so that a cut may fall into one. */
const longId = (i: number) => `${i}-`.padEnd(255, "𝟘");
const SKUS = Array.from({ length: 100 }, (_, i) => longId(i));
const PLACES = Array.from({ length: 50 }, (_, i) => longId(i));
const lines = SKUS.map((sku) => ({ sku, wants: [{ quantity: PLACES.length }] }));

/** A unit of each SKU at each place, so that an order of all of them takes from everywhere. */
async function stockUp(): Promise<void> {
  const put = (sku: string, location: string) =>
    stockOf(sku).put({ onHand: 1, location, ifMatch: "*", policy: {}, now: NOW });
  await Promise.all(
    SKUS.map((sku) => stockOf(sku).put({ onHand: 1, location: PLACES[0]!, policy: {}, now: NOW })),
  );
  for (const place of PLACES.slice(1)) await Promise.all(SKUS.map((sku) => put(sku, place)));
}

async function numbers(sku: string) {
  const view = await stockOf(sku).read(NOW);
  return "problem" in view ? undefined : [view.on_hand, view.reserved];
}

describe("rows of an order", () => {
  test("[OR10] an order of 100 lines from 50 places each, and all its returns, is there when its object begins anew", async () => {
    await stockUp();
    const order = env.ORDER.getByName("o:wide");
    const asked = { lines, request: 1, orderId: "wide" };
    expect(await order.place(asked, NOW)).toMatchObject({ basket: { status: "committed" }, repeated: false });
    await runDurableObjectAlarm(order);
    await evictDurableObject(order);
    const again = await order.place(asked, NOW);
    expect(again).toMatchObject({ basket: { status: "committed" }, repeated: true });
    expect("basket" in again && again.basket.items.map(({ parts }) => parts.length)).toEqual(
      SKUS.map(() => PLACES.length),
    );
    const items = SKUS.map((sku) => ({ sku, quantity: 20 }));
    const giveBack = (key: string) => order.giveBack({ key, items, restock: false, request: 1 }, NOW);
    expect(await giveBack("first")).toMatchObject({ repeated: false });
    expect(await giveBack("second")).toMatchObject({ repeated: false });
    await evictDurableObject(order);
    expect((await order.read(undefined, NOW))?.returns).toHaveLength(2);
    expect(await giveBack("first")).toMatchObject({ repeated: true });
    expect(await numbers(SKUS[0]!)).toEqual([0, 0]);
  }, 60_000);

  test("[OR10] an order whose returns have gone back to as many places as it keeps takes no further one", async () => {
    await stockOf("much").put({ onHand: 1_000, policy: {}, now: NOW });
    const order = env.ORDER.getByName("o:much");
    const wants = [{ quantity: 1_000 }];
    await order.place({ lines: [{ sku: "much", wants }], request: 1, orderId: "much" }, NOW);
    await runInDurableObject(order, (one) => {
      const { current } = one["page"];
      if (current?.state !== "committed") throw new Error("not sold");
      const items = Array.from({ length: ORDER_RETURN_PARTS_MAX }, (_, i) => ({
        sku: `other-${i}`,
        parts: [{ location: "default", units: 1 }],
      }));
      const full = { key: "full", request: 1, at: NOW, restock: false, settled: true, items };
      one["page"] = { ...one["page"], current: { ...current, returns: [full] } };
    });
    const items = [{ sku: "much", quantity: 1 }];
    const answer = await order.giveBack({ key: "more", items, restock: true, request: 2 }, NOW);
    expect(answer).toMatchObject({ problem: "order_closed" });
    expect(await numbers("much")).toEqual([0, 0]);
  });

  test("[OR10] an owner who has bought often, under long names, holds again", async () => {
    const location = PLACES[0]!;
    const owned = SKUS.map((sku) => `+${sku}`);
    await Promise.all(owned.map((sku) => stockOf(sku).put({ onHand: 99, location, policy: {}, now: NOW })));
    const order = env.ORDER.getByName("w:often");
    const wanted = owned.map((sku) => ({ sku, wants: [{ quantity: 1, location }] }));
    for (let i = 0; i < 12; i++) {
      const asked = { lines: wanted, request: i, expiresAt: NOW + 600_000 };
      const answer = await order.place(asked, NOW);
      expect(answer).toMatchObject({ basket: { status: "held" } });
      if ("basket" in answer) await order.commit(answer.basket.attempt, `order-${i}`, NOW);
    }
    await evictDurableObject(order);
    expect(await order.read(undefined, NOW)).toMatchObject({ status: "committed", orderId: "order-11" });
    expect(await numbers(owned[0]!)).toEqual([87, 0]);
  }, 60_000);

  test("[OR10] what could not be stored is not gone on from", async () => {
    await stockOf("unstored").put({ onHand: 3, policy: {}, now: NOW });
    const order = env.ORDER.getByName("o:unstored");
    await runInDurableObject(order, async (one) => {
      const store = one["store"];
      const write = store.write.bind(store);
      store.write = (page) => {
        if (page.current?.state === "committed") throw new Error("disk full");
        write(page);
      };
      const asked = {
        lines: [{ sku: "unstored", wants: [{ quantity: 1 }] }],
        request: 1,
        orderId: "unstored",
      };
      await expect(one.place(asked, NOW)).rejects.toThrow("disk full");
      store.write = write;
    });
    expect(await order.read(undefined, NOW)).toBeUndefined();
    expect(await numbers("unstored")).toEqual([3, 0]);
  });
});
