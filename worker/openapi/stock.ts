import * as v from "valibot";
import { LEDGER_EVENTS } from "../../domain/stock/ledger.ts";
import { adjustmentSchema, ledgerQuery, stockSchema } from "../routes/inventory.ts";
import type { FieldNotes, Operations } from "./operation.ts";
import { countOf, date, nextCursor, time, told } from "./schemas.ts";

const incoming = told(
  v.array(v.strictObject({ quantity: countOf, eta: date })),
  "Deliveries on their way, earliest first.",
);

const units = {
  on_hand: countOf,
  reserved: told(countOf, "Held for baskets."),
  available: told(v.number(), "`on_hand` less `reserved`."),
  backordered: told(countOf, "Held or sold beyond what is there."),
  incoming,
};

export const stockAnswer = v.strictObject({
  sku: v.string(),
  ...units,
  locations: v.array(v.strictObject({ location: v.string(), ...units })),
  updated_at: time,
  lead_time_days: v.number(),
  review_period_days: v.number(),
  service_level: v.number(),
  unit_cost: v.optional(v.number()),
  unit_price: v.optional(v.number()),
  order_cost: v.optional(v.number()),
  holding_rate: v.optional(v.number()),
  pack_size: countOf,
  min_order: countOf,
  backorders: told(v.boolean(), "Whether more may be sold than there is."),
});

export const availability = v.strictObject({
  sku: v.string(),
  available: v.number(),
  backorders: v.optional(told(v.literal(true), "It may be sold although there is none.")),
});

const move = v.strictObject({
  location: v.string(),
  on_hand: v.number(),
  reserved: v.number(),
  backordered: v.number(),
});

export const ledgerPage = v.strictObject({
  items: v.array(
    v.strictObject({
      at: time,
      what: v.picklist(LEDGER_EVENTS),
      hold: v.optional(told(v.string(), "Of which hold.")),
      order_id: v.optional(v.string()),
      moves: told(v.array(move), "By how much each number changed, at each location."),
    }),
  ),
  next_cursor: nextCursor,
});

const PATH = { sku: "The stock keeping unit." };
const ETAG = { etag: "Version, for `If-Match`." };
const POLICY: FieldNotes = {
  on_hand: "Absolute. To change it for a known SKU, send `If-Match`.",
  location: "Where; `default` where absent.",
  lead_time_days: "From the order to its arrival.",
  review_period_days: "Between two orders.",
  service_level: "Share of lead times without a stock-out that is aimed at.",
  order_cost: "Of one order, whatever its size. With `unit_cost` it leads to the economic quantity.",
  holding_rate: "What keeping a unit for a year costs, as a share of its cost; 0.25 where absent.",
  pack_size: "Orders are a multiple of it.",
  min_order: "Smallest order.",
  backorders: "Whether more may be sold than there is.",
  incoming: "Deliveries on their way; the whole list.",
};
const shown = {
  sku: "22423",
  on_hand: 40,
  reserved: 2,
  available: 38,
  backordered: 0,
  incoming: [{ quantity: 60, eta: "2026-12-01" }],
  locations: [
    {
      location: "default",
      on_hand: 40,
      reserved: 2,
      available: 38,
      backordered: 0,
      incoming: [{ quantity: 60, eta: "2026-12-01" }],
    },
  ],
  updated_at: "2026-11-20T10:00:00.000Z",
  lead_time_days: 7,
  review_period_days: 7,
  service_level: 0.95,
  pack_size: 6,
  min_order: 0,
  backorders: false,
};

export const STOCK: Operations = {
  "GET /v1/inventory/:sku": {
    id: "getStock",
    tag: "Stock",
    summary: "Units of a SKU",
    description: "Everything with the secret key; with the write key only what is available.",
    path: PATH,
    answers: {
      200: {
        description: "Stock, or availability.",
        schema: v.union([stockAnswer, availability]),
        example: shown,
        headers: { etag: "Version, for `If-Match`; with the secret key." },
      },
    },
    problems: ["not_found", "unavailable"],
  },
  "PUT /v1/inventory/:sku": {
    id: "putStock",
    tag: "Stock",
    summary: "Set units and policy",
    description: "Creates a SKU. Fields not given stay.",
    path: PATH,
    headers: {
      "If-Match": {
        description:
          "The ETag read before, weak or not, or `*` to overwrite whatever there is: needed to change `on_hand` of a known SKU. A new SKU has none (412).",
      },
    },
    body: {
      schema: stockSchema,
      fields: POLICY,
      example: {
        on_hand: 40,
        lead_time_days: 7,
        pack_size: 6,
        incoming: [{ quantity: 60, eta: "2026-12-01" }],
      },
    },
    answers: {
      200: { description: "Changed.", schema: stockAnswer, example: shown, headers: ETAG },
      201: { description: "New.", schema: stockAnswer, example: shown, headers: ETAG },
    },
    problems: [
      "invalid_values",
      "not_found",
      "insufficient_stock",
      "precondition_failed",
      "precondition_required",
      "unavailable",
    ],
  },
  "POST /v1/inventory/:sku/adjustments": {
    id: "adjustStock",
    tag: "Stock",
    summary: "Add or take units",
    path: PATH,
    headers: {
      "Idempotency-Key": { description: "Any text of the caller's: a repeat is answered like the first." },
    },
    body: {
      schema: adjustmentSchema,
      fields: { delta: "Units; negative takes away.", location: "Where; `default` where absent." },
      example: { delta: 60, reason: "receipt" },
    },
    answers: {
      200: { description: "A repeat, answered again.", schema: stockAnswer, example: shown, headers: ETAG },
      201: { description: "Done.", schema: stockAnswer, example: shown, headers: ETAG },
    },
    problems: ["not_found", "insufficient_stock", "invalid_values", "idempotency_key_reused", "unavailable"],
  },
  "GET /v1/inventory/:sku/ledger": {
    id: "listLedger",
    tag: "Stock",
    summary: "What happened to a SKU's units",
    description: "The newest first. The numbers of its stock are the sums of the moves. Kept for 400 days.",
    path: PATH,
    query: {
      schema: ledgerQuery,
      fields: { limit: "Groups of entries that were decided together, at most." },
    },
    answers: {
      200: {
        description: "A page.",
        schema: ledgerPage,
        example: {
          items: [
            {
              at: "2026-11-20T10:00:00.000Z",
              what: "set",
              moves: [{ location: "default", on_hand: 40, reserved: 0, backordered: 0 }],
            },
          ],
        },
      },
    },
    problems: ["not_found", "unavailable"],
  },
};
