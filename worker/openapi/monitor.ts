import * as v from "valibot";
import { ACTIVITY_KINDS } from "../../domain/activity.ts";
import { REPLAY_EVENTS_MAX } from "../../domain/limits.ts";
import { monitorQuery } from "../routes/monitor.ts";
import { rejectedQuery, replayBody } from "../routes/rejected.ts";
import type { Operations } from "./operation.ts";
import { countOf, nextCursor, time, told } from "./schemas.ts";

const minute = v.strictObject({
  minute: told(time, "When it began."),
  events: told(countOf, "Accepted, whenever they happened."),
  rejected: countOf,
  orders: told(countOf, "Each id once."),
  recommendations: told(countOf, "Lists served."),
});

const rejectedId = told(v.string(), "Of the rejected event, under `/v1/rejected`.");
const reason = {
  code: told(v.string(), "Stable name of the reason."),
  path: told(v.string(), "The wrong field; empty for the message as a whole."),
  detail: v.string(),
};
const sent = told(v.unknown(), "As it was sent.");

export const liveEvent = v.strictObject({
  received_at: time,
  message_id: v.nullable(v.string()),
  type: v.nullable(v.string()),
  event: told(v.nullable(v.string()), "Name of the event, page or screen."),
  visitor: v.strictObject({ user_id: v.optional(v.string()), anonymous_id: v.optional(v.string()) }),
  kind: told(v.picklist(ACTIVITY_KINDS), "The activity that it became."),
  outcome: v.picklist(["accepted", "duplicate", "rejected"]),
  bot: v.boolean(),
  library: told(v.nullable(v.string()), "What sent it."),
  message: told(v.unknown(), "As it was sent, at most 4 KB of it."),
  truncated: v.optional(told(v.literal(true), "Of the message there is more.")),
  rejected: v.optional(v.strictObject({ id: rejectedId, ...reason })),
});

export const monitorView = v.strictObject({
  now: time,
  minutes: told(v.array(minute), "The last 60, oldest first."),
  today: told(
    v.strictObject({
      events: countOf,
      visitors: told(countOf, "An estimate, within about 2 %."),
      orders: countOf,
      revenue: told(
        v.array(v.strictObject({ currency: v.nullable(v.string()), amount: v.number() })),
        "As ordered, refunds not taken off; the highest first.",
      ),
      recommendations: countOf,
      rejected: countOf,
    }),
    "What happened on the shop's local day.",
  ),
  recent: told(v.array(liveEvent), "A sample of the last events, newest first."),
});

export const rejectedEvent = v.strictObject({
  id: rejectedId,
  received_at: time,
  ...reason,
  message_id: v.nullable(v.string()),
  message: sent,
  truncated: v.optional(
    told(v.literal(true), "It was too large to be kept whole: send another in its place."),
  ),
});

const RECENT = { schema: monitorQuery, fields: { recent: "Of the last events, how many to bring." } };
const COUNTS = { events: 40, rejected: 1, orders: 2, recommendations: 30 };
const REASON = { code: "invalid_event", path: "timestamp", detail: "must be a time (ISO 8601)" };
const MESSAGE = { type: "track", event: "Product Viewed", anonymousId: "visitor-1", timestamp: "yesterday" };
const REJECTED = {
  id: "12-0",
  received_at: "2026-11-20T10:00:01.000Z",
  ...REASON,
  message_id: "b1c7f0de-1",
  message: MESSAGE,
};

export const MONITOR: Operations = {
  "GET /v1/monitor": {
    id: "getMonitor",
    tag: "Monitor",
    summary: "Counts of the last hour and of today, the last events",
    description: "An isolate tells what it saw about once a second: counts are that late.",
    query: RECENT,
    answers: {
      200: {
        description: "What is going on.",
        schema: monitorView,
        example: {
          now: "2026-11-20T10:00:31.000Z",
          minutes: [{ minute: "2026-11-20T10:00:00.000Z", ...COUNTS }],
          today: { ...COUNTS, visitors: 12, revenue: [{ currency: "GBP", amount: 61.5 }] },
          recent: [],
        },
      },
    },
  },
  "GET /v1/live": {
    id: "openLiveFeed",
    tag: "Monitor",
    summary: "The same as it comes, over a WebSocket",
    description:
      "Browsers give the key as subprotocol: `new WebSocket(url, ['shelfwise.v1', 'key.' + base64url(secretKey)])`. The first frame is `{type: 'hello', ...}` with what `GET /v1/monitor` says; then, about once a second when there is something, `{type: 'events', events, minute, today, skipped?}`. `{\"type\":\"ping\"}` is answered by `{\"type\":\"pong\"}`.",
    query: RECENT,
    answers: { 101: { description: "It is open, with the subprotocol `shelfwise.v1`." } },
    problems: ["upgrade_required", "unavailable"],
  },
  "GET /v1/rejected": {
    id: "listRejected",
    tag: "Monitor",
    summary: "Events that failed validation, newest first",
    query: { schema: rejectedQuery, fields: {} },
    answers: {
      200: {
        description: "A page of them.",
        schema: v.strictObject({ items: v.array(rejectedEvent), next_cursor: nextCursor }),
        example: { items: [REJECTED] },
      },
    },
  },
  "POST /v1/rejected/replay": {
    id: "replayRejected",
    tag: "Monitor",
    summary: "Sends rejected events through validation again",
    description: `Those named, or without a name the oldest, at most ${REPLAY_EVENTS_MAX} a call, fewer where the platform allows a request fewer calls. Each is dated as if it had been taken when it came. What is accepted leaves the list; a repeat counts once.`,
    body: {
      schema: replayBody,
      fields: {
        ids: "To be sent as they are.",
        items: "To be sent with another message in their place.",
        "items.message": "The corrected message; the kept one where it is absent.",
        cursor: "`next_cursor` of the call before, to go on with the ones after it.",
      },
      example: { items: [{ id: "12-0", message: { ...MESSAGE, timestamp: "2026-11-20T10:00:00.000Z" } }] },
      optional: true,
    },
    answers: {
      200: {
        description: "What became of them.",
        schema: v.strictObject({
          accepted: countOf,
          duplicates: countOf,
          rejected: told(v.array(v.strictObject({ id: rejectedId, ...reason })), "Still wrong; they stay."),
          next_cursor: v.optional(told(v.string(), "Of the last one tried, when there are more.")),
        }),
        example: { accepted: 1, duplicates: 0, rejected: [] },
      },
    },
    problems: ["not_found", "unavailable"],
  },
  "DELETE /v1/rejected/:id": {
    id: "dropRejected",
    tag: "Monitor",
    summary: "Drops a rejected event",
    path: { id: "Of the rejected event." },
    answers: { 204: { description: "It is gone, or was not there." } },
  },
};
