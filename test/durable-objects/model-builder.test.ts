import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import module from "../../build/recommend.wasm";
import { imageKey, type ModelManifest, type ModelNames, textKey } from "../../domain/model/manifest.ts";
import type { ModelTables } from "../../domain/model/tables.ts";
import type { Signals } from "../../domain/signal.ts";
import { encodeSignals } from "../../domain/signal-codec.ts";
import { NOBODY } from "../../domain/visitor.ts";
import type { ModelBuilder } from "../../durable-objects/model-builder.ts";
import { createRecommender, type Recommender } from "../../kernels/recommend.ts";

const NOW = Date.now();

/** Sessions as the signals a profile makes of them: neighbours one apart, both ways. */
function sessions(...views: string[][]): Uint8Array {
  const products = [...new Set(views.flat())];
  const index = (id: string) => products.indexOf(id);
  const signals: Signals = {
    products,
    facts: products.map((productId) => ({
      productId,
      at: NOW,
      name: `Name of ${productId}`,
      category: productId.slice(0, 1),
      price: 10,
      currency: "EUR",
    })),
    counts: views.flatMap((ids) =>
      ids.map((id) => ({ product: index(id), kind: "view" as const, at: NOW, amount: 1 })),
    ),
    links: views.flatMap((ids) =>
      ids.slice(1).map((id, at) => ({
        from: index(ids[at]!),
        to: index(id),
        kind: "transition" as const,
        at: NOW,
        weight: 1,
      })),
    ),
  };
  return encodeSignals(signals);
}

const builderNamed = (name: string) => env.MODEL_BUILDER.getByName(name);

async function fetchModel(builder: ReturnType<typeof builderNamed>): Promise<Recommender> {
  const manifest = await builder.manifest();
  const part = async (index: number) => (await builder.part(manifest.version, index))!;
  const recommender = createRecommender(module);
  const image: Uint8Array[] = [];
  for (let index = 0; index < manifest.imageParts; index++) image.push(await part(index));
  const names = JSON.parse(new TextDecoder().decode(await part(manifest.imageParts))) as ModelNames;
  const texts: Uint8Array[] = [];
  for (let index = manifest.imageParts + 1; index < manifest.parts; index++) texts.push(await part(index));
  recommender.load({ version: manifest.version, image, names, texts });
  return recommender;
}

const seen = (...ids: string[]) => ({
  ...NOBODY,
  recent: ids.map((productId) => ({ productId, at: NOW, views: 1, kind: "viewed" as const })),
});

const ask = (recommender: Recommender, ...ids: string[]) =>
  recommender.recommend({
    placement: "product",
    productId: ids[0]!,
    visitor: seen(...ids),
    limit: 5,
    exclude: [],
    strategies: [],
    now: NOW,
  });

interface Running {
  manifest(): Promise<ModelManifest>;
  /** Ends the object as a crash does. */
  end(): void;
}

/** Publishes with a key-value store whose `put` is the test's. */
async function withKv(
  builder: ReturnType<typeof builderNamed>,
  put: (key: string, value: Uint8Array, running: Running) => unknown,
): Promise<void> {
  await runInDurableObject(builder, async (instance: ModelBuilder, state) => {
    const running = { manifest: () => instance.manifest(), end: () => state.abort("ended by a test") };
    const object = instance as unknown as { env: object };
    const bound = object.env;
    object.env = {
      ...bound,
      MODEL: { put: async (key: string, value: Uint8Array) => put(key, value, running) },
    };
    await instance.publish();
    object.env = bound;
  });
}

describe("ModelBuilder", () => {
  test("[MD1] signals become a published model that recommends", async () => {
    const builder = builderNamed("publishes");
    expect(await builder.manifest()).toMatchObject({ version: 0 });
    await builder.merge({ shard: 1, sequence: 1, bytes: sessions(["a1", "a2"], ["a1", "a2"], ["b1", "b2"]) });
    expect(await runDurableObjectAlarm(builder)).toBe(true);
    const recommender = await fetchModel(builder);
    const items = ask(recommender, "a1");
    expect(JSON.parse(items[0]!.text)).toMatchObject({
      product_id: "a2",
      strategy: "collaborative",
      because: { product_id: "a1" },
      product: { product_id: "a2", name: "Name of a2", category: "a", price: 10, currency: "EUR" },
    });
    expect(items.map(({ productId }) => productId).sort()).toEqual(["a2", "b1", "b2"]);
  });

  test("[MD2] a delta counts once, across evictions too", async () => {
    const builder = builderNamed("once");
    const bytes = sessions(["a1", "a2"]);
    expect(await builder.merge({ shard: 1, sequence: 1, bytes })).toEqual({ duplicate: false });
    expect(await builder.merge({ shard: 1, sequence: 1, bytes })).toEqual({ duplicate: true });
    await evictDurableObject(builder);
    expect(await builder.merge({ shard: 1, sequence: 1, bytes })).toEqual({ duplicate: true });
    await builder.publish();
    await evictDurableObject(builder);
    expect(await builder.merge({ shard: 1, sequence: 1, bytes })).toEqual({ duplicate: true });
    expect(await builder.merge({ shard: 2, sequence: 1, bytes })).toEqual({ duplicate: false });
  });

  test("[MD3] what breaks off between writing and announcing leaves the version before, whole", async () => {
    let builder = builderNamed("breaks");
    await builder.merge({ shard: 1, sequence: 1, bytes: sessions(["a1", "a2"]) });
    const first = await builder.publish();
    await builder.merge({ shard: 1, sequence: 2, bytes: sessions(["a1", "a3"], ["a1", "a3"]) });
    // The object is thrown away when the version is written, before it is announced.
    const broken = withKv(builder, (_key, _value, running) => running.end());
    await expect(broken).rejects.toThrow("ended by a test");
    builder = builderNamed("breaks");
    expect(await builder.manifest()).toEqual(first);
    expect(ask(await fetchModel(builder), "a1")[0]!.productId).toBe("a2");
    const next = await builder.publish();
    expect(next.version).toBeGreaterThan(first.version);
    expect(await builder.manifest()).toEqual(next);
    expect(ask(await fetchModel(builder), "a1")[0]!.productId).toBe("a3");
    // Announced once and for all.
    await evictDurableObject(builder);
    expect(ask(await fetchModel(builder), "a1")[0]!.productId).toBe("a3");
  });

  test("[MD4] a version is in KV before it is announced; where KV fails, it is announced all the same", async () => {
    const builder = builderNamed("copies");
    await builder.merge({ shard: 1, sequence: 1, bytes: sessions(["a1", "a2"]) });
    const values = new Map<string, Uint8Array>();
    const versions: number[] = [];
    await withKv(builder, async (key, value, instance) => {
      values.set(key, value);
      versions.push((await instance.manifest()).version);
    });
    const manifest = await builder.manifest();
    expect(new Set(versions)).toEqual(new Set([0]));
    expect(values.get(imageKey(1, 0))).toEqual(await builder.part(1, 0));
    expect(values.get(textKey(1, 0))).toEqual(await builder.part(1, manifest.imageParts));
    await builder.merge({ shard: 1, sequence: 2, bytes: sessions(["a1", "a3"]) });
    await withKv(builder, () => Promise.reject(new Error("KV is away")));
    expect((await builder.manifest()).version).toBe(2);
  });

  test("[MD3] what is told while a version is packed waits for its end and comes with the next", async () => {
    const builder = builderNamed("packs");
    await builder.merge({ shard: 1, sequence: 1, bytes: sessions(["a1", "a2"]) });
    const publishing = builder.publish();
    const merging = builder.merge({ shard: 1, sequence: 2, bytes: sessions(["c1", "c2"]) });
    const first = await publishing;
    expect(await merging).toEqual({ duplicate: false });
    expect(first.products).toBe(2);
    const next = await builder.publish();
    expect(next).toMatchObject({ version: first.version + 1, products: 4 });
    expect(ask(await fetchModel(builder), "c1")[0]!.productId).toBe("c2");
  });

  test("[MD3] the model before can be fetched while a reader is at it; older ones are gone", async () => {
    const builder = builderNamed("keeps");
    for (const sequence of [1, 2, 3]) {
      await builder.merge({ shard: 1, sequence, bytes: sessions(["a1", `a${sequence + 1}`]) });
      await builder.publish();
    }
    expect(await builder.part(3, 0)).toBeDefined();
    expect(await builder.part(2, 0)).toBeDefined();
    expect(await builder.part(1, 0)).toBeUndefined();
  });

  test("[MD7] what is replayed after a crash may fill the memory sooner than it did: nothing is lost", async () => {
    const builder = builderNamed("large");
    const products = Array.from({ length: 60_000 }, (_, n) => `p${n}`);
    const told = (links: readonly (readonly [from: number, to: number])[]) =>
      encodeSignals({
        products,
        facts: [],
        counts: [],
        links: links.map(([from, to]) => ({ from, to, kind: "one_way" as const, at: NOW, weight: 1 })),
      });
    // One product of each page has enough neighbours to make all of the page as wide as it can be: 30 MB in all.
    const wide = Array.from({ length: 60_000 }, (_, n) => n).filter((n) => n % 256 < 40);
    const first = wide.map((n) => [n - (n % 256), n + 1] as const);
    await builder.merge({ shard: 1, sequence: 1, bytes: told(first) });
    // What came until the crash, when other pages were in memory.
    const deltas = 30;
    const each = 20_000;
    await runInDurableObject(builder, (_, { storage }) => {
      for (let sequence = 1; sequence <= deltas; sequence++) {
        const links = Array.from({ length: each }, (_, n) => {
          const from = (n * 3 + sequence) % products.length;
          return [from, (from + 1) % products.length] as const;
        });
        storage.sql.exec(
          "INSERT INTO journal (shard, sequence, at, bytes) VALUES (2, ?, ?, ?)",
          sequence,
          NOW,
          told(links),
        );
      }
    });
    await evictDurableObject(builder);
    expect(await builder.merge({ shard: 2, sequence: deltas, bytes: told([]) })).toEqual({ duplicate: true });
    await runInDurableObject(builder, (instance, { storage }) => {
      const left = Number(storage.sql.exec("SELECT count(*) AS n FROM journal").one()["n"]);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(deltas);
      const { tables } = (instance as unknown as { open(): { tables: ModelTables } }).open();
      let kept = 0;
      for (let page = 0; page < products.length / 256; page++) {
        for (const weight of tables.viewed.page(page).weights) kept += weight;
      }
      const all = first.length + deltas * each;
      expect(kept / all).toBeCloseTo(1, 5);
      expect(tables.columns.viewedOut.reduce((sum, out) => sum + out, 0) / all).toBeCloseTo(1, 5);
    });
  });
});
