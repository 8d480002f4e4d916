/** Units of one SKU in one order; (orderId, sku) counts once, from whichever way it comes first. */
export interface DemandLine {
  readonly orderId: string;
  readonly sku: string;
  readonly units: number;
  /** Unix ms; the shop's time zone makes a day of it. */
  readonly at: number;
  readonly price?: number;
}

/** A line of an order that was cancelled: what was counted of it is taken back, once. */
export interface CancelledLine {
  readonly orderId: string;
  readonly sku: string;
  /** When it was ordered, Unix ms, or any moment after: the line is looked for backwards from there. */
  readonly at: number;
  /** Units taken back; absent: all of the line. */
  readonly units?: number;
}

/** Views and carts of a SKU on one UTC day, from a combiner's merge. */
export interface BehaviourCount {
  readonly sku: string;
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly views: number;
  readonly carts: number;
}

/** How a SKU is replenished. Days, currency units. */
export interface ReplenishmentPolicy {
  readonly leadTimeDays: number;
  readonly reviewPeriodDays: number;
  /** 0.5..0.999 */
  readonly serviceLevel: number;
  readonly unitCost?: number;
  readonly unitPrice?: number;
  /** Of one order, whatever its size. */
  readonly orderCost?: number;
  /** What keeping a unit for a year costs, as a share of its cost. */
  readonly holdingRate?: number;
  readonly packSize: number;
  readonly minOrder: number;
}

export const DEFAULT_POLICY: ReplenishmentPolicy = {
  leadTimeDays: 7,
  reviewPeriodDays: 7,
  serviceLevel: 0.95,
  packSize: 1,
  minOrder: 0,
};

/** A SKU's stock over all locations as its `Inventory` last told the planner. Never netted. */
export interface StockPosition {
  readonly sku: string;
  /** Grows with each change; an older one is ignored. */
  readonly version: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly incoming: readonly { readonly quantity: number; readonly eta: string }[];
  readonly policy: ReplenishmentPolicy;
  /** Fraction of each recent day in stock, by day number; days not named were wholly in stock. */
  readonly inStock: readonly { readonly day: number; readonly fraction: number }[];
  /** Nothing is available since, Unix ms. */
  readonly outSince?: number;
}
