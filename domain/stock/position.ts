// What the planner is told of a SKU's stock.
import type { Calendar } from "../calendar.ts";
import type { StockPosition } from "../demand.ts";
import { INCOMING_MAX } from "../limits.ts";
import { sorted } from "./decisions.ts";
import type { Delivery } from "./ledger.ts";
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
    incoming: deliveriesOf(book),
    policy,
    inStock: book.outages.map(({ day, ms }) => ({
      day,
      fraction: Math.max(0, 1 - ms / dayMs(day, calendar)),
    })),
    ...(book.outSince !== undefined && { outSince: book.outSince }),
  };
}

/** By day over all locations; of very many days the last ones as one, on the latest: a row of the planner has 1,024 SKUs. */
function deliveriesOf({ locations }: StockBook): Delivery[] {
  const units = new Map<string, number>();
  for (const { incoming } of locations) {
    for (const { quantity, eta } of incoming) units.set(eta, (units.get(eta) ?? 0) + quantity);
  }
  const days = sorted([...units].map(([eta, quantity]) => ({ quantity, eta })));
  const last = days.splice(INCOMING_MAX - 1);
  const latest = last.at(-1);
  if (latest === undefined) return days;
  return [...days, { quantity: last.reduce((sum, { quantity }) => sum + quantity, 0), eta: latest.eta }];
}
