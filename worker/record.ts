import type { Activity } from "../domain/activity.ts";
import { activityBytesMax, encodeActivities } from "../domain/activity-codec.ts";
import { CHARACTER_BYTES_MAX } from "../domain/bytes.ts";
import { VISITORS_AT_ONCE_MAX } from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import { portions } from "../domain/portions.ts";
import type { Identity } from "../domain/visitor-name.ts";
import type { RecordBatch } from "../durable-objects/rpc.ts";
import { outOfCalls, tooManyVisitors } from "./calls.ts";
import type { Exchange } from "./exchange.ts";
import { handOver, type Recorded, takeAcknowledged } from "./hand-over.ts";
import { Problem, retryAfter } from "./problem.ts";
import { recordRefused } from "./record-refused.ts";
import { atHome } from "./whereabouts.ts";

const BUSY_RETRY_SECONDS = 1;
/** Lines of one call to a profile, whose page has to hold the signals: at 8 pairings each below 300 KB. */
const PORTION_LINES_MAX = 2_500;
/** And bytes at most, which it has to hold as activities and as facts about products. */
const PORTION_BYTES_MAX = 400_000;

/** An activity, and whose it is. */
export interface VisitorActivity {
  /** Absent: the visitor refused analytics, and nobody is to know. */
  readonly identity?: Identity;
  readonly activity: Activity;
}

type Recording = Pick<Exchange, "now" | "env" | "ctx" | "calls">;

/**
 * Records activities with their visitors' profiles, one call a visitor; when all have committed, their outcomes in the
 * order given. What the activities told goes on to combiners and planner behind the answer.
 *
 * @throws Problem 503 when a profile could not be reached: nothing is lost, for what was recorded counts once when the
 * client sends all of it again. 413 where they are of more visitors than the request has calls left for.
 */
export async function record(
  activities: readonly VisitorActivity[],
  exchange: Recording,
): Promise<("accepted" | "duplicate")[]> {
  const { env, calls } = exchange;
  const visitors = new Map<string, number[]>();
  const refused: number[] = [];
  activities.forEach(({ identity }, i) => {
    if (identity === undefined) {
      refused.push(i);
      return;
    }
    const indexes = visitors.get(identity.visitor);
    if (indexes === undefined) visitors.set(identity.visitor, [i]);
    else indexes.push(i);
  });
  if (visitors.size > calls.left) throw tooManyVisitors();
  const outcomes: ("accepted" | "duplicate")[] = new Array(activities.length);
  const results: Recorded[] = [];
  // Shared by all who work, and taken in order: an anonymous id in a batch belongs to the user who comes first.
  const waiting = [...visitors]
    .flatMap(([visitor, indexes]) => {
      const shareOf = (i: number) => portionOf(activities[i]!.activity);
      return Array.from(portions(indexes, shareOf, 1), (some) => [visitor, some] as const);
    })
    .values();
  let failure: unknown;
  const work = async () => {
    for (const [visitor, indexes] of waiting) {
      try {
        const recorded = await recordVisitor(
          visitor,
          indexes.map((i) => activities[i]!),
          exchange,
        );
        const { duplicates = [], packet } = recorded.result;
        for (const i of indexes) outcomes[i] = "accepted";
        for (const n of duplicates) outcomes[indexes[n]!] = "duplicate";
        if (packet !== undefined) results.push(recorded);
      } catch (error) {
        failure = error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(VISITORS_AT_ONCE_MAX, visitors.size) }, work);
  if (refused.length > 0) {
    workers.push(
      recordRefused(
        refused.map((i) => activities[i]!.activity),
        env,
        calls,
      ).then(
        (counted) => {
          refused.forEach((i, n) => {
            outcomes[i] = counted[n]!;
          });
        },
        (error: unknown) => {
          failure = error;
        },
      ),
    );
  }
  await Promise.all(workers);
  if (results.length > 0) handOver(results, exchange);
  const refusal = failure instanceof Problem ? failure : outOfCalls(failure);
  if (refusal !== undefined) throw refusal;
  if (failure !== undefined) {
    console.error(logEntry("a profile or a counter could not be reached", failure));
    throw new Problem(
      "unavailable",
      "Not every event could be recorded; send the request again, nothing counts twice.",
      {},
      retryAfter(BUSY_RETRY_SECONDS),
    );
  }
  return outcomes;
}

/** What of a call's room an activity takes; as demand each of its lines names the order. */
function portionOf(activity: Activity): number {
  const { lines, orderId = "" } = activity;
  const bytes = activityBytesMax(activity) + CHARACTER_BYTES_MAX * lines.length * orderId.length;
  return Math.max(lines.length / PORTION_LINES_MAX, bytes / PORTION_BYTES_MAX);
}

async function recordVisitor(
  visitor: string,
  activities: readonly VisitorActivity[],
  { now, env, calls }: Recording,
): Promise<Recorded> {
  const batch = batchOf(activities, now);
  const { home, answer } = await atHome(visitor, env, async (profile, via, name) => {
    if (calls.left === 0) throw tooManyVisitors();
    calls.made();
    const sequences = takeAcknowledged(name);
    const full = {
      ...batch,
      ...(via !== undefined && { via }),
      ...(sequences !== undefined && { acknowledged: sequences }),
    };
    try {
      return await profile.record(full);
    } catch (error) {
      if (!isRetryable(error)) throw error;
      calls.made();
      // A stub whose call failed stays broken: the second try takes a fresh one.
      return await env.USER_PROFILE.getByName(name).record(full);
    }
  });
  return { home, result: answer };
}

function batchOf(activities: readonly VisitorActivity[], now: number): RecordBatch {
  const ids = new Map<string, number>();
  const index = (name: string): number => {
    const known = ids.get(name) ?? ids.size;
    ids.set(name, known);
    return known;
  };
  const by = activities.map(({ identity }) => {
    for (const name of identity?.others ?? []) index(name);
    return identity?.by === undefined ? -1 : index(identity.by);
  });
  return {
    now,
    activities: encodeActivities(activities.map(({ activity }) => activity)),
    ...(ids.size > 0 && { ids: [...ids.keys()], by }),
  };
}

function isRetryable(error: unknown): boolean {
  const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
  return retryable === true && overloaded !== true;
}
