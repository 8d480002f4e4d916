import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { encodeSignals } from "../../domain/signal-codec.ts";

const NOW = Date.now();
/** What the platform takes; plain workerd takes more. */
const ROW_BYTES_MAX = 2_000_000;

const combinerOf = (shard: number) => env.SIGNAL_COMBINER.getByName(`c:${shard}`);

function packet(stream: number, sequence: number, productId: string) {
  const bytes = encodeSignals({
    products: [productId],
    facts: [{ productId, at: NOW, name: productId }],
    counts: [{ product: 0, kind: "view", at: NOW, amount: 1 }],
    links: [],
  });
  return { stream, sequence, bytes };
}

/** Views of the last minutes that the builder has counted of a product: its slow trend has hardly decayed. */
async function viewsOf(productId: string): Promise<number> {
  return runInDurableObject(env.MODEL_BUILDER.getByName("model"), (object) => {
    const { tables } = object["open"]();
    return tables.columns.trendSlow[tables.slotOf(productId)]!;
  });
}

describe("a combiner", () => {
  test("[SG3] counts a packet once: in a call, over calls, after merges and restarts", async () => {
    const combiner = combinerOf(1);
    const packets = [packet(1, 1, "one"), packet(1, 2, "one"), packet(2, 1, "one")];
    await combiner.add([...packets, packets[0]!]);
    await Promise.all([combiner.add(packets), combiner.add(packets)]);
    expect((await combiner.lag()).packets).toBe(3);
    await evictDurableObject(combiner);
    await combiner.add(packets);
    expect((await combiner.lag()).packets).toBe(3);
    await combiner.flush();
    expect((await combiner.lag()).packets).toBe(0);
    await combiner.add(packets);
    await evictDurableObject(combiner);
    await combiner.add(packets);
    expect((await combiner.lag()).packets).toBe(0);
  });

  test("[SG4] what was answered is merged after a restart, and reaches the model once", async () => {
    const combiner = combinerOf(2);
    await combiner.add([packet(3, 1, "two"), packet(4, 1, "two")]);
    await evictDurableObject(combiner);
    await runDurableObjectAlarm(combiner);
    await combiner.add([packet(3, 1, "two"), packet(5, 1, "two")]);
    await combiner.flush();
    await evictDurableObject(combiner);
    await combiner.flush();
    const left = await runInDurableObject(combiner, (_, state) =>
      ["journal", "delta"].map((table) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray().length),
    );
    expect(left).toEqual([0, 0]);
    expect(await viewsOf("two")).toBeCloseTo(3, 2);
  });

  test("[SG7] many products met within seconds are several deltas, each a row that the platform takes", async () => {
    const combiner = combinerOf(4);
    const rows: number[] = [];
    await runInDurableObject(combiner, (one) => {
      const store = one["store"];
      const merge = store.merge.bind(store);
      store.merge = (deltas, ...rest) => {
        rows.push(...deltas.map(({ length }) => length));
        merge(deltas, ...rest);
      };
    });
    const met = (visitor: number) => {
      const products = Array.from({ length: 100 }, (_, i) => `https://shop.test/products/${visitor}-${i}`);
      const facts = products.map((productId) => ({
        productId,
        at: NOW,
        name: `Ваза для цветов ${productId}`.padEnd(120, "-"),
        category: "Дом и сад",
        imageUrl: productId.padEnd(120, "x"),
        url: productId,
      }));
      const counts = products.map((_, product) => ({ product, kind: "view" as const, at: NOW, amount: 1 }));
      return { stream: visitor, sequence: 1, bytes: encodeSignals({ products, facts, counts, links: [] }) };
    };
    await combiner.add(Array.from({ length: 60 }, (_, i) => met(1_000 + i)));
    await combiner.flush();
    expect(rows.length).toBeGreaterThan(1);
    expect(Math.max(...rows)).toBeLessThan(ROW_BYTES_MAX);
    expect((await combiner.lag()).packets).toBe(0);
    expect(await viewsOf("https://shop.test/products/1059-99")).toBeCloseTo(1, 2);
  });

  test("[SG4] calls that come together share one row", async () => {
    const combiner = combinerOf(3);
    const journal = () =>
      runInDurableObject(
        combiner,
        (_, state) => state.storage.sql.exec("SELECT * FROM journal").toArray().length,
      );
    await Promise.all(Array.from({ length: 40 }, (_, i) => combiner.add([packet(100 + i, 1, "three")])));
    expect(await journal()).toBeLessThanOrEqual(2);
    expect((await combiner.lag()).packets).toBe(40);
  });
});
