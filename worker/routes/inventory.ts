import * as v from "valibot";
import { INCOMING_MAX, REQUEST_BYTES_MAX, STOCK_UNITS_MAX } from "../../domain/limits.ts";
import { ADJUSTMENT_REASONS, type StockProblemCode, type StockRefusal } from "../../domain/stock.ts";
import type { StockView } from "../../durable-objects/rpc.ts";
import { readJson } from "../body.ts";
import { type Exchange, json } from "../exchange.ts";
import { Problem } from "../problem.ts";
import { check, id, price } from "../schema/common.ts";

const units = (min: number) =>
  v.pipe(
    v.number("must be a whole number"),
    v.integer("must be a whole number"),
    v.minValue(min, `must not be less than ${min}`),
    v.maxValue(STOCK_UNITS_MAX, `must not be more than ${STOCK_UNITS_MAX}`),
  );
const days = (min: number, max: number) =>
  v.pipe(
    v.number("must be a number of days"),
    v.minValue(min, `must be from ${min} to ${max}`),
    v.maxValue(max, `must be from ${min} to ${max}`),
  );

export const stockSchema = v.strictObject(
  {
    on_hand: v.optional(units(0)),
    location: v.optional(id),
    lead_time_days: v.optional(days(0, 365)),
    review_period_days: v.optional(days(0, 365)),
    service_level: v.optional(
      v.pipe(
        v.number("must be a number"),
        v.minValue(0.5, "must be from 0.5 to 0.999"),
        v.maxValue(0.999, "must be from 0.5 to 0.999"),
      ),
    ),
    unit_cost: v.optional(price),
    unit_price: v.optional(price),
    pack_size: v.optional(units(1)),
    min_order: v.optional(units(0)),
    incoming: v.optional(
      v.pipe(
        v.array(
          v.strictObject({
            quantity: units(1),
            eta: v.pipe(v.string("must be a date"), v.isoDate("must be a date (YYYY-MM-DD)")),
          }),
          "must be a list of {quantity, eta}",
        ),
        v.maxLength(INCOMING_MAX, `must not hold more than ${INCOMING_MAX} deliveries`),
      ),
    ),
  },
  "must be an object",
);

export const adjustmentSchema = v.strictObject(
  {
    delta: v.pipe(units(-STOCK_UNITS_MAX), v.notValue(0, "must not be 0")),
    reason: v.picklist(ADJUSTMENT_REASONS, `must be one of ${ADJUSTMENT_REASONS.join(", ")}`),
    location: v.optional(id),
  },
  "must be an object",
);

const idempotencyKey = v.optional(
  v.nullable(v.pipe(v.string(), v.nonEmpty(), v.maxLength(256, "must not be longer than 256 characters"))),
);

function stockOf({ env, params }: Exchange) {
  const sku = check(id, params["sku"], "invalid_request", "sku");
  return { sku, object: env.INVENTORY.getByName(`s:${sku}`) };
}

/** `GET /v1/inventory/:sku`: everything with the secret key, what is available with the write key. */
export async function getStock(exchange: Exchange): Promise<Response> {
  const { sku, object } = stockOf(exchange);
  const stock = await object.read();
  if ("problem" in stock) throw problemOf(stock);
  if (exchange.access !== "secret") return json({ sku, available: stock.available });
  return stockJson(stock, 200);
}

/** `PUT /v1/inventory/:sku`: creates; changing `on_hand` of a known SKU needs `If-Match`. */
export async function putStock(exchange: Exchange): Promise<Response> {
  const { sku, object } = stockOf(exchange);
  const { request, now } = exchange;
  const body = check(stockSchema, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  const ifMatch = request.headers.get("if-match");
  const answer = await object.put({
    sku,
    now,
    policy: {
      ...(body.lead_time_days !== undefined && { leadTimeDays: body.lead_time_days }),
      ...(body.review_period_days !== undefined && { reviewPeriodDays: body.review_period_days }),
      ...(body.service_level !== undefined && { serviceLevel: body.service_level }),
      ...(body.unit_cost !== undefined && { unitCost: body.unit_cost }),
      ...(body.unit_price !== undefined && { unitPrice: body.unit_price }),
      ...(body.pack_size !== undefined && { packSize: body.pack_size }),
      ...(body.min_order !== undefined && { minOrder: body.min_order }),
    },
    ...(body.on_hand !== undefined && { on_hand: body.on_hand }),
    ...(body.location !== undefined && { location: body.location }),
    ...(body.incoming !== undefined && { incoming: body.incoming }),
    ...(ifMatch !== null && { ifMatch }),
  });
  if ("problem" in answer) throw problemOf(answer);
  return stockJson(answer.stock, answer.created ? 201 : 200);
}

/** `POST /v1/inventory/:sku/adjustments` */
export async function adjustStock(exchange: Exchange): Promise<Response> {
  const { sku, object } = stockOf(exchange);
  const { request, now } = exchange;
  const body = check(adjustmentSchema, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  const key = check(
    idempotencyKey,
    request.headers.get("idempotency-key"),
    "invalid_request",
    "Idempotency-Key",
  );
  const answer = await object.adjust({
    sku,
    now,
    delta: body.delta,
    reason: body.reason,
    ...(body.location !== undefined && { location: body.location }),
    ...(key != null && { idempotencyKey: key }),
  });
  if ("problem" in answer) throw problemOf(answer);
  return stockJson(answer.stock, answer.repeated ? 200 : 201);
}

function stockJson({ etag, policy, ...stock }: StockView, status: number): Response {
  const body = {
    ...stock,
    lead_time_days: policy.leadTimeDays,
    review_period_days: policy.reviewPeriodDays,
    service_level: policy.serviceLevel,
    ...(policy.unitCost !== undefined && { unit_cost: policy.unitCost }),
    ...(policy.unitPrice !== undefined && { unit_price: policy.unitPrice }),
    pack_size: policy.packSize,
    min_order: policy.minOrder,
  };
  return json(body, status, { etag });
}

const CODES = {
  unknown_sku: "not_found",
  on_hand_required: "invalid_values",
  too_many_locations: "invalid_values",
  too_much_stock: "invalid_values",
  precondition_required: "precondition_required",
  precondition_failed: "precondition_failed",
  insufficient_stock: "insufficient_stock",
  idempotency_key_reused: "idempotency_key_reused",
} as const satisfies Record<StockProblemCode, string>;

function problemOf({ problem, detail, items }: StockRefusal): Problem {
  return new Problem(CODES[problem], detail, items === undefined ? {} : { items });
}
