import type { InferOutput } from "valibot";
import { hash53 } from "../../domain/hash.ts";
import { REQUEST_BYTES_MAX, SKUS_AT_ONCE_MAX } from "../../domain/limits.ts";
import { stockName } from "../../domain/object-names.ts";
import type { BasketLine } from "../../domain/order/basket.ts";
import type { HoldRequest, StockRefusal } from "../../domain/stock/decisions.ts";
import { type Part, unitsOf } from "../../domain/stock/ledger.ts";
import type { Reservation } from "../../domain/stock/reservation.ts";
import type { Env } from "../../durable-objects/env.ts";
import type { BasketAnswer, BasketView, ReservationAnswer } from "../../durable-objects/rpc.ts";
import { parseJson, readJson, readText } from "../body.ts";
import { type Exchange, json, posted } from "../exchange.ts";
import { holdTogether } from "../gathered-holds.ts";
import { idempotencyKeyOf } from "../idempotency-key.ts";
import { Problem } from "../problem.ts";
import { reachable } from "../reachable.ts";
import { placeOf, type ReservationPlace, reservationId, type SkuPlace, tailOf } from "../reservation-id.ts";
import {
  commitSchema,
  inOneOrder,
  linesOf,
  reservationBatchSchema,
  reservationSchema,
} from "../schema/basket.ts";
import { check } from "../schema/common.ts";
import { stockProblem } from "../stock-problem.ts";

type Asked = InferOutput<typeof reservationSchema>;

/** A reservation on its way: of one SKU at its stock, of several or of an owner in an `Order`. */
type Routed = SkuRouted | BasketRouted;
interface SkuRouted {
  readonly place: SkuPlace;
  readonly hold: HoldRequest;
}
interface BasketRouted {
  readonly place: Exclude<ReservationPlace, SkuPlace>;
  readonly asked: Asked;
  readonly key: string | undefined;
}

/** `POST /v1/reservations`: holds every line, or none. */
export async function postReservation(exchange: Exchange): Promise<Response> {
  const { request } = exchange;
  const asked = check(reservationSchema, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  const routed = await routeOf(asked, idempotencyKeyOf(request), exchange.now);
  const answer = "hold" in routed ? (await held([routed], exchange))[0]! : await placed(routed, exchange);
  if (answer instanceof Problem) throw answer;
  const { reservation, repeated } = answer;
  const location = `/v1/reservations/${reservation.reservation_id}`;
  return posted(reservation, repeated ? 200 : 201, { location });
}

/** `POST /v1/reservations/batch`: each on its own. */
export async function postReservations(exchange: Exchange): Promise<Response> {
  const given = await readJson(exchange.request, REQUEST_BYTES_MAX);
  const body = check(reservationBatchSchema, given, "invalid_values");
  const answers = await reserve(
    body.reservations.map(({ idempotency_key: key, ...asked }) => ({ asked, key })),
    exchange,
  );
  return posted({
    results: answers.map((answer) =>
      answer instanceof Problem
        ? { status: answer.status, problem: answer.body }
        : { status: answer.repeated ? 200 : 201, reservation: answer.reservation },
    ),
  });
}

/** `GET /v1/reservations/:id` */
export async function getReservation({ env, params, now }: Exchange): Promise<Response> {
  const place = knownPlace(params);
  if (place.kind === "sku") {
    const found = await reachable<Reservation | undefined>(() =>
      stockOf(env, place.sku).reservation(place.tail, now),
    );
    if (found === undefined) throw unknownReservation(params);
    return json(ofSku(place, found));
  }
  const basket = await reachable<BasketView | undefined>(() => {
    const { object, attempt } = orderOf(env, place);
    return object.read(attempt, now);
  });
  if (basket === undefined) throw unknownReservation(params);
  return json(ofBasket(place, basket));
}

/** `POST /v1/reservations/:id/commit`: the units are sold; with an `order_id` they are its demand. */
export async function commitReservation({ env, request, params, now }: Exchange): Promise<Response> {
  const place = knownPlace(params);
  const text = await readText(request, REQUEST_BYTES_MAX);
  const body = check(commitSchema, text.trim() === "" ? {} : parseJson(text), "invalid_values");
  if (place.kind === "sku") {
    const sale = body.order_id === undefined ? {} : { orderId: body.order_id };
    return closedOfSku(place, () => stockOf(env, place.sku).commit(place.tail, sale, now));
  }
  return closedOfBasket(place, () => {
    const { object, attempt } = orderOf(env, place);
    return object.commit(attempt, body.order_id, now);
  });
}

/** `POST /v1/reservations/:id/release` */
export async function releaseReservation({ env, params, now }: Exchange): Promise<Response> {
  const place = knownPlace(params);
  if (place.kind === "sku") {
    return closedOfSku(place, () => stockOf(env, place.sku).release(place.tail, { ahead: false }, now));
  }
  return closedOfBasket(place, () => {
    const { object, attempt } = orderOf(env, place);
    return object.release(attempt, now);
  });
}

interface Reserved {
  readonly reservation: ReservationJson;
  readonly repeated: boolean;
}

/** At most one call a SKU for what needs no `Order`, one call a basket for the others. */
async function reserve(
  all: readonly { asked: Asked; key: string | undefined }[],
  exchange: Exchange,
): Promise<(Reserved | Problem)[]> {
  const routed = await Promise.all(all.map(({ asked, key }) => routeOf(asked, key, exchange.now)));
  const answers: (Reserved | Problem)[] = new Array(routed.length);
  const byObject = new Map<string, number[]>();
  for (const [i, one] of routed.entries()) {
    const object = objectOf(one, i);
    const known = byObject.get(object);
    if (known !== undefined) known.push(i);
    else byObject.set(object, [i]);
  }
  // Shared by all who work, and taken in order: of several who want the last unit the first one gets it.
  const waiting = byObject.values();
  const work = async () => {
    for (const indexes of waiting) {
      const ones = indexes.map((i) => routed[i]!);
      const answered = await (ones.every(isOfSku) ? held(ones, exchange) : inTurn(ones, exchange)).catch(
        problemOnly,
      );
      indexes.forEach((i, n) => {
        answers[i] = answered instanceof Problem ? answered : answered[n]!;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(SKUS_AT_ONCE_MAX, byObject.size) }, work));
  return answers;
}

/** What is asked of one object goes there together: of a SKU's stock in one call, of an owner's in turn. */
function objectOf({ place }: Routed, index: number): string {
  if (place.kind === "sku") return `s:${place.sku}`;
  return place.kind === "owner" ? `w:${place.owner}` : `r:${index}`;
}

function isOfSku(one: Routed): one is SkuRouted {
  return "hold" in one;
}

async function inTurn(ones: readonly Routed[], exchange: Exchange): Promise<(Reserved | Problem)[]> {
  const answers: (Reserved | Problem)[] = [];
  for (const one of ones) answers.push(await placed(one as BasketRouted, exchange).catch(problemOnly));
  return answers;
}

async function routeOf(asked: Asked, key: string | undefined, now: number): Promise<Routed> {
  const { owner, ttl_seconds } = asked;
  if (owner !== undefined) return { place: { kind: "owner", owner, attempt: 0 }, asked, key };
  const tail = await tailOf(key);
  const lines = linesOf(asked.items);
  if (lines.length > 1) return { place: { kind: "basket", tail }, asked, key };
  const { sku, wants, price } = lines[0]!;
  const hold: HoldRequest = {
    id: tail,
    wants,
    expiresAt: now + ttl_seconds * 1000,
    ...(key !== undefined && { request: requestOf(lines, asked) }),
    ...(price !== undefined && { price }),
  };
  return { place: { kind: "sku", sku, tail }, hold };
}

/** All of one SKU. */
async function held(all: readonly SkuRouted[], exchange: Exchange): Promise<(Reserved | Problem)[]> {
  const holds = all.map(({ hold }) => hold);
  const answers = await reachable(() => holdTogether(all[0]!.place.sku, holds, exchange));
  return answers.map((answer, i) => ofHold(all[i]!.place, answer));
}

async function placed(
  { place, asked, key }: BasketRouted,
  { now, env }: Exchange,
): Promise<Reserved | Problem> {
  const lines = linesOf(asked.items);
  const basket = {
    lines,
    request: requestOf(lines, asked),
    expiresAt: now + asked.ttl_seconds * 1000,
    ...(key !== undefined && { key }),
  };
  const answer = await reachable<BasketAnswer>(() => orderOf(env, place).object.place(basket, now));
  if ("problem" in answer) return stockProblem(answer, "body");
  return { reservation: ofBasket(place, answer.basket), repeated: answer.repeated };
}

/** One that cannot be answered does not spoil the others. */
function problemOnly(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

function requestOf(lines: readonly BasketLine[], { ttl_seconds, owner }: Asked): number {
  return hash53(JSON.stringify([inOneOrder(lines), ttl_seconds, owner]));
}

function stockOf(env: Env, sku: string) {
  return env.INVENTORY.getByName(stockName(sku));
}

function orderOf(env: Env, place: ReservationPlace) {
  if (place.kind === "owner") {
    return { object: env.ORDER.getByName(`w:${place.owner}`), attempt: place.attempt };
  }
  const tail = place.kind === "basket" ? place.tail : "";
  return { object: env.ORDER.getByName(`r:${tail}`), attempt: undefined };
}

function knownPlace(params: Exchange["params"]): ReservationPlace {
  const place = placeOf(params["id"] ?? "");
  if (place === undefined) throw unknownReservation(params);
  return place;
}

function unknownReservation(params: Exchange["params"]): Problem {
  return new Problem("not_found", `There is no reservation ${params["id"]}.`);
}

interface ReservationJson {
  readonly reservation_id: string;
  readonly status: string;
  readonly items: readonly object[];
}

function ofSku(place: SkuPlace, reservation: Reservation): ReservationJson {
  const { status, parts } = reservation;
  return {
    reservation_id: reservationId(place),
    status,
    items: [itemJson(place.sku, unitsOf(parts), parts)],
    ...("expiresAt" in reservation && { expires_at: new Date(reservation.expiresAt).toISOString() }),
    ...("orderId" in reservation && { order_id: reservation.orderId }),
  };
}

function ofHold(place: SkuPlace, answer: ReservationAnswer): Reserved | Problem {
  if ("problem" in answer) return stockProblem(answer, "body");
  return { reservation: ofSku(place, answer.reservation), repeated: answer.repeated };
}

function ofBasket(place: ReservationPlace, basket: BasketView): ReservationJson {
  const { status, items, expiresAt, orderId, attempt } = basket;
  return {
    reservation_id: reservationId(place.kind === "owner" ? { ...place, attempt } : place),
    status,
    items: items.map(({ sku, quantity, parts }) => itemJson(sku, quantity, parts)),
    ...(place.kind === "owner" && { owner: place.owner }),
    ...(expiresAt !== undefined && status === "held" && { expires_at: new Date(expiresAt).toISOString() }),
    ...(orderId !== undefined && { order_id: orderId }),
  };
}

export function itemJson(sku: string, quantity: number, parts: readonly Part[]) {
  const backordered = parts.reduce((sum, part) => sum + (part.backordered ?? 0), 0);
  return {
    sku,
    quantity,
    ...(backordered > 0 && { backordered }),
    locations: parts.map((part) => ({
      location: part.location,
      quantity: part.units + (part.backordered ?? 0),
    })),
  };
}

async function closedOfSku(
  place: SkuPlace,
  call: () => Promise<{ reservation: Reservation } | StockRefusal>,
): Promise<Response> {
  const answer = await reachable(call);
  if ("problem" in answer) throw closedProblem(answer, reservationId(place), answer.reservation?.status);
  return json(ofSku(place, answer.reservation));
}

async function closedOfBasket(place: ReservationPlace, call: () => Promise<BasketAnswer>): Promise<Response> {
  const answer = await reachable(call);
  if ("problem" in answer) throw closedProblem(answer, reservationId(place), answer.status);
  return json(ofBasket(place, answer.basket));
}

function closedProblem(refusal: StockRefusal, id: string, status: string | undefined): Problem {
  const problem = stockProblem(refusal, "body");
  if (status === undefined) return problem;
  return new Problem(problem.code, problem.message, { reservation: { reservation_id: id, status } });
}
