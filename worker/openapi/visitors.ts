import * as v from "valibot";
import type { Operations } from "./operation.ts";
import { countOf, recorded, time, told } from "./schemas.ts";

const interest = {
  affinity: told(v.pipe(v.number(), v.minValue(0), v.maxValue(1)), "Decaying interest, 0 to 1."),
  views: countOf,
  carts: countOf,
  purchases: countOf,
  last_seen: time,
};

const profile = {
  first_seen: time,
  last_seen: time,
  counts: v.strictObject({
    views: countOf,
    carts: countOf,
    purchases: told(v.number(), "Units bought, less what was returned."),
    orders: countOf,
    sessions: countOf,
  }),
  categories: told(v.array(v.strictObject({ category: v.string(), ...interest })), "The strongest first."),
  brands: told(v.array(v.strictObject({ brand: v.string(), ...interest })), "The strongest first."),
  price: told(
    v.array(
      v.strictObject({
        category: v.string(),
        currency: v.string(),
        p10: v.number(),
        p50: v.number(),
        p90: v.number(),
      }),
    ),
    "Prices looked at.",
  ),
  value: v.strictObject({
    recency_days: told(v.nullable(countOf), "Since the last order; null without one."),
    frequency: told(countOf, "Orders."),
    monetary: v.array(v.strictObject({ currency: v.string(), amount: v.number() })),
  }),
  rhythm: v.strictObject({
    hours: told(v.array(countOf), "Activities by hour of the day, UTC."),
    weekdays: told(v.array(countOf), "Activities by day of the week, from Sunday, UTC."),
  }),
  recent: told(
    v.array(v.strictObject({ product_id: v.string(), last_seen: time, views: countOf })),
    "Newest first.",
  ),
  cart: v.array(v.strictObject({ product_id: v.string(), quantity: v.number() })),
};

const who = {
  user_id: v.optional(told(v.string(), "The id asked for, when it is a user's.")),
  anonymous_id: v.optional(told(v.string(), "The id asked for, when it is an anonymous one.")),
  user_ids: told(v.array(v.string()), "Every user id of the visitor."),
  anonymous_ids: told(v.array(v.string()), "Every anonymous id that has joined the visitor."),
};
const known = { user_id: "customer-7", user_ids: ["customer-7"], anonymous_ids: ["5c0e-91"] };

export const profileAnswer = v.strictObject({ ...who, ...profile });

const activity = v.strictObject({
  ...recorded.entries,
  anonymous_id: v.optional(
    told(v.string(), "The anonymous id it came by, where that has joined the visitor."),
  ),
});

export const exportAnswer = v.strictObject({
  ...who,
  profile: v.strictObject(profile),
  held: v.strictObject({
    message_hashes: told(countOf, "Kept so that a repeated message does not count; they name nobody."),
    packets_on_their_way: told(countOf, "Counts by product that the model has not acknowledged."),
    order_lines_on_their_way: told(countOf, "Lines of orders that the planner has not acknowledged."),
  }),
  activities: told(v.array(activity), "Every stored activity, newest first."),
});

const PATH = { id: "A user id, or an anonymous id where no user has it; any id of a visitor will do." };
const shown = {
  first_seen: "2026-11-01T09:00:00.000Z",
  last_seen: "2026-11-20T10:00:00.000Z",
  counts: { views: 12, carts: 2, purchases: 1, orders: 1, sessions: 3 },
  categories: [
    {
      category: "Kitchen",
      affinity: 0.74,
      views: 9,
      carts: 2,
      purchases: 1,
      last_seen: "2026-11-20T10:00:00.000Z",
    },
  ],
  brands: [],
  price: [{ category: "Kitchen", currency: "GBP", p10: 2.1, p50: 4.95, p90: 12.75 }],
  value: { recency_days: 4, frequency: 1, monetary: [{ currency: "GBP", amount: 12.75 }] },
  rhythm: { hours: new Array<number>(24).fill(0).with(10, 12), weekdays: [0, 4, 4, 0, 0, 4, 0] },
  recent: [{ product_id: "22423", last_seen: "2026-11-20T10:00:00.000Z", views: 3 }],
  cart: [{ product_id: "22722", quantity: 1 }],
};

export const VISITORS: Operations = {
  "GET /v1/users/:id": {
    id: "getUser",
    tag: "Visitors",
    summary: "A visitor's live profile",
    path: PATH,
    answers: {
      200: {
        description: "The profile.",
        schema: profileAnswer,
        example: { ...known, ...shown },
      },
    },
    problems: ["not_found"],
  },
  "GET /v1/users/:id/export": {
    id: "exportUser",
    tag: "Visitors",
    summary: "Everything held about a visitor",
    description: "As NDJSON, one activity a line, where `Accept` names it.",
    path: PATH,
    answers: {
      200: {
        description: "Profile and activities.",
        schema: exportAnswer,
        ndjson: "One activity a line, newest first.",
        example: {
          ...known,
          profile: shown,
          held: { message_hashes: 31, packets_on_their_way: 0, order_lines_on_their_way: 0 },
          activities: [],
        },
      },
    },
    problems: ["not_found"],
  },
  "DELETE /v1/users/:id": {
    id: "eraseUser",
    tag: "Visitors",
    summary: "Erase a visitor",
    description:
      "Under all ids, for good: a late retry of an erased event does not bring the past back. Repeating it is no error.",
    path: PATH,
    answers: { 204: { description: "Nothing is held of the person any more." } },
    problems: ["unavailable"],
  },
};
