import * as v from "valibot";
import { compareTexts } from "../../domain/compare.ts";
import {
  LINE_QUANTITY_MAX,
  ORDER_LINES_MAX,
  RESERVATION_TTL_SECONDS_MAX,
  RESERVATIONS_PER_CALL_MAX,
} from "../../domain/limits.ts";
import type { BasketLine } from "../../domain/order/basket.ts";
import { summed } from "../../domain/stock/picking.ts";
import { id, price } from "./common.ts";

const TTL_SECONDS_DEFAULT = 900;

export const quantity = v.pipe(
  v.number("must be a whole number"),
  v.integer("must be a whole number"),
  v.minValue(1, "must not be less than 1"),
  v.maxValue(LINE_QUANTITY_MAX, `must not be more than ${LINE_QUANTITY_MAX}`),
);

const items = v.pipe(
  v.array(
    v.strictObject(
      { sku: id, quantity, location: v.optional(id), price: v.optional(price) },
      "must be an object: {sku, quantity}",
    ),
    "must be a list of {sku, quantity}",
  ),
  v.minLength(1, "must not be empty"),
  v.maxLength(ORDER_LINES_MAX, `must not hold more than ${ORDER_LINES_MAX} lines`),
);

const ttlRange = `must be a whole number of seconds from 1 to ${RESERVATION_TTL_SECONDS_MAX}`;
const reservation = {
  items,
  ttl_seconds: v.optional(
    v.pipe(
      v.number(ttlRange),
      v.integer(ttlRange),
      v.minValue(1, ttlRange),
      v.maxValue(RESERVATION_TTL_SECONDS_MAX, ttlRange),
    ),
    TTL_SECONDS_DEFAULT,
  ),
  owner: v.optional(id),
};

export const key = v.pipe(
  v.string("must be a text"),
  v.nonEmpty("must not be empty"),
  v.maxLength(256, "must not be longer than 256 characters"),
);

export const reservationSchema = v.strictObject(reservation, "must be an object");
export const reservationBatchSchema = v.strictObject(
  {
    reservations: v.pipe(
      v.array(
        v.strictObject({ ...reservation, idempotency_key: v.optional(key) }, "must be an object"),
        "must be a list of reservations",
      ),
      v.minLength(1, "must not be empty"),
      v.maxLength(
        RESERVATIONS_PER_CALL_MAX,
        `must not hold more than ${RESERVATIONS_PER_CALL_MAX} reservations`,
      ),
    ),
  },
  "must be an object",
);
export const commitSchema = v.strictObject({ order_id: v.optional(id) }, "must be an object");
export const orderSchema = v.strictObject({ order_id: id, items }, "must be an object");
export const returnSchema = v.strictObject(
  {
    items: v.pipe(
      v.array(v.strictObject({ sku: id, quantity }), "must be a list of {sku, quantity}"),
      v.minLength(1, "must not be empty"),
      v.maxLength(ORDER_LINES_MAX, `must not hold more than ${ORDER_LINES_MAX} lines`),
    ),
    restock: v.optional(v.boolean("must be true or false"), true),
  },
  "must be an object",
);

/** One line a SKU, in the order they first come: what is asked for several times is summed. */
export function linesOf(given: v.InferOutput<typeof items>): BasketLine[] {
  if (given.length === 1) {
    const { sku, quantity: units, location, price: paid } = given[0]!;
    const want = { quantity: units, ...(location !== undefined && { location }) };
    return [{ sku, wants: [want], ...(paid !== undefined && { price: paid }) }];
  }
  const lines = new Map<string, BasketLine>();
  for (const { sku, quantity: units, location, price: unitPrice } of given) {
    const before = lines.get(sku);
    const want = { quantity: units, ...(location !== undefined && { location }) };
    const paid = unitPrice ?? before?.price;
    lines.set(sku, {
      sku,
      wants: summed([...(before?.wants ?? []), want]),
      ...(paid !== undefined && { price: paid }),
    });
  }
  return [...lines.values()];
}

/** The same for the same lines in whatever order they came: a repeat is told from another request by it. */
export function inOneOrder(lines: readonly BasketLine[]): readonly BasketLine[] {
  if (lines.length === 1 && lines[0]!.wants.length === 1) return lines;
  return lines
    .map((line) => ({
      ...line,
      wants: line.wants.toSorted((a, b) => compareTexts(a.location ?? "", b.location ?? "")),
    }))
    .sort((a, b) => compareTexts(a.sku, b.sku));
}
