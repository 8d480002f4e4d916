// What to order, when: decisions from a forecast's distribution, the stock position and the policy.
import { dayOfIsoDate, isoDate } from "./calendar.ts";
import type { ReplenishmentPolicy } from "./demand.ts";
import type { CountDistributions, SeriesForecast } from "./forecast.ts";

export const STOCK_STATUSES = [
  "order_now",
  "order_soon",
  "ok",
  "overstock",
  "out_of_stock",
  "no_demand",
] as const;
export type StockStatus = (typeof STOCK_STATUSES)[number];

/** Cost of keeping a unit for a year as a share of its cost, unless told: what the field takes for usual. */
const HOLDING_RATE_DEFAULT = 0.25;
/** Days ahead in which a stock-out is looked for. */
const STOCK_OUT_DAYS_MAX = 180;
/** Units a year below which a SKU counts as not wanted any more. */
const NO_DEMAND_UNITS_A_YEAR = 1;
/** Cover beyond lead time and review period that counts as overstock, days. */
const OVERSTOCK_DAYS = 90;
const STOCK_OUT_SHARES = [0.1, 0.5, 0.9] as const;

/** Stock over all locations. */
export interface StockOnHand {
  readonly onHand: number;
  readonly reserved: number;
  /** eta: ISO date. */
  readonly incoming: readonly { readonly quantity: number; readonly eta: string }[];
}

/** As JSON shows it. Units; days; money in the currency of prices. */
export interface Decision {
  readonly status: StockStatus;
  /** Order when the inventory position is at or below: the service level's quantile of the demand over the lead time. */
  readonly reorder_point: number;
  /** Reorder point minus the mean demand over the lead time. */
  readonly safety_stock: number;
  /** The service level's quantile of the demand over lead time and review period. */
  readonly order_up_to: number;
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
  readonly on_order: number;
  /** on_hand - reserved + on_order */
  readonly inventory_position: number;
  /** To order now; 0 unless the status is order_now or out_of_stock. */
  readonly quantity: number;
  /** The quantity at which ordering and keeping cost least; null without the costs of a unit and of an order. */
  readonly economic_quantity: number | null;
  /** When the position is expected to reach the reorder point; null beyond half a year. */
  readonly order_by: string | null;
  /** Days the available units last at the mean demand; null beyond half a year. */
  readonly days_of_cover: number | null;
  readonly stock_out: {
    /** By this date the stock is gone with a chance of 10, 50, 90 %; null beyond half a year. */
    readonly p10: string | null;
    readonly p50: string | null;
    readonly p90: string | null;
    readonly probability_within_lead_time: number;
  };
  /** Expected units short over the lead time times the price; null without a price. */
  readonly revenue_at_risk: number | null;
  /** Critical fractile (price - cost) / price and its demand over lead time and review period; with cost and price. */
  readonly newsvendor: { readonly fractile: number; readonly order_up_to: number } | null;
}

/** Of a policy alone, without any stock known. */
export interface Levels {
  readonly reorder_point: number;
  readonly safety_stock: number;
  readonly order_up_to: number;
}

/** Reorder point, safety stock and order-up-to level of a policy. */
export function levelsOf(
  forecast: SeriesForecast,
  policy: ReplenishmentPolicy,
  counts: CountDistributions,
): Levels {
  const leadTime = Math.ceil(policy.leadTimeDays);
  const whole = leadTime + Math.ceil(policy.reviewPeriodDays);
  const lead = forecast.over(leadTime);
  const reorderPoint = counts.quantile(lead, policy.serviceLevel);
  return {
    reorder_point: reorderPoint,
    safety_stock: round(Math.max(0, reorderPoint - lead.mean)),
    order_up_to: Math.max(reorderPoint, counts.quantile(forecast.over(whole), policy.serviceLevel)),
  };
}

/** @param price of one unit, where known. */
export function decide(
  forecast: SeriesForecast,
  stock: StockOnHand,
  policy: ReplenishmentPolicy,
  counts: CountDistributions,
  price?: number,
): Decision {
  const today = forecast.startDay;
  const leadTime = Math.ceil(policy.leadTimeDays);
  const review = Math.ceil(policy.reviewPeriodDays);
  const levels = levelsOf(forecast, policy, counts);
  const available = stock.onHand - stock.reserved;
  const onOrder = stock.incoming.reduce((sum, { quantity }) => sum + quantity, 0);
  const position = available + onOrder;
  const arrivals = arrivalsOf(stock, today);
  const isWanted = forecast.over(28).mean * 13 >= NO_DEMAND_UNITS_A_YEAR;
  const lead = forecast.over(leadTime);
  const atHand = Math.max(0, available + arrivedBy(arrivals, leadTime));
  const isLow = position <= levels.reorder_point;
  const status = statusOf();
  const orders = isWanted && isLow && levels.order_up_to > position;
  const short = counts.excess(lead, atHand);
  const economic = economicQuantity(forecast, policy);
  return {
    status,
    ...levels,
    on_hand: stock.onHand,
    reserved: stock.reserved,
    available,
    on_order: onOrder,
    inventory_position: position,
    quantity: orders ? orderQuantity(Math.max(levels.order_up_to - position, economic ?? 0), policy) : 0,
    economic_quantity: economic === undefined ? null : round(economic),
    order_by: isWanted ? orderBy() : null,
    days_of_cover: isWanted ? daysOfCover(forecast, available) : null,
    stock_out: isWanted
      ? stockOut(forecast, available, arrivals, counts, leadTime)
      : { p10: null, p50: null, p90: null, probability_within_lead_time: 0 },
    revenue_at_risk: price === undefined ? null : isWanted ? round(short * price) : 0,
    newsvendor: newsvendorOf(forecast, policy, counts),
  };

  function statusOf(): StockStatus {
    if (!isWanted) return "no_demand";
    if (available <= 0) return "out_of_stock";
    if (isLow) return "order_now";
    if (position - forecast.over(review).mean <= levels.reorder_point) return "order_soon";
    const plenty = forecast.over(leadTime + review + OVERSTOCK_DAYS).mean;
    return position > Math.max(levels.order_up_to, plenty) ? "overstock" : "ok";
  }

  function orderBy(): string | null {
    for (let days = 0; days <= STOCK_OUT_DAYS_MAX; days++) {
      if (position - forecast.over(days).mean <= levels.reorder_point) return isoDate(today + days);
    }
    return null;
  }
}

/** At least the minimum, in whole packs. */
export function orderQuantity(units: number, { packSize, minOrder }: ReplenishmentPolicy): number {
  return Math.ceil(Math.max(units, minOrder) / packSize) * packSize;
}

/** sqrt(2 D K / (h c)) of a year's demand D (Harris 1913); undefined without the costs of a unit and of an order. */
function economicQuantity(
  forecast: SeriesForecast,
  { unitCost, orderCost, holdingRate = HOLDING_RATE_DEFAULT }: ReplenishmentPolicy,
): number | undefined {
  if (unitCost === undefined || orderCost === undefined || !(unitCost * holdingRate > 0)) return undefined;
  return Math.sqrt((2 * forecast.over(28).mean * 13 * orderCost) / (unitCost * holdingRate));
}

/** Class by share of the revenue, from the best seller down: A to 80 %, B to 95 %, C the rest. */
export function abcClass(shareBefore: number): "A" | "B" | "C" {
  return shareBefore < 0.8 ? "A" : shareBefore < 0.95 ? "B" : "C";
}

/** Class by the variation of weekly demand: X below 0.5, Y below 1, Z the rest. */
export function xyzClass(weeklyVariation: number | undefined): "X" | "Y" | "Z" | null {
  if (weeklyVariation === undefined) return null;
  return weeklyVariation < 0.5 ? "X" : weeklyVariation < 1 ? "Y" : "Z";
}

interface Arrival {
  /** Days ahead; what is overdue arrives today. */
  readonly ahead: number;
  readonly quantity: number;
}

function arrivalsOf({ incoming }: StockOnHand, today: number): Arrival[] {
  return incoming.map(({ quantity, eta }) => ({ quantity, ahead: Math.max(0, dayOfIsoDate(eta) - today) }));
}

/** Units that arrive within so many days. */
function arrivedBy(arrivals: readonly Arrival[], days: number): number {
  let sum = 0;
  for (const { ahead, quantity } of arrivals) if (ahead < days) sum += quantity;
  return sum;
}

function daysOfCover(forecast: SeriesForecast, available: number): number | null {
  if (available <= 0) return 0;
  for (let days = 1; days <= STOCK_OUT_DAYS_MAX; days++) {
    const after = forecast.over(days).mean;
    if (after < available) continue;
    const before = forecast.over(days - 1).mean;
    return round(days - 1 + (after > before ? (available - before) / (after - before) : 1));
  }
  return null;
}

/** The demand of the first d days exceeds what is there by then with a chance of 1 - F(stock). */
function stockOut(
  forecast: SeriesForecast,
  available: number,
  arrivals: readonly Arrival[],
  counts: CountDistributions,
  leadTime: number,
): Decision["stock_out"] {
  const thereBy = (days: number) => available + arrivedBy(arrivals, days);
  const isGoneBy = (days: number, share: number): boolean => {
    const there = thereBy(days);
    return there <= 0 || !counts.atMost(forecast.over(days), there - 1, 1 - share);
  };
  // The chance grows with the days while nothing arrives; deliveries end the search at the day before them.
  const firstDay = (share: number): string | null => {
    let low = 1;
    let high = STOCK_OUT_DAYS_MAX;
    if (!isGoneBy(high, share)) return null;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isGoneBy(middle, share)) high = middle;
      else low = middle + 1;
    }
    return isoDate(forecast.startDay + low - 1);
  };
  const within = Math.max(1, leadTime);
  const there = thereBy(within);
  const [p10, p50, p90] = STOCK_OUT_SHARES.map(firstDay);
  return {
    p10: p10 ?? null,
    p50: p50 ?? null,
    p90: p90 ?? null,
    probability_within_lead_time: there <= 0 ? 1 : round(1 - counts.cdf(forecast.over(within), there - 1), 4),
  };
}

function newsvendorOf(
  forecast: SeriesForecast,
  policy: ReplenishmentPolicy,
  counts: CountDistributions,
): Decision["newsvendor"] {
  const { unitCost, unitPrice } = policy;
  if (unitCost === undefined || unitPrice === undefined || !(unitPrice > unitCost)) return null;
  const fractile = (unitPrice - unitCost) / unitPrice;
  const days = Math.ceil(policy.leadTimeDays) + Math.ceil(policy.reviewPeriodDays);
  return {
    fractile: round(fractile, 4),
    order_up_to: counts.quantile(forecast.over(days), Math.min(fractile, 0.999)),
  };
}

/** For people and JSON: no more digits than mean something. */
export function round(value: number, digits = 2): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
