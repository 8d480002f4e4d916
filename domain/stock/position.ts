// What the planner is told of a SKU's stock.
import type { Calendar } from "../calendar.ts";
import type { StockPosition } from "../demand.ts";
import { sorted } from "./decisions.ts";
import { dayMs } from "./outages.ts";
import type { StockBook } from "./stock-book.ts";

/** Stock over all locations, and the share of each day it was there. What is backordered is reserved, too. */
export function positionOf(sku: string, book: StockBook, calendar: Calendar): StockPosition {
  const { onHand, reserved, backordered } = book.totals;
  const { backorders: _, ...policy } = book.policy;
  return {
    sku,
    version: book.version,
    onHand,
    reserved: reserved + backordered,
    incoming: sorted(book.locations.flatMap(({ incoming }) => incoming)),
    policy,
    inStock: book.outages.map(({ day, ms }) => ({
      day,
      fraction: Math.max(0, 1 - ms / dayMs(day, calendar)),
    })),
    ...(book.outSince !== undefined && { outSince: book.outSince }),
  };
}
