// The recommendation kernel in plain TypeScript: lists, maps and sorts instead of columns, marks and heaps.
// Sums and products are rounded to single precision where the kernel rounds them, so that answers are equal.
import {
  bandShape,
  dayOf,
  rebuyWeights,
  repeatWeights,
  sharesOf,
  sourcesOf,
} from "../../domain/model/context.ts";
import type { PlacementWeights } from "../../domain/model/weights.ts";
import { type RecommendationQuery, STRATEGIES, type Strategy } from "../../domain/recommendation.ts";
import type { Neighbour, OracleModel, OracleProduct } from "./recommend-model.ts";

const f = Math.fround;

export interface OracleAnswer {
  readonly index: number;
  readonly score: number;
  readonly strategy: Strategy;
  readonly because: number | undefined;
}

export interface OracleIndexes {
  product(productId: string): number;
  category(name: string): number;
  brand(name: string): number;
  currency(name: string): number;
}

interface Candidate {
  readonly index: number;
  collaborative: number;
  walked: number;
  support: number;
  greatest: number;
  because: number | undefined;
  repeat: number;
  worth: number;
  strategy: Strategy;
}

/** What the kernel answers, from the same weights. */
export function recommendPlainly(
  model: OracleModel,
  indexes: OracleIndexes,
  query: RecommendationQuery,
  weights: PlacementWeights,
): OracleAnswer[] {
  const call = new Call(model, indexes, query, weights);
  call.gather();
  return call.choose();
}

class Call {
  private readonly candidates = new Map<number, Candidate>();
  private readonly recents: { index: number; weight: number; newest: boolean }[] = [];
  private readonly sources: { index: number; viewed: number; bought: number }[] = [];
  /** Least addition of the second and the third step. */
  private floor = 0;
  private readonly blocked: Set<number>;
  private readonly seen: Set<number>;
  private readonly likedCategories: [number, number][];
  private readonly likedBrands: [number, number][];
  private readonly filter: number | undefined;
  private readonly wanted: ReadonlySet<Strategy>;
  private readonly model: OracleModel;
  private readonly indexes: OracleIndexes;
  private readonly query: RecommendationQuery;
  private readonly weights: PlacementWeights;

  constructor(
    model: OracleModel,
    indexes: OracleIndexes,
    query: RecommendationQuery,
    weights: PlacementWeights,
  ) {
    this.model = model;
    this.indexes = indexes;
    this.query = query;
    this.weights = weights;
    this.wanted = new Set(query.strategies.length > 0 ? query.strategies : STRATEGIES);
    this.filter = query.category === undefined ? undefined : indexes.category(query.category);
    const { visitor } = query;
    const again = repeatWeights(query, weights);
    visitor.recent.forEach((recent, position) => {
      const index = indexes.product(recent.productId);
      if (index >= 0) {
        const weight = f(again[position]!);
        this.recents.push({ index, weight, newest: position === 0 });
      }
    });
    for (const { productId, viewed, bought } of sourcesOf(query, weights)) {
      const index = indexes.product(productId);
      if (index >= 0) this.sources.push({ index, viewed: f(viewed), bought: f(bought) });
    }
    this.seen = new Set(this.recents.map(({ index }) => index));
    this.blocked = new Set(this.blockedProducts());
    const liked = (list: readonly { index: number; affinity: number }[]) =>
      list.flatMap(({ index, affinity }): [number, number][] => (index > 0 ? [[index, f(affinity)]] : []));
    this.likedCategories = liked(
      visitor.categories.map(({ category, affinity }) => ({ index: indexes.category(category), affinity })),
    );
    this.likedBrands = liked(
      visitor.brands.map(({ brand, affinity }) => ({ index: indexes.brand(brand), affinity })),
    );
  }

  private get products(): readonly OracleProduct[] {
    return this.model.products;
  }

  private blockedProducts(): number[] {
    const { query, weights, indexes } = this;
    const blocked = [...query.exclude];
    if (weights.blockPage && query.productId !== undefined) blocked.push(query.productId);
    if (weights.blockCart) blocked.push(...query.visitor.cart);
    const purchased = query.visitor.purchased.flatMap(({ productId, at, count }) => {
      const index = indexes.product(productId);
      return index < 0 ? [] : [{ index, day: dayOf(at), count, category: this.products[index]!.category }];
    });
    const rebought = (of: (typeof purchased)[number]) => {
      if (of.category === 0) return of.count > 1;
      const alike = purchased.filter(({ category }) => category === of.category);
      return alike.some(({ count, day }) => count > 1 || day !== of.day);
    };
    const left = weights.blockPurchased
      ? purchased.filter((of) => !(weights.allowRebought && rebought(of)))
      : [];
    return [
      ...blocked.map((productId) => indexes.product(productId)).filter((index) => index >= 0),
      ...left.map(({ index }) => index),
    ];
  }

  gather(): void {
    if (this.wanted.has("collaborative")) this.gatherCollaborative();
    if (this.wanted.has("recent")) this.gatherRecent();
    if (this.wanted.has("category")) {
      for (const [category] of this.likedCategories.slice(0, 8)) {
        this.enter(this.model.byCategory[category]!.slice(0, 24));
        this.enter(this.model.rising[category]!.slice(0, 12));
      }
      for (const [brand] of this.likedBrands.slice(0, 6)) this.enter(this.model.byBrand[brand]!.slice(0, 16));
    }
    if (!this.wanted.has("trending")) return;
    const { filter, model } = this;
    this.enter((filter === undefined ? model.trending : model.rising[filter]!).slice(0, 48));
    this.enter((filter === undefined ? model.order : model.byCategory[filter]!).slice(0, 48));
  }

  private candidate(index: number): Candidate {
    let known = this.candidates.get(index);
    if (known === undefined) {
      const nothing = { collaborative: 0, walked: 0, support: 0, greatest: 0, repeat: 0, worth: 0 };
      known = { index, ...nothing, because: undefined, strategy: "trending" };
      this.candidates.set(index, known);
    }
    return known;
  }

  private enter(list: readonly number[]): void {
    for (const index of list) this.candidate(index);
  }

  private gatherCollaborative(): void {
    const { weights, products } = this;
    for (const { index, viewed, bought } of this.sources) {
      this.add(products[index]!.viewed, viewed, index, false, false);
      this.add(products[index]!.bought, bought, index, false, false);
    }
    for (const candidate of this.candidates.values()) {
      const raise = f(1 + f(f(weights.support) * Math.min(4, Math.max(0, candidate.support - 1))));
      candidate.collaborative = f(candidate.collaborative * raise);
    }
    const walk = (fan: number, viewed: number, bought: number, by: "collaborative" | "walked") => {
      const sources = new Set(this.sources.map(({ index }) => index));
      const best = [...this.candidates.values()]
        .filter(({ index, [by]: sum }) => sum > 0 && !this.seen.has(index) && !sources.has(index))
        .sort((a, b) => b[by] - a[by] || a.index - b.index)
        .slice(0, fan)
        .map((candidate) => ({ ...candidate }));
      if (by === "collaborative" && best.length > 0)
        this.floor = f(f(weights.walkFloor) * best[0]!.collaborative);
      for (const { index, because, [by]: sum } of best) {
        this.add(products[index]!.viewed, f(f(viewed) * sum), because!, true, by === "collaborative");
        this.add(products[index]!.bought, f(f(bought) * sum), because!, true, by === "collaborative");
      }
    };
    walk(weights.fan, weights.walkViewed, weights.walkBought, "collaborative");
    const third = (walked: number) => (walked > 0 ? weights.walkThird : 0);
    walk(weights.fanThird, third(weights.walkViewed), third(weights.walkBought), "walked");
  }

  private add(
    list: readonly Neighbour[],
    weight: number,
    because: number,
    walking: boolean,
    counted: boolean,
  ): void {
    if (!(weight > 0)) return;
    for (const { index, strength } of list) {
      if (walking && this.seen.has(index)) continue;
      const amount = f(strength * weight);
      if (amount < this.floor) continue;
      const candidate = this.candidate(index);
      candidate.collaborative = f(candidate.collaborative + amount);
      if (!walking) candidate.support++;
      if (counted) candidate.walked = f(candidate.walked + amount);
      if (amount <= candidate.greatest) continue;
      candidate.greatest = amount;
      candidate.because = because;
    }
  }

  private gatherRecent(): void {
    this.recents.forEach(({ index, weight, newest }) => {
      const product = this.products[index]!;
      const term = f(weight * f((newest ? product.again : product.returns) / 65535));
      this.candidate(index).repeat = newest ? Math.max(term, f(this.weights.againFloor)) : term;
    });
    const rebuy = rebuyWeights(this.query, this.weights);
    this.query.visitor.purchased.forEach(({ productId }, at) => {
      const index = this.indexes.product(productId);
      if (index < 0 || !(rebuy[at]! > 0) || this.blocked.has(index)) return;
      const candidate = this.candidate(index);
      candidate.repeat = f(candidate.repeat + f(rebuy[at]!));
      this.seen.delete(index);
    });
  }

  private admissible(index: number, taken: ReadonlySet<number>): boolean {
    const product = this.products[index]!;
    return (
      product.eligible &&
      !this.blocked.has(index) &&
      !taken.has(index) &&
      (this.filter === undefined || product.category === this.filter)
    );
  }

  private score(candidate: Candidate): void {
    const { weights } = this;
    const product = this.products[candidate.index]!;
    const find = (liked: readonly [number, number][], number: number) =>
      liked.findLast(([index]) => index === number)?.[1] ?? 0;
    const category = find(this.likedCategories, product.category);
    const brand = find(this.likedBrands, product.brand);
    const fitPrice = f(f(weights.fitPrice) * this.priceFit(product));
    const liking = f(f(f(weights.category) * category) + f(f(weights.brand) * brand));
    const fit = f(f(f(1 + f(f(weights.fitCategory) * category)) + f(f(weights.fitBrand) * brand)) + fitPrice);
    const shown = f(f(f(0.1) + product.popularity) + product.trend);
    const terms: Record<Strategy, number> = {
      collaborative: f(f(candidate.collaborative * product.lift) * fit),
      category: f(f(liking * shown) * f(1 + fitPrice)),
      recent: candidate.repeat,
      trending: this.popular(product),
    };
    let greatest = 0;
    let worth = 0;
    candidate.strategy = this.wanted.has("collaborative") ? "collaborative" : "trending";
    for (const strategy of STRATEGIES) {
      if (!this.wanted.has(strategy)) continue;
      worth = f(worth + terms[strategy]);
      if (terms[strategy] <= greatest) continue;
      greatest = terms[strategy];
      candidate.strategy = strategy;
    }
    candidate.worth = worth;
  }

  private popular({ trend, popularity }: OracleProduct): number {
    return f(f(f(this.weights.trend) * trend) + f(f(this.weights.popularity) * popularity));
  }

  private priceFit(product: OracleProduct): number {
    const { indexes, query } = this;
    const band = query.visitor.prices.find(
      ({ category, p50 }) =>
        p50 > 0 && indexes.category(category) > 0 && indexes.category(category) === product.category,
    );
    if (band === undefined || product.price === undefined) return 0;
    if (indexes.currency(band.currency) !== product.currency) return 0;
    const { middle, sharpness } = bandShape(band.p10, band.p50, band.p90);
    const away = f(f(product.price - f(middle)) * f(sharpness));
    return f(1 / f(1 + f(away * away)));
  }

  choose(): OracleAnswer[] {
    const { query, weights } = this;
    const { seenQuota, categoryCap } = sharesOf(query.limit, weights);
    const answers: OracleAnswer[] = [];
    const taken = new Set<number>();
    let ceiling = Number.POSITIVE_INFINITY;
    const seenTaken = () => answers.filter(({ index }) => this.seen.has(index)).length;
    const alike = (key: "category" | "brand", product: OracleProduct) =>
      product[key] === 0
        ? 0
        : answers.filter(({ index }) => this.products[index]![key] === product[key]).length;
    const take = (index: number, score: number, strategy: Strategy, because: number | undefined) => {
      ceiling = Math.min(ceiling, score);
      answers.push({ index, score: ceiling, strategy, because });
      taken.add(index);
    };
    const discounted = ({ worth, index }: Candidate) => {
      const product = this.products[index]!;
      let score = worth;
      for (let n = alike("category", product); n > 0; n--) score = f(score * f(weights.categoryDiscount));
      for (let n = alike("brand", product); n > 0; n--) score = f(score * f(weights.brandDiscount));
      return score;
    };
    const takeCandidate = (candidate: Candidate, score: number) => {
      const because = candidate.strategy === "collaborative" ? candidate.because : undefined;
      take(candidate.index, score, candidate.strategy, because);
    };

    for (const candidate of this.candidates.values()) this.score(candidate);
    let left = [...this.candidates.values()].filter(
      ({ index, worth }) => worth > 0 && this.admissible(index, taken),
    );
    const deferred: { candidate: Candidate; score: number }[] = [];
    while (left.length > 0 && answers.length < query.limit) {
      const scored = left.map((candidate) => ({ candidate, score: discounted(candidate) }));
      const best = scored.reduce((a, b) =>
        b.score > a.score || (b.score === a.score && b.candidate.index < a.candidate.index) ? b : a,
      );
      left = left.filter((candidate) => candidate !== best.candidate);
      const product = this.products[best.candidate.index]!;
      if (this.seen.has(best.candidate.index) && seenTaken() >= seenQuota) continue;
      if (categoryCap > 0 && alike("category", product) >= categoryCap) deferred.push(best);
      else takeCandidate(best.candidate, best.score);
    }
    for (const { candidate, score } of deferred) {
      if (answers.length < query.limit) takeCandidate(candidate, score);
    }
    for (const quota of [seenQuota, query.limit]) {
      for (const [index, strategy] of this.fillers()) {
        if (answers.length >= query.limit) break;
        if (!this.admissible(index, taken) || (this.seen.has(index) && seenTaken() >= quota)) continue;
        const product = this.products[index]!;
        take(index, f(f(weights.popularity) * product.popularity), strategy, undefined);
      }
    }
    return answers;
  }

  /** What fills a list up, in order. */
  private fillers(): [number, Strategy][] {
    const { model, filter } = this;
    if (this.wanted.has("trending")) {
      const order = filter === undefined ? model.order : model.byCategory[filter]!;
      return order.map((index) => [index, "trending"]);
    }
    if (!this.wanted.has("category")) return [];
    return this.likedCategories.flatMap(([category]) =>
      model.byCategory[category]!.map((index): [number, Strategy] => [index, "category"]),
    );
  }
}
