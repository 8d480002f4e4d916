// What this isolate saw, gathered and told to the monitor behind an answer, about once a second: no request pays for
// it with a call of its own. What an isolate holds when it dies is not counted.

import { Calendar } from "../domain/calendar.ts";
import { logEntry } from "../domain/log-entry.ts";
import { Gathering, type SeenEvent } from "../domain/monitor/gathering.ts";
import { MONITOR_NAME } from "../domain/object-names.ts";
import type { Env } from "../durable-objects/env.ts";
import type { Calls } from "./calls.ts";
import type { Exchange } from "./exchange.ts";

const GATHER_SECONDS_DEFAULT = 1;
/** After so much more the one who was to tell is taken for gone. */
const LATE_MS = 5_000;

const gathering = new Gathering();
let calendar: Calendar | undefined;
/** When what was gathered is told; 0: nobody will. */
let dueAt = 0;

type Observing = Pick<Exchange, "env" | "ctx" | "now" | "calls">;

/** Events that were answered for. */
export function observeEvents(events: Iterable<SeenEvent>, exchange: Observing): void {
  const shop = calendarOf(exchange.env);
  for (const event of events) gathering.event(event, shop, Math.random());
  tellLater(exchange);
}

/** A list of recommendations that was served. */
export function observeRecommendation(exchange: Observing): void {
  gathering.recommended();
  tellLater(exchange);
}

function tellLater({ env, ctx, now, calls }: Observing): void {
  if (gathering.isFull) {
    ctx.waitUntil(tell(env, calls));
    return;
  }
  if (gathering.isEmpty || now < dueAt + LATE_MS) return;
  const gatherMs = Number(env.MONITOR_GATHER_SECONDS ?? GATHER_SECONDS_DEFAULT) * 1000;
  dueAt = now + gatherMs;
  ctx.waitUntil(gatherMs > 0 ? scheduler.wait(gatherMs).then(() => tell(env, calls)) : tell(env, calls));
}

async function tell(env: Env, calls: Calls): Promise<void> {
  dueAt = 0;
  if (gathering.isEmpty) return;
  const observed = gathering.drain(Date.now(), calendarOf(env));
  calls.made();
  try {
    const { samples } = await env.EVENT_MONITOR.getByName(MONITOR_NAME).observe(observed);
    gathering.samplesMax = samples;
  } catch (error) {
    console.warn(logEntry("the monitor missed what this isolate saw", error));
  }
}

function calendarOf({ SHOP_TIME_ZONE }: Env): Calendar {
  calendar ??= new Calendar(SHOP_TIME_ZONE ?? "UTC");
  return calendar;
}
