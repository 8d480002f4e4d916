// What the kernel computes, written as one would in plain JavaScript: maps, arrays and sorts over the same lists.
import * as L from "../assembly/layout.ts";
import { bandShape, repeatWeights, sharesOf, sourcesOf } from "../domain/model/context.ts";
import type { ModelNames } from "../domain/model/manifest.ts";
import type { PlacementWeights } from "../domain/model/weights.ts";
import type { RecommendationQuery } from "../domain/recommendation.ts";
import type { Recommender } from "../kernels/recommend.ts";
import { decodeStrength } from "../kernels/strength.ts";

/** A model's facts, a place a product. */
export interface PlainModel {
  readonly indexes: ReadonlyMap<string, number>;
  readonly categories: ReadonlyMap<string, number>;
  readonly brands: ReadonlyMap<string, number>;
  readonly eligible: readonly boolean[];
  readonly category: ArrayLike<number>;
  readonly brand: ArrayLike<number>;
  readonly price: ArrayLike<number>;
  readonly popularity: ArrayLike<number>;
  readonly trend: ArrayLike<number>;
  readonly lift: ArrayLike<number>;
  readonly returns: ArrayLike<number>;
  readonly again: ArrayLike<number>;
  readonly viewed: readonly Neighbours[];
  readonly bought: readonly Neighbours[];
  readonly byCategory: readonly (readonly number[])[];
  readonly byBrand: readonly (readonly number[])[];
  readonly rising: readonly (readonly number[])[];
  readonly trending: readonly number[];
  readonly order: readonly number[];
}

export interface Neighbours {
  readonly products: readonly number[];
  readonly strengths: readonly number[];
}

interface Candidate {
  readonly product: number;
  collaborative: number;
  walked: number;
  support: number;
  greatest: number;
  cause: number;
  repeat: number;
  score: number;
}

/** Products of a list, best first: all strategies, no filter by category. */
export function recommendPlain(
  model: PlainModel,
  query: RecommendationQuery,
  weights: PlacementWeights,
): number[] {
  const { visitor } = query;
  const candidates = new Map<number, Candidate>();
  const candidate = (product: number): Candidate => {
    const known = candidates.get(product);
    if (known !== undefined) return known;
    const made = {
      product,
      collaborative: 0,
      walked: 0,
      support: 0,
      greatest: 0,
      cause: -1,
      repeat: 0,
      score: 0,
    };
    candidates.set(product, made);
    return made;
  };
  const recents = visitor.recent.map(({ productId }) => model.indexes.get(productId)!);
  const seen = new Set(recents);
  const blocked = new Set(query.exclude.map((productId) => model.indexes.get(productId)!));
  if (weights.blockPurchased) {
    for (const { productId } of visitor.purchased) blocked.add(model.indexes.get(productId)!);
  }
  let floor = 0;
  const add = (list: Neighbours, weight: number, cause: number, step: number) => {
    for (let at = 0; at < list.products.length; at++) {
      const product = list.products[at]!;
      if (step > 1 && seen.has(product)) continue;
      const amount = weight * list.strengths[at]!;
      if (amount < floor) return;
      const into = candidate(product);
      into.collaborative += amount;
      if (step === 1) into.support++;
      if (step === 2) into.walked += amount;
      if (amount > into.greatest) {
        into.greatest = amount;
        into.cause = cause;
      }
    }
  };
  const sources = new Set<number>();
  for (const { productId, viewed, bought } of sourcesOf(query, weights)) {
    const product = model.indexes.get(productId)!;
    sources.add(product);
    if (viewed > 0) add(model.viewed[product]!, viewed, product, 1);
    if (bought > 0) add(model.bought[product]!, bought, product, 1);
  }
  for (const into of candidates.values()) {
    if (into.support > 1) into.collaborative *= 1 + weights.support * Math.min(4, into.support - 1);
  }
  const walk = (
    by: "collaborative" | "walked",
    fan: number,
    viewed: number,
    bought: number,
    step: number,
  ) => {
    const best = [...candidates.values()]
      .filter((one) => one[by] > 0 && !seen.has(one.product) && !sources.has(one.product))
      .sort((a, b) => b[by] - a[by])
      .slice(0, fan)
      .map((one) => ({ product: one.product, worth: one[by], cause: one.cause }));
    if (step === 2) floor = weights.walkFloor * (best[0]?.worth ?? 0);
    for (const { product, worth, cause } of best) {
      if (viewed > 0) add(model.viewed[product]!, viewed * worth, cause, step);
      if (bought > 0) add(model.bought[product]!, bought * worth, cause, step);
    }
  };
  const { walkViewed, walkBought, walkThird } = weights;
  walk("collaborative", weights.fan, walkViewed, walkBought, 2);
  walk("walked", weights.fanThird, walkViewed > 0 ? walkThird : 0, walkBought > 0 ? walkThird : 0, 3);

  const again = repeatWeights(query, weights);
  recents.forEach((product, position) => {
    const chance = (position === 0 ? model.again : model.returns)[product]!;
    const worth = again[position]! * chance;
    candidate(product).repeat = position === 0 ? Math.max(worth, weights.againFloor) : worth;
  });
  const categories = visitor.categories.map(({ category }) => model.categories.get(category)!);
  const brands = visitor.brands.map(({ brand }) => model.brands.get(brand)!);
  for (const category of categories.slice(0, 8)) {
    for (const product of model.byCategory[category]!.slice(0, 24)) candidate(product);
    for (const product of model.rising[category]!.slice(0, 12)) candidate(product);
  }
  for (const brand of brands.slice(0, 6)) {
    for (const product of model.byBrand[brand]!.slice(0, 16)) candidate(product);
  }
  for (const product of model.trending.slice(0, 48)) candidate(product);
  for (const product of model.order.slice(0, 48)) candidate(product);

  const likedCategories = new Map(visitor.categories.map(({ affinity }, at) => [categories[at]!, affinity]));
  const likedBrands = new Map(visitor.brands.map(({ affinity }, at) => [brands[at]!, affinity]));
  const bands = new Map(
    visitor.prices.map(({ category, p10, p50, p90 }) => [
      model.categories.get(category)!,
      bandShape(p10, p50, p90),
    ]),
  );
  for (const one of candidates.values()) {
    const { product } = one;
    const category = likedCategories.get(model.category[product]!) ?? 0;
    const brand = likedBrands.get(model.brand[product]!) ?? 0;
    const band = bands.get(model.category[product]!);
    const away = band === undefined ? 0 : (model.price[product]! - band.middle) * band.sharpness;
    const price = band === undefined ? 0 : weights.fitPrice / (1 + away * away);
    const fit = 1 + weights.fitCategory * category + weights.fitBrand * brand + price;
    const liking = weights.category * category + weights.brand * brand;
    const popular = model.popularity[product]!;
    const rising = model.trend[product]!;
    one.score =
      one.collaborative * model.lift[product]! * fit +
      liking * (0.1 + popular + rising) * (1 + price) +
      one.repeat +
      weights.trend * rising +
      weights.popularity * popular;
  }
  return choose(model, [...candidates.values()], query.limit, weights, seen, blocked);
}

/** Greedily the best that is left, discounted by what was chosen of its category and its brand. */
function choose(
  model: PlainModel,
  candidates: readonly Candidate[],
  limit: number,
  weights: PlacementWeights,
  seen: ReadonlySet<number>,
  blocked: ReadonlySet<number>,
): number[] {
  const { seenQuota, categoryCap } = sharesOf(limit, weights);
  const left = candidates
    .filter(({ product }) => model.eligible[product] && !blocked.has(product))
    .sort((a, b) => b.score - a.score);
  const chosen: number[] = [];
  const ofCategory = new Map<number, number>();
  const ofBrand = new Map<number, number>();
  const deferred: number[] = [];
  let seenChosen = 0;
  while (left.length > 0 && chosen.length < limit) {
    let best = -1;
    let greatest = 0;
    for (let at = 0; at < left.length && left[at]!.score > greatest; at++) {
      const { product, score } = left[at]!;
      const alike = ofCategory.get(model.category[product]!) ?? 0;
      const discounted =
        score *
        weights.categoryDiscount ** alike *
        weights.brandDiscount ** (ofBrand.get(model.brand[product]!) ?? 0);
      if (discounted <= greatest) continue;
      greatest = discounted;
      best = at;
    }
    if (best < 0) break;
    const { product } = left.splice(best, 1)[0]!;
    if (seen.has(product) && seenChosen >= seenQuota) continue;
    const category = model.category[product]!;
    const alike = ofCategory.get(category) ?? 0;
    if (categoryCap > 0 && alike >= categoryCap) {
      deferred.push(product);
      continue;
    }
    chosen.push(product);
    if (seen.has(product)) seenChosen++;
    ofCategory.set(category, alike + 1);
    ofBrand.set(model.brand[product]!, (ofBrand.get(model.brand[product]!) ?? 0) + 1);
  }
  return [...chosen, ...deferred].slice(0, limit);
}

/** The same lists and facts as objects and arrays. */
export function plainOf(
  { bytes, names }: { bytes: Uint8Array; names: ModelNames },
  recommender: Recommender,
  ids: readonly string[],
): PlainModel {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const header = (word: number) => words[word / 4]!;
  const products = header(L.HEADER_PRODUCTS);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = <T>(read: (at: number) => T): T[] =>
    Array.from({ length: products }, (_, at) => read(header(L.HEADER_RECORDS) + at * L.RECORD_BYTES));
  const floats = (field: number) => fields((at) => view.getFloat32(at + field, true));
  const u16s = (field: number) => fields((at) => view.getUint16(at + field, true));
  const u32s = (section: number, from: number, to: number) => [
    ...words.subarray(header(section) / 4 + from, header(section) / 4 + to),
  ];
  const neighbours = (section: number, stride: number) =>
    Array.from({ length: products }, (_, product): Neighbours => {
      const entries = u32s(section, product * stride, (product + 1) * stride).filter((entry) => entry !== 0);
      return {
        products: entries.map((entry) => entry & ((1 << L.NEIGHBOUR_INDEX_BITS) - 1)),
        strengths: entries.map((entry) => decodeStrength(entry >>> L.NEIGHBOUR_INDEX_BITS)),
      };
    });
  const groups = (starts: number, list: number, count: number) => {
    const bounds = u32s(starts, 0, count + 1);
    return Array.from({ length: count }, (_, at) => u32s(list, bounds[at]!, bounds[at + 1]!));
  };
  const categories = header(L.HEADER_CATEGORIES);
  const numbers = (kind: "category" | "brand", names: readonly string[]) =>
    new Map(names.map((name): [string, number] => [name, recommender.nameIndex(kind, name)]));
  return {
    indexes: new Map(ids.map((productId): [string, number] => [productId, recommender.indexOf(productId)])),
    categories: numbers("category", names.categories),
    brands: numbers("brand", names.brands),
    eligible: fields((at) => (view.getUint8(at + L.RECORD_FLAGS) & L.FACT_ELIGIBLE) !== 0),
    category: u16s(L.RECORD_CATEGORY),
    brand: u16s(L.RECORD_BRAND),
    price: floats(L.RECORD_PRICE),
    popularity: floats(L.RECORD_POPULARITY),
    trend: floats(L.RECORD_TREND),
    lift: floats(L.RECORD_LIFT),
    again: u16s(L.RECORD_AGAIN).map((chance) => chance / 65_535),
    returns: u16s(L.RECORD_RETURN).map((chance) => chance / 65_535),
    viewed: neighbours(L.HEADER_VIEWED, header(L.HEADER_VIEWED_STRIDE)),
    bought: neighbours(L.HEADER_BOUGHT, header(L.HEADER_BOUGHT_STRIDE)),
    byCategory: groups(L.HEADER_CATEGORY_START, L.HEADER_CATEGORY_LIST, categories),
    rising: groups(L.HEADER_RISING_START, L.HEADER_RISING_LIST, categories),
    byBrand: groups(L.HEADER_BRAND_START, L.HEADER_BRAND_LIST, header(L.HEADER_BRANDS)),
    trending: u32s(L.HEADER_TRENDING_LIST, 0, header(L.HEADER_TRENDING)),
    order: u32s(L.HEADER_ORDER, 0, header(L.HEADER_ELIGIBLE)),
  };
}
