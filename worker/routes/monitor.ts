import { MONITOR_NAME } from "../../domain/object-names.ts";
import type { Exchange } from "../exchange.ts";
import { Problem, retryAfter } from "../problem.ts";

const FEED_RETRY_SECONDS = 5;

/** `GET /v1/monitor`: counts of the last hour and of today, the last events. */
export async function getMonitor({ env }: Exchange): Promise<Response> {
  const body = await env.EVENT_MONITOR.getByName(MONITOR_NAME).view();
  return new Response(body, {
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

/** `GET /v1/live`: the same and what comes after it, over a WebSocket. */
export async function getLive({ request, env }: Exchange): Promise<Response> {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new Problem("upgrade_required", "The live feed is a WebSocket.", {}, { upgrade: "websocket" });
  }
  const answer = await env.EVENT_MONITOR.getByName(MONITOR_NAME).fetch(request);
  if (answer.status === 101) return answer;
  throw new Problem("unavailable", "Too many live feeds are open.", {}, retryAfter(FEED_RETRY_SECONDS));
}
