import * as L from "../assembly/layout.ts";
import { RECOMMENDATIONS_MAX } from "../domain/limits.ts";
import {
  bandShape,
  dayOf,
  rebuyWeights,
  repeatWeights,
  sharesOf,
  sourcesOf,
} from "../domain/model/context.ts";
import type { PlacementWeights } from "../domain/model/weights.ts";
import { type RecommendationQuery, STRATEGIES, type Strategy } from "../domain/recommendation.ts";

/** Indexes of the model in use: products -1 when unknown, names 0. */
export interface Indexes {
  product(productId: string): number;
  category(name: string): number;
  brand(name: string): number;
  currency(name: string): number;
}

const FLOAT_WEIGHTS = [
  [L.QUERY_WALK_VIEWED, "walkViewed"],
  [L.QUERY_WALK_BOUGHT, "walkBought"],
  [L.QUERY_WALK_THIRD, "walkThird"],
  [L.QUERY_FIT_CATEGORY, "fitCategory"],
  [L.QUERY_FIT_BRAND, "fitBrand"],
  [L.QUERY_FIT_PRICE, "fitPrice"],
  [L.QUERY_CATEGORY_WEIGHT, "category"],
  [L.QUERY_BRAND_WEIGHT, "brand"],
  [L.QUERY_TREND_WEIGHT, "trend"],
  [L.QUERY_POPULARITY_WEIGHT, "popularity"],
  [L.QUERY_CATEGORY_DISCOUNT, "categoryDiscount"],
  [L.QUERY_BRAND_DISCOUNT, "brandDiscount"],
  [L.QUERY_AGAIN_FLOOR, "againFloor"],
  [L.QUERY_SUPPORT, "support"],
  [L.QUERY_WALK_FLOOR, "walkFloor"],
] as const;

/** Writes queries into the kernel's memory. */
export class QueryBlock {
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;

  constructor(buffer: ArrayBuffer) {
    this.words = new Uint32Array(buffer, L.QUERY_ADDRESS, L.QUERY_BYTES / 4);
    this.floats = new Float32Array(buffer, L.QUERY_ADDRESS, L.QUERY_BYTES / 4);
  }

  /** @param recents Indexes of the visitor's recent products, at most RECENTS_MAX. */
  write(
    query: RecommendationQuery,
    weights: PlacementWeights,
    indexes: Indexes,
    recents: readonly number[],
  ): void {
    const { words, floats } = this;
    const { seenQuota, categoryCap } = sharesOf(query.limit, weights);
    words[L.QUERY_LIMIT / 4] = Math.max(0, Math.min(RECOMMENDATIONS_MAX, query.limit));
    words[L.QUERY_CATEGORY_FILTER / 4] =
      query.category === undefined ? L.NONE : indexes.category(query.category);
    words[L.QUERY_STRATEGIES / 4] = strategyBits(query.strategies);
    words[L.QUERY_FLAGS / 4] =
      (weights.blockPurchased ? L.FLAG_BLOCK_PURCHASED : 0) |
      (weights.allowRebought ? L.FLAG_ALLOW_REBOUGHT : 0) |
      (recents.length > 0 && recents[0]! >= 0 ? L.FLAG_NEWEST_KNOWN : 0);
    words[L.QUERY_FAN / 4] = weights.fan;
    words[L.QUERY_FAN_THIRD / 4] = weights.fanThird;
    words[L.QUERY_SEEN_QUOTA / 4] = seenQuota;
    words[L.QUERY_CATEGORY_CAP / 4] = categoryCap;
    for (const [field, name] of FLOAT_WEIGHTS) floats[field / 4] = weights[name];
    this.writeSources(query, weights, indexes, recents);
    this.writeRecents(query, weights, recents);
    this.writeBlocked(query, weights, indexes);
    this.writePurchased(query, weights, indexes);
    this.writeCategories(query, indexes);
    this.writeBrands(query, indexes);
    this.writePrices(query, indexes);
  }

  private writeSources(
    query: RecommendationQuery,
    weights: PlacementWeights,
    indexes: Indexes,
    recents: readonly number[],
  ): void {
    let count = 0;
    for (const source of sourcesOf(query, weights)) {
      const { position } = source;
      const index = position < 0 ? indexes.product(source.productId) : recents[position]!;
      if (index < 0 || count === L.SOURCES_MAX) continue;
      this.words[L.QUERY_SOURCE_INDEX / 4 + count] = index;
      this.floats[L.QUERY_SOURCE_VIEWED / 4 + count] = source.viewed;
      this.floats[L.QUERY_SOURCE_BOUGHT / 4 + count] = source.bought;
      count++;
    }
    this.words[L.QUERY_SOURCES / 4] = count;
  }

  private writeRecents(
    query: RecommendationQuery,
    weights: PlacementWeights,
    recents: readonly number[],
  ): void {
    let count = 0;
    const again = repeatWeights(query, weights);
    for (let position = 0; position < recents.length; position++) {
      if (recents[position]! < 0) continue;
      this.words[L.QUERY_RECENT_INDEX / 4 + count] = recents[position]!;
      this.floats[L.QUERY_RECENT_WEIGHT / 4 + count] = again[position]!;
      count++;
    }
    this.words[L.QUERY_RECENTS / 4] = count;
  }

  private writeBlocked(query: RecommendationQuery, weights: PlacementWeights, indexes: Indexes): void {
    let count = 0;
    const block = (productId: string) => {
      const index = indexes.product(productId);
      if (index >= 0 && count < L.BLOCKED_MAX) this.words[L.QUERY_BLOCKED_INDEX / 4 + count++] = index;
    };
    query.exclude.forEach(block);
    if (weights.blockPage && query.productId !== undefined) block(query.productId);
    if (weights.blockCart) query.visitor.cart.forEach(block);
    this.words[L.QUERY_BLOCKED / 4] = count;
  }

  private writePurchased(query: RecommendationQuery, weights: PlacementWeights, indexes: Indexes): void {
    const { visitor } = query;
    let count = 0;
    const again = rebuyWeights(query, weights);
    for (let place = 0; place < Math.min(visitor.purchased.length, L.PURCHASED_MAX); place++) {
      const { productId, at, count: times } = visitor.purchased[place]!;
      const index = indexes.product(productId);
      if (index < 0) continue;
      this.words[L.QUERY_PURCHASED_INDEX / 4 + count] = index;
      this.words[L.QUERY_PURCHASED_DAY / 4 + count] = dayOf(at);
      this.words[L.QUERY_PURCHASED_COUNT / 4 + count] = times;
      this.floats[L.QUERY_PURCHASED_WEIGHT / 4 + count] = again[place]!;
      count++;
    }
    this.words[L.QUERY_PURCHASED / 4] = count;
  }

  private writeCategories({ visitor }: RecommendationQuery, indexes: Indexes): void {
    let count = 0;
    for (const { category, affinity } of visitor.categories) {
      const index = indexes.category(category);
      if (index === 0 || count === L.AFFINITIES_MAX) continue;
      this.words[L.QUERY_CATEGORY_INDEX / 4 + count] = index;
      this.floats[L.QUERY_CATEGORY_AFFINITY / 4 + count] = affinity;
      count++;
    }
    this.words[L.QUERY_CATEGORIES / 4] = count;
  }

  private writeBrands({ visitor }: RecommendationQuery, indexes: Indexes): void {
    let count = 0;
    for (const { brand, affinity } of visitor.brands) {
      const index = indexes.brand(brand);
      if (index === 0 || count === L.AFFINITIES_MAX) continue;
      this.words[L.QUERY_BRAND_INDEX / 4 + count] = index;
      this.floats[L.QUERY_BRAND_AFFINITY / 4 + count] = affinity;
      count++;
    }
    this.words[L.QUERY_BRANDS / 4] = count;
  }

  private writePrices(query: RecommendationQuery, indexes: Indexes): void {
    let count = 0;
    for (const { category, currency, p10, p50, p90 } of query.visitor.prices) {
      const index = indexes.category(category);
      if (index === 0 || !(p50 > 0) || count === L.PRICES_MAX) continue;
      const { middle, sharpness } = bandShape(p10, p50, p90);
      this.words[L.QUERY_PRICE_CATEGORY / 4 + count] = index;
      this.words[L.QUERY_PRICE_CURRENCY / 4 + count] = indexes.currency(currency);
      this.floats[L.QUERY_PRICE_MIDDLE / 4 + count] = middle;
      this.floats[L.QUERY_PRICE_SHARPNESS / 4 + count] = sharpness;
      count++;
    }
    this.words[L.QUERY_PRICES / 4] = count;
  }
}

/** Bit s: strategy s of STRATEGIES. Of none given: all. */
function strategyBits(wanted: readonly Strategy[]): number {
  if (wanted.length === 0) return (1 << STRATEGIES.length) - 1;
  return wanted.reduce((bits, name) => bits | (1 << STRATEGIES.indexOf(name)), 0);
}
