/** What is published. An image of columns that kernels read in place, and texts that lists are shown with. */
export interface ModelManifest {
  /** 0: nothing published yet. */
  readonly version: number;
  /** Of the image: a kernel reads its own IMAGE_FORMAT only. Absent: 2 or older. */
  readonly format?: number;
  /** Unix ms. */
  readonly publishedAt: number;
  readonly products: number;
  /** Parts of the image, then of the texts: `part(version, 0 .. parts - 1)`. */
  readonly parts: number;
  /** Bytes of all parts. */
  readonly bytes: number;
  readonly imageBytes: number;
  /** Parts that make up the image, all of MODEL_PART_BYTES but the last. */
  readonly imageParts: number;
  /** Per text part the version in which it last changed; the first is the names, then pages of texts. */
  readonly textVersions: readonly number[];
}

export const NO_MODEL: ModelManifest = {
  version: 0,
  publishedAt: 0,
  products: 0,
  parts: 0,
  bytes: 0,
  imageBytes: 0,
  imageParts: 0,
  textVersions: [],
};

/** One part of an image: a row of storage holds 2 MB. */
export const MODEL_PART_BYTES = 1_900_000;
/** One value of a key-value store holds 25 MiB: as many whole parts as 24 MiB take. */
export const MODEL_KV_PARTS = Math.floor((24 * 1024 * 1024) / MODEL_PART_BYTES);

/** Key of the n-th value of an image: MODEL_KV_PARTS parts in a row. */
export function imageKey(version: number, value: number): string {
  return `model:${version}:${value}`;
}

/** Key of a text part, by the version in which it last changed. */
export function textKey(changedIn: number, part: number): string {
  return `model:${changedIn}:text:${part}`;
}

/** Names by number, as JSON: what the image's category, brand and currency columns mean. */
export interface ModelNames {
  readonly categories: readonly string[];
  readonly brands: readonly string[];
  readonly currencies: readonly string[];
}
