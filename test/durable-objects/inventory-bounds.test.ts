import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { DAY_MS } from "../../domain/limits.ts";
import { pack } from "../../domain/packed-json.ts";

const NOW = Date.now();
const stockOf = (sku: string) => env.INVENTORY.getByName(`s:${sku}`);
const longId = (i: number) => `${i}-`.padEnd(256, "長い名前");

/** Holds of a unit, 200 a call. */
async function holdMany(sku: string, count: number, idOf: (i: number) => string, expiresAt: number) {
  for (let from = 0; from < count; from += 200) {
    const ids = Array.from({ length: Math.min(200, count - from) }, (_, i) => idOf(from + i));
    const holds = ids.map((id) => ({ id, wants: [{ quantity: 1 }], expiresAt }));
    await stockOf(sku).holdAll(pack(holds), NOW);
  }
}

describe("rows of a SKU", () => {
  test("[ST3] a season's state, older than what the ledger opens with, is not gone on from", async () => {
    const object = stockOf("seasonal");
    await object.put({ onHand: 1_200, policy: {}, now: NOW });
    await holdMany("seasonal", 1_200, String, NOW + 7 * DAY_MS);
    await object.adjust({ delta: 20, reason: "receipt", now: NOW + 8 * DAY_MS });
    const states = await runInDurableObject(object, (_, { storage }) =>
      storage.sql.exec("SELECT which FROM state").toArray(),
    );
    expect(states).toEqual([{ which: 0 }]);
    // A year in which little happens, and then that of the day after is too old to be kept.
    await object.adjust({ delta: 3, reason: "receipt", now: NOW + 9 * DAY_MS });
    const later = NOW + 410 * DAY_MS;
    await object.adjust({ delta: 4, reason: "receipt", now: later });
    await runInDurableObject(object, (stock) => stock["store"].fold(later, stock["calendar"]));
    const before = await object.read(later);
    expect(before).toMatchObject({ on_hand: 1_227, reserved: 0 });
    await evictDurableObject(object);
    expect(await object.read(later)).toEqual(before);
  });

  test("[ST3] what grows too old hour by hour becomes the opening balance once a day", async () => {
    const object = stockOf("aged");
    await object.put({ onHand: 5, policy: {}, now: NOW });
    const hour = (i: number) => NOW + i * 3_600_000;
    for (let i = 1; i < 48; i++) await object.adjust({ delta: 1, reason: "receipt", now: hour(i) });
    const rows = await runInDurableObject(object, (stock) => {
      const before = stock.rowsWritten();
      for (let i = 0; i < 48; i++) stock["store"].fold(hour(400 * 24 + i), stock["calendar"]);
      return stock.rowsWritten() - before;
    });
    // A day's 25 rows go, and one is written.
    expect(rows).toBe(26);
    await evictDurableObject(object);
    expect(await object.read(hour(449 * 24))).toMatchObject({ on_hand: 52 });
  });

  test("[ST32] thousands of holds under long ids, which end at once, are stored in rows the platform takes", async () => {
    const object = stockOf("crowd");
    await object.put({ onHand: 2_500, location: longId(0), policy: {}, now: NOW });
    const end = NOW + 600_000;
    await holdMany("crowd", 2_500, (i) => `o:${longId(i)}#1`, end);
    vi.setSystemTime(end);
    try {
      await runDurableObjectAlarm(object);
      await evictDurableObject(object);
      expect(await object.read(end)).toMatchObject({ on_hand: 2_500, reserved: 0 });
      expect(await object.reservation(`o:${longId(2_499)}#1`, end)).toMatchObject({ status: "expired" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("[ST26] a page of a ledger of large rows is as long as a call takes, and leads to the next", async () => {
    const object = stockOf("large");
    await object.put({ onHand: 40_000, policy: {}, now: NOW });
    await holdMany("large", 40_000, (i) => longId(i), NOW + 600_000);
    let entries = 0;
    let pages = 0;
    for (let before: number | undefined = Number.MAX_SAFE_INTEGER; before !== undefined; pages++) {
      const { rows, next } = await object.ledger(before, 500);
      entries += rows.reduce((sum, row) => sum + row.entries.length, 0);
      before = next;
    }
    expect(entries).toBe(40_001);
    expect(pages).toBeGreaterThan(2);
  }, 30_000);
});
