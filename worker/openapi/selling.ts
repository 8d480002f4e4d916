import * as v from "valibot";
import {
  commitSchema,
  orderSchema,
  reservationBatchSchema,
  reservationSchema,
  returnSchema,
} from "../schema/basket.ts";
import type { FieldNotes, Operations } from "./operation.ts";
import { countOf, problem, time, told } from "./schemas.ts";

const item = {
  sku: v.string(),
  quantity: countOf,
  backordered: v.optional(told(countOf, "Of these, units that are not there yet.")),
  locations: told(
    v.array(v.strictObject({ location: v.string(), quantity: countOf })),
    "Where they are taken from.",
  ),
};

export const reservation = v.strictObject({
  reservation_id: v.string(),
  status: v.picklist(["held", "committed", "released", "expired", "replaced"]),
  items: v.array(v.strictObject(item)),
  owner: v.optional(v.string()),
  order_id: v.optional(v.string()),
  expires_at: v.optional(told(time, "While it is held: it is good until then, not at it.")),
});

export const reservationResults = v.strictObject({
  results: told(
    v.array(
      v.union([
        v.strictObject({ status: v.picklist([200, 201]), reservation }),
        v.strictObject({ status: v.number(), problem }),
      ]),
    ),
    "In the order of the reservations.",
  ),
});

export const order = v.strictObject({
  order_id: v.string(),
  status: v.picklist(["committed", "cancelled"]),
  created_at: time,
  cancelled_at: v.optional(time),
  items: v.array(v.strictObject({ ...item, price: v.optional(v.number()) })),
  returns: v.array(
    v.strictObject({
      returned_at: time,
      restock: v.boolean(),
      items: v.array(v.strictObject({ sku: v.string(), quantity: countOf })),
    }),
  ),
});

const LINES: FieldNotes = {
  items: "Up to 100 lines; those of one SKU are summed.",
  "items.location": "Take them from there; from wherever they are where absent.",
  "items.price": "Of one unit; for the planner.",
};
const HOLD: FieldNotes = {
  ...LINES,
  ttl_seconds: "How long it is held; 15 minutes where absent.",
  owner:
    "A cart or customer, as the shop numbers them: it is kept with the stock, and an erasure of people does not reach it. " +
    "An owner has one hold: the next one takes its place, or leaves it as it is.",
};
const KEY = {
  "Idempotency-Key": {
    description: "Any text of the caller's, known for 24 hours: a repeat is answered with what there is.",
  },
};
const RESERVATION = { id: "The reservation." };
const ORDER = { id: "The order." };

const asked = { items: [{ sku: "22423", quantity: 2 }] };
const taken = { sku: "22423", quantity: 2, locations: [{ location: "default", quantity: 2 }] };
const held = {
  reservation_id: "r.p0XgkR2m3sQv9jT1cY7LwA",
  status: "held",
  items: [taken],
  expires_at: "2026-11-20T10:15:00.000Z",
};
const sold = {
  order_id: "order-1001",
  status: "committed",
  created_at: "2026-11-20T10:00:00.000Z",
  items: [taken],
  returns: [],
};

export const SELLING: Operations = {
  "POST /v1/reservations": {
    id: "reserve",
    tag: "Selling",
    summary: "Hold units",
    description: "All lines or none. A refusal tells every line that is short, and is not remembered.",
    headers: KEY,
    body: { schema: reservationSchema, fields: HOLD, example: { ...asked, ttl_seconds: 900 } },
    answers: {
      200: { description: "A repeat: the reservation as it is.", schema: reservation, example: held },
      201: {
        description: "Held.",
        schema: reservation,
        example: held,
        headers: { location: "Where it is read." },
      },
    },
    problems: [
      "insufficient_stock",
      "invalid_values",
      "unknown_sku",
      "idempotency_key_reused",
      "unavailable",
    ],
  },
  "POST /v1/reservations/batch": {
    id: "reserveMany",
    tag: "Selling",
    summary: "Hold units for many",
    description: "Up to 100 reservations, each answered on its own.",
    body: {
      schema: reservationBatchSchema,
      fields: {
        ...Object.fromEntries(Object.entries(HOLD).map(([name, note]) => [`reservations.${name}`, note])),
        "reservations.idempotency_key": "As the header `Idempotency-Key` of a single one.",
      },
      example: { reservations: [{ ...asked, idempotency_key: "checkout-77" }] },
    },
    answers: {
      200: {
        description: "What came of each.",
        schema: reservationResults,
        example: { results: [{ status: 201, reservation: held }] },
      },
    },
    problems: ["invalid_values"],
  },
  "GET /v1/reservations/:id": {
    id: "getReservation",
    tag: "Selling",
    summary: "A reservation",
    description: "Known for 24 hours after its end.",
    path: RESERVATION,
    answers: { 200: { description: "As it is.", schema: reservation, example: held } },
    problems: ["not_found", "unavailable"],
  },
  "POST /v1/reservations/:id/commit": {
    id: "commitReservation",
    tag: "Selling",
    summary: "Sell what is held",
    description: "All lines or none; never after its end. May be repeated.",
    path: RESERVATION,
    body: {
      schema: commitSchema,
      fields: {
        order_id:
          "Counts as this order's demand, of each SKU once however often the order is told. It makes no order: " +
          "/v1/orders knows those that are sold there.",
      },
      example: { order_id: "order-1001" },
      optional: true,
    },
    answers: {
      200: { description: "Sold.", schema: reservation, example: { ...held, status: "committed" } },
    },
    problems: ["not_found", "reservation_closed", "invalid_values", "unavailable"],
  },
  "POST /v1/reservations/:id/release": {
    id: "releaseReservation",
    tag: "Selling",
    summary: "Give up what is held",
    description: "May be repeated, and of one that has expired.",
    path: RESERVATION,
    answers: {
      200: { description: "Given up.", schema: reservation, example: { ...held, status: "released" } },
    },
    problems: ["not_found", "reservation_closed", "unavailable"],
  },
  "POST /v1/orders": {
    id: "placeOrder",
    tag: "Selling",
    summary: "Sell an order",
    description: "Checks, holds and sells in one: all lines or none, once per `order_id`.",
    body: {
      schema: orderSchema,
      fields: LINES,
      example: { order_id: "order-1001", items: [{ sku: "22423", quantity: 2, price: 12.75 }] },
    },
    answers: {
      200: { description: "A repeat: the order as it is.", schema: order, example: sold },
      201: { description: "Sold.", schema: order, example: sold, headers: { location: "Where it is read." } },
    },
    problems: ["insufficient_stock", "invalid_values", "unknown_sku", "order_exists", "unavailable"],
  },
  "GET /v1/orders/:id": {
    id: "getOrder",
    tag: "Selling",
    summary: "An order",
    path: ORDER,
    answers: { 200: { description: "As it is.", schema: order, example: sold } },
    problems: ["not_found", "unavailable"],
  },
  "POST /v1/orders/:id/cancel": {
    id: "cancelOrder",
    tag: "Selling",
    summary: "Cancel an order",
    description: "Every unit goes back to where it came from, and its demand is taken back. May be repeated.",
    path: ORDER,
    answers: {
      200: {
        description: "Cancelled.",
        schema: order,
        example: { ...sold, status: "cancelled", cancelled_at: "2026-11-20T11:00:00.000Z" },
      },
    },
    problems: ["not_found", "order_closed", "unavailable"],
  },
  "POST /v1/orders/:id/returns": {
    id: "returnItems",
    tag: "Selling",
    summary: "Take units of an order back",
    description: "They go back to where they came from. Its demand stays.",
    path: ORDER,
    headers: KEY,
    body: {
      schema: returnSchema,
      fields: { items: "Units of each SKU.", restock: "False: they are not put back for sale." },
      example: asked,
    },
    answers: {
      200: { description: "A repeat.", schema: order, example: sold },
      201: { description: "Taken back.", schema: order, example: sold },
    },
    problems: [
      "not_found",
      "order_closed",
      "not_returnable",
      "invalid_values",
      "idempotency_key_reused",
      "unavailable",
    ],
  },
};
