// Stock of one SKU: what is on hand where, and since when it was out. Pure: a change gives a new state or a problem.
import { type Calendar, dayOfIsoDate } from "./calendar.ts";
import { DEFAULT_POLICY, type ReplenishmentPolicy, type StockPosition } from "./demand.ts";
import { LOCATIONS_MAX, OUTAGE_DAYS_MAX, STOCK_UNITS_MAX } from "./limits.ts";

export const DEFAULT_LOCATION = "default";

/** Why stock changed. `set`: an absolute figure was given. */
export const ADJUSTMENT_REASONS = ["receipt", "return", "shrinkage", "count"] as const;
export type AdjustmentReason = (typeof ADJUSTMENT_REASONS)[number];

export interface Delivery {
  readonly quantity: number;
  /** ISO date. */
  readonly eta: string;
}

export interface LocationStock {
  readonly location: string;
  readonly onHand: number;
  readonly reserved: number;
  /** Earliest first. */
  readonly incoming: readonly Delivery[];
}

/** Milliseconds of a local day without anything available. */
export interface Outage {
  readonly day: number;
  readonly ms: number;
}

export interface Stock {
  readonly sku: string;
  /** Grows with each change. */
  readonly version: number;
  /** In the order they were made. */
  readonly locations: readonly LocationStock[];
  readonly policy: ReplenishmentPolicy;
  /** Ended ones, oldest first. */
  readonly outages: readonly Outage[];
  /** Nothing is available since, Unix ms. */
  readonly outSince?: number;
  readonly updatedAt: number;
}

export type StockProblemCode =
  | "unknown_sku"
  | "on_hand_required"
  | "too_many_locations"
  | "too_much_stock"
  | "precondition_required"
  | "precondition_failed"
  | "insufficient_stock"
  | "idempotency_key_reused";

export interface StockRefusal {
  readonly problem: StockProblemCode;
  readonly detail: string;
  readonly items?: { sku: string; requested: number; available: number }[];
}

/** What goes into the ledger with a change. */
export interface LedgerEntry {
  readonly at: number;
  readonly reason: AdjustmentReason | "set";
  readonly location: string;
  readonly delta: number;
  /** Units on hand at the location after it. */
  readonly onHand: number;
}

export interface StockChange {
  readonly stock: Stock;
  /** Absent when no units moved. */
  readonly entry?: LedgerEntry;
}

export interface StockSetting {
  readonly sku: string;
  readonly location?: string;
  readonly onHand?: number;
  readonly policy: Partial<ReplenishmentPolicy>;
  readonly incoming?: readonly Delivery[];
  /** If-Match as sent. */
  readonly ifMatch?: string;
  readonly now: number;
}

export interface Adjustment {
  readonly location?: string;
  /** Not 0. */
  readonly delta: number;
  readonly reason: AdjustmentReason;
  readonly now: number;
}

export function etagOf({ version }: Stock): string {
  return `"${version}"`;
}

export function totals({ locations }: Stock): { onHand: number; reserved: number; available: number } {
  let onHand = 0;
  let reserved = 0;
  for (const location of locations) {
    onHand += location.onHand;
    reserved += location.reserved;
  }
  return { onHand, reserved, available: onHand - reserved };
}

/** Creates the SKU or changes it; an absolute figure for a known SKU needs the version it was decided on. */
export function setStock(
  before: Stock | undefined,
  setting: StockSetting,
  calendar: Calendar,
): StockChange | StockRefusal {
  const { sku, now, onHand, ifMatch, location = DEFAULT_LOCATION } = setting;
  if (before === undefined) {
    if (ifMatch !== undefined) return { problem: "precondition_failed", detail: `${sku} has no stock yet.` };
    if (onHand === undefined) {
      return { problem: "on_hand_required", detail: `on_hand: must be given for ${sku}, which is new` };
    }
  } else {
    if (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== etagOf(before)) {
      return {
        problem: "precondition_failed",
        detail: `${sku} has changed: it is at ${etagOf(before)} now.`,
      };
    }
    if (onHand !== undefined && ifMatch === undefined) {
      const detail = `on_hand of ${sku} is known: send If-Match with its ETag, or an adjustment.`;
      return { problem: "precondition_required", detail };
    }
  }
  const start: Stock = before ?? {
    sku,
    version: 0,
    locations: [],
    policy: DEFAULT_POLICY,
    outages: [],
    updatedAt: now,
  };
  const known = locationOf(start, location);
  if (known === undefined && start.locations.length >= LOCATIONS_MAX) {
    return { problem: "too_many_locations", detail: `location: ${sku} has ${LOCATIONS_MAX} already` };
  }
  const old = known ?? { location, onHand: 0, reserved: 0, incoming: [] };
  const units = onHand ?? old.onHand;
  const changed: LocationStock = {
    ...old,
    onHand: units,
    incoming: setting.incoming === undefined ? old.incoming : sorted(setting.incoming),
  };
  const stock = withLocation(
    { ...start, policy: { ...start.policy, ...setting.policy } },
    changed,
    now,
    calendar,
  );
  if (before !== undefined && units === old.onHand) return { stock };
  return { stock, entry: { at: now, reason: "set", location, delta: units - old.onHand, onHand: units } };
}

/** A receipt takes from the deliveries on their way, the earliest first. */
export function adjustStock(
  before: Stock | undefined,
  sku: string,
  { delta, reason, now, location = DEFAULT_LOCATION }: Adjustment,
  calendar: Calendar,
): StockChange | StockRefusal {
  if (before === undefined) return { problem: "unknown_sku", detail: `${sku} has no stock yet.` };
  const known = locationOf(before, location);
  if (known === undefined) {
    return { problem: "unknown_sku", detail: `${sku} has no stock at ${location}.` };
  }
  const units = known.onHand + delta;
  if (units < known.reserved) {
    const available = known.onHand - known.reserved;
    return {
      problem: "insufficient_stock",
      detail: `${sku} has ${available} available at ${location}, not ${-delta}.`,
      items: [{ sku, requested: -delta, available }],
    };
  }
  if (units > STOCK_UNITS_MAX) {
    return {
      problem: "too_much_stock",
      detail: `delta: ${sku} would have more than ${STOCK_UNITS_MAX} units`,
    };
  }
  const incoming = reason === "receipt" ? arrived(known.incoming, delta) : known.incoming;
  const stock = withLocation(before, { ...known, onHand: units, incoming }, now, calendar);
  return { stock, entry: { at: now, reason, location, delta, onHand: units } };
}

/** What the planner is told: stock over all locations, and the share of each day it was there. */
export function positionOf(stock: Stock, calendar: Calendar): StockPosition {
  const { onHand, reserved } = totals(stock);
  return {
    sku: stock.sku,
    version: stock.version,
    onHand,
    reserved,
    incoming: sorted(stock.locations.flatMap(({ incoming }) => incoming)),
    policy: stock.policy,
    inStock: stock.outages.map(({ day, ms }) => ({
      day,
      fraction: Math.max(0, 1 - ms / dayMs(day, calendar)),
    })),
    ...(stock.outSince !== undefined && { outSince: stock.outSince }),
  };
}

/** Share of each day from `outSince` to `now` that there was stock: what a running outage adds. */
export function outageDays(outSince: number, now: number, calendar: Calendar): Outage[] {
  const outages: Outage[] = [];
  const last = calendar.dayOf(now);
  for (let day = Math.max(calendar.dayOf(outSince), last - OUTAGE_DAYS_MAX + 1); day <= last; day++) {
    const from = Math.max(outSince, calendar.startOf(day));
    const to = Math.min(now, calendar.startOf(day + 1));
    if (to > from) outages.push({ day, ms: to - from });
  }
  return outages;
}

export function dayMs(day: number, calendar: Calendar): number {
  return calendar.startOf(day + 1) - calendar.startOf(day);
}

function locationOf({ locations }: Stock, name: string): LocationStock | undefined {
  return locations.find(({ location }) => location === name);
}

/** The next version, with its time in and out of stock. */
function withLocation(stock: Stock, changed: LocationStock, now: number, calendar: Calendar): Stock {
  const known = locationOf(stock, changed.location) !== undefined;
  const locations = known
    ? stock.locations.map((one) => (one.location === changed.location ? changed : one))
    : [...stock.locations, changed];
  const { outSince, ...rest } = stock;
  const next = { ...rest, version: stock.version + 1, locations, updatedAt: now };
  const isOut = totals(next).available <= 0;
  if (isOut) return { ...next, outSince: outSince ?? now };
  if (outSince === undefined) return next;
  return { ...next, outages: merged(stock.outages, outageDays(outSince, now, calendar)) };
}

function merged(before: readonly Outage[], added: readonly Outage[]): Outage[] {
  const byDay = new Map(before.map(({ day, ms }) => [day, ms]));
  for (const { day, ms } of added) byDay.set(day, (byDay.get(day) ?? 0) + ms);
  return [...byDay]
    .map(([day, ms]) => ({ day, ms }))
    .sort((a, b) => a.day - b.day)
    .slice(-OUTAGE_DAYS_MAX);
}

function arrived(incoming: readonly Delivery[], units: number): Delivery[] {
  let left = Math.max(0, units);
  return incoming.flatMap((delivery) => {
    const taken = Math.min(left, delivery.quantity);
    left -= taken;
    return taken === delivery.quantity ? [] : [{ ...delivery, quantity: delivery.quantity - taken }];
  });
}

function sorted(incoming: readonly Delivery[]): Delivery[] {
  return [...incoming].sort((a, b) => dayOfIsoDate(a.eta) - dayOfIsoDate(b.eta));
}
