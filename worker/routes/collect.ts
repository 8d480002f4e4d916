import * as v from "valibot";
import { toActivity } from "../../domain/ecommerce.ts";
import type { EventType } from "../../domain/event.ts";
import {
  BATCH_EVENTS_MAX,
  IMPORT_BYTES_MAX,
  IMPORT_CHUNK_EVENTS,
  REQUEST_BYTES_MAX,
} from "../../domain/limits.ts";
import { accessOfWriteKey } from "../auth.ts";
import { type Item, itemsOf, parseJson, readText } from "../body.ts";
import { type Exchange, json } from "../exchange.ts";
import { invalid, Problem } from "../problem.ts";
import { record, type VisitorActivity } from "../record.ts";
import { check, instant } from "../schema/common.ts";
import { isRejection, type MessageSource, parseMessage, type Rejection } from "../schema/message.ts";

/** What became of a request's events; `rejected` says why and where. */
interface CollectAnswer {
  accepted: number;
  duplicates: number;
  rejected: (Rejection & { index: number })[];
}

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
    const body = await readText(exchange.request, REQUEST_BYTES_MAX);
    const value = parseJson(body);
    authorizeByBody(exchange, value);
    const source = { ...sourceOf(exchange, body), type };
    const parsed = parseMessage(value, source);
    if (isRejection(parsed)) {
      const { code, message_id, path, detail } = parsed;
      throw invalid([{ path, detail }], code === "event_too_large" ? "too_large" : "invalid_request", {
        message_id,
      });
    }
    return json(await recordAll([{ index: 0, parsed }], exchange));
  };
}

/** `POST /v1/batch`. */
export async function collectBatch(exchange: Exchange): Promise<Response> {
  const { items, source } = await readBatch(exchange);
  return json(
    await recordAll(
      items.map((value, index) => ({ index, parsed: parseMessage(value, source) })),
      exchange,
    ),
  );
}

/** `POST /v1/validate`: the same checks of a batch or a message, nothing stored. */
export async function validate(exchange: Exchange): Promise<Response> {
  const { items, source } = await readBatch(exchange);
  const rejected = items
    .map((value, index) => ({ index, parsed: parseMessage(value, source) }))
    .flatMap(({ index, parsed }) => (isRejection(parsed) ? [{ index, ...parsed }] : []));
  return json({ valid: items.length - rejected.length, rejected });
}

/** `POST /v1/import`: history as a JSON array, a batch or NDJSON; times stay as they are. */
export async function collectImport(exchange: Exchange): Promise<Response> {
  const body = await readText(exchange.request, IMPORT_BYTES_MAX);
  const source: MessageSource = { ...sourceOf(exchange, body), history: true };
  const answer: CollectAnswer = { accepted: 0, duplicates: 0, rejected: [] };
  let chunk: ParsedItem[] = [];
  let index = 0;
  const flush = async () => {
    const part = await recordAll(chunk, exchange);
    answer.accepted += part.accepted;
    answer.duplicates += part.duplicates;
    answer.rejected.push(...part.rejected);
    chunk = [];
  };
  for (const item of itemsOf(body)) {
    chunk.push({ index: index++, parsed: parseItem(item, source) });
    if (chunk.length >= IMPORT_CHUNK_EVENTS) await flush();
  }
  if (index === 0) throw new Problem("invalid_request", "The body holds no message.");
  await flush();
  return json(answer);
}

function parseItem(item: Item, source: MessageSource): ParsedItem["parsed"] {
  if ("value" in item) return parseMessage(item.value, source);
  return { code: "invalid_event", message_id: null, path: "", detail: `is not JSON: ${item.problem}` };
}

async function readBatch(exchange: Exchange): Promise<{ items: unknown[]; source: MessageSource }> {
  const body = await readText(exchange.request, REQUEST_BYTES_MAX);
  const value = parseJson(body);
  authorizeByBody(exchange, value);
  const many = typeof value === "object" && value !== null && !("type" in value && !("batch" in value));
  if (!many && exchange.url.pathname.endsWith("/validate")) {
    return { items: [value], source: sourceOf(exchange, body) };
  }
  const tooMany = tooManyIn(value);
  if (tooMany !== undefined) throw tooMany;
  const { batch, sentAt } = check(batchSchema, value);
  return { items: batch, source: { ...sourceOf(exchange, body), ...(sentAt != null && { sentAt }) } };
}

function sourceOf({ now, access }: Exchange, body: string): MessageSource {
  return { receivedAt: now, history: false, bodyLength: body.length, trusted: access === "secret" };
}

function tooManyIn(value: unknown): Problem | undefined {
  const batch = (value as { batch?: unknown } | null)?.batch;
  if (!Array.isArray(batch) || batch.length <= BATCH_EVENTS_MAX) return undefined;
  return new Problem("too_large", `batch: must not hold more than ${BATCH_EVENTS_MAX} messages.`);
}

/** Beacons cannot set headers: the write key may stand in the body. */
function authorizeByBody({ access, env }: Exchange, value: unknown): void {
  if (access !== "none") return;
  const key = typeof value === "object" && value !== null && "writeKey" in value ? value.writeKey : undefined;
  if (typeof key !== "string" || accessOfWriteKey(key, env) === "none") {
    throw new Problem("unauthorized", "Send the write key: as Basic user name, Bearer token or writeKey.");
  }
}

interface ParsedItem {
  readonly index: number;
  readonly parsed: ReturnType<typeof parseMessage>;
}

async function recordAll(items: readonly ParsedItem[], { now, env, ctx }: Exchange): Promise<CollectAnswer> {
  const answer: CollectAnswer = { accepted: 0, duplicates: 0, rejected: [] };
  const activities: VisitorActivity[] = [];
  for (const { index, parsed } of items) {
    if (isRejection(parsed)) answer.rejected.push({ index, ...parsed });
    else activities.push({ identity: parsed.identity, activity: toActivity(parsed.event) });
  }
  for (const outcome of await record(activities, now, env, ctx)) {
    if (outcome === "accepted") answer.accepted++;
    else answer.duplicates++;
  }
  return answer;
}
