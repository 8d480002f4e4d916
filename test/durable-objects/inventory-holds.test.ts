import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { pack } from "../../domain/packed-json.ts";

const NOW = Date.now();
const stockOf = (sku: string) => env.INVENTORY.getByName(`s:${sku}`);
const put = (sku: string, onHand: number) => stockOf(sku).put({ onHand, policy: {}, now: NOW });
const one = (id: string, expiresAt = NOW + 600_000) => ({ id, wants: [{ quantity: 1 }], expiresAt });

describe("holds of a SKU", () => {
  test("[ST13] calls that come together share a row, are decided in turn, and are stored when answered", async () => {
    await put("hot", 40);
    const object = stockOf("hot");
    const before = await runInDurableObject(object, (stock) => stock.rowsWritten());
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => object.hold(one(`h${i}`), NOW)));
    expect(answers.filter((answer) => "reservation" in answer)).toHaveLength(40);
    const rows = (await runInDurableObject(object, (stock) => stock.rowsWritten())) - before;
    expect(rows).toBeLessThanOrEqual(10);
    await evictDurableObject(object);
    expect(await object.read(NOW)).toMatchObject({ on_hand: 40, reserved: 40, available: 0 });
    for (let i = 0; i < 100; i++) {
      const found = await object.reservation(`h${i}`, NOW);
      expect(found?.status).toBe("reservation" in answers[i]! ? "held" : undefined);
    }
  });

  test("[ST13] a lone hold costs a ledger row and its alarm", async () => {
    await put("lone", 5);
    const object = stockOf("lone");
    await runDurableObjectAlarm(object);
    const before = await runInDurableObject(object, (stock) => stock.rowsWritten());
    await object.hold(one("h"), NOW);
    expect((await runInDurableObject(object, (stock) => stock.rowsWritten())) - before).toBe(1);
  });

  test("[ST10] each call may be repeated, over restarts, and what has ended stays so", async () => {
    await put("ends", 5);
    const object = stockOf("ends");
    for (const [id, end, other] of [
      ["sold", "commit", "release"],
      ["freed", "release", "commit"],
    ] as const) {
      await object.hold(one(id), NOW);
      const call = (what: "commit" | "release") =>
        what === "commit" ? object.commit(id, {}, NOW) : object.release(id, { ahead: false }, NOW);
      for (let repeat = 0; repeat < 2; repeat++) {
        expect(await call(end)).toMatchObject({
          reservation: { status: end === "commit" ? "committed" : "released" },
        });
        expect(await call(other)).toMatchObject({ problem: "reservation_closed" });
        expect(await object.hold(one(id), NOW)).toMatchObject({ repeated: true });
        await evictDurableObject(object);
      }
    }
    expect(await object.read(NOW)).toMatchObject({ on_hand: 4, reserved: 0 });
  });

  test("[ST11] no expired hold is honoured with the alarm delayed, nor after a restart; the alarm frees it for all", async () => {
    await put("late", 1);
    const object = stockOf("late");
    await object.hold(one("h", NOW + 60_000), NOW);
    await evictDurableObject(object);
    expect(await object.reservation("h", NOW + 59_999)).toMatchObject({ status: "held" });
    expect(await object.commit("h", {}, NOW + 60_000)).toMatchObject({
      problem: "reservation_closed",
      reservation: { status: "expired", at: NOW + 60_000 },
    });
    expect(await object.hold(one("next", NOW + 120_000), NOW + 60_000)).toMatchObject({ repeated: false });
    await put("soon", 1);
    await stockOf("soon").hold(one("h", Date.now() + 50), Date.now());
    await runDurableObjectAlarm(stockOf("soon"));
    await new Promise((done) => setTimeout(done, 60));
    await runDurableObjectAlarm(stockOf("soon"));
    const planner = env.DEMAND_PLANNER.getByName("planner");
    const { replenishment } = (await planner.forecast({ sku: "soon", horizon: 1, now: Date.now() }))!;
    expect(replenishment).toMatchObject({ on_hand: 1, available: 1 });
  });

  test("[ST3] what is older than the ledger is kept becomes what it opens with", async () => {
    await put("old", 7);
    const object = stockOf("old");
    await object.hold(one("h", NOW + 1_000_000 * 86_400_000), NOW);
    await object.adjust({ delta: -2, reason: "count", now: NOW });
    const later = NOW + 402 * 86_400_000;
    await object.adjust({ delta: 4, reason: "receipt", now: later });
    await runInDurableObject(object, (stock) => stock["store"].fold(later, stock["calendar"]));
    const { rows } = await object.ledger(Number.MAX_SAFE_INTEGER, 100);
    expect(rows.flatMap(({ entries }) => entries).map(({ what }) => what)).toEqual(["receipt"]);
    await evictDurableObject(object);
    expect(await object.read(later)).toMatchObject({ on_hand: 9, reserved: 1 });
    expect(await object.reservation("h", later)).toMatchObject({ status: "held" });
  });

  test("[ST3] a state written whole reads back as the ledger alone gives it", async () => {
    await put("whole", 3_000);
    const object = stockOf("whole");
    for (let batch = 0; batch < 12; batch++) {
      await object.holdAll(pack(Array.from({ length: 100 }, (_, i) => one(`ü-${batch}-${i}`))), NOW);
    }
    await Promise.all(
      Array.from({ length: 700 }, (_, i) =>
        object.release(`ü-${Math.floor(i / 100)}-${i % 100}`, { ahead: false }, NOW),
      ),
    );
    const states = await runInDurableObject(object, (_, state) =>
      state.storage.sql.exec("SELECT * FROM state").toArray(),
    );
    expect(states).toHaveLength(1);
    const before = await object.read(NOW);
    await evictDurableObject(object);
    expect(await object.read(NOW)).toEqual(before);
    expect(before).toMatchObject({ on_hand: 3_000, reserved: 500 });
    await runInDurableObject(object, (_, state) => state.storage.sql.exec("DELETE FROM state").toArray());
    await evictDurableObject(object);
    expect(await object.read(NOW)).toEqual(before);
  });
});
