import type { Session } from "./sessions.ts";

/** `repeat` may name products the session saw; `new` leaves the current one out, whatever came of it. */
export const POLICIES = ["repeat", "new"] as const;
export type Policy = (typeof POLICIES)[number];

/** Something that ranks products after a prefix of a session. */
export interface Ranker {
  readonly name: string;
  /** Scores of the best products, best first, `scores[i]` of `products[i]`; more than 20 of them. */
  rank(
    session: Session,
    seen: number,
    policy: Policy,
  ): { products: readonly string[]; scores: ArrayLike<number> };
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
  readonly microseconds: number;
}

/**
 * Every prefix of every session asks for the next product. Its rank counts the products that score at least as much:
 * ties go against us. MRR counts ranks up to the cut only.
 */
export function measure(
  ranker: Ranker,
  sessions: readonly Session[],
  popularity: ReadonlyMap<string, number>,
  policy: Policy,
): Accuracy {
  let queries = 0;
  const hits = { 10: 0, 20: 0 };
  const ranks = { 10: 0, 20: 0 };
  const shown = new Set<string>();
  let bias = 0;
  let listed = 0;
  let elapsed = 0;
  for (const session of sessions) {
    for (let seen = 1; seen < session.products.length; seen++) {
      queries++;
      const started = performance.now();
      const { products, scores } = ranker.rank(session, seen, policy);
      elapsed += performance.now() - started;
      for (const product of products.slice(0, 20)) {
        shown.add(product);
        bias += popularity.get(product) ?? 0;
        listed++;
      }
      const place = products.indexOf(session.products[seen]!);
      if (place < 0) continue;
      let rank = place + 1;
      while (rank < products.length && scores[rank] === scores[place]) rank++;
      for (const cut of [10, 20] as const) {
        if (rank > cut) continue;
        hits[cut]++;
        ranks[cut] += 1 / rank;
      }
    }
  }
  return {
    queries,
    hitRate10: hits[10] / queries,
    hitRate20: hits[20] / queries,
    reciprocalRank10: ranks[10] / queries,
    reciprocalRank20: ranks[20] / queries,
    coverage: shown.size / popularity.size,
    popularityBias: bias / Math.max(1, listed),
    microseconds: (elapsed * 1000) / queries,
  };
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
