// What may be done to a SKU's stock. A decision records what follows from it in the book, or is refused and leaves
// the book as it was.
import { dayOfIsoDate } from "../calendar.ts";
import { LINE_QUANTITY_MAX, LOCATIONS_MAX, OPEN_RESERVATIONS_MAX, STOCK_UNITS_MAX } from "../limits.ts";
import {
  type AdjustmentReason,
  DEFAULT_LOCATION,
  type Delivery,
  movesBetween,
  type Part,
  partAt,
  partsForBoth,
  type StockPolicy,
} from "./ledger.ts";
import { type Free, pick, type Want } from "./picking.ts";
import type { Pinned, Reservation } from "./reservation.ts";
import type { LocationStock, StockBook } from "./stock-book.ts";

export type StockProblemCode =
  | "unknown_sku"
  | "on_hand_required"
  | "too_many_locations"
  | "too_much_stock"
  | "too_many_reservations"
  | "precondition_required"
  | "precondition_failed"
  | "insufficient_stock"
  | "idempotency_key_reused"
  | "reservation_unknown"
  | "reservation_closed"
  | "order_unknown"
  | "order_exists"
  | "order_closed"
  | "not_returnable"
  | "unfinished";

/** What was asked for and what there was. */
export interface Shortage {
  readonly sku: string;
  readonly requested: number;
  readonly available: number;
  readonly location?: string;
}

export interface StockRefusal {
  readonly problem: StockProblemCode;
  readonly detail: string;
  readonly items?: readonly Shortage[];
  readonly reservation?: Reservation;
}

export interface StockSetting {
  readonly location?: string;
  readonly onHand?: number;
  readonly policy: Partial<StockPolicy>;
  readonly incoming?: readonly Delivery[];
  /** If-Match as sent. */
  readonly ifMatch?: string;
}

export interface Adjustment {
  readonly location?: string;
  /** Not 0. */
  readonly delta: number;
  readonly reason: AdjustmentReason;
}

export interface HoldRequest {
  readonly id: string;
  readonly wants: readonly Want[];
  /** Unix ms; absent: pinned, for whoever asks sees to its end. */
  readonly expiresAt?: number;
  /** Hash of the request, where a repeat has to be told from another one under the same id. */
  readonly request?: number;
  /** An earlier hold of the same owner: its units count as available. */
  readonly replaces?: string;
  /** Of one unit, where it is sold without another one told. */
  readonly price?: number;
}

/** What a sale tells the planner. */
export interface Sale {
  readonly orderId?: string;
  /** Of one unit. */
  readonly price?: number;
}

export interface Restocking {
  /** A repeat under it changes nothing. */
  readonly key: string;
  readonly parts: readonly Part[];
  readonly reason: "cancel" | "return";
  /** The cancelled order and when it was sold: its demand is taken back. */
  readonly order?: { readonly orderId: string; readonly at: number };
}

/** The SKU and its book, at a time that its `begin` has given. */
export interface Decision {
  readonly sku: string;
  readonly book: StockBook;
  readonly at: number;
}

export function etagOf({ version }: StockBook): string {
  return `"${version}"`;
}

/** Creates the SKU or changes it; an absolute figure for a known SKU needs the version it was decided on. */
export function setStock({ sku, book, at }: Decision, setting: StockSetting): StockRefusal | undefined {
  const { onHand, ifMatch, location = DEFAULT_LOCATION, policy, incoming } = setting;
  const isPolicyAlone = onHand === undefined && incoming === undefined && setting.location === undefined;
  if (!book.exists) {
    if (ifMatch !== undefined) return { problem: "precondition_failed", detail: `${sku} has no stock yet.` };
    if (onHand === undefined) {
      return { problem: "on_hand_required", detail: `on_hand: must be given for ${sku}, which is new` };
    }
  } else if (ifMatch !== undefined && !isMatch(ifMatch, etagOf(book))) {
    const detail = `${sku} has changed: it is at ${etagOf(book)} now.`;
    return { problem: "precondition_failed", detail };
  } else if (onHand !== undefined && ifMatch === undefined) {
    const detail = `on_hand of ${sku} is known: send If-Match with its ETag (or * to overwrite), or an adjustment.`;
    return { problem: "precondition_required", detail };
  }
  const known = book.location(location);
  if (known === undefined && !isPolicyAlone && book.locations.length >= LOCATIONS_MAX) {
    return { problem: "too_many_locations", detail: `location: ${sku} has ${LOCATIONS_MAX} already` };
  }
  if (known !== undefined && onHand !== undefined && onHand < known.reserved) {
    return short(sku, known, known.onHand - onHand, `${sku} has ${known.reserved} reserved at ${location}.`);
  }
  if (Object.keys(policy).length > 0 || incoming !== undefined) {
    book.record({
      what: "plan",
      at,
      ...(incoming !== undefined && { location, incoming: sorted(incoming) }),
      ...(Object.keys(policy).length > 0 && { policy: { ...book.policy, ...policy } }),
    });
  }
  const delta = onHand === undefined ? 0 : onHand - (known?.onHand ?? 0);
  if ((known === undefined && !isPolicyAlone) || delta !== 0) {
    book.record({ what: "set", at, moves: [{ location, onHand: delta }] });
  }
  return undefined;
}

/** A receipt takes from the deliveries on their way, the earliest first. */
export function adjustStock(
  { sku, book, at }: Decision,
  { delta, reason, location = DEFAULT_LOCATION }: Adjustment,
): StockRefusal | undefined {
  if (!book.exists) return { problem: "unknown_sku", detail: `${sku} has no stock yet.` };
  const known = book.location(location);
  if (known === undefined) {
    return { problem: "unknown_sku", detail: `${sku} has no stock at ${location}.` };
  }
  const available = known.onHand - known.reserved;
  if (delta < -available) {
    return short(sku, known, -delta, `${sku} has ${available} available at ${location}, not ${-delta}.`);
  }
  // What has come back may have made it more: it may always become less.
  if (delta > 0 && known.onHand + delta > STOCK_UNITS_MAX) {
    const detail = `delta: ${sku} would have more than ${STOCK_UNITS_MAX} units`;
    return { problem: "too_much_stock", detail };
  }
  const incoming =
    reason === "receipt" && known.incoming.length > 0 ? arrived(known.incoming, delta) : undefined;
  const moves = [{ location, onHand: delta }];
  book.record({ what: reason, at, moves, ...(incoming !== undefined && { incoming }) });
  return undefined;
}

/** Holds units, all of them or none. Asked again under the same id, the reservation is answered as it now is. */
export function hold(
  { sku, book, at }: Decision,
  { id, wants, expiresAt, request, replaces, price }: HoldRequest,
): { reservation: Reservation; repeated: boolean } | StockRefusal {
  const known = book.reservation(id);
  if (known !== undefined) {
    if (known.request === request) return { reservation: known, repeated: true };
    const detail = "Idempotency-Key: was sent with another reservation before.";
    return { problem: "idempotency_key_reused", detail };
  }
  const requested = wants.reduce((sum, { quantity }) => sum + quantity, 0);
  if (!book.exists) {
    const items = [{ sku, requested, available: 0 }];
    return { problem: "unknown_sku", detail: `${sku} has no stock yet.`, items };
  }
  if (expiresAt !== undefined && expiresAt <= at) {
    return { problem: "reservation_closed", detail: "The reservation has expired before it could be held." };
  }
  if (book.open.size >= OPEN_RESERVATIONS_MAX) {
    const detail = `${sku} has ${OPEN_RESERVATIONS_MAX} reservations already.`;
    return { problem: "too_many_reservations", detail };
  }
  const former = replaces === undefined ? undefined : book.open.get(replaces);
  const own = former?.status === "held" && former.former === undefined ? former : undefined;
  const free = book.locations.map(({ location, onHand, reserved }) => ({
    location,
    units: onHand - reserved + partAt(own?.parts ?? [], location).units,
  }));
  const picked = pick(free, wants, book.policy.backorders && requested <= LINE_QUANTITY_MAX);
  if ("short" in picked) {
    const { short, left } = picked;
    const items = short.map(({ location, quantity }) => shortageOf(sku, left, quantity, location));
    const [first] = items;
    const detail = `${sku} has ${first!.available} available, not ${first!.requested}.`;
    return { problem: "insufficient_stock", detail, items };
  }
  const { parts } = picked;
  book.record({
    what: "hold",
    at,
    id,
    parts,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(request !== undefined && { request }),
    ...(price !== undefined && { price }),
    ...(own !== undefined && {
      replaces: own.id,
      moves: movesBetween(own.parts, partsForBoth(own.parts, parts)),
    }),
  });
  return { reservation: book.open.get(id)!, repeated: false };
}

/** The hold it has taken the place of is released. */
export function settle({ book, at }: Decision, id: string): void {
  const found = book.open.get(id);
  if (found?.status !== "held" || found.former === undefined) return;
  const { former, parts } = found;
  const moves = movesBetween(partsForBoth(former.parts, parts), parts);
  const { parts: given, request } = former;
  const replaced = { replaces: former.id, parts: given, ...(request !== undefined && { request }) };
  book.record({ what: "settle", at, id, ...replaced, moves });
}

/** A held reservation does not expire any more. */
export function pin(decision: Decision, id: string): { reservation: Pinned } | StockRefusal {
  const { book, at } = decision;
  settle(decision, id);
  const found = book.open.get(id);
  if (found === undefined) return gone(book, id);
  if (found.status === "held") book.record({ what: "pin", at, id });
  return { reservation: book.open.get(id) as Pinned };
}

/** The units are sold. */
export function commit(
  decision: Decision,
  id: string,
  { orderId, price: told }: Sale,
): { reservation: Reservation; repeated: boolean } | StockRefusal {
  const { book, at } = decision;
  const known = book.reservation(id);
  if (known?.status === "committed") return { reservation: known, repeated: true };
  settle(decision, id);
  const found = book.open.get(id);
  if (found === undefined) return gone(book, id);
  const { parts, request, price = told } = found;
  book.record({
    what: "commit",
    at,
    id,
    parts,
    ...(request !== undefined && { request }),
    ...(orderId !== undefined && { orderId }),
    ...(price !== undefined && { price }),
  });
  return { reservation: book.reservation(id)!, repeated: false };
}

/**
 * The units are free again. With `ahead`, one that nobody knows is released before it comes: a hold under that id that
 * is still on its way finds it closed.
 */
export function release(
  { book, at }: Decision,
  id: string,
  { ahead }: { ahead: boolean },
): { reservation: Reservation } | StockRefusal {
  const known = book.reservation(id);
  if (known === undefined) {
    if (!ahead) return gone(book, id);
    book.record({ what: "release", at, id, parts: [] });
  } else if (known.status === "held" || known.status === "pinned") book.end(known, "release", at);
  else if (known.status === "committed") return gone(book, id);
  return { reservation: book.reservation(id)! };
}

/**
 * Units of an order come back to where they were taken from. What a cancelled order still had backordered is owed no
 * more.
 */
export function restock({ sku, book, at }: Decision, restocking: Restocking): StockRefusal | undefined {
  const { key, parts, reason, order } = restocking;
  if (book.hasKey(key)) return undefined;
  if (!book.exists) return { problem: "unknown_sku", detail: `${sku} has no stock yet.` };
  const moves = parts.map(({ location, units, backordered = 0 }) => {
    const owed = backordered === 0 ? 0 : Math.min(backordered, book.owedAt(location));
    return { location, onHand: units + backordered - owed, ...(owed > 0 && { backordered: -owed }) };
  });
  book.record({ what: reason, at, moves, key, ...(order !== undefined && { order }) });
  return undefined;
}

/** A proxy that packs an answer makes its ETag weak: the version is the same. */
function isMatch(ifMatch: string, etag: string): boolean {
  return ifMatch === "*" || ifMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

function gone(book: StockBook, id: string): StockRefusal {
  const reservation = book.reservation(id);
  if (reservation === undefined) {
    return { problem: "reservation_unknown", detail: `There is no reservation ${id}.` };
  }
  const detail = `The reservation is ${reservation.status}.`;
  return { problem: "reservation_closed", detail, reservation };
}

function short(sku: string, stock: LocationStock, requested: number, detail: string): StockRefusal {
  const available = stock.onHand - stock.reserved;
  return { problem: "insufficient_stock", detail, items: [{ sku, requested, available }] };
}

function shortageOf(
  sku: string,
  left: readonly Free[],
  requested: number,
  location: string | undefined,
): Shortage {
  const there = left.filter((one) => location === undefined || one.location === location);
  const available = there.reduce((sum, { units }) => sum + units, 0);
  return { sku, requested, available, ...(location !== undefined && { location }) };
}

function arrived(incoming: readonly Delivery[], units: number): Delivery[] {
  let left = Math.max(0, units);
  return incoming.flatMap((delivery) => {
    const taken = Math.min(left, delivery.quantity);
    left -= taken;
    return taken === delivery.quantity ? [] : [{ ...delivery, quantity: delivery.quantity - taken }];
  });
}

export function sorted(incoming: readonly Delivery[]): Delivery[] {
  return [...incoming].sort((a, b) => dayOfIsoDate(a.eta) - dayOfIsoDate(b.eta));
}
