// Fits the weights of the table in domain/model/weights.ts on what the training itself holds.
import { basename } from "node:path";
import { MODEL_WEIGHTS, type ModelWeights, PLACEMENT_WEIGHTS } from "../../domain/model/weights.ts";
import type { Recommender } from "../../kernels/recommend.ts";
import { climb, type Setting, type WeightName } from "./climb.ts";
import { POLICIES } from "./measure.ts";
import { readSessions, type Session, type SessionData, validationOf } from "./sessions.ts";
import { nextQuery, type OfflineShop, shopOf } from "./shop.ts";

/** Share of the training, the latest sessions, that the rest is asked about. */
const VALIDATION_SHARE = 0.1;
/** Queries of one file that a setting is judged by; sessions are left out evenly. */
const QUERIES_MAX = 8_000;
const LIMIT = 20;
/** One point of HR@20 is worth half a point of MRR@20: their usual sizes and errors are apart by about that. */
const MRR_WORTH = 2;

/** What is fitted: all that the session placement and the model use, but switches and shares. */
const FITTED = [
  "shrinkage",
  "popularityExponent",
  "freshnessPrior",
  "freshnessExponent",
  "liftExponent",
  "repeatPrior",
  "context",
  "contextPower",
  "support",
  "fan",
  "walkViewed",
  "fanThird",
  "walkThird",
  "again",
  "returning",
  "againFloor",
  "returnPower",
  "viewsPower",
  "crowding",
] as const satisfies readonly WeightName[];

/** A shop, the sessions it is asked about, and the model made with the latest weights of it. */
interface Judge {
  readonly name: string;
  readonly shop: OfflineShop;
  readonly sessions: readonly Session[];
  recommender: Recommender | undefined;
  made: ModelWeights | undefined;
}

interface Score {
  readonly hitRate: number;
  readonly reciprocalRank: number;
}

/** Fits one setting for all files on their validation splits, then prints it and what it gains there and on the tests. */
export function fitWeights(files: readonly string[]): void {
  const data = files.map(readSessions);
  const judges = files.map((file, at) => judgeOf(file, validationOf(data[at]!, VALIDATION_SHARE)));
  const before: Setting = { ...MODEL_WEIGHTS, ...PLACEMENT_WEIGHTS.session };
  const after = climb(before, FITTED, (setting) =>
    judges.reduce((sum, judge) => sum + worth(scoresOf(judge, setting)), 0),
  );
  console.log("\n| weight | before | fitted |\n|---|---|---|");
  for (const name of FITTED)
    if (after[name] !== before[name]) console.log(`| ${name} | ${before[name]} | ${after[name]} |`);
  console.log("\n| | split | policy | HR@20 | fitted | MRR@20 | fitted |\n|---|---|---|---|---|---|---|");
  for (const judge of judges) compare(judge, "validation", before, after);
  for (const [at, file] of files.entries()) {
    compare(judgeOf(file, data[at]!, Number.POSITIVE_INFINITY), "test", before, after);
  }
}

function judgeOf(file: string, { train, test }: SessionData, queriesMax = QUERIES_MAX): Judge {
  const queries = test.reduce((sum, { products }) => sum + products.length - 1, 0);
  const every = Math.max(1, queries / queriesMax);
  const sessions = test.filter((_, at) => Math.floor((at + 1) / every) > Math.floor(at / every));
  return {
    name: basename(file),
    shop: shopOf(train),
    sessions,
    recommender: undefined,
    made: undefined,
  };
}

function worth(scores: readonly Score[]): number {
  return scores.reduce((sum, { hitRate, reciprocalRank }) => sum + hitRate + MRR_WORTH * reciprocalRank, 0);
}

/** By policy. */
function scoresOf(judge: Judge, setting: Setting): Score[] {
  const { sessions, shop } = judge;
  if (judge.recommender === undefined || MODEL_NAMES.some((name) => judge.made?.[name] !== setting[name])) {
    judge.recommender = shop.publish(setting);
    judge.made = setting;
  }
  return POLICIES.map((policy) => {
    const score = { queries: 0, hits: 0, ranks: 0 };
    for (const session of sessions) {
      for (let seen = 1; seen < session.products.length; seen++) {
        const exclude = policy === "new" ? [session.products[seen - 1]!] : [];
        const place = placeOf(judge.recommender!, setting, session, seen, exclude);
        score.queries++;
        if (place === 0) continue;
        score.hits++;
        score.ranks += 1 / place;
      }
    }
    return { hitRate: score.hits / score.queries, reciprocalRank: score.ranks / score.queries };
  });
}

const MODEL_NAMES = Object.keys(MODEL_WEIGHTS) as (keyof ModelWeights)[];

/** 1..20, ties against us; 0 when the next product is not among them. */
function placeOf(
  recommender: Recommender,
  setting: Setting,
  session: Session,
  seen: number,
  exclude: readonly string[],
): number {
  const next = recommender.indexOf(session.products[seen]!);
  const length = recommender.rank(nextQuery(session, seen, exclude, LIMIT), setting);
  let at = 0;
  while (at < length && recommender.rankedIndex(at) !== next) at++;
  if (at === length) return 0;
  while (at + 1 < length && recommender.rankedScore(at + 1) === recommender.rankedScore(at)) at++;
  return at + 1;
}

function compare(judge: Judge, split: string, before: Setting, after: Setting): void {
  const [old, fitted] = [scoresOf(judge, before), scoresOf(judge, after)];
  POLICIES.forEach((policy, at) => {
    const cells = [
      old[at]!.hitRate,
      fitted[at]!.hitRate,
      old[at]!.reciprocalRank,
      fitted[at]!.reciprocalRank,
    ].map((share) => share.toFixed(4));
    console.log(`| ${[judge.name, split, policy, ...cells].join(" | ")} |`);
  });
}
