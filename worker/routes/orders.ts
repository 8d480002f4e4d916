import { hash53 } from "../../domain/hash.ts";
import { REQUEST_BYTES_MAX } from "../../domain/limits.ts";
import type { BasketAnswer, BasketView } from "../../durable-objects/rpc.ts";
import { readJson } from "../body.ts";
import { type Exchange, json } from "../exchange.ts";
import { idempotencyKeyOf } from "../idempotency-key.ts";
import { Problem } from "../problem.ts";
import { reachable } from "../reachable.ts";
import { inOneOrder, linesOf, orderSchema, returnSchema } from "../schema/basket.ts";
import { check, id } from "../schema/common.ts";
import { stockProblem } from "../stock-problem.ts";
import { itemJson } from "./reservations.ts";

function orderOf({ env, params }: Exchange) {
  const orderId = check(id, params["id"], "invalid_request", "id");
  return { orderId, object: () => env.ORDER.getByName(`o:${orderId}`) };
}

/** `POST /v1/orders`: every line is sold, or none. */
export async function postOrder({ env, request, now }: Exchange): Promise<Response> {
  const body = check(orderSchema, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  const { order_id: orderId } = body;
  const lines = linesOf(body.items);
  const order = { lines, orderId, request: hash53(JSON.stringify(inOneOrder(lines))) };
  return orderJson(() => env.ORDER.getByName(`o:${orderId}`).place(order, now), 201, {
    location: `/v1/orders/${encodeURIComponent(orderId)}`,
  });
}

/** `GET /v1/orders/:id` */
export async function getOrder(exchange: Exchange): Promise<Response> {
  const { orderId, object } = orderOf(exchange);
  const basket = await reachable<BasketView | undefined>(() => object().read(undefined, exchange.now));
  if (basket === undefined) throw new Problem("not_found", `There is no order ${orderId}.`);
  return json(viewOf(basket));
}

/** `POST /v1/orders/:id/cancel`: every unit goes back to where it came from, and its demand is taken back. */
export async function cancelOrder(exchange: Exchange): Promise<Response> {
  const { object } = orderOf(exchange);
  return orderJson(() => object().cancel(exchange.now), 200);
}

/** `POST /v1/orders/:id/returns`: some units come back, to be sold again unless `restock` is false. */
export async function returnOrder(exchange: Exchange): Promise<Response> {
  const { object } = orderOf(exchange);
  const { request, now } = exchange;
  const body = check(returnSchema, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  const key = idempotencyKeyOf(request) ?? crypto.randomUUID();
  const items = inOneOrder(linesOf(body.items)).map(({ sku, wants }) => ({
    sku,
    quantity: wants[0]!.quantity,
  }));
  const { restock } = body;
  const asked = { key, items, restock, request: hash53(JSON.stringify([items, restock])) };
  return orderJson(() => object().giveBack(asked, now), 201);
}

async function orderJson(
  call: () => Promise<BasketAnswer>,
  status: number,
  headers: Record<string, string> = {},
): Promise<Response> {
  const answer = await reachable(call);
  if ("problem" in answer) throw stockProblem(answer, "body");
  return json(viewOf(answer.basket), answer.repeated ? 200 : status, headers);
}

function viewOf({ orderId, status, madeAt, cancelledAt, items, returns = [] }: BasketView) {
  return {
    order_id: orderId,
    status,
    created_at: new Date(madeAt).toISOString(),
    ...(cancelledAt !== undefined && { cancelled_at: new Date(cancelledAt).toISOString() }),
    items: items.map(({ sku, quantity, parts, price }) => ({
      ...itemJson(sku, quantity, parts),
      ...(price !== undefined && { price }),
    })),
    returns: returns.map(({ at, ...one }) => ({ returned_at: new Date(at).toISOString(), ...one })),
  };
}
