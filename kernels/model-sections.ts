import * as L from "../assembly/layout.ts";
import {
  NEIGHBOURS_PUBLISHED_BYTES_MAX,
  NEIGHBOURS_PUBLISHED_MAX,
  NEIGHBOURS_PUBLISHED_MIN,
  PAIRINGS_PUBLISHED_MAX,
} from "../domain/limits.ts";
import { tableSize } from "../domain/model/directory.ts";
import type { ModelManifest } from "../domain/model/manifest.ts";

/** Rising products kept per category, popular ones per brand, and rising ones overall. */
export const RISING_PER_CATEGORY = 32;
export const POPULAR_PER_BRAND = 32;
export const TRENDING_LENGTH = 512;

export interface ImageShape {
  readonly products: number;
  readonly categories: number;
  readonly brands: number;
}

/** Whether this release's kernels read the image that a manifest is of. */
export function isReadable({ format }: ModelManifest): boolean {
  return format === L.IMAGE_FORMAT;
}

/** Room for a shape with some to grow, so that sections seldom move; a moved section is packed anew. */
export function roomFor(needed: ImageShape): ImageShape {
  const step = (n: number, least: number, max: number) => {
    const unit = Math.max(least, 2 ** Math.floor(Math.log2(Math.max(1, n)) - 3));
    return Math.min(max, Math.ceil((n + 1) / unit) * unit);
  };
  return {
    products: step(needed.products, 64, L.IMAGE_PRODUCTS_MAX),
    categories: step(needed.categories, 16, L.IMAGE_CATEGORIES_MAX),
    brands: step(needed.brands, 16, L.IMAGE_BRANDS_MAX),
  };
}

export interface Sections {
  /** Header words and their values: the shape, the strides and where each section starts. */
  readonly header: readonly (readonly [number, number])[];
  readonly bytes: number;
}

/**
 * Where each section of an image of that shape stands. Each starts at a multiple of a record's size: kernels read four
 * numbers at a time, and no record lies across two lines of the cache.
 */
export function sectionsOf(room: ImageShape): Sections {
  const perNeighbour = 4 * room.products;
  const affordable = fours(NEIGHBOURS_PUBLISHED_BYTES_MAX / perNeighbour);
  const viewed = Math.max(NEIGHBOURS_PUBLISHED_MIN, Math.min(NEIGHBOURS_PUBLISHED_MAX, affordable));
  const left = fours((L.SLOT_BYTES - place(room, viewed, 0).bytes) / perNeighbour);
  return place(room, viewed, Math.min(PAIRINGS_PUBLISHED_MAX, left));
}

function fours(neighbours: number): number {
  return Math.floor(neighbours / 4) * 4;
}

function place(room: ImageShape, viewedStride: number, boughtStride: number): Sections {
  const n = room.products;
  const tableSlots = tableSize(n);
  const sections: readonly (readonly [number, number])[] = [
    [L.HEADER_HASH_LOW, 4 * n],
    [L.HEADER_HASH_HIGH, 4 * n],
    [L.HEADER_TABLE, 4 * tableSlots],
    [L.HEADER_RECORDS, L.RECORD_BYTES * n],
    [L.HEADER_ORDER, 4 * n],
    [L.HEADER_CATEGORY_START, 4 * (room.categories + 1)],
    [L.HEADER_CATEGORY_LIST, 4 * n],
    [L.HEADER_RISING_START, 4 * (room.categories + 1)],
    [L.HEADER_RISING_LIST, 4 * Math.min(n, RISING_PER_CATEGORY * room.categories)],
    [L.HEADER_BRAND_START, 4 * (room.brands + 1)],
    [L.HEADER_BRAND_LIST, 4 * Math.min(n, POPULAR_PER_BRAND * room.brands)],
    [L.HEADER_TRENDING_LIST, 4 * TRENDING_LENGTH],
    [L.HEADER_VIEWED, 4 * n * viewedStride],
    [L.HEADER_BOUGHT, 4 * n * boughtStride],
  ];
  const header: [number, number][] = [
    [L.HEADER_MAGIC, L.IMAGE_MAGIC],
    [L.HEADER_FORMAT, L.IMAGE_FORMAT],
    [L.HEADER_TABLE_SLOTS, tableSlots],
    [L.HEADER_CATEGORIES, room.categories],
    [L.HEADER_BRANDS, room.brands],
    [L.HEADER_VIEWED_STRIDE, viewedStride],
    [L.HEADER_BOUGHT_STRIDE, boughtStride],
  ];
  let at = L.IMAGE_HEADER_BYTES;
  for (const [word, bytes] of sections) {
    header.push([word, at]);
    at += Math.ceil(bytes / L.RECORD_BYTES) * L.RECORD_BYTES;
  }
  header.push([L.HEADER_BYTES, at]);
  return { header, bytes: at };
}
