import * as v from "valibot";
import { INCOMING_MAX, LIST_ITEMS_MAX, REQUEST_BYTES_MAX, STOCK_UNITS_MAX } from "../../domain/limits.ts";
import { stockName } from "../../domain/object-names.ts";
import type { StockRefusal } from "../../domain/stock/decisions.ts";
import { ADJUSTMENT_REASONS, type LedgerEntry, movesOf } from "../../domain/stock/ledger.ts";
import type { LedgerPage } from "../../durable-objects/inventory-store.ts";
import type { StockView } from "../../durable-objects/rpc.ts";
import { readJson } from "../body.ts";
import { type Exchange, json } from "../exchange.ts";
import { idempotencyKeyOf } from "../idempotency-key.ts";
import { Problem } from "../problem.ts";
import { reachable, reachableOnce } from "../reachable.ts";
import { check, count, id, paramsOf, price } from "../schema/common.ts";
import { date } from "../schema/date.ts";
import { stockProblem } from "../stock-problem.ts";

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
    order_cost: v.optional(price),
    holding_rate: v.optional(
      v.pipe(
        v.number("must be a number"),
        v.minValue(0.001, "must be from 0.001 to 10"),
        v.maxValue(10, "must be from 0.001 to 10"),
      ),
    ),
    pack_size: v.optional(units(1)),
    min_order: v.optional(units(0)),
    backorders: v.optional(v.boolean("must be true or false")),
    incoming: v.optional(
      v.pipe(
        v.array(
          v.strictObject({
            quantity: units(1),
            eta: date,
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

/** Rows of the ledger: each holds what was decided together. */
export const ledgerQuery = v.object({
  limit: count(1, LIST_ITEMS_MAX, 50),
  cursor: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/, "is not a cursor of this list"))),
});

function stockOf({ env, params }: Exchange) {
  const sku = check(id, params["sku"], "invalid_request", "sku");
  return { sku, object: () => env.INVENTORY.getByName(stockName(sku)) };
}

/** `GET /v1/inventory/:sku`: everything with the secret key, what is available with the write key. */
export async function getStock(exchange: Exchange): Promise<Response> {
  const { sku, object } = stockOf(exchange);
  const stock = await reachable<StockView | StockRefusal>(() => object().read(exchange.now));
  if ("problem" in stock) throw stockProblem(stock, "path");
  if (exchange.access !== "secret") {
    return json({ sku, available: stock.available, ...(stock.policy.backorders && { backorders: true }) });
  }
  return stockJson(stock, 200);
}

/** `PUT /v1/inventory/:sku`: creates; changing `on_hand` of a known SKU needs `If-Match`. */
export async function putStock(exchange: Exchange): Promise<Response> {
  const { object } = stockOf(exchange);
  const { request, now } = exchange;
  const body = check(stockSchema, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  const ifMatch = request.headers.get("if-match");
  const asked = {
    now,
    policy: {
      ...(body.lead_time_days !== undefined && { leadTimeDays: body.lead_time_days }),
      ...(body.review_period_days !== undefined && { reviewPeriodDays: body.review_period_days }),
      ...(body.service_level !== undefined && { serviceLevel: body.service_level }),
      ...(body.unit_cost !== undefined && { unitCost: body.unit_cost }),
      ...(body.unit_price !== undefined && { unitPrice: body.unit_price }),
      ...(body.order_cost !== undefined && { orderCost: body.order_cost }),
      ...(body.holding_rate !== undefined && { holdingRate: body.holding_rate }),
      ...(body.pack_size !== undefined && { packSize: body.pack_size }),
      ...(body.min_order !== undefined && { minOrder: body.min_order }),
      ...(body.backorders !== undefined && { backorders: body.backorders }),
    },
    ...(body.on_hand !== undefined && { onHand: body.on_hand }),
    ...(body.location !== undefined && { location: body.location }),
    ...(body.incoming !== undefined && { incoming: body.incoming }),
    ...(ifMatch !== null && { ifMatch }),
  };
  const call = (): Promise<StockRefusal | { created: boolean; stock: StockView }> => object().put(asked);
  const isRepeatable = body.on_hand === undefined || ifMatch === "*";
  const answer = await (isRepeatable ? reachable(call) : reachableOnce(call));
  if ("problem" in answer) throw stockProblem(answer, "path");
  return stockJson(answer.stock, answer.created ? 201 : 200);
}

/** `POST /v1/inventory/:sku/adjustments` */
export async function adjustStock(exchange: Exchange): Promise<Response> {
  const { object } = stockOf(exchange);
  const { request, now } = exchange;
  const body = check(adjustmentSchema, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  const key = idempotencyKeyOf(request);
  const asked = {
    now,
    delta: body.delta,
    reason: body.reason,
    ...(body.location !== undefined && { location: body.location }),
    ...(key !== undefined && { idempotencyKey: key }),
  };
  const call = (): Promise<StockRefusal | { repeated: boolean; stock: StockView }> => object().adjust(asked);
  const answer = await (key === undefined ? reachableOnce(call) : reachable(call));
  if ("problem" in answer) throw stockProblem(answer, "path");
  return stockJson(answer.stock, answer.repeated ? 200 : 201);
}

/** `GET /v1/inventory/:sku/ledger?limit=&cursor=`: what happened, the newest first. */
export async function getLedger(exchange: Exchange): Promise<Response> {
  const { sku, object } = stockOf(exchange);
  const { limit, cursor } = check(ledgerQuery, paramsOf(exchange.request));
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const { rows, next } = await reachable<LedgerPage>(() => object().ledger(before, limit));
  if (rows.length === 0 && cursor === undefined) {
    throw new Problem("not_found", `${sku} has no stock yet.`);
  }
  return json({
    items: rows.flatMap(({ entries }) => entries.toReversed().map(entryJson)),
    ...(next !== undefined && { next_cursor: String(next) }),
  });
}

function entryJson(entry: LedgerEntry): Record<string, unknown> {
  return {
    at: new Date(entry.at).toISOString(),
    what: entry.what,
    ...("id" in entry && { hold: entry.id }),
    ...("orderId" in entry && { order_id: entry.orderId }),
    ...("order" in entry && { order_id: entry.order?.orderId }),
    moves: movesOf(entry).map(({ location, onHand = 0, reserved = 0, backordered = 0 }) => ({
      location,
      on_hand: onHand,
      reserved,
      backordered,
    })),
  };
}

function stockJson({ etag, policy, sellable: _, ...stock }: StockView, status: number): Response {
  const body = {
    ...stock,
    lead_time_days: policy.leadTimeDays,
    review_period_days: policy.reviewPeriodDays,
    service_level: policy.serviceLevel,
    ...(policy.unitCost !== undefined && { unit_cost: policy.unitCost }),
    ...(policy.unitPrice !== undefined && { unit_price: policy.unitPrice }),
    ...(policy.orderCost !== undefined && { order_cost: policy.orderCost }),
    ...(policy.holdingRate !== undefined && { holding_rate: policy.holdingRate }),
    pack_size: policy.packSize,
    min_order: policy.minOrder,
    backorders: policy.backorders,
  };
  return json(body, status, { etag });
}
