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
/** Numbers of days at which a stock-out is looked for first, each a quarter more than the one before. */
const SEARCHED_DAYS: readonly number[] = (() => {
  const days: number[] = [];
  for (let day = 1; day < STOCK_OUT_DAYS_MAX; day = Math.ceil(day * 1.25)) days.push(day);
  return [...days, STOCK_OUT_DAYS_MAX];
})();

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
    /** The first day by which the stock is gone with a chance of 10, 50, 90 %; null beyond half a year. */
    readonly p10: string | null;
    readonly p50: string | null;
    readonly p90: string | null;
    /** By the end of the lead time, or before a delivery on the way there. */
    readonly probability_within_lead_time: number;
  };
  /** Expected units short by then, at the worst of these moments, times the price; null without a price. */
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
  const thereBy = (days: number) => available + arrivedBy(arrivals, days);
  const isWanted = forecast.over(28).mean * 13 >= NO_DEMAND_UNITS_A_YEAR;
  // Where both levels are one, a position that is there lasts through the review period: there is nothing to order.
  const isLow = position <= levels.reorder_point && position < levels.order_up_to;
  const status = statusOf();
  const economic = economicQuantity(forecast, policy);
  return {
    status,
    ...levels,
    on_hand: stock.onHand,
    reserved: stock.reserved,
    available,
    on_order: onOrder,
    inventory_position: position,
    quantity:
      isWanted && isLow ? orderQuantity(Math.max(levels.order_up_to - position, economic ?? 0), policy) : 0,
    economic_quantity: economic === undefined ? null : round(economic),
    order_by: isWanted ? orderBy() : null,
    days_of_cover: isWanted ? daysOfCover(forecast, available) : null,
    stock_out: isWanted ? stockOut() : { p10: null, p50: null, p90: null, probability_within_lead_time: 0 },
    revenue_at_risk: price === undefined ? null : isWanted ? round(short() * price) : 0,
    newsvendor: newsvendorOf(forecast, policy, counts, price),
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
      const left = position - forecast.over(days).mean;
      if (left <= levels.reorder_point && left < levels.order_up_to) return isoDate(today + days);
    }
    return null;
  }

  function stockOut(): Decision["stock_out"] {
    const [p10, p50, p90] = firstDays(forecast, arrivals, thereBy, counts).map((days) =>
      days === undefined ? null : isoDate(today + days - 1),
    );
    const chances = turningPoints(arrivals, Math.max(1, leadTime)).map((days) => {
      const there = thereBy(days);
      return there <= 0 ? 1 : 1 - counts.cdf(forecast.over(days), there - 1);
    });
    return {
      p10: p10 ?? null,
      p50: p50 ?? null,
      p90: p90 ?? null,
      probability_within_lead_time: round(Math.max(...chances), 4),
    };
  }

  /** Expected units that cannot be sold over the lead time: what comes later does not sell them any more. */
  function short(): number {
    return turningPoints(arrivals, leadTime).reduce(
      (most, days) => Math.max(most, counts.excess(forecast.over(days), Math.max(0, thereBy(days)))),
      0,
    );
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

/** Until a delivery, and until the last of so many days, the stock only falls: the numbers of days to look at. */
function turningPoints(arrivals: readonly Arrival[], days: number): number[] {
  const before = arrivals.map(({ ahead }) => ahead).filter((ahead) => ahead > 0 && ahead < days);
  return inOrder([...before, days]);
}

function inOrder(days: readonly number[]): number[] {
  return [...new Set(days)].sort((a, b) => a - b);
}

/**
 * After how many days the stock is gone with each of the shares: the demand exceeds what is there by then with a chance
 * of 1 - F(stock). Looked for from the first day on: a delivery lowers the chance again, and so does a forecast that
 * knows little of far days.
 */
function firstDays(
  forecast: SeriesForecast,
  arrivals: readonly Arrival[],
  thereBy: (days: number) => number,
  counts: CountDistributions,
): (number | undefined)[] {
  const turning = turningPoints(arrivals, STOCK_OUT_DAYS_MAX);
  const points = turning.length === 1 ? SEARCHED_DAYS : inOrder([...SEARCHED_DAYS, ...turning]);
  let at = 0;
  return STOCK_OUT_SHARES.map((share) => {
    const isGoneBy = (days: number): boolean => {
      const there = thereBy(days);
      return there <= 0 || !counts.atMost(forecast.over(days), there - 1, 1 - share);
    };
    // A greater share is not gone earlier.
    while (at < points.length && !isGoneBy(points[at]!)) at++;
    if (at === points.length) return undefined;
    let low = (points[at - 1] ?? 0) + 1;
    let high = points[at]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isGoneBy(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

function newsvendorOf(
  forecast: SeriesForecast,
  policy: ReplenishmentPolicy,
  counts: CountDistributions,
  price: number | undefined,
): Decision["newsvendor"] {
  const { unitCost } = policy;
  if (unitCost === undefined || price === undefined || !(price > unitCost)) return null;
  const fractile = (price - unitCost) / price;
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
