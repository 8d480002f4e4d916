import module from "../build/recommend.wasm";
import { logEntry } from "../domain/log-entry.ts";
import {
  imageKey,
  MODEL_KV_PARTS,
  MODEL_PART_BYTES,
  type ModelManifest,
  type ModelNames,
  NO_MODEL,
  textKey,
} from "../domain/model/manifest.ts";
import { TextPage } from "../domain/model/text.ts";
import { isReadable } from "./model-sections.ts";
import { type ModelIntake, Recommender } from "./recommend.ts";

/** Least time between two looks for a newer model. */
const CHECK_MS = 3_000;
/** Of a model that nobody has looked after for so long a request waits for the newer one, */
const OLD_MS = 30_000;
/** but no longer than this. */
const OLD_WAIT_MS = 1_000;
/** A load that takes longer was given up: its request is gone. */
const LOAD_MS_MAX = 30_000;
/** How often a first request looks whether another one's load is done. */
const WAIT_MS = 10;
/** Parts fetched at a time: as many as are in memory twice. */
const PARTS_AT_ONCE = 4;
/** Texts fetched at a time: as many connections as the platform opens for a request. */
const TEXTS_AT_ONCE = 6;

/** Who publishes the model: `ModelBuilder`, seen from here. */
export interface ModelSource {
  manifest(): Promise<ModelManifest>;
  part(version: number, index: number): Promise<Uint8Array | undefined>;
}

export interface ModelBindings {
  readonly MODEL_BUILDER: { getByName(name: string): ModelSource };
  readonly MODEL?: KVNamespace;
}

interface Background {
  waitUntil(promise: Promise<unknown>): void;
}

/** What an isolate has, shared by all its requests. */
const isolate: {
  recommender: Recommender | undefined;
  manifest: ModelManifest | undefined;
  texts: readonly TextPage[];
  names: ModelNames;
  checkedAt: number;
  loadingSince: number;
} = {
  recommender: undefined,
  manifest: undefined,
  texts: [],
  names: { categories: [], brands: [], currencies: [] },
  checkedAt: Number.NEGATIVE_INFINITY,
  loadingSince: Number.NEGATIVE_INFINITY,
};

/**
 * This isolate's recommender. A newer model is looked for and loaded behind the answer. Only requests that come before
 * the first model was looked for wait for it, and for a moment one that comes after a quiet time, or while there is none.
 */
export async function getRecommender(env: ModelBindings, background: Background): Promise<Recommender> {
  isolate.recommender ??= new Recommender(module);
  if (isolate.manifest === undefined) await firstLoad(env);
  else if (isDue(Date.now())) {
    const isOld = isolate.manifest.version === 0 || Date.now() - isolate.checkedAt >= OLD_MS;
    const refreshed = refresh(env);
    background.waitUntil(refreshed);
    if (isOld) await Promise.race([refreshed, scheduler.wait(OLD_WAIT_MS)]);
  }
  return isolate.recommender;
}

/** What this isolate recommends from; undefined before its first request. */
export function loadedManifest(): ModelManifest | undefined {
  return isolate.manifest;
}

function isDue(now: number): boolean {
  return now - isolate.checkedAt >= CHECK_MS && now - isolate.loadingSince >= LOAD_MS_MAX;
}

/** One request loads, the others look on from their own context; a load that stalls is taken over. */
async function firstLoad(env: ModelBindings): Promise<void> {
  while (isolate.manifest === undefined) {
    if (Date.now() - isolate.loadingSince >= LOAD_MS_MAX) {
      await refresh(env);
      // Nobody can tell what is published: without a model, lists are empty, which is an answer too.
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    if (isolate.loadingSince === Number.NEGATIVE_INFINITY) return;
  }
}

async function refresh(env: ModelBindings): Promise<void> {
  const started = Date.now();
  isolate.checkedAt = started;
  isolate.loadingSince = started;
  try {
    const source = env.MODEL_BUILDER.getByName("model");
    const published = await source.manifest();
    // After a change of the format the builder publishes anew; until then there is none to be read.
    const manifest = isReadable(published) ? published : NO_MODEL;
    if (manifest.version > (isolate.manifest?.version ?? 0)) await load(manifest, source, env.MODEL);
    else isolate.manifest ??= manifest;
  } catch (error) {
    console.warn(logEntry("the model could not be refreshed; the one before stays in use", error));
  } finally {
    if (isolate.loadingSince === started) isolate.loadingSince = Number.NEGATIVE_INFINITY;
  }
}

async function load(
  manifest: ModelManifest,
  source: ModelSource,
  kv: KVNamespace | undefined,
): Promise<void> {
  const recommender = isolate.recommender!;
  const intake = recommender.begin();
  const fetched =
    (kv !== undefined && (await imageFromKv(manifest, kv, intake).catch(() => false))) ||
    (await image(manifest, source, intake));
  if (!fetched) return;
  const { textVersions } = manifest;
  const unchanged = (part: number) => isolate.manifest?.textVersions[part] === textVersions[part];
  const text = async (part: number): Promise<Uint8Array | undefined> => {
    const stored = await kv?.get(textKey(textVersions[part]!, part), "arrayBuffer").catch(() => null);
    return stored ? new Uint8Array(stored) : source.part(manifest.version, manifest.imageParts + part);
  };
  let { names } = isolate;
  if (!unchanged(0)) {
    const bytes = await text(0);
    if (bytes === undefined) return;
    names = JSON.parse(new TextDecoder().decode(bytes)) as ModelNames;
  }
  const texts: TextPage[] = [];
  const missing: number[] = [];
  for (let part = 1; part < textVersions.length; part++) {
    const known = unchanged(part) ? isolate.texts[part - 1] : undefined;
    if (known === undefined) missing.push(part);
    else texts[part - 1] = known;
  }
  for (let first = 0; first < missing.length; first += TEXTS_AT_ONCE) {
    const parts = missing.slice(first, first + TEXTS_AT_ONCE);
    for (const [at, bytes] of (await Promise.all(parts.map(text))).entries()) {
      if (bytes === undefined) return;
      texts[parts[at]! - 1] = new TextPage(bytes);
    }
  }
  if (!intake.finish(manifest.version, names, texts)) return;
  isolate.manifest = manifest;
  isolate.names = names;
  isolate.texts = texts;
}

/** Fetches the image from its builder; false when a part is gone, for a newer version took its place. */
async function image(manifest: ModelManifest, source: ModelSource, intake: ModelIntake): Promise<boolean> {
  for (let first = 0; first < manifest.imageParts; first += PARTS_AT_ONCE) {
    const indexes = Array.from(
      { length: Math.min(PARTS_AT_ONCE, manifest.imageParts - first) },
      (_, at) => first + at,
    );
    const parts = await Promise.all(indexes.map((index) => source.part(manifest.version, index)));
    for (const [at, bytes] of parts.entries()) {
      if (bytes === undefined || !intake.write((first + at) * MODEL_PART_BYTES, bytes)) return false;
    }
  }
  return true;
}

async function imageFromKv(manifest: ModelManifest, kv: KVNamespace, intake: ModelIntake): Promise<boolean> {
  for (let value = 0; value * MODEL_KV_PARTS < manifest.imageParts; value++) {
    const bytes = await kv.get(imageKey(manifest.version, value), "arrayBuffer");
    if (bytes === null) return false;
    if (!intake.write(value * MODEL_KV_PARTS * MODEL_PART_BYTES, new Uint8Array(bytes))) return false;
  }
  return true;
}
