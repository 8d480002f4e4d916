import type { Calendar } from "../calendar.ts";
import type { StockPolicy } from "./ledger.ts";
import type { Outage } from "./outages.ts";
import type { OpenReservation } from "./reservation.ts";
import { type LocationStock, StockBook } from "./stock-book.ts";

/** A book as JSON, without what the ledger of the last day still knows. */
export interface StockSnapshot {
  readonly version: number;
  readonly clock: number;
  readonly updatedAt: number;
  readonly policy: StockPolicy;
  readonly locations: readonly LocationStock[];
  readonly outages: readonly Outage[];
  readonly outSince?: number;
  readonly open: readonly OpenReservation[];
}

export function snapshotOf(book: StockBook): StockSnapshot {
  const { version, clock, updatedAt, policy, locations, outages, outSince, open } = book;
  return {
    version,
    clock,
    updatedAt,
    policy,
    locations,
    outages,
    ...(outSince !== undefined && { outSince }),
    open: [...open.values()],
  };
}

export function bookOf(snapshot: StockSnapshot, calendar: Calendar): StockBook {
  const book = new StockBook(calendar);
  book.version = snapshot.version;
  book.clock = snapshot.clock;
  book.updatedAt = snapshot.updatedAt;
  book.policy = snapshot.policy;
  book.locations.push(...snapshot.locations.map((stock) => ({ ...stock })));
  book.outages = snapshot.outages;
  book.outSince = snapshot.outSince;
  for (const reservation of snapshot.open) book.keep(reservation);
  return book;
}
