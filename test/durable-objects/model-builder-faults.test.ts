// What ends the builder, or fails it, between two steps; and who has which SKU.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { ModelManifest } from "../../domain/model/manifest.ts";
import { encodeSignals } from "../../domain/signal-codec.ts";
import type { ModelBuilder } from "../../durable-objects/model-builder.ts";

const NOW = Date.now();
const builderNamed = (name: string) => env.MODEL_BUILDER.getByName(name);
type Builder = ReturnType<typeof builderNamed>;

function views(ids: readonly string[], fact: object = {}, at = NOW): Uint8Array {
  return encodeSignals({
    products: [...ids],
    facts: ids.map((productId) => ({ productId, at, name: `Name of ${productId}`, ...fact })),
    counts: ids.map((_, product) => ({ product, kind: "view" as const, at, amount: 1 })),
    links: [],
  });
}

/** Products of which the published version knows, and the parts that it names are there. */
async function published(builder: Builder): Promise<{ manifest: ModelManifest; texts: string }> {
  const manifest = await builder.manifest();
  let texts = "";
  for (let index = 0; index < manifest.parts; index++) {
    const part = await builder.part(manifest.version, index);
    if (part === undefined) throw new Error(`part ${index} of version ${manifest.version} is gone`);
    if (index > manifest.imageParts) texts += new TextDecoder("latin1").decode(part);
  }
  return { manifest, texts };
}

interface Running {
  readonly instance: ModelBuilder;
  /** Ends the object as a crash does. */
  end(): void;
  sync(): Promise<void>;
}

/** Publishes with a key-value store whose first `put` is the test's. */
async function whileCopied(builder: Builder, work: (running: Running) => Promise<unknown>): Promise<void> {
  await runInDurableObject(builder, async (instance: ModelBuilder, state) => {
    const object = instance as unknown as { env: object };
    const bound = object.env;
    let isFirst = true;
    const put = async () => {
      if (!isFirst) return;
      isFirst = false;
      await work({ instance, end: () => state.abort("ended by a test"), sync: () => state.storage.sync() });
    };
    object.env = { ...bound, MODEL: { put } };
    try {
      await instance.publish();
    } finally {
      object.env = bound;
    }
  });
}

/** So much text that it is stored at once. */
const large = () => {
  const text = "x".repeat(512);
  return Array.from({ length: 1_000 }, (_, n) => ({
    productId: `i${n}`,
    name: text,
    url: text,
    imageUrl: text,
  }));
};

describe("what is stored", () => {
  test("[MD9] is published also when the builder ended before", async () => {
    const builder = builderNamed("stored");
    await builder.merge({ shard: 1, sequence: 1, bytes: views(["p1", "p2"]) });
    await builder.publish();
    while (await runDurableObjectAlarm(builder));
    await builder.availability({ sku: "p1", available: false, version: 1 });
    await evictDurableObject(builder);
    expect(await runDurableObjectAlarm(builder)).toBe(true);
    expect((await builder.manifest()).version).toBe(2);
    await builder.putProducts(large(), NOW);
    await evictDurableObject(builder);
    expect(await runDurableObjectAlarm(builder)).toBe(true);
    expect((await builder.manifest()).version).toBe(3);
  });

  test("[MD9] has its alarm by a repeat, where it ended before that was set", async () => {
    const builder = builderNamed("unalarmed");
    const bytes = views(["p1"]);
    await runInDurableObject(builder, async (instance: ModelBuilder) => {
      (instance as unknown as { schedule(): Promise<void> }).schedule = async () => {};
      await instance.merge({ shard: 1, sequence: 1, bytes });
    });
    await evictDurableObject(builder);
    expect(await builder.merge({ shard: 1, sequence: 1, bytes })).toEqual({ duplicate: true });
    expect(await runDurableObjectAlarm(builder)).toBe(true);
    expect((await builder.manifest()).version).toBe(1);
  });

  test("[MD9] comes with the next try where announcing failed", async () => {
    const builder = builderNamed("unannounced");
    await builder.merge({ shard: 1, sequence: 1, bytes: views(["p1"]) });
    await runInDurableObject(builder, async (instance: ModelBuilder) => {
      const { publisher } = instance["open"]();
      publisher.announce = () => {
        throw new Error("not stored");
      };
      await expect(instance.publish()).rejects.toThrow("not stored");
      expect((await instance.publish()).version).toBeGreaterThan(0);
    });
    expect((await published(builder)).texts).toContain("Name of p1");
  });

  test("[MD3] is whole where a change failed while the version was copied", async () => {
    const builder = builderNamed("failed-change");
    await builder.merge({ shard: 1, sequence: 1, bytes: views(["p1"]) });
    await builder.publish();
    await builder.merge({ shard: 1, sequence: 2, bytes: views(["p2"]) });
    const copied = whileCopied(builder, async ({ instance }) => {
      const bytes = new Uint8Array([255, 1, 2]);
      await instance.merge({ shard: 2, sequence: 1, bytes }).catch(() => {});
      await instance.manifest();
    });
    await expect(copied).rejects.toThrow("given up");
    expect((await published(builder)).texts).toContain("Name of p1");
    await builder.publish();
    expect((await published(builder)).texts).toContain("Name of p2");
  });

  test("[MD3] never has the number of other texts, where the builder ended while a version was copied", async () => {
    let builder = builderNamed("same-number");
    await builder.merge({ shard: 1, sequence: 1, bytes: views(["p1"]) });
    await builder.publish();
    await builder.merge({ shard: 1, sequence: 2, bytes: views(["p2"]) });
    const copied = whileCopied(builder, async ({ instance, end, sync }) => {
      await instance.putProducts(large(), NOW);
      await sync();
      end();
    });
    await expect(copied).rejects.toThrow("ended by a test");
    builder = builderNamed("same-number");
    await builder.publish();
    const before = await published(builder);
    await builder.putProducts([{ productId: "late", name: "Late" }], NOW);
    await builder.publish();
    const after = await published(builder);
    expect(after.texts).not.toBe(before.texts);
    expect(after.manifest.textVersions[1]).not.toBe(before.manifest.textVersions[1]);
  });
});

describe("a SKU", () => {
  test("[MD10] is of the product that the shop gave it last", async () => {
    const builder = builderNamed("moved");
    await builder.putProducts([{ productId: "old", skus: ["s"] }], NOW);
    await builder.availability({ sku: "s", available: false, version: 1 });
    await builder.putProducts([{ productId: "new", name: "New", skus: ["s"] }], NOW);
    expect(await builder.skus(["old", "new"])).toEqual([["old"], ["new", "s"]]);
    expect(await builder.names(["s"])).toEqual(["New"]);
    const available = async (id: string) => (await builder.product(id))?.available;
    expect([await available("old"), await available("new")]).toEqual([undefined, false]);
    const soldOut = () =>
      runInDurableObject(builder, (object) => {
        const { tables } = object["open"]();
        return ["old", "new"].map((id) => (tables.columns.flags[tables.slotOf(id)]! & 8) !== 0);
      });
    const held = await soldOut();
    await evictDurableObject(builder);
    expect([held, await soldOut()]).toEqual([
      [false, true],
      [false, true],
    ]);
  });

  test("[MD10] that the shop lists as a product stays its own, whatever an event says", async () => {
    const builder = builderNamed("taken");
    await builder.putProducts([{ productId: "p1", name: "Mine" }], NOW);
    await builder.availability({ sku: "p1", available: false, version: 1 });
    await builder.merge({ shard: 1, sequence: 1, bytes: views(["evil"], { sku: "p1" }) });
    expect((await builder.product("p1"))?.available).toBe(false);
    expect(await builder.names(["p1"])).toEqual(["Mine"]);
  });

  test("[MD10] of the shop's has room among those that events named", async () => {
    const builder = builderNamed("crowded");
    for (let n = 1; n <= 32; n++) {
      await builder.merge({ shard: 1, sequence: n, bytes: views(["p"], { sku: `junk${n}` }, NOW + n) });
    }
    await builder.putProducts([{ productId: "p", skus: ["real"] }], NOW);
    const skus = (await builder.product("p"))?.skus;
    expect([skus?.[0], skus?.length]).toEqual(["real", 32]);
  });
});

describe("the catalogue", () => {
  test("[MD11] begins anew with a product that was deleted", async () => {
    const builder = builderNamed("deleted");
    await builder.putProducts([{ productId: "p", name: "Old", price: 5, hidden: true }], NOW);
    await builder.deleteProduct("p", NOW);
    expect(await builder.putProducts([{ productId: "p", name: "New" }], NOW)).toEqual({
      created: 1,
      updated: 0,
    });
    const { name, price, hidden } = (await builder.product("p"))!;
    expect({ name, price, hidden }).toEqual({ name: "New", price: undefined, hidden: false });
  });

  test("[MD11] is searched alike before and after it is stored, whatever letters and lengths", async () => {
    const builder = builderNamed("searched");
    const long = "Women's organic cotton long sleeve T-shirt in navy blue, size L";
    await builder.putProducts(
      [
        { productId: 'p"1', name: "Übergangsjacke" },
        { productId: "p2", name: long },
        { productId: "p_3", name: "100 % wool" },
      ],
      NOW,
    );
    const found = async (search: string) =>
      (await builder.products({ search, limit: 10 })).items.map(({ productId }) => productId);
    const searches = ["übergang", 'p"1', long.slice(0, 60), "0 %", "p_", "no such"];
    const held = await Promise.all(searches.map(found));
    await builder.publish();
    expect(held).toEqual([['p"1'], ['p"1'], ["p2"], ["p_3"], ["p_3"], []]);
    expect(await Promise.all(searches.map(found))).toEqual(held);
  });

  test("[MD11] is paged without a gap, with ids of any script, stored or not", async () => {
    const builder = builderNamed("paged");
    const ids = ["a", "\u{1f600}", "\uff21", "z"];
    await builder.putProducts(
      ids.map((productId) => ({ productId, name: "x" })),
      NOW,
    );
    await builder.publish();
    await builder.putProducts([{ productId: "\u{1f600}", name: "y" }], NOW);
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 9; page++) {
      const { items, cursor: next } = await builder.products({
        limit: 1,
        ...(cursor !== undefined && { cursor }),
      });
      seen.push(...items.map(({ productId }) => productId));
      cursor = next;
      if (cursor === undefined) break;
    }
    expect(seen.sort()).toEqual(ids.sort());
  });
});
