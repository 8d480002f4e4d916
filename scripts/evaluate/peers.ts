// What the recommendations are measured against, written plainly from their papers.
import type { Policy, Ranker } from "./measure.ts";
import type { Session } from "./sessions.ts";

const LISTED = 100;

type Scores = Map<string, number>;

function best(scores: Scores, current: string, policy: Policy): { products: string[]; scores: number[] } {
  if (policy === "new") scores.delete(current);
  const order = [...scores].sort((a, b) => b[1] - a[1]).slice(0, LISTED);
  return { products: order.map(([product]) => product), scores: order.map(([, score]) => score) };
}

/** How often each product was viewed. */
export function popularityPeer(train: readonly Session[]): Ranker {
  const views: Scores = new Map();
  for (const { products } of train)
    for (const product of products) views.set(product, (views.get(product) ?? 0) + 1);
  const order = new Map([...views].sort((a, b) => b[1] - a[1]).slice(0, LISTED + 1));
  return {
    name: "popularity",
    rank: (session, seen, policy) => best(new Map(order), session.products[seen - 1]!, policy),
  };
}

/** Item-kNN: cosine of the sessions of two products, from the last click. Sarwar et al. 2001. */
export function itemKnnPeer(train: readonly Session[]): Ranker {
  const sessionsOf = new Map<string, number[]>();
  const sets = train.map(({ products }) => [...new Set(products)]);
  for (const [i, products] of sets.entries()) {
    for (const product of products) {
      const of = sessionsOf.get(product);
      if (of === undefined) sessionsOf.set(product, [i]);
      else of.push(i);
    }
  }
  const known = new Map<string, Scores>();
  const neighbours = (product: string): Scores => {
    let scores = known.get(product);
    if (scores !== undefined) return scores;
    scores = new Map();
    const own = sessionsOf.get(product) ?? [];
    for (const i of own) for (const other of sets[i]!) scores.set(other, (scores.get(other) ?? 0) + 1);
    scores.delete(product);
    for (const [other, together] of scores) {
      scores.set(other, together / Math.sqrt(own.length * sessionsOf.get(other)!.length));
    }
    known.set(product, scores);
    return scores;
  };
  return {
    name: "item-kNN",
    rank: (session, seen, policy) => {
      const current = session.products[seen - 1]!;
      return best(new Map(neighbours(current)), current, policy);
    },
  };
}

/**
 * V-STAN (Ludewig, Mauro, Latifi & Jannach 2020) with the defaults of session-rec, but spw and snh where it does better
 * (2 for 1.02, 50 days for 5): the 500 most similar of the 1,000
 * latest sessions that share a product. A session resembles this one by the cosine of their products, those of this
 * one weighted by position (spw, here ipw too), and fades with its age (snh). It votes for its products by their distance to its
 * last shared one (inh), their inverse frequency (idf) and how late in this one a shared one came last (ipw).
 */
export function vstanPeer(train: readonly Session[]): Ranker {
  const [sample, nearest, spw, snhDays, inh, idfPower] = [1_000, 500, 2, 50, 2.05, 5];
  const sessionsOf = new Map<string, number[]>();
  const clicks = new Map<string, number>();
  for (const [i, { products }] of train.entries()) {
    for (const product of products) clicks.set(product, (clicks.get(product) ?? 0) + 1);
    for (const product of new Set(products)) {
      const of = sessionsOf.get(product);
      if (of === undefined) sessionsOf.set(product, [i]);
      else of.push(i);
    }
  }
  const idf = new Map([...clicks].map(([product, count]) => [product, Math.log(train.length / count)]));
  const places = train.map(({ products }) => new Map(products.map((product, at) => [product, at + 1])));
  const lengths = train.map(({ products }) => new Set(products).size);
  return {
    name: "V-STAN",
    rank: (session, seen, policy) => {
      const prefix = session.products.slice(0, seen);
      const now = session.times[seen - 1]!;
      const weights = new Map<string, number>();
      for (const [at, product] of prefix.entries()) weights.set(product, Math.exp((at + 1 - seen) / spw));
      const candidates = new Set<number>();
      for (const product of weights.keys()) for (const i of sessionsOf.get(product) ?? []) candidates.add(i);
      const latest = [...candidates]
        .sort((a, b) => train[b]!.times.at(-1)! - train[a]!.times.at(-1)!)
        .slice(0, sample);
      let norm = 0;
      for (const weight of weights.values()) norm += weight * weight;
      const similar = latest
        .map((i) => {
          let dot = 0;
          for (const [product, weight] of weights) if (places[i]!.has(product)) dot += weight;
          const age = Math.max(0, now - train[i]!.times.at(-1)!) / 86_400_000;
          return {
            i,
            similarity: (dot / (Math.sqrt(norm) * Math.sqrt(lengths[i]!))) * Math.exp(-age / snhDays),
          };
        })
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, nearest);
      const scores: Scores = new Map();
      for (const { i, similarity } of similar) {
        const place = places[i]!;
        let from = 0;
        let recency = 0;
        for (const [product, weight] of weights) {
          from = Math.max(from, place.get(product) ?? 0);
          if (place.has(product)) recency = Math.max(recency, weight);
        }
        for (const [product, at] of place) {
          const distance = Math.exp(-Math.abs(at - from) / inh);
          const gain = similarity * recency * distance * (1 + idfPower * idf.get(product)!);
          scores.set(product, (scores.get(product) ?? 0) + gain);
        }
      }
      return best(scores, session.products[seen - 1]!, policy);
    },
  };
}
