// Next-product accuracy: full ranking over the training's products, after every prefix of every test session.
import { basename } from "node:path";
import { apiClient } from "../client.ts";
import { type Accuracy, measure, POLICIES, type Policy, popularityRanks, type Ranker } from "./measure.ts";
import { itemKnnPeer, popularityPeer, vstanPeer } from "./peers.ts";
import { measureService } from "./service.ts";
import { readSessions, type SessionData } from "./sessions.ts";
import { nextQuery, type OfflineShop, shopOf } from "./shop.ts";

const LIMIT = 50;

/** The project's own code: increments, builder, packing, kernel. */
export function ownRanker(shop: OfflineShop): Ranker {
  const recommender = shop.publish();
  return {
    name: "Shelfwise",
    rank: (session, seen, policy) => {
      const exclude = policy === "new" ? [session.products[seen - 1]!] : [];
      const items = recommender.recommend(nextQuery(session, seen, exclude, LIMIT));
      return { products: items.map(({ productId }) => productId), scores: items.map(({ score }) => score) };
    },
  };
}

/** Prints the figures of a running service beside those computed here. @param key of the shop; a public one will do. */
export async function evaluateService(file: string, url: string, key: string): Promise<void> {
  const data = readSessions(file);
  const measured = await measureService(apiClient(url, key), data, (share) => {
    process.stderr.write(`\rtraining sent: ${Math.round(share * 100)} %`);
  });
  process.stderr.write("\n");
  head(basename(file), data);
  const popularity = popularityRanks(data.train);
  const offline = ownRanker(shopOf(data.train));
  for (const policy of POLICIES) {
    print("through HTTP", policy, measured[policy]);
    print("offline", policy, measure(offline, data.test, popularity, policy));
  }
}

/** Prints a table for a file of sessions. @param peers whether to measure the others as well. */
export function evaluateRecommendations(file: string, peers: boolean): void {
  const data = readSessions(file);
  const rankers = [
    () => ownRanker(shopOf(data.train)),
    ...(peers
      ? [() => vstanPeer(data.train), () => itemKnnPeer(data.train), () => popularityPeer(data.train)]
      : []),
  ];
  head(basename(file), data);
  const popularity = popularityRanks(data.train);
  for (const make of rankers) {
    const ranker = make();
    for (const policy of POLICIES) print(ranker.name, policy, measure(ranker, data.test, popularity, policy));
  }
}

function head(name: string, { train, test }: SessionData): void {
  const queries = test.reduce((sum, { products }) => sum + products.length - 1, 0);
  console.log(`\n### ${name}: ${train.length} sessions, ${queries} queries\n`);
  console.log("| | policy | HR@10 | HR@20 | MRR@10 | MRR@20 | coverage | popularity | us a query |");
  console.log("|---|---|---|---|---|---|---|---|---|");
}

export function print(name: string, policy: Policy, accuracy: Accuracy): void {
  const { hitRate10, hitRate20, reciprocalRank10, reciprocalRank20, coverage, popularityBias } = accuracy;
  const shares = [hitRate10, hitRate20, reciprocalRank10, reciprocalRank20, coverage, popularityBias];
  const cells = [name, policy, ...shares.map((share) => share.toFixed(4)), accuracy.microseconds.toFixed(0)];
  console.log(`| ${cells.join(" | ")} |`);
}
