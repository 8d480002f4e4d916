import * as v from "valibot";
import { analyticsCategoriesOf } from "../../domain/consent.ts";
import { LIST_ITEMS_MAX, REPLAY_EVENTS_MAX, REQUEST_BYTES_MAX } from "../../domain/limits.ts";
import { type KeptRejection, rejectedPlace } from "../../domain/monitor/rejected.ts";
import { MONITOR_NAME } from "../../domain/object-names.ts";
import type { Env } from "../../durable-objects/env.ts";
import { parseJson, readText } from "../body.ts";
import { respond } from "../cors.ts";
import { recordEvents } from "../events.ts";
import { type Exchange, json } from "../exchange.ts";
import { Problem } from "../problem.ts";
import { check, count, paramsOf } from "../schema/common.ts";
import { isRejection, parseMessage, type Rejection } from "../schema/message.ts";

const LIMIT_DEFAULT = 100;
/** Events of 32 KB each: well below the size of an RPC. */
const IDS_PER_CALL = 200;

const rejectedIdText = v.pipe(
  v.string("must be a text"),
  v.check((value) => rejectedPlace(value) !== undefined, "must be the id of a rejected event"),
);
const atMost = `must not hold more than ${REPLAY_EVENTS_MAX}`;
export const replayBody = v.strictObject(
  {
    ids: v.optional(
      v.pipe(v.array(rejectedIdText, "must be a list of ids"), v.maxLength(REPLAY_EVENTS_MAX, atMost)),
    ),
    items: v.optional(
      v.pipe(
        v.array(
          v.strictObject({ id: rejectedIdText, message: v.optional(v.unknown()) }, "must be an object"),
          "must be a list",
        ),
        v.maxLength(REPLAY_EVENTS_MAX, atMost),
      ),
    ),
    cursor: v.optional(rejectedIdText),
  },
  "must be an object",
);

export const rejectedQuery = v.object({
  limit: count(1, LIST_ITEMS_MAX, LIMIT_DEFAULT),
  cursor: v.optional(rejectedIdText),
});

function monitorOf(env: Env) {
  return env.EVENT_MONITOR.getByName(MONITOR_NAME);
}

/** `GET /v1/rejected?limit=&cursor=`: newest first. */
export async function listRejected({ env, request }: Exchange): Promise<Response> {
  const q = check(rejectedQuery, paramsOf(request));
  const { items, cursor } = await monitorOf(env).rejected(q.limit, q.cursor);
  return json({ items: items.map(viewOf), ...(cursor !== undefined && { next_cursor: cursor }) });
}

/** `DELETE /v1/rejected/:id`: drops one; repeating it is no error. */
export async function deleteRejected({ env, params }: Exchange): Promise<Response> {
  await monitorOf(env).dropRejected([check(rejectedIdText, params["id"], "invalid_request", "id")]);
  return respond(null, 204, {});
}

/**
 * `POST /v1/rejected/replay`: the events named, or the oldest ones, through validation again, each as if it had come
 * when it came, or with a corrected message in its place. What is accepted leaves the list; a repeat counts once.
 */
export async function replayRejected(exchange: Exchange): Promise<Response> {
  const { request, env } = exchange;
  const text = await readText(request, REQUEST_BYTES_MAX);
  const q = check(replayBody, text.trim() === "" ? {} : parseJson(text));
  const corrected = new Map((q.items ?? []).map(({ id, message }) => [id, message]));
  const named =
    q.ids === undefined && q.items === undefined ? undefined : [...(q.ids ?? []), ...corrected.keys()];
  const { items, cursor } = await kept(exchange, named, q.cursor);
  const parsed = items.map((item) => {
    const message = corrected.get(item.id);
    return { id: item.id, message: message ?? messageOf(item), result: parseKept(item, message, env) };
  });
  const rejected: ({ id: string } & Pick<Rejection, "code" | "path" | "detail">)[] = [];
  const valid = parsed.flatMap(({ id, message, result }) => {
    if (!isRejection(result)) return [{ id, message, ...result }];
    const { code, path, detail } = result;
    rejected.push({ id, code, path, detail });
    return [];
  });
  const outcomes = await recordEvents(valid, exchange);
  await monitorOf(env).dropRejected(valid.map(({ id }) => id));
  return json({
    accepted: outcomes.filter((outcome) => outcome === "accepted").length,
    duplicates: outcomes.filter((outcome) => outcome === "duplicate").length,
    rejected,
    ...(cursor !== undefined && { next_cursor: cursor }),
  });
}

async function kept(
  { env, calls }: Exchange,
  named: readonly string[] | undefined,
  cursor: string | undefined,
): Promise<{ items: KeptRejection[]; cursor?: string }> {
  const monitor = monitorOf(env);
  // Each may be of another visitor.
  if (named === undefined) return monitor.oldestRejected(Math.min(REPLAY_EVENTS_MAX, calls.left), cursor);
  if (named.length > REPLAY_EVENTS_MAX) throw new Problem("too_large", `ids and items: ${atMost}.`);
  const ids = [...new Set(named)];
  const items: KeptRejection[] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_CALL) {
    items.push(...(await monitor.rejectedById(ids.slice(from, from + IDS_PER_CALL))));
  }
  const found = new Set(items.map(({ id }) => id));
  const missing = ids.find((id) => !found.has(id));
  if (missing !== undefined) throw new Problem("not_found", `No rejected event ${missing} is kept.`);
  return { items };
}

function parseKept(item: KeptRejection, corrected: unknown, env: Env): ReturnType<typeof parseMessage> {
  if (corrected === undefined && item.cut) {
    const { path } = item;
    return {
      code: "event_too_large",
      message_id: item.messageId,
      path,
      detail: "was cut when it was kept; send a corrected message in its place",
    };
  }
  const message = corrected ?? messageOf(item);
  return parseMessage(message, {
    receivedAt: item.receivedAt,
    history: item.history,
    trusted: item.trusted,
    bodyBytes: Number.POSITIVE_INFINITY,
    userAgent: item.userAgent ?? null,
    analyticsCategories: analyticsCategoriesOf(env),
    // One without an id of its own keeps the one it has here, so that it counts once however often it is sent again.
    messageId: `rejected-${item.id}`,
    ...(item.sentAt !== undefined && { sentAt: item.sentAt }),
    ...(item.type !== undefined && { type: item.type }),
  });
}

/** What was sent; of a message that was cut its beginning, as text. */
function messageOf({ message, cut }: KeptRejection): unknown {
  return cut ? message : JSON.parse(message);
}

function viewOf(item: KeptRejection): Record<string, unknown> {
  const { id, receivedAt, code, path, detail, messageId, cut } = item;
  return {
    id,
    received_at: new Date(receivedAt).toISOString(),
    code,
    path,
    detail,
    message_id: messageId,
    message: messageOf(item),
    ...(cut && { truncated: true }),
  };
}
