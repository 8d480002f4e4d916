import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type CatalogueRecord, newRecord } from "../../domain/model/catalogue.ts";
import {
  imageKey,
  MODEL_KV_PARTS,
  MODEL_PART_BYTES,
  type ModelManifest,
  textKey,
} from "../../domain/model/manifest.ts";
import { ModelTables } from "../../domain/model/tables.ts";
import { encodeText, encodeTextPage } from "../../domain/model/text.ts";
import { ModelImage } from "../../kernels/model-image.ts";
import { getRecommender, type ModelSource } from "../../kernels/model-loader.ts";

const NOW = Date.UTC(2026, 5, 1);
const KV_VALUE_BYTES_MAX = 24 * 1024 * 1024;

/** A published version of one product, named after it; further pages of texts hold none. */
function published(version: number, pages = 1): { manifest: ModelManifest; parts: Uint8Array[] } {
  const records = new Map<string, CatalogueRecord>();
  const catalogue = {
    get: (productId: string) => records.get(productId),
    put: (productId: string, record: CatalogueRecord) => void records.set(productId, record),
    soldOut: () => false,
  };
  const store = { catalogue, readViewed: () => undefined, readBought: () => undefined };
  const tables = new ModelTables(store, NOW);
  const productId = `of-${version}`;
  tables.place(productId, newRecord(NOW));
  const image = new ModelImage(tables).build({ version, now: NOW, viewedPages: [], boughtPages: [] });
  const names = JSON.stringify({ categories: [""], brands: [""], currencies: [""] });
  const texts = [
    new TextEncoder().encode(names),
    encodeTextPage(1, undefined, () => encodeText({ productId }, 900)),
    ...Array.from({ length: pages - 1 }, () => encodeTextPage(1, undefined, () => new Uint8Array(0))),
  ];
  const parts = [...ModelImage.parts(image), ...texts];
  return {
    parts,
    manifest: {
      version,
      publishedAt: NOW,
      products: 1,
      parts: parts.length,
      bytes: parts.reduce((sum, part) => sum + part.length, 0),
      imageBytes: image.length,
      format: ModelImage.format,
      imageParts: parts.length - texts.length,
      textVersions: texts.map(() => version),
    },
  };
}

/** A builder whose parts come when the test lets them. */
class Builder implements ModelSource {
  newest = published(1);
  asked = 0;
  underWay = 0;
  underWayMax = 0;
  gate: Promise<unknown> = Promise.resolve();
  /** Parts of older versions are gone as soon as there is a newer one. */
  async part(version: number, index: number): Promise<Uint8Array | undefined> {
    this.asked++;
    this.underWayMax = Math.max(this.underWayMax, ++this.underWay);
    await this.gate;
    this.underWay--;
    return version === this.newest.manifest.version ? this.newest.parts[index] : undefined;
  }
  async manifest(): Promise<ModelManifest> {
    return this.newest.manifest;
  }
}

const builder = new Builder();
const kept = new Map<string, Uint8Array>();
const kv = {
  get: async (key: string) => kept.get(key)?.slice().buffer ?? null,
} as unknown as KVNamespace;
let behind: Promise<unknown>[] = [];
const background = { waitUntil: (promise: Promise<unknown>) => void behind.push(promise) };

const ask = async (bindings: object = {}) => {
  const env = { MODEL_BUILDER: { getByName: () => builder }, ...bindings };
  const recommender = await getRecommender(env, background);
  return recommender.trending({ limit: 5, now: NOW }).map(({ productId }) => productId);
};
const settle = async () => {
  await Promise.all(behind);
  behind = [];
};
/** Until the isolate looks for a newer model again. */
const later = () => {
  clock += 3_500;
  vi.setSystemTime(clock);
};
let clock = Date.now();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: clock });
});
afterEach(() => {
  vi.useRealTimers();
});

// In this order: an isolate has one model, and begins once.
test("[MD6] only the first request waits for a model; others come from the one before until the newer is whole", async () => {
  expect(await ask()).toEqual(["of-1"]);
  later();
  let open = () => {};
  builder.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  builder.newest = published(2);
  expect(await ask()).toEqual(["of-1"]);
  expect(await ask()).toEqual(["of-1"]);
  open();
  await settle();
  expect(await ask()).toEqual(["of-2"]);
});

test("[MD6] after half a minute without a request the next one waits for the newer model, for a moment", async () => {
  builder.newest = published(3);
  clock += 30_000;
  vi.setSystemTime(clock);
  expect(await ask()).toEqual(["of-3"]);
  builder.newest = published(4);
  let open = () => {};
  builder.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  clock += 30_000;
  vi.setSystemTime(clock);
  expect(await ask()).toEqual(["of-3"]);
  open();
  await settle();
  expect(await ask()).toEqual(["of-4"]);
});

test("[MD6] a version that goes while it is fetched is left; the one after it comes whole", async () => {
  later();
  let open = () => {};
  builder.gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  builder.newest = published(5);
  expect(await ask()).toEqual(["of-4"]);
  builder.newest = published(6);
  open();
  await settle();
  expect(await ask()).toEqual(["of-4"]);
  later();
  await ask();
  await settle();
  expect(await ask()).toEqual(["of-6"]);
});

test("[MD13] texts come some at a time: of a large model one by one from far away would take longer than a load may", async () => {
  later();
  const pages = 20;
  builder.newest = published(61, pages);
  builder.gate = scheduler.wait(10);
  Object.assign(builder, { asked: 0, underWayMax: 0 });
  await ask();
  await settle();
  expect(await ask()).toEqual(["of-61"]);
  expect(builder.asked).toBe(1 + 1 + pages);
  expect(builder.underWayMax).toBe(6);
  // Of the next version only what has changed.
  later();
  const next = published(62, pages);
  const textVersions = next.manifest.textVersions.map((version, part) => (part > 1 ? 61 : version));
  builder.newest = { ...next, manifest: { ...next.manifest, textVersions } };
  builder.asked = 0;
  await ask();
  await settle();
  expect(await ask()).toEqual(["of-62"]);
  expect(builder.asked).toBe(1 + 1 + 1);
});

test("[MD4] a model is read from KV where it is bound, and from its builder where KV has nothing", async () => {
  expect(MODEL_KV_PARTS * MODEL_PART_BYTES).toBeLessThanOrEqual(KV_VALUE_BYTES_MAX);
  later();
  builder.newest = published(70);
  const { parts, manifest } = builder.newest;
  kept.set(imageKey(70, 0), parts[0]!);
  for (const part of [0, 1]) kept.set(textKey(70, part), parts[manifest.imageParts + part]!);
  const asked = builder.asked;
  await ask({ MODEL: kv });
  await settle();
  expect(await ask({ MODEL: kv })).toEqual(["of-70"]);
  expect(builder.asked).toBe(asked);
  later();
  builder.newest = published(80);
  await ask({ MODEL: kv });
  await settle();
  expect(await ask({ MODEL: kv })).toEqual(["of-80"]);
  expect(builder.asked).toBeGreaterThan(asked);
});

test("[MD4] where KV fails a model is read from its builder", async () => {
  later();
  builder.newest = published(90);
  const failing = {
    get: async () => {
      throw new Error("KV is away");
    },
  } as unknown as KVNamespace;
  await ask({ MODEL: failing });
  await settle();
  expect(await ask({ MODEL: failing })).toEqual(["of-90"]);
});
