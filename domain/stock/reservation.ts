// The lifecycle of a hold on one SKU's stock: held -> (pinned ->) committed | released | expired. Each state has only
// its own fields.
import type { Part } from "./ledger.ts";

interface Open {
  /** Of one unit, when it is sold. */
  readonly price?: number;
}

interface Common {
  readonly id: string;
  readonly parts: readonly Part[];
  /** Hash of what was asked, to tell a repeat from another request. */
  readonly request?: number;
}

/** Until `expiresAt` (Unix ms), not at it. */
export interface Held extends Common, Open {
  readonly status: "held";
  readonly expiresAt: number;
  /** The hold it takes the place of; both have their units until it is settled. */
  readonly former?: Held;
}

/** Does not expire: whoever pinned it commits or releases it. */
export interface Pinned extends Common, Open {
  readonly status: "pinned";
}

export interface Committed extends Common {
  readonly status: "committed";
  readonly at: number;
  readonly orderId?: string;
}

/** `expired` since it ended by itself, at its `expiresAt`. */
export interface Ended extends Common {
  readonly status: "released" | "expired";
  readonly at: number;
}

/** Another hold has taken its place, not yet for good: it stands again if that one ends before it is settled. */
export interface Replaced extends Common {
  readonly status: "replaced";
  readonly by: string;
}

export type OpenReservation = Held | Pinned;
export type ClosedReservation = Committed | Ended;
export type Reservation = OpenReservation | Replaced | ClosedReservation;
