// A shop's SKUs spread over several planners.

import type { CancelledLine, DemandLine } from "../demand.ts";
import { DEMAND_LINES_PER_CALL_MAX, PLANNER_SHARDS_MAX } from "../limits.ts";
import { plannerName, plannerShard } from "../object-names.ts";
import { portions } from "../portions.ts";

/** Where planners are reached, and how many there are. */
export interface PlannerBinding<P> {
  readonly DEMAND_PLANNER: { getByName(name: string): P };
  /** 1 unless told. */
  readonly PLANNER_SHARDS?: string;
}

/** What a planner is told of orders. */
interface LinesTaker {
  record(lines: readonly DemandLine[]): Promise<unknown>;
  cancel(lines: readonly CancelledLine[]): Promise<unknown>;
}

/** The planner that a SKU belongs to. */
export function plannerOf<P>(env: PlannerBinding<P>, sku: string): P {
  const shards = shardsOf(env);
  return env.DEMAND_PLANNER.getByName(plannerName(plannerShard(sku, shards), shards));
}

/** Every planner of the shop. */
export function planners<P>(env: PlannerBinding<P>): P[] {
  const shards = shardsOf(env);
  return Array.from({ length: shards }, (_, shard) =>
    env.DEMAND_PLANNER.getByName(plannerName(shard, shards)),
  );
}

/** What concerns SKUs, by the planners that they belong to. */
export function byPlanner<P, T extends { readonly sku: string }>(
  env: PlannerBinding<P>,
  items: readonly T[],
): { planner: P; items: T[] }[] {
  const shards = shardsOf(env);
  const parts = new Map<number, T[]>();
  for (const item of items) {
    const shard = plannerShard(item.sku, shards);
    const part = parts.get(shard);
    if (part === undefined) parts.set(shard, [item]);
    else part.push(item);
  }
  return [...parts].map(([shard, part]) => ({
    planner: env.DEMAND_PLANNER.getByName(plannerName(shard, shards)),
    items: part,
  }));
}

/** Tells planners of order lines and of cancelled ones. */
export function tellPlanners(
  env: PlannerBinding<LinesTaker>,
  lines: readonly DemandLine[],
  cancelled: readonly CancelledLine[],
): Promise<unknown>[] {
  const told: Promise<unknown>[] = [];
  for (const { planner, items } of byPlanner(env, lines)) {
    for (const some of portions(items, () => 1, DEMAND_LINES_PER_CALL_MAX)) told.push(planner.record(some));
  }
  for (const { planner, items } of byPlanner(env, cancelled)) told.push(planner.cancel(items));
  return told;
}

/** As set; 1 for what is no number of planners. */
function shardsOf<P>({ PLANNER_SHARDS }: PlannerBinding<P>): number {
  const shards = Number(PLANNER_SHARDS ?? 1);
  return Number.isInteger(shards) && shards >= 1 && shards <= PLANNER_SHARDS_MAX ? shards : 1;
}
