import * as v from "valibot";
import { CHARACTER_BYTES_MAX } from "../../domain/bytes.ts";
import { refusesAnalytics } from "../../domain/consent.ts";
import { isOrderTooLong } from "../../domain/ecommerce.ts";
import { correctTimestamp, EVENT_TYPES, type EventType, type ShopEvent } from "../../domain/event.ts";
import { isRecord } from "../../domain/is-record.ts";
import { jsonText } from "../../domain/json-text.ts";
import { EVENT_BYTES_MAX, EVENT_PRODUCTS_MAX } from "../../domain/limits.ts";
import { type Identity, identityOf } from "../../domain/visitor-name.ts";
import { isBotMessage } from "../bots.ts";
import type { FieldError } from "../problem.ts";
import { fieldError, idOrEmpty, instant, text } from "./common.ts";

/** Libraries send an empty one for none. */
const optionalId = v.optional(v.nullable(idOrEmpty));
const optionalInstant = v.optional(v.nullable(instant));
const bag = v.optional(v.nullable(v.record(v.string(), v.unknown(), "must be an object")));

/** A message of the Segment spec, as far as this service looks at it; all else is let through. */
export const message = v.object(
  {
    type: v.picklist(EVENT_TYPES, `must be one of ${EVENT_TYPES.join(", ")}`),
    messageId: optionalId,
    event: v.optional(v.nullable(text)),
    name: v.optional(v.unknown()),
    userId: optionalId,
    anonymousId: optionalId,
    previousId: optionalId,
    groupId: optionalId,
    timestamp: optionalInstant,
    originalTimestamp: optionalInstant,
    sentAt: optionalInstant,
    properties: bag,
    traits: bag,
    context: bag,
  },
  "must be an object",
);

export interface MessageSource {
  readonly receivedAt: number;
  /** `sentAt` of the batch, where its messages have none. */
  readonly sentAt?: number;
  /** Imports keep their times: no correction for the sender's clock. */
  readonly history: boolean;
  /** Set by the path of the single calls. */
  readonly type?: EventType;
  /** Id for a message that has none of its own; a fresh one unless told. */
  readonly messageId?: string;
  /** `User-Agent` of the request. */
  readonly userAgent: string | null;
  /** Bytes of the whole body, or more: below the bound of one event, none can be above it. */
  readonly bodyBytes: number;
  /** Sent with the secret key: may join users. */
  readonly trusted: boolean;
  /** Consent categories that stand for analytics. */
  readonly analyticsCategories: readonly string[];
}

export interface ValidEvent {
  /** Absent: the visitor refused analytics, and the event has no id either. */
  readonly identity?: Identity;
  readonly event: ShopEvent;
}

/** Why an event was not taken; `code` is stable. */
export interface Rejection extends FieldError {
  readonly code: "invalid_event" | "event_too_large" | "missing_identity";
  readonly message_id: string | null;
}

/** One message as event, or why not. Takes anything. */
export function parseMessage(value: unknown, source: MessageSource): ValidEvent | Rejection {
  const given = source.type !== undefined && isRecord(value) ? { ...value, type: source.type } : value;
  const messageId =
    isRecord(value) && typeof value["messageId"] === "string" ? value["messageId"].slice(0, 256) : null;
  if (source.bodyBytes > EVENT_BYTES_MAX && isTooLarge(value)) {
    const detail = `must not be larger than ${EVENT_BYTES_MAX} bytes, nor nested without end`;
    return { code: "event_too_large", message_id: messageId, path: "", detail };
  }
  const result = v.safeParse(message, given, { abortEarly: true });
  if (!result.success) {
    return { code: "invalid_event", message_id: messageId, ...fieldError(result.issues[0]) };
  }
  const m = result.output;
  const ids = {
    ...(m.userId && { userId: m.userId }),
    ...(m.anonymousId && { anonymousId: m.anonymousId }),
  };
  const refused = refusesAnalytics(m.context, source.analyticsCategories);
  const identity = refused ? undefined : identityOf({ ...ids, ...previousIdOf(m) }, source.trusted);
  if (identity === undefined && !refused) {
    const detail = "userId or anonymousId is required";
    return { code: "missing_identity", message_id: messageId, path: "userId", detail };
  }
  if (m.type === "track" && (m.event ?? "") === "") {
    return {
      code: "invalid_event",
      message_id: messageId,
      path: "event",
      detail: "is required of a track call",
    };
  }
  const { receivedAt } = source;
  const sentAt = m.sentAt ?? source.sentAt;
  const at = correctTimestamp({
    receivedAt,
    ...(m.timestamp != null && { timestamp: m.timestamp }),
    ...(m.originalTimestamp != null && { originalTimestamp: m.originalTimestamp }),
    ...(sentAt != null && !source.history && { sentAt }),
  });
  const event: ShopEvent = {
    type: m.type,
    messageId: m.messageId || (source.messageId ?? crypto.randomUUID()),
    name:
      m.type === "track" ? m.event! : typeof m.name === "string" ? m.name.slice(0, 512).toWellFormed() : "",
    at,
    ...(!refused && ids),
    properties: m.properties ?? {},
    bot: isBotMessage(value, source.userAgent),
  };
  if (isOrderTooLong(event)) {
    const detail = `must not hold more than ${EVENT_PRODUCTS_MAX} products: send it as several orders, each with an id of its own`;
    return { code: "invalid_event", message_id: messageId, path: "properties.products", detail };
  }
  return identity === undefined ? { event } : { identity, event };
}

/** As JSON in UTF-8. Hardly any is near the bound: the others are not encoded. */
function isTooLarge(value: unknown): boolean {
  const json = jsonText(value);
  if (json === undefined || json.length > EVENT_BYTES_MAX) return true;
  return json.length * CHARACTER_BYTES_MAX > EVENT_BYTES_MAX && encoder.encode(json).length > EVENT_BYTES_MAX;
}

const encoder = new TextEncoder();

/** Only an alias says that another id is the same visitor. */
function previousIdOf({ type, previousId }: v.InferOutput<typeof message>): { previousId?: string } {
  return type === "alias" && previousId ? { previousId } : {};
}

export function isRejection(result: ValidEvent | Rejection): result is Rejection {
  return "code" in result;
}
