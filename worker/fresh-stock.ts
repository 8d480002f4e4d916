import { FRESH_STOCK_READS_MAX } from "../domain/limits.ts";
import { stockName } from "../domain/object-names.ts";
import type { Recommendation, RecommendationQuery } from "../domain/recommendation.ts";
import type { Env } from "../durable-objects/env.ts";
import type { Recommender } from "../kernels/recommend.ts";

/**
 * A list of products that are in stock now, asked of the stock itself. What is sold out is asked to be left out, so that
 * others take its place, until all that is listed was checked. Products without stock counters are taken as available;
 * those that would take more than FRESH_STOCK_READS_MAX reads are left out unchecked.
 */
export async function recommendInStock(
  recommender: Recommender,
  query: RecommendationQuery,
  env: Env,
): Promise<Recommendation[]> {
  const available = new Map<string, boolean>();
  let reads = 0;
  for (;;) {
    const out = [...available].flatMap(([productId, known]) => (known ? [] : [productId]));
    const items = recommender.recommend({ ...query, exclude: [...out, ...query.exclude] });
    const unknown = items.map(({ productId }) => productId).filter((id) => !available.has(id));
    if (unknown.length === 0) return items;
    const skus = await env.MODEL_BUILDER.getByName("model").skus(unknown);
    const found = await Promise.all(
      skus.map((ofProduct) => {
        reads += ofProduct.length;
        return reads <= FRESH_STOCK_READS_MAX && inStock(ofProduct, query.now, env);
      }),
    );
    for (const [at, productId] of unknown.entries()) available.set(productId, found[at]!);
    if (reads > FRESH_STOCK_READS_MAX) return items.filter(({ productId }) => available.get(productId));
  }
}

/** Whether any of a product's SKUs can be sold; where no stock is kept of any, it can. */
async function inStock(skus: readonly string[], now: number, env: Env): Promise<boolean> {
  const stocks = await Promise.all(skus.map((sku) => env.INVENTORY.getByName(stockName(sku)).read(now)));
  const kept = stocks.flatMap((stock) => ("problem" in stock ? [] : [stock.sellable]));
  return kept.length === 0 || kept.includes(true);
}
