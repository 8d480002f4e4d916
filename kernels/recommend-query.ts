import * as L from "../assembly/layout.ts";
import { RECOMMENDATIONS_MAX } from "../domain/limits.ts";
import { bandShape, dayOf, repeatWeights, sharesOf, sourcesOf } from "../domain/model/context.ts";
import type { PlacementWeights } from "../domain/model/weights.ts";
import { type RecommendationQuery, STRATEGIES } from "../domain/recommendation.ts";

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

  write(query: RecommendationQuery, weights: PlacementWeights, indexes: Indexes): void {
    const { words, floats } = this;
    const { seenQuota, categoryCap } = sharesOf(query.limit, weights);
    const wanted = query.strategies.length === 0 ? STRATEGIES : query.strategies;
    words[L.QUERY_LIMIT / 4] = Math.max(0, Math.min(RECOMMENDATIONS_MAX, query.limit));
    words[L.QUERY_CATEGORY_FILTER / 4] =
      query.category === undefined ? L.NONE : indexes.category(query.category);
    words[L.QUERY_STRATEGIES / 4] = wanted.reduce((bits, name) => bits | (1 << STRATEGIES.indexOf(name)), 0);
    words[L.QUERY_FLAGS / 4] =
      (weights.blockPurchased ? L.FLAG_BLOCK_PURCHASED : 0) |
      (weights.allowRebought ? L.FLAG_ALLOW_REBOUGHT : 0) |
      (this.newestIsKnown(query, indexes) ? L.FLAG_NEWEST_KNOWN : 0);
    words[L.QUERY_FAN / 4] = weights.fan;
    words[L.QUERY_FAN_THIRD / 4] = weights.fanThird;
    words[L.QUERY_SEEN_QUOTA / 4] = seenQuota;
    words[L.QUERY_CATEGORY_CAP / 4] = categoryCap;
    for (const [field, name] of FLOAT_WEIGHTS) floats[field / 4] = weights[name];
    this.writeSources(query, weights, indexes);
    this.writeRecents(query, weights, indexes);
    this.writeBlocked(query, weights, indexes);
    this.writePurchased(query, indexes);
    this.writeAffinities(query, indexes);
    this.writePrices(query, indexes);
  }

  private newestIsKnown({ visitor }: RecommendationQuery, indexes: Indexes): boolean {
    const newest = visitor.recent[0];
    return newest !== undefined && indexes.product(newest.productId) >= 0;
  }

  private writeSources(query: RecommendationQuery, weights: PlacementWeights, indexes: Indexes): void {
    let count = 0;
    for (const source of sourcesOf(query, weights)) {
      const index = indexes.product(source.productId);
      if (index < 0 || count === L.SOURCES_MAX) continue;
      this.words[L.QUERY_SOURCE_INDEX / 4 + count] = index;
      this.floats[L.QUERY_SOURCE_VIEWED / 4 + count] = source.viewed;
      this.floats[L.QUERY_SOURCE_BOUGHT / 4 + count] = source.bought;
      count++;
    }
    this.words[L.QUERY_SOURCES / 4] = count;
  }

  private writeRecents(query: RecommendationQuery, weights: PlacementWeights, indexes: Indexes): void {
    let count = 0;
    const again = repeatWeights(query, weights);
    query.visitor.recent.slice(0, L.RECENTS_MAX).forEach(({ productId }, position) => {
      const index = indexes.product(productId);
      if (index < 0) return;
      this.words[L.QUERY_RECENT_INDEX / 4 + count] = index;
      this.floats[L.QUERY_RECENT_WEIGHT / 4 + count] = again[position]!;
      count++;
    });
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

  private writePurchased(query: RecommendationQuery, indexes: Indexes): void {
    let count = 0;
    for (const { productId, at, count: times } of query.visitor.purchased.slice(0, L.PURCHASED_MAX)) {
      const index = indexes.product(productId);
      if (index < 0) continue;
      this.words[L.QUERY_PURCHASED_INDEX / 4 + count] = index;
      this.words[L.QUERY_PURCHASED_DAY / 4 + count] = dayOf(at);
      this.words[L.QUERY_PURCHASED_COUNT / 4 + count] = times;
      count++;
    }
    this.words[L.QUERY_PURCHASED / 4] = count;
  }

  private writeAffinities(query: RecommendationQuery, indexes: Indexes): void {
    const write = (
      fields: { count: number; index: number; affinity: number },
      liked: readonly { readonly index: number; readonly affinity: number }[],
    ) => {
      const known = liked.filter(({ index }) => index > 0).slice(0, L.AFFINITIES_MAX);
      known.forEach(({ index, affinity }, at) => {
        this.words[fields.index / 4 + at] = index;
        this.floats[fields.affinity / 4 + at] = affinity;
      });
      this.words[fields.count / 4] = known.length;
    };
    const { categories, brands } = query.visitor;
    write(
      { count: L.QUERY_CATEGORIES, index: L.QUERY_CATEGORY_INDEX, affinity: L.QUERY_CATEGORY_AFFINITY },
      categories.map(({ category, affinity }) => ({ index: indexes.category(category), affinity })),
    );
    write(
      { count: L.QUERY_BRANDS, index: L.QUERY_BRAND_INDEX, affinity: L.QUERY_BRAND_AFFINITY },
      brands.map(({ brand, affinity }) => ({ index: indexes.brand(brand), affinity })),
    );
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
