import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import module from "../../build/recommend.wasm";
import type { ModelNames } from "../../domain/model/manifest.ts";
import type { Signals } from "../../domain/signal.ts";
import { encodeSignals } from "../../domain/signal-codec.ts";
import { NOBODY } from "../../domain/visitor.ts";
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

describe("ModelBuilder", () => {
  test("[MD1] signals become a published model that recommends", async () => {
    const builder = builderNamed("publishes");
    expect(await builder.manifest()).toMatchObject({ version: 0 });
    await builder.merge({ shard: 1, sequence: 1, bytes: sessions(["a1", "a2"], ["a1", "a2"], ["b1", "b2"]) });
    expect(await runDurableObjectAlarm(builder)).toBe(true);
    const recommender = await fetchModel(builder);
    const items = ask(recommender, "a1");
    expect(items[0]).toMatchObject({
      productId: "a2",
      strategy: "collaborative",
      because: "a1",
      product: { productId: "a2", name: "Name of a2", category: "a", price: 10, currency: "EUR" },
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
});
