import * as v from "valibot";
import { RECENT_EVENTS_MAX } from "../../domain/limits.ts";
import { MONITOR_NAME } from "../../domain/object-names.ts";
import { type Exchange, jsonAnswer } from "../exchange.ts";
import { Problem, retryAfter } from "../problem.ts";
import { check, count, paramsOf } from "../schema/common.ts";

const FEED_RETRY_SECONDS = 5;

/** How many of the last events an answer brings. */
export const monitorQuery = v.object({ recent: count(0, RECENT_EVENTS_MAX, RECENT_EVENTS_MAX) });

/** `GET /v1/monitor?recent=`: counts of the last hour and of today, the last events. */
export async function getMonitor({ env, request }: Exchange): Promise<Response> {
  const { recent } = check(monitorQuery, paramsOf(request));
  const body = await env.EVENT_MONITOR.getByName(MONITOR_NAME).view(recent);
  return jsonAnswer(body);
}

/** `GET /v1/live?recent=`: the same and what comes after it, over a WebSocket. */
export async function getLive({ request, env }: Exchange): Promise<Response> {
  check(monitorQuery, paramsOf(request));
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Problem("upgrade_required", "The live feed is a WebSocket.", {}, { upgrade: "websocket" });
  }
  const answer = await env.EVENT_MONITOR.getByName(MONITOR_NAME).fetch(request);
  if (answer.status === 101) return answer;
  throw new Problem("unavailable", "Too many live feeds are open.", {}, retryAfter(FEED_RETRY_SECONDS));
}
