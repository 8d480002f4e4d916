// Stock and policy of the sample shop. The data has none: they are set by rule, so that the board has something to
// order, something overstocked and something out of stock.
import type { Article } from "./files.ts";
import { pounds } from "./products.ts";
import type { Invoice } from "./rules.ts";

/** Body of `PUT /v1/inventory/:sku`. */
export interface Stock {
  readonly on_hand: number;
  readonly lead_time_days: number;
  readonly review_period_days: number;
  readonly service_level: number;
  readonly unit_cost: number;
  readonly unit_price: number;
  readonly pack_size: number;
}

const RECENT_DAYS = 56;
const LEAD_TIMES_DAYS = [7, 14, 21];
const REVIEW_PERIOD_DAYS = 7;
const SERVICE_LEVEL = 0.95;
const COVER_DAYS_MAX = 60;
/** Cover of one SKU in twelve: bought too much of. */
const OVERSTOCK_COVER_DAYS = 180;
/** What lies about of a SKU that no longer sells, at most. */
const REMAINDER_UNITS_MAX = 24;
const DAY_MINUTES = 1440;

/**
 * Units on hand last for `cover` days at the pace of the last 56 days: 0 to 60 by the SKU's hash, 180 for one SKU in
 * twelve, none for another one in twelve. A SKU that did not sell lately has up to 24. The lead time is 7, 14 or 21
 * days by hash, the cost 40 to 60 % of the price; what costs less than a pound comes in packs of 12, less than four
 * in packs of 6, less than ten in pairs.
 */
export function stockOf(article: Article, recentUnits: number): Stock {
  const hash = hashOf(article.sku);
  const fate = hash % 12;
  const cover = fate === 1 ? OVERSTOCK_COVER_DAYS : (hash >>> 8) % (COVER_DAYS_MAX + 1);
  const pace = recentUnits / RECENT_DAYS;
  const units = recentUnits > 0 ? Math.ceil(pace * cover) : (hash >>> 8) % (REMAINDER_UNITS_MAX + 1);
  const price = pounds(article.price);
  return {
    on_hand: fate === 0 ? 0 : units,
    lead_time_days: LEAD_TIMES_DAYS[(hash >>> 16) % LEAD_TIMES_DAYS.length]!,
    review_period_days: REVIEW_PERIOD_DAYS,
    service_level: SERVICE_LEVEL,
    unit_cost: Math.round(price * (40 + ((hash >>> 20) % 21))) / 100,
    unit_price: price,
    pack_size: price < 1 ? 12 : price < 4 ? 6 : price < 10 ? 2 : 1,
  };
}

/** Units sold per SKU in the last 56 days of the invoices. */
export function recentUnits(invoices: readonly Invoice[]): Map<string, number> {
  const since = (invoices.at(-1)?.minute ?? 0) - RECENT_DAYS * DAY_MINUTES;
  const units = new Map<string, number>();
  for (const { kind, minute, lines } of invoices) {
    if (kind !== "order" || minute < since) continue;
    for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  }
  return units;
}

/** FNV-1a with a final mix, 32 bits: spread evenly even over codes that differ in one letter. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
