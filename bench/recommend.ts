// Recommendations from large models: the kernel beside the same in plain JavaScript, and what models take of memory.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MODEL_PRODUCTS_MAX } from "../domain/limits.ts";
import { PLACEMENT_WEIGHTS } from "../domain/model/weights.ts";
import type { RecommendationQuery } from "../domain/recommendation.ts";
import { ModelImage } from "../kernels/model-image.ts";
import { createRecommender, type Recommender } from "../kernels/recommend.ts";
import { median } from "./load.ts";
import { type PlainModel, plainOf, recommendPlain } from "./recommend-plain.ts";
import { id, publish, queryOf, tablesOf } from "./recommend-shop.ts";
import type { Row } from "./table.ts";

const QUERIES = 1_000;
const ISOLATE_MB = 128;
/** Lists that may differ: the kernel sums in single precision, so nearly equal products change places. */
const DIFFERING_SHARE_MAX = 0.02;

/** @returns Rows of the speed table about the kernel and the model. */
export async function recommendRows(quick: boolean): Promise<Row[]> {
  const kernel = new WebAssembly.Module(readFileSync(join(import.meta.dirname, "../build/recommend.wasm")));
  // Memory first, before anything else leaves garbage.
  const memory = await memoryRows(kernel, quick ? 10_000 : MODEL_PRODUCTS_MAX);
  return [speedRow(kernel, quick ? 10_000 : 100_000, quick ? 3 : 15), ...memory];
}

/** One list of `home`: ten recents, categories, brands, price bands, purchases and exclusions, all strategies. */
function speedRow(kernel: WebAssembly.Module, products: number, rounds: number): Row {
  const tables = tablesOf(products);
  const recommender = createRecommender(kernel);
  const model = publish(tables, new ModelImage(tables));
  recommender.load(model);
  const ids = Array.from({ length: products }, (_, product) => id(product));
  const plain = plainOf(model, recommender, ids);
  const queries = Array.from({ length: QUERIES }, (_, visitor) => queryOf(visitor, products));
  const weights = PLACEMENT_WEIGHTS.home;
  agree(recommender, plain, queries);
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    times[0].push(microseconds(queries, (query) => recommender.rank(query, weights)));
    times[1].push(microseconds(queries, (query) => recommendPlain(plain, query, weights)));
  }
  const [ours, plainly] = [median(times[0]), median(times[1])];
  return {
    what: `a recommendation from ${products} products: 10 recents, all strategies, filters, diversity`,
    figure: `${ours.toFixed(0)} us, its query written included`,
    peer: `the same in plain JS: ${plainly.toFixed(0)} us`,
    ratio: plainly / ours,
    aim: "<= 100 us; >= 3x",
    met: ours <= 100 && plainly >= 3 * ours,
  };
}

/** @throws when the peer does not compute the same lists. */
function agree(recommender: Recommender, plain: PlainModel, queries: readonly RecommendationQuery[]): void {
  const weights = PLACEMENT_WEIGHTS.home;
  const differing = queries.filter((query) => {
    const expected = recommendPlain(plain, query, weights);
    const length = recommender.rank(query, weights);
    return length !== expected.length || expected.some((one, at) => recommender.rankedIndex(at) !== one);
  });
  if (differing.length > DIFFERING_SHARE_MAX * queries.length) {
    throw new Error(`plain JS differs from the kernel in ${differing.length} lists`);
  }
}

/** Mean of a query, in time of this thread: the machine may be shared. */
function microseconds(
  queries: readonly RecommendationQuery[],
  answer: (query: RecommendationQuery) => unknown,
): number {
  const began = process.threadCpuUsage();
  for (const query of queries) answer(query);
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / queries.length;
}

/** Memory that a reader and a builder of the largest model hold, each in an isolate of its own. */
async function memoryRows(kernel: WebAssembly.Module, products: number): Promise<Row[]> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = async () => {
    // What was let go of is freed beside: before the second collection, also what benches before this one left.
    collect();
    await sleep(500);
    collect();
    await sleep(500);
    const { heapUsed, arrayBuffers, external } = process.memoryUsage();
    return (heapUsed + Math.max(arrayBuffers, external)) / 2 ** 20;
  };
  const start = await held();
  const tables = tablesOf(products);
  const image = new ModelImage(tables);
  const model = publish(tables, image);
  tables.changedTexts.clear();
  const texts = model.texts.reduce((sum, page) => sum + page.length, 0) / 2 ** 20;
  const builder = (await held()) - start - texts;
  const before = await held();
  const recommender = createRecommender(kernel);
  recommender.load(model);
  recommender.load(model);
  const reader = (await held()) - before + texts;
  return [
    {
      what: `memory to read a model of ${products} products: both slots and all texts`,
      figure: `${reader.toFixed(0)} MB`,
      peer: `of ${ISOLATE_MB} MB`,
      aim: "<= 128 MB",
      met: recommender.products >= products && reader <= ISOLATE_MB,
    },
    {
      what: `memory to build it: columns, neighbours and the image`,
      figure: `${builder.toFixed(0)} MB`,
      peer: `of ${ISOLATE_MB} MB`,
      aim: "<= 128 MB",
      met: builder <= ISOLATE_MB,
    },
  ];
}
