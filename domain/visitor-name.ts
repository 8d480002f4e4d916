import { hash32 } from "./hash.ts";
import { COMBINER_SHARDS } from "./limits.ts";

/** Name of the object of a visitor: of a user where one is known. */
export function visitorName(ids: {
  readonly userId?: string;
  readonly anonymousId?: string;
}): string | undefined {
  if (ids.userId !== undefined) return `u:${ids.userId}`;
  return ids.anonymousId === undefined ? undefined : `a:${ids.anonymousId}`;
}

/** Shard of the combiner that a visitor's signals go to, 0..COMBINER_SHARDS - 1. */
export function combinerShard(visitor: string): number {
  return hash32(visitor) % COMBINER_SHARDS;
}

export function combinerName(shard: number): string {
  return `c:${shard}`;
}
