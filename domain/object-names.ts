import { hash32 } from "./hash.ts";

// Names of the objects that a shop has one or a few of. They address stored state: never change.
export const MODEL_NAME = "model";
export const MONITOR_NAME = "monitor";

/** Name of a SKU's stock. */
export function stockName(sku: string): string {
  return `s:${sku}`;
}

/** Name of one of so many planners. */
export function plannerName(shard: number, shards: number): string {
  return shards === 1 ? "planner" : `planner:${shard}`;
}

/** Which of so many planners a SKU belongs to. */
export function plannerShard(sku: string, shards: number): number {
  return shards === 1 ? 0 : hash32(sku) % shards;
}
