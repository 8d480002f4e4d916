// What an `Order` object keeps: where its basket stands, and an owner's earlier ones.
import { MINUTE_MS, OWNER_PARTS_MAX, OWNER_RESERVATIONS_MAX } from "../limits.ts";
import type { Part } from "../stock/ledger.ts";
import { unitsOf } from "../stock/ledger.ts";
import type { Basket, BasketLine, Committed, Ended, Held, Holding, OrderReturn } from "./basket.ts";

export interface OrderPage {
  /**
   * Number of the newest basket: none bears that of another, also of those before the object was forgotten, for the
   * first is numbered by the minute.
   */
  readonly attempts: number;
  readonly current?: Basket;
  /** Those before it, oldest first. */
  readonly past: readonly Basket[];
}

export const EMPTY_PAGE: OrderPage = { attempts: 0, past: [] };

export interface BasketRequest {
  readonly lines: readonly BasketLine[];
  /** Hash of what was asked. */
  readonly request: number;
  readonly key?: string;
  /** Unix ms; absent for an order. */
  readonly expiresAt?: number;
  readonly orderId?: string;
}

/** A basket of this object's, of which a request says that it is a repeat. */
export function repeatOf(
  { current, past }: OrderPage,
  { key, orderId }: BasketRequest,
  hasOwner: boolean,
): Basket | undefined {
  if (current === undefined) return undefined;
  // Without an owner the object's very name is the key or the order's id.
  if (!hasOwner || orderId !== undefined) return isRefused(current) ? undefined : current;
  if (key === undefined) return undefined;
  return [current, ...past].find((basket) => basket.key === key && !isRefused(basket));
}

/** A further basket; an owner's hold that has not expired is replaced by it. */
export function begun(page: OrderPage, name: string, asked: BasketRequest, now: number): OrderPage {
  const { current, attempts, past } = page;
  const attempt = 1 + (attempts || Math.floor(now / MINUTE_MS));
  const former = current?.state === "held" && current.expiresAt! > now ? current : undefined;
  const next: Holding = {
    state: "holding",
    // The time tells it from the same number of an object that has begun anew within the minute.
    holdId: `${name}#${attempt}.${now.toString(36)}`,
    attempt,
    madeAt: now,
    ...asked,
    ...(former !== undefined && { former }),
  };
  const closed = current === undefined || former !== undefined || isRefused(current) ? [] : [current];
  return { attempts: attempt, current: next, past: remembered([...past, ...closed]) };
}

/** The page with its basket gone on. */
export function advanced(page: OrderPage, next: Basket, now: number): OrderPage {
  const { current, past } = page;
  if (current?.state !== "settling" || next.state !== "held") return { ...page, current: next };
  const replaced = closed(current.former, "released", now);
  return { ...page, current: next, past: remembered([...past, replaced]) };
}

export function basketOf({ current, past }: OrderPage, attempt: number | undefined): Basket | undefined {
  if (attempt === undefined || current?.attempt === attempt) return current;
  if (current !== undefined && "former" in current && current.former?.attempt === attempt)
    return current.former;
  return past.find((basket) => basket.attempt === attempt);
}

export type BasketStatus = "held" | "committed" | "cancelled" | Ended["as"];

/** What a basket is to its owner, whatever its object still has to do. */
export function statusOf(basket: Basket, now: number): BasketStatus {
  switch (basket.state) {
    case "holding":
      return "refused";
    case "settling":
    case "pinning":
    case "held":
      return basket.state === "held" && basket.expiresAt! <= now ? "expired" : "held";
    case "committed":
      return "committed";
    case "ending":
    case "ended":
      return basket.as;
    case "cancelling":
    case "cancelled":
      return "cancelled";
  }
}

/**
 * Where returned units go: to where they were taken from, after those that have come back before.
 *
 * @returns undefined when so many are not out.
 */
export function returned(basket: Committed, sku: string, quantity: number): readonly Part[] | undefined {
  const line = basket.lines.findIndex((one) => one.sku === sku);
  let skip = returnedUnits(basket, sku);
  let left = quantity;
  const parts: Part[] = [];
  for (const { location, units, backordered = 0 } of basket.parts[line] ?? []) {
    const skipped = Math.min(skip, units + backordered);
    skip -= skipped;
    const taken = Math.min(left, units + backordered - skipped);
    left -= taken;
    if (taken > 0) parts.push({ location, units: taken });
  }
  return left > 0 ? undefined : parts;
}

/** Units of a SKU that an order has and that have not come back. */
export function returnable(basket: Committed, sku: string): number {
  const line = basket.lines.findIndex((one) => one.sku === sku);
  return line < 0 ? 0 : unitsOf(basket.parts[line]!) - returnedUnits(basket, sku);
}

export function withReturn(basket: Committed, next: OrderReturn): Committed {
  return { ...basket, returns: [...basket.returns, next] };
}

function returnedUnits({ returns }: Committed, sku: string): number {
  const items = returns.flatMap((one) => one.items).filter((item) => item.sku === sku);
  return items.reduce((sum, { parts }) => sum + unitsOf(parts), 0);
}

function isRefused(basket: Basket): boolean {
  return (basket.state === "ended" || basket.state === "ending") && basket.as === "refused";
}

function closed({ state: _, parts: __, ...rest }: Held, as: Ended["as"], at: number): Ended {
  return { ...rest, state: "ended", as, at };
}

/** The latest, as many as there is room for. */
function remembered(past: readonly Basket[]): readonly Basket[] {
  let first = past.length;
  for (let parts = 0; first > 0 && past.length - first < OWNER_RESERVATIONS_MAX; first--) {
    const basket = past[first - 1]!;
    parts += "parts" in basket ? basket.parts.flat().length : basket.lines.length;
    if (parts > OWNER_PARTS_MAX) break;
  }
  return past.slice(first);
}
