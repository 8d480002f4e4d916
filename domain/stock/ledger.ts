// The ledger of one SKU: what happened, in order. Every number of its stock is the sum of the ledger's moves.
import type { CancelledLine, DemandLine, ReplenishmentPolicy } from "../demand.ts";

export const DEFAULT_LOCATION = "default";

/** Why units came or went outside of sales. */
export const ADJUSTMENT_REASONS = ["receipt", "return", "shrinkage", "count"] as const;
export type AdjustmentReason = (typeof ADJUSTMENT_REASONS)[number];

/** What an entry may be of. */
export const LEDGER_EVENTS = [
  "set",
  ...ADJUSTMENT_REASONS,
  "cancel",
  "plan",
  "hold",
  "pin",
  "settle",
  "commit",
  "release",
  "expire",
  "fill",
] as const satisfies readonly LedgerEntry["what"][];

export interface Delivery {
  readonly quantity: number;
  /** ISO date. */
  readonly eta: string;
}

/** How a SKU is sold and replenished. */
export interface StockPolicy extends ReplenishmentPolicy {
  /** Whether more may be sold than there is. */
  readonly backorders: boolean;
}

/** What a reservation has at one location: `units` that are there, and `backordered` ones that are not yet. */
export interface Part {
  readonly location: string;
  readonly units: number;
  readonly backordered?: number;
}

/** By how much the numbers of a location change. */
export interface Move {
  readonly location: string;
  readonly onHand?: number;
  readonly reserved?: number;
  readonly backordered?: number;
}

/** `at` is Unix ms and never falls from one entry to the next. */
export type LedgerEntry =
  /** Units counted, received, lost, brought back; the location's deliveries where they changed with it. */
  | {
      readonly what: "set" | AdjustmentReason | "cancel";
      readonly at: number;
      readonly moves: readonly Move[];
      readonly incoming?: readonly Delivery[];
      /** A repeat under it changes nothing. */
      readonly key?: string;
      /** The order that is cancelled, and when it was sold. */
      readonly order?: { readonly orderId: string; readonly at: number };
    }
  /** Policy or deliveries of a location were set. */
  | {
      readonly what: "plan";
      readonly at: number;
      readonly location?: string;
      readonly incoming?: readonly Delivery[];
      readonly policy?: StockPolicy;
    }
  /** Without `expiresAt` it is pinned from the start. `replaces`: the hold it takes the place of, when settled. */
  | {
      readonly what: "hold";
      readonly at: number;
      readonly id: string;
      readonly parts: readonly Part[];
      readonly moves?: readonly Move[];
      readonly expiresAt?: number;
      readonly request?: number;
      readonly replaces?: string;
      /** Of one unit, when it is sold. */
      readonly price?: number;
    }
  | { readonly what: "pin"; readonly at: number; readonly id: string }
  /** It has taken the place of the hold it replaces, which had `parts` and `request`. */
  | {
      readonly what: "settle";
      readonly at: number;
      readonly id: string;
      readonly replaces: string;
      readonly parts: readonly Part[];
      readonly request?: number;
      readonly moves: readonly Move[];
    }
  | {
      readonly what: "commit" | "release" | "expire";
      readonly at: number;
      readonly id: string;
      readonly parts: readonly Part[];
      readonly moves?: readonly Move[];
      readonly request?: number;
      readonly expiresAt?: number;
      readonly orderId?: string;
      /** Of one unit. */
      readonly price?: number;
      /** The hold whose place it had taken stands again. */
      readonly restores?: string;
    }
  /** Units that came fill what was backordered: of the hold `id`, or of what is already sold. */
  | {
      readonly what: "fill";
      readonly at: number;
      readonly moves: readonly Move[];
      readonly id?: string;
    };

/** What an entry does to the numbers. */
export function movesOf(entry: LedgerEntry): readonly Move[] {
  switch (entry.what) {
    case "plan":
    case "pin":
      return [];
    case "hold":
      return entry.moves ?? entry.parts.map((part) => reservedMove(part, 1));
    case "release":
    case "expire":
      return entry.moves ?? entry.parts.map((part) => reservedMove(part, -1));
    case "commit":
      return entry.parts.map(({ location, units }) => ({ location, onHand: -units, reserved: -units }));
    default:
      return entry.moves;
  }
}

/** What an order wants of the SKU, by a sale. */
export function soldLine(sku: string, entry: LedgerEntry): DemandLine | undefined {
  if (entry.what !== "commit" || entry.orderId === undefined) return undefined;
  const { orderId, at, parts, price } = entry;
  return { orderId, sku, units: unitsOf(parts), at, ...(price !== undefined && { price }) };
}

/** What an order wants no more, by its cancellation. */
export function cancelledLine(sku: string, entry: LedgerEntry): CancelledLine | undefined {
  return entry.what === "cancel" && entry.order !== undefined ? { sku, ...entry.order } : undefined;
}

/** Units of a reservation, there or not. */
export function unitsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { units, backordered = 0 }) => sum + units + backordered, 0);
}

/** What turns one state of reserved units into another. */
export function movesBetween(before: readonly Part[], after: readonly Part[]): Move[] {
  const locations = new Set([...before, ...after].map(({ location }) => location));
  const moves: Move[] = [];
  for (const location of locations) {
    const from = partAt(before, location);
    const to = partAt(after, location);
    const reserved = to.units - from.units;
    const backordered = to.backordered - from.backordered;
    if (reserved === 0 && backordered === 0) continue;
    moves.push({ location, ...(reserved !== 0 && { reserved }), ...(backordered !== 0 && { backordered }) });
  }
  return moves;
}

/** Enough for either: the larger of both at each location. */
export function partsForBoth(one: readonly Part[], other: readonly Part[]): Part[] {
  const locations = new Set([...one, ...other].map(({ location }) => location));
  return [...locations].map((location) => {
    const a = partAt(one, location);
    const b = partAt(other, location);
    const backordered = Math.max(a.backordered, b.backordered);
    return { location, units: Math.max(a.units, b.units), ...(backordered > 0 && { backordered }) };
  });
}

export function partAt(parts: readonly Part[], location: string): { units: number; backordered: number } {
  const part = parts.find((one) => one.location === location);
  return { units: part?.units ?? 0, backordered: part?.backordered ?? 0 };
}

function reservedMove({ location, units, backordered }: Part, sign: 1 | -1): Move {
  return {
    location,
    ...(units !== 0 && { reserved: sign * units }),
    ...(backordered !== undefined && { backordered: sign * backordered }),
  };
}
