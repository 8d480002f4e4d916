import type { Activity } from "../domain/activity.ts";
import { cancelledOf, demandOf, SignalSink } from "../domain/activity-signals.ts";
import { hash53 } from "../domain/hash.ts";
import { tellPlanners } from "../domain/planner/shards.ts";
import { encodeSignals } from "../domain/signal-codec.ts";
import { combinerName, combinerShard } from "../domain/visitor-name.ts";
import type { Env } from "../durable-objects/env.ts";
import type { Calls } from "./calls.ts";

/**
 * Counts activities of visitors who refused analytics: products and demand, without a profile and without an id. Each
 * message is known by its hash alone, at the combiner that counts it. Their outcomes in order, when all is durable: no
 * profile keeps them to be sent again.
 *
 * @throws when not all could be counted: sent again, nothing counts twice.
 */
export async function recordRefused(
  activities: readonly Activity[],
  env: Env,
  calls: Calls,
): Promise<("accepted" | "duplicate")[]> {
  const outcomes: ("accepted" | "duplicate")[] = new Array(activities.length).fill("accepted");
  const shards = new Map<number, number[]>();
  const hashes = activities.map(({ messageId }) => hash53(messageId));
  hashes.forEach((hash, i) => {
    const indexes = shards.get(combinerShard(hash));
    if (indexes === undefined) shards.set(combinerShard(hash), [i]);
    else indexes.push(i);
  });
  const counting: Promise<unknown>[] = [...shards].map(async ([shard, indexes]) => {
    const packets = indexes.map((i) => ({
      stream: hashes[i]!,
      sequence: 0,
      bytes: signalsOf(activities[i]!),
    }));
    const { isNew } = await env.SIGNAL_COMBINER.getByName(combinerName(shard)).add(packets);
    indexes.forEach((i, n) => {
      if (isNew[n] === false) outcomes[i] = "duplicate";
    });
  });
  counting.push(...tellPlanners(env, activities.flatMap(demandOf), activities.flatMap(cancelledOf)));
  calls.made(counting.length);
  await Promise.all(counting);
  return outcomes;
}

function signalsOf(activity: Activity): Uint8Array {
  const sink = new SignalSink();
  sink.activity(activity);
  return encodeSignals(sink.signals());
}
