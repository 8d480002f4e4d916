// What profiles recorded goes on to combiners and planners behind the answers. An isolate hands over at once what comes
// alone, and together what comes within a moment: many visitors' packets in one call. Nothing is lost with an isolate:
// a profile keeps what was not acknowledged and sends it itself.

import type { CancelledLine, DemandLine } from "../domain/demand.ts";
import { ACKNOWLEDGED_VISITORS_MAX, HANDOVER_GATHERED_BYTES_MAX } from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import { tellPlanners } from "../domain/planner/shards.ts";
import type { SignalPacket } from "../domain/signal.ts";
import { combinerName, combinerShard } from "../domain/visitor-name.ts";
import type { Env } from "../durable-objects/env.ts";
import type { RecordResult } from "../durable-objects/rpc.ts";
import type { Calls } from "./calls.ts";
import type { Exchange } from "./exchange.ts";

const GATHER_SECONDS_DEFAULT = 0.25;
/** After so much more the one who was to hand over is taken for gone. */
const LATE_MS = 5_000;
/** About what a result takes beside its packet, and each line of demand, as an RPC. */
const RESULT_BYTES = 200;

/** What a profile answered that took something. */
export interface Recorded {
  /** The object that recorded: the visitor's, or that of the user it has joined. */
  readonly home: string;
  readonly result: RecordResult;
}

/** Packets that this isolate saw counted, told to the profile with its next batch so that it may let go of them. */
const acknowledged = new Map<string, number[]>();

let gathered: Recorded[] = [];
let gatheredBytes = 0;
/** When what was gathered is handed over; until then nothing else need be. */
let dueAt = 0;
/** Whether somebody waits to hand it over. */
let isAwaited = false;

/** Sequences of a profile's packets that were counted since its last batch; they are told once. */
export function takeAcknowledged(home: string): number[] | undefined {
  const sequences = acknowledged.get(home);
  acknowledged.delete(home);
  return sequences;
}

/** Hands over behind the answer: now, or with what others bring within a moment. */
export function handOver(
  results: readonly Recorded[],
  { env, ctx, calls }: Pick<Exchange, "env" | "ctx" | "calls">,
): void {
  for (const recorded of results) {
    const { packet, demand = [], cancelled = [] } = recorded.result;
    gathered.push(recorded);
    gatheredBytes += (packet?.bytes.length ?? 0) + RESULT_BYTES * (1 + demand.length + cancelled.length);
  }
  const wait = dueAt - Date.now();
  const isFull = gatheredBytes > HANDOVER_GATHERED_BYTES_MAX;
  // One who is late is not waited for.
  if (isAwaited && !isFull && wait > -LATE_MS) return;
  if (isFull || wait <= 0) {
    ctx.waitUntil(handOverNow(env, calls));
    return;
  }
  isAwaited = true;
  ctx.waitUntil(scheduler.wait(wait).then(() => handOverNow(env, calls)));
}

async function handOverNow(env: Env, calls: Calls): Promise<void> {
  const results = gathered;
  gathered = [];
  gatheredBytes = 0;
  isAwaited = false;
  dueAt = Date.now() + Number(env.HANDOVER_GATHER_SECONDS ?? GATHER_SECONDS_DEFAULT) * 1000;
  if (results.length > 0) await tell(results, env, calls);
}

async function tell(results: readonly Recorded[], env: Env, calls: Calls): Promise<void> {
  const shards = new Map<number, SignalPacket[]>();
  const lines: DemandLine[] = [];
  const cancelled: CancelledLine[] = [];
  for (const { result } of results) {
    if (result.packet !== undefined) {
      const shard = combinerShard(result.packet.stream);
      const packets = shards.get(shard);
      if (packets === undefined) shards.set(shard, [result.packet]);
      else packets.push(result.packet);
    }
    lines.push(...(result.demand ?? []));
    cancelled.push(...(result.cancelled ?? []));
  }
  const told: Promise<unknown>[] = [...shards].map(([shard, packets]) =>
    env.SIGNAL_COMBINER.getByName(combinerName(shard)).add(packets),
  );
  told.push(...tellPlanners(env, lines, cancelled));
  calls.made(told.length);
  const answers = await Promise.allSettled(told);
  const failed = answers.find((answer) => answer.status === "rejected");
  if (failed !== undefined) {
    console.warn(logEntry("signals were not handed over; profiles will", failed.reason));
    return;
  }
  for (const { home, result } of results) {
    if (result.packet === undefined) continue;
    const known = acknowledged.get(home) ?? [];
    acknowledged.delete(home);
    acknowledged.set(home, [...known, result.packet.sequence]);
  }
  for (const visitor of acknowledged.keys()) {
    if (acknowledged.size <= ACKNOWLEDGED_VISITORS_MAX) break;
    acknowledged.delete(visitor);
  }
}
