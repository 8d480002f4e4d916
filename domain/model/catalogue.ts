import { PRODUCT_SKUS_MAX } from "../limits.ts";
import type { CatalogueProduct, PublishedProduct } from "../recommendation.ts";
import type { ProductFact } from "../signal.ts";

export const TEXT_FIELDS = ["name", "category", "brand", "currency", "imageUrl", "url"] as const;
export const FACT_FIELDS = [...TEXT_FIELDS, "price"] as const;
export type FactField = (typeof FACT_FIELDS)[number];

type Facts = { [F in FactField]?: F extends "price" ? number : string };
/** What a shop sets; absent fields stay, null clears: the field is learnt from events again. */
export type FactPatch = { readonly [F in FactField]?: Facts[F] | null };

/** Catalogue row of one product. Stored as JSON; fields are only ever added. */
export interface CatalogueRecord {
  /** What the shop set. */
  set: Facts;
  /** What events taught, and when: the latest wins, field by field. */
  learnt: Facts;
  learntAt: { [F in FactField]?: number };
  /** Under which its stock may be kept, beside its own id: set and learnt ones. */
  skus: string[];
  /** Set by the shop at least once. */
  listed: boolean;
  hidden: boolean;
  deleted: boolean;
  /** Unix ms. */
  updatedAt: number;
}

export function newRecord(now: number): CatalogueRecord {
  return {
    set: {},
    learnt: {},
    learntAt: {},
    skus: [],
    listed: false,
    hidden: false,
    deleted: false,
    updatedAt: now,
  };
}

/**
 * Learns what an event said. Of two facts at one time the greater wins, so that any order of arrival gives the
 * same record. Returns whether the record changed.
 */
export function learn(record: CatalogueRecord, fact: ProductFact): boolean {
  let changed = false;
  for (const field of FACT_FIELDS) {
    const value = fact[field];
    if (value === undefined || value === "") continue;
    const known = record.learnt[field];
    const knownAt = record.learntAt[field] ?? Number.NEGATIVE_INFINITY;
    const wins = fact.at > knownAt || (fact.at === knownAt && known !== undefined && value > known);
    if (!wins) continue;
    // A later event that says the same is not worth a write: its time is stored with the next change.
    if (value === known) {
      record.learntAt[field] = fact.at;
      continue;
    }
    (record.learnt as Record<string, string | number>)[field] = value;
    record.learntAt[field] = fact.at;
    changed = true;
  }
  if (fact.sku !== undefined && addSku(record, fact.sku)) changed = true;
  if (changed) record.updatedAt = Math.max(record.updatedAt, fact.at);
  return changed;
}

/** Applies what a shop set; a deleted product comes back. */
export function patch(
  record: CatalogueRecord,
  change: FactPatch & { hidden?: boolean; skus?: readonly string[] },
  now: number,
): void {
  for (const field of FACT_FIELDS) {
    const value = change[field];
    if (value === undefined) continue;
    delete record.set[field];
    if (value !== null) (record.set as Record<string, string | number>)[field] = value;
    else {
      delete record.learnt[field];
      delete record.learntAt[field];
    }
  }
  if (change.hidden !== undefined) record.hidden = change.hidden;
  // What the shop says comes before what events taught, should there be no room for all.
  if (change.skus !== undefined) {
    record.skus = [...new Set([...change.skus, ...record.skus])].slice(0, PRODUCT_SKUS_MAX);
  }
  record.listed = true;
  record.deleted = false;
  record.updatedAt = now;
}

function addSku({ skus }: CatalogueRecord, sku: string): boolean {
  if (skus.includes(sku) || skus.length >= PRODUCT_SKUS_MAX) return false;
  skus.push(sku);
  return true;
}

/** What the shop set, and what events taught where nothing was set. */
export function factsOf(record: CatalogueRecord): Facts {
  return { ...record.learnt, ...record.set };
}

export function publishedProduct(productId: string, record: CatalogueRecord): PublishedProduct {
  return { productId, ...factsOf(record) };
}

export function catalogueProduct(
  productId: string,
  record: CatalogueRecord,
  available: boolean | undefined,
): CatalogueProduct {
  return {
    ...publishedProduct(productId, record),
    ...(record.skus.length > 0 && { skus: record.skus }),
    hidden: record.hidden,
    ...(available === undefined ? {} : { available }),
    updatedAt: record.updatedAt,
    source: record.listed ? "catalogue" : "events",
  };
}
