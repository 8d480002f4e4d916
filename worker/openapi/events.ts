import * as v from "valibot";
import { EVENT_TYPES, type EventType } from "../../domain/event.ts";
import { BATCH_EVENTS_MAX, EVENT_BYTES_MAX } from "../../domain/limits.ts";
import { batchSchema } from "../routes/collect.ts";
import { message } from "../schema/message.ts";
import type { BodyDescription, FieldNotes, Operation, Operations } from "./operation.ts";
import { countOf, recorded, told } from "./schemas.ts";

const rejection = {
  message_id: told(v.nullable(v.string()), "Of the rejected message, where it had one."),
  code: v.picklist(["invalid_event", "event_too_large", "missing_identity"]),
  path: told(v.string(), "The wrong field; empty for the message as a whole."),
  detail: v.string(),
};
export const rejectedMessage = v.strictObject({
  index: told(countOf, "Place in the batch, from 0."),
  ...rejection,
});

export const collectAnswer = v.strictObject({
  accepted: told(countOf, "Messages counted now."),
  duplicates: told(countOf, "Messages whose `messageId` had been counted before."),
  rejected: told(v.array(rejectedMessage), "Messages that were not taken, and why; the others were."),
});

const importAnswer = v.strictObject({
  ...collectAnswer.entries,
  rejected_omitted: v.optional(told(countOf, "Further messages that were not taken; all of them are kept.")),
});

const validEvent = v.strictObject({
  index: told(countOf, "Place in the batch, from 0."),
  type: v.picklist(EVENT_TYPES),
  ...recorded.entries,
  bot: told(v.boolean(), "It would be stored and teach nothing."),
});

const validateAnswer = v.strictObject({
  valid: countOf,
  rejected: v.array(rejectedMessage),
  events: told(v.array(validEvent), "What the others would become."),
});

const IDEMPOTENCY = {
  "Idempotency-Key": {
    description:
      "Names messages without a `messageId`, so that the request counts once however often it is sent.",
  },
};

export const MESSAGE_FIELDS: FieldNotes = {
  messageId:
    "Made by the sender; a message counts once, however often it is sent. Without one, one is made up.",
  event: "Name of a track call, of the e-commerce spec or the shop's own.",
  name: "Name of the page or screen.",
  userId: "Who it was, where the shop knows; this or `anonymousId` is required.",
  anonymousId: "The browser's or device's own id.",
  previousId: "Of an alias call: the id known before.",
  timestamp: "When it happened, ISO 8601 or seconds or milliseconds since 1970; now, where absent.",
  originalTimestamp: "When it happened by the sender's clock.",
  sentAt: "When it was sent by the sender's clock; where that is off by over a minute, times are corrected.",
  properties:
    "Of the event: product_id, name, category, brand, price, currency, products, order_id and so on.",
  traits: "Of an identify or group call.",
};

const viewed = {
  messageId: "b1c7f0de-1",
  event: "Product Viewed",
  anonymousId: "visitor-1",
  timestamp: "2026-11-20T10:00:00.000Z",
  properties: {
    product_id: "22423",
    name: "Regency Cakestand",
    category: "Kitchen",
    price: 12.75,
    currency: "GBP",
  },
};
const COUNTED = { accepted: 1, duplicates: 0, rejected: [] };

const EXAMPLES: Readonly<Record<EventType, object>> = {
  track: viewed,
  page: { anonymousId: "visitor-1", messageId: "b1c7f0de-2", name: "Home" },
  screen: { anonymousId: "visitor-1", messageId: "b1c7f0de-3", name: "Home" },
  identify: {
    userId: "customer-7",
    anonymousId: "visitor-1",
    messageId: "b1c7f0de-4",
    traits: { plan: "gold" },
  },
  alias: { userId: "customer-7", previousId: "visitor-1", messageId: "b1c7f0de-5" },
  group: { userId: "customer-7", groupId: "club", messageId: "b1c7f0de-6" },
};

const MEANINGS: Readonly<Record<EventType, string>> = {
  track: "Something a visitor did",
  page: "A page was looked at",
  screen: "A screen of an app was looked at",
  identify: "Who a visitor is",
  alias: "Two ids are one visitor",
  group: "A visitor belongs to a group",
};

const writeKey = v.optional(v.nullable(v.string()));
const { type: _type, ...single } = message.entries;
export const singleMessage = v.looseObject({ ...single, writeKey });
export const batchedMessage = v.looseObject(message.entries);

export const batch = v.looseObject({
  ...batchSchema.entries,
  batch: v.pipe(v.array(batchedMessage), v.maxLength(BATCH_EVENTS_MAX)),
});
const KEY_NOTE = "The write key, for senders that cannot set headers.";
export const SINGLE_MESSAGE_FIELDS: FieldNotes = { ...MESSAGE_FIELDS, writeKey: KEY_NOTE };
export const BATCH_FIELDS: FieldNotes = {
  batch: `Messages; each at most ${EVENT_BYTES_MAX} bytes.`,
  writeKey: KEY_NOTE,
};

const batchBody: BodyDescription = {
  schema: batch,
  example: { batch: [{ type: "track", ...viewed }], sentAt: "2026-11-20T10:00:01.000Z" },
};

function singleCall(type: EventType, name: string): Operation {
  const isShort = name !== type;
  return {
    id: isShort ? `${type}Short` : type,
    tag: "Events",
    summary: isShort ? `Short form of /v1/${type}` : MEANINGS[type],
    description: "One message of the Segment spec. Its type is told by the path.",
    headers: IDEMPOTENCY,
    body: { schema: singleMessage, example: EXAMPLES[type] },
    answers: { 200: { description: "Counted, or a duplicate.", schema: collectAnswer, example: COUNTED } },
    problems: ["unavailable"],
  };
}

const collectBatch: Operation = {
  id: "batch",
  tag: "Events",
  summary: "Many messages at once",
  description:
    "What Segment's libraries send. One bad message never spoils the others. Everything accepted is stored when the answer comes. Of more visitors than one request can record, it is refused (413): send fewer at a time.",
  headers: IDEMPOTENCY,
  body: batchBody,
  answers: {
    200: { description: "What became of each message.", schema: collectAnswer, example: COUNTED },
  },
  problems: ["unavailable"],
};

const segmentSettings = v.looseObject({
  integrations: v.strictObject({
    "Segment.io": v.looseObject({
      apiKey: v.string(),
      apiHost: told(v.string(), "Where events go: host and path."),
      protocol: v.picklist(["http", "https"]),
    }),
  }),
});

export const EVENTS: Operations = {
  "GET /v1/projects/:key/settings": {
    id: "getProjectSettings",
    tag: "Events",
    summary: "What Segment's browser library asks its cdnURL for",
    description:
      "Load it with `{ writeKey, cdnURL }`, this service as `cdnURL`, and it sends its events here.",
    path: { key: "The write key." },
    answers: {
      200: {
        description: "Its settings.",
        schema: segmentSettings,
        example: {
          integrations: {
            "Segment.io": { apiKey: "write_x", apiHost: "events.shop.test/v1", protocol: "https" },
          },
        },
      },
    },
    problems: ["not_found", "not_configured"],
  },
  ...Object.fromEntries(
    EVENT_TYPES.flatMap((type) =>
      [type, type[0]!].map((name) => [`POST /v1/${name}`, singleCall(type, name)] as const),
    ),
  ),
  "POST /v1/batch": collectBatch,
  "POST /v1/b": { ...collectBatch, id: "batchShort", summary: "Short form of /v1/batch" },
  "POST /beacon/v1/batch": {
    ...collectBatch,
    id: "batchBeacon",
    summary: "/v1/batch for beacons",
    description:
      "Where RudderStack's browser library sends its batches with `useBeacon`: the write key is in the query.",
  },
  "POST /v1/validate": {
    id: "validate",
    tag: "Events",
    summary: "The same checks, nothing stored",
    description: "Takes what `/v1/batch` takes, a list of messages, or one message with its `type`.",
    body: { ...batchBody, schema: v.union([batch, v.array(batchedMessage), batchedMessage]) },
    answers: {
      200: {
        description: "What each would become, or why it would be rejected.",
        schema: validateAnswer,
        example: {
          valid: 1,
          rejected: [],
          events: [
            {
              index: 0,
              type: "track",
              message_id: viewed.messageId,
              timestamp: viewed.timestamp,
              kind: "viewed",
              name: viewed.event,
              currency: "GBP",
              products: [
                {
                  product_id: "22423",
                  sku: "22423",
                  quantity: 1,
                  name: "Regency Cakestand",
                  category: "Kitchen",
                  price: 12.75,
                },
              ],
              bot: false,
            },
          ],
        },
      },
    },
  },
  "POST /v1/import": {
    id: "importHistory",
    tag: "Events",
    summary: "History",
    description:
      "The same messages, old times kept. A message counts once here, too. Recorded as it comes: a body that breaks off, grows too large or is of more visitors than one request can record is refused with what was taken of it: send the messages behind the first `taken` in another request. A visitor is a call in every 500 messages: sorted by visitor, a request takes several times as many.",
    headers: IDEMPOTENCY,
    body: {
      schema: v.union([v.array(batchedMessage), batch]),
      example: [{ type: "track", ...viewed }],
      ndjson: "One message a line.",
    },
    answers: {
      200: { description: "What became of each message.", schema: importAnswer, example: COUNTED },
    },
    problems: ["unavailable"],
  },
};
