import * as v from "valibot";
import { analyticsCategoriesOf } from "../../domain/consent.ts";
import { toActivity } from "../../domain/ecommerce.ts";
import type { EventType, ShopEvent } from "../../domain/event.ts";
import { BATCH_EVENTS_MAX, REQUEST_BYTES_MAX } from "../../domain/limits.ts";
import { activityView } from "../activity-view.ts";
import { accessOfWriteKey } from "../auth.ts";
import { parseJson, readTextBody, type TextBody } from "../body.ts";
import { type ReceivedItem, take } from "../events.ts";
import { type Exchange, json, posted } from "../exchange.ts";
import { idsOfNameless } from "../nameless.ts";
import { invalid, Problem } from "../problem.ts";
import { check, instant } from "../schema/common.ts";
import { isRejection, type MessageSource, parseMessage } from "../schema/message.ts";

export const batchSchema = v.object(
  {
    batch: v.pipe(
      v.array(v.unknown(), "must be a list of messages"),
      v.maxLength(BATCH_EVENTS_MAX, `must not hold more than ${BATCH_EVENTS_MAX} messages`),
    ),
    sentAt: v.optional(v.nullable(instant)),
    writeKey: v.optional(v.nullable(v.string("must be a text"))),
  },
  "must be an object with a batch",
);

/** `POST /v1/track`, `page`, ... and their short forms: one message, its type told by the path. */
export function collectOne(type: EventType) {
  return async (exchange: Exchange): Promise<Response> => {
    const body = await readTextBody(exchange.request, REQUEST_BYTES_MAX);
    const message = parseJson(body.text);
    authorizeByBody(exchange, message);
    const source = { ...sourceOf(exchange, body), type };
    const [item] = parseItems([message], source, exchange);
    const answer = await take([item!], source, exchange);
    const [rejection] = answer.rejected;
    if (rejection !== undefined) {
      const { code, message_id, path, detail } = rejection;
      throw invalid([{ path, detail }], code === "event_too_large" ? "too_large" : "invalid_request", {
        message_id,
      });
    }
    return posted(answer);
  };
}

/** `POST /v1/batch`. */
export async function collectBatch(exchange: Exchange): Promise<Response> {
  const body = await readTextBody(exchange.request, REQUEST_BYTES_MAX);
  const value = parseJson(body.text);
  authorizeByBody(exchange, value);
  const { messages, source } = batchOf(value, body, exchange);
  return posted(await take(parseItems(messages, source, exchange), source, exchange));
}

/** `POST /v1/validate`: the same checks of a batch, a list or a message, and what each would become; nothing stored. */
export async function validate(exchange: Exchange): Promise<Response> {
  const body = await readTextBody(exchange.request, REQUEST_BYTES_MAX);
  const value = parseJson(body.text);
  authorizeByBody(exchange, value);
  const isBatch = typeof value === "object" && value !== null && "batch" in value;
  const batch = isBatch ? value : { batch: Array.isArray(value) ? value : [value] };
  const { messages, source } = batchOf(batch, body, exchange);
  const items = parseItems(messages, source, exchange);
  const rejected = items.flatMap(({ index, parsed }) => (isRejection(parsed) ? [{ index, ...parsed }] : []));
  const events = items.flatMap(({ index, parsed }) =>
    isRejection(parsed) ? [] : [{ index, ...eventView(parsed.event) }],
  );
  return json({ valid: events.length, rejected, events });
}

function eventView(event: ShopEvent): Record<string, unknown> {
  return { type: event.type, ...activityView(toActivity(event)), bot: event.bot };
}

function batchOf(
  value: unknown,
  body: TextBody,
  exchange: Exchange,
): { messages: readonly unknown[]; source: MessageSource } {
  const { batch: given } = (value ?? {}) as { batch?: unknown };
  if (Array.isArray(given) && given.length > BATCH_EVENTS_MAX) {
    throw new Problem("too_large", `batch: must not hold more than ${BATCH_EVENTS_MAX} messages.`);
  }
  const { batch, sentAt } = check(batchSchema, value);
  return { messages: batch, source: { ...sourceOf(exchange, body), ...(sentAt != null && { sentAt }) } };
}

function sourceOf({ now, access, request, env }: Exchange, body: TextBody): MessageSource {
  return {
    receivedAt: now,
    history: false,
    bodyBytes: body.bytes,
    trusted: access === "secret",
    userAgent: request.headers.get("user-agent"),
    analyticsCategories: analyticsCategoriesOf(env),
  };
}

function parseItems(
  messages: readonly unknown[],
  source: MessageSource,
  { request }: Exchange,
): ReceivedItem[] {
  const nameless = idsOfNameless(request);
  return messages.map((message, index) => ({
    index,
    message,
    parsed: parseMessage(message, { ...source, ...nameless(message, index) }),
  }));
}

/** Beacons cannot set headers: the write key may stand in the body. */
function authorizeByBody({ access, env }: Exchange, value: unknown): void {
  if (access !== "none") return;
  const key = typeof value === "object" && value !== null && "writeKey" in value ? value.writeKey : undefined;
  if (typeof key !== "string" || accessOfWriteKey(key, env) === "none") {
    throw new Problem("unauthorized", "Send the write key: as Basic user name, Bearer token or writeKey.");
  }
}
