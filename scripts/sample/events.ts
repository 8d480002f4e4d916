// The sample shop's invoices as events in Segment's format.

import { CURRENCY, type Product, pounds } from "./products.ts";
import type { Invoice, Line } from "./rules.ts";

export interface OrderEvent {
  readonly type: "track";
  readonly event: "Order Completed" | "Order Refunded" | "Order Cancelled";
  /** The same for the same invoice however often it is sent: it counts once. */
  readonly messageId: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly timestamp: string;
  readonly properties: {
    /** Absent: money back for no order in particular. */
    readonly order_id?: string;
    readonly currency: string;
    readonly revenue: number;
    readonly total: number;
    readonly products: readonly OrderProduct[];
  };
}

interface OrderProduct {
  readonly product_id: string;
  readonly sku: string;
  readonly name: string;
  readonly category: string;
  readonly price: number;
  readonly quantity: number;
}

export const LINES_PER_ORDER_MAX = 100;
const DAY_MINUTES = 1440;
const MINUTE_MS = 60_000;

/**
 * An order, its cancellation or a refund; an invoice of more than 100 lines becomes several, the lines in order of SKU:
 * `536365`, `536365-2`, `536365-3`, ... A refund's number has its C again.
 *
 * @param cancelled the order that a refund takes back whole.
 */
export function eventsOf(
  invoice: Invoice,
  shiftDays: number,
  products: ReadonlyMap<string, Product>,
  cancelled?: Invoice,
): OrderEvent[] {
  const refund = invoice.kind === "refund";
  const name = refund ? `C${invoice.number}` : String(invoice.number);
  const who = invoice.customer === "" ? { anonymousId: `guest-${name}` } : { userId: invoice.customer };
  const timestamp = new Date((invoice.minute + shiftDays * DAY_MINUTES) * MINUTE_MS).toISOString();
  return partsOf(invoice.lines).map((lines, part): OrderEvent => {
    const suffix = part === 0 ? "" : `-${part + 1}`;
    const order = refund ? cancelled?.number : invoice.number;
    const value = pounds(lines.reduce((sum, { price, quantity }) => sum + price * quantity, 0));
    return {
      type: "track",
      event: !refund ? "Order Completed" : cancelled === undefined ? "Order Refunded" : "Order Cancelled",
      messageId: `online-retail-${name}${suffix}`,
      ...who,
      timestamp,
      properties: {
        ...(order !== undefined && { order_id: `${order}${suffix}` }),
        currency: CURRENCY,
        revenue: value,
        total: value,
        products: lines.map(({ sku, price, quantity }) => {
          const { name, category } = products.get(sku)!;
          return { product_id: sku, sku, name, category, price: pounds(price), quantity };
        }),
      },
    };
  });
}

function partsOf(lines: readonly Line[]): (readonly Line[])[] {
  const parts: (readonly Line[])[] = [];
  for (let from = 0; from < lines.length; from += LINES_PER_ORDER_MAX) {
    parts.push(lines.slice(from, from + LINES_PER_ORDER_MAX));
  }
  return parts;
}

/** Whole days that bring the last invoice to the day before `now` (Unix ms). */
export function shiftDaysFor(invoices: readonly Invoice[], now: number): number {
  const last = Math.floor(invoices.at(-1)!.minute / DAY_MINUTES);
  return Math.floor(now / (MINUTE_MS * DAY_MINUTES)) - 1 - last;
}
