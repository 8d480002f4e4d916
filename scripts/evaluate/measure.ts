import type { Session } from "./sessions.ts";

/** `repeat` may name products the session saw; `new` leaves the current one out, whatever came of it. */
export const POLICIES = ["repeat", "new"] as const;
export type Policy = (typeof POLICIES)[number];

/** Something that ranks products after a prefix of a session. */
export interface Ranker {
  readonly name: string;
  rank(session: Session, seen: number, policy: Policy): RankedList;
}

export interface Accuracy {
  readonly queries: number;
  readonly hitRate10: number;
  readonly hitRate20: number;
  readonly reciprocalRank10: number;
  readonly reciprocalRank20: number;
  /** Share of all products that stood in some list of 20. */
  readonly coverage: number;
  /** Mean share of products less popular than a recommended one: 1 is nothing but the most popular. */
  readonly popularityBias: number;
  /** Of one query: a ranker's own computing, or a service's whole answer by the clock. */
  readonly microseconds: number;
}

/** A list as a ranker gives it: more than 20 products, best first, `scores[i]` of `products[i]`. */
export interface RankedList {
  readonly products: readonly string[];
  readonly scores: ArrayLike<number>;
}

/** Adds up the answers of one policy. Ties go against us; MRR counts ranks up to the cut only. */
export class Tally {
  private queries = 0;
  private readonly hits = { 10: 0, 20: 0 };
  private readonly ranks = { 10: 0, 20: 0 };
  private readonly shown = new Set<string>();
  private bias = 0;
  private listed = 0;
  private elapsedMs = 0;
  private readonly popularity: ReadonlyMap<string, number>;

  /** @param popularity of each product of the training, as `popularityRanks` has it. */
  constructor(popularity: ReadonlyMap<string, number>) {
    this.popularity = popularity;
  }

  /** Its rank counts the products that score at least as much as `next`. */
  add({ products, scores }: RankedList, next: string, elapsedMs: number): void {
    this.queries++;
    this.elapsedMs += elapsedMs;
    for (const product of products.slice(0, 20)) {
      this.shown.add(product);
      this.bias += this.popularity.get(product) ?? 0;
      this.listed++;
    }
    const place = products.indexOf(next);
    if (place < 0) return;
    let rank = place + 1;
    while (rank < products.length && scores[rank] === scores[place]) rank++;
    for (const cut of [10, 20] as const) {
      if (rank > cut) continue;
      this.hits[cut]++;
      this.ranks[cut] += 1 / rank;
    }
  }

  get accuracy(): Accuracy {
    const { queries, hits, ranks } = this;
    return {
      queries,
      hitRate10: hits[10] / queries,
      hitRate20: hits[20] / queries,
      reciprocalRank10: ranks[10] / queries,
      reciprocalRank20: ranks[20] / queries,
      coverage: this.shown.size / this.popularity.size,
      popularityBias: this.bias / Math.max(1, this.listed),
      microseconds: (this.elapsedMs * 1000) / queries,
    };
  }
}

/** Every prefix of every session asks for the next product. Time is the thread's own: the machine may be shared. */
export function measure(
  ranker: Ranker,
  sessions: readonly Session[],
  popularity: ReadonlyMap<string, number>,
  policy: Policy,
): Accuracy {
  const tally = new Tally(popularity);
  for (const session of sessions) {
    for (let seen = 1; seen < session.products.length; seen++) {
      const started = process.threadCpuUsage();
      const list = ranker.rank(session, seen, policy);
      const { user, system } = process.threadCpuUsage(started);
      tally.add(list, session.products[seen]!, (user + system) / 1000);
    }
  }
  return tally.accuracy;
}

/** Share of products that were viewed less often than each. */
export function popularityRanks(sessions: readonly Session[]): Map<string, number> {
  const views = new Map<string, number>();
  for (const { products } of sessions) {
    for (const product of products) views.set(product, (views.get(product) ?? 0) + 1);
  }
  const order = [...views].sort(([, a], [, b]) => a - b);
  return new Map(order.map(([product], at) => [product, at / order.length]));
}
