// Pieces of answers that several routes share.
import * as v from "valibot";
import { ACTIVITY_KINDS } from "../../domain/activity.ts";
import { STRATEGIES } from "../../domain/recommendation.ts";
import { PROBLEMS, type ProblemCode } from "../problem.ts";

/** A schema with words about it. */
export function told<S extends v.GenericSchema>(schema: S, description: string) {
  return v.pipe(schema, v.description(description));
}

export const whole = v.pipe(v.number(), v.integer());
export const countOf = v.pipe(v.number(), v.integer(), v.minValue(0));
export const date = v.pipe(v.string(), v.isoDate());
export const time = v.pipe(v.string(), v.isoTimestamp());

export const fieldError = v.strictObject({
  path: told(
    v.string(),
    "Where: `batch.0.userId`, the name of a parameter, or empty for the body as a whole.",
  ),
  detail: told(v.string(), "What is wrong with it."),
});

export const shortage = v.strictObject({
  sku: v.string(),
  requested: v.number(),
  available: v.number(),
  location: v.optional(told(v.string(), "Where a line asked for one.")),
});

const codes = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** RFC 9457. */
export const problem = v.strictObject({
  type: told(v.string(), "Stable address of the kind of problem."),
  title: v.string(),
  status: whole,
  detail: told(v.string(), "What went wrong this time."),
  code: told(v.picklist(codes), "The same as `type`, short."),
  errors: v.optional(told(v.array(fieldError), "Each wrong field.")),
  wrong: v.optional(told(countOf, "Wrong fields in all, where not each is told.")),
  items: v.optional(told(v.array(shortage), "For stock: what was asked for and what there is.")),
  reservation: v.optional(
    told(
      v.strictObject({ reservation_id: v.string(), status: v.string() }),
      "The reservation that does not hold any more.",
    ),
  ),
  message_id: v.optional(told(v.nullable(v.string()), "For a single event: its message id.")),
  taken: v.optional(
    told(
      countOf,
      "For an import: messages from the first one on that need not be sent again; go on behind them.",
    ),
  ),
  accepted: v.optional(told(countOf, "For an import: messages counted before it went wrong.")),
  duplicates: v.optional(told(countOf, "For an import: messages that had been counted before.")),
  rejected: v.optional(told(v.array(v.unknown()), "For an import: messages that were not taken, and why.")),
  rejected_omitted: v.optional(told(countOf, "For an import: further ones.")),
});

export const product = v.strictObject({
  product_id: v.string(),
  name: v.optional(v.string()),
  category: v.optional(v.string()),
  brand: v.optional(v.string()),
  price: v.optional(v.number()),
  currency: v.optional(told(v.string(), "ISO 4217.")),
  image_url: v.optional(v.string()),
  url: v.optional(v.string()),
});

export const recommendation = v.strictObject({
  product_id: v.string(),
  score: told(v.number(), "Not increasing along the list; comparable within one answer only."),
  strategy: told(v.picklist(STRATEGIES), "What put it here."),
  because: v.optional(
    told(v.strictObject({ product_id: v.string() }), "The visitor's product that it follows from."),
  ),
  product,
});

export const modelVersion = told(countOf, "Of the published model it was computed from; 0: none yet.");

export const nextCursor = v.optional(
  told(v.string(), "Send it as `cursor` for the next page; absent on the last one."),
);

/** An activity as it is stored. */
export const recorded = v.strictObject({
  message_id: v.string(),
  timestamp: time,
  kind: v.picklist(ACTIVITY_KINDS),
  name: told(v.string(), "Name of the event as sent."),
  order_id: v.optional(v.string()),
  currency: v.optional(v.string()),
  value: v.optional(told(v.number(), "Total of the order or refund.")),
  detail: v.optional(told(v.string(), "Search words, name of a list or coupon.")),
  products: v.array(
    v.strictObject({
      product_id: v.string(),
      sku: v.string(),
      quantity: v.number(),
      name: v.optional(v.string()),
      category: v.optional(v.string()),
      brand: v.optional(v.string()),
      price: v.optional(v.number()),
      image_url: v.optional(v.string()),
      url: v.optional(v.string()),
    }),
  ),
});
