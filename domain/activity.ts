/**
 * Kinds of activity. A kind is stored as its index in this list: append only, never reorder.
 */
export const ACTIVITY_KINDS = [
  "other",
  "viewed",
  "clicked",
  "list_viewed",
  "list_filtered",
  "searched",
  "added",
  "removed",
  "wishlist_added",
  "wishlist_removed",
  "wishlist_to_cart",
  "cart_viewed",
  "checkout_started",
  "checkout_step_viewed",
  "checkout_step_completed",
  "payment_entered",
  "ordered",
  "order_updated",
  "refunded",
  "cancelled",
  "coupon_entered",
  "coupon_applied",
  "coupon_denied",
  "coupon_removed",
  "promotion_viewed",
  "promotion_clicked",
  "reviewed",
  "product_shared",
  "cart_shared",
  "page",
  "screen",
  "identified",
  "grouped",
  "aliased",
] as const;

export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

/** A product as an activity names it; facts the event did not give are absent. */
export interface ActivityLine {
  readonly productId: string;
  /** Stock keeping unit: the event's `sku`, else the product id. */
  readonly sku: string;
  readonly quantity: number;
  readonly name?: string;
  readonly category?: string;
  readonly brand?: string;
  /** Price of one unit in `Activity.currency`. */
  readonly price?: number;
  readonly imageUrl?: string;
  readonly url?: string;
}

/** An event reduced to what a profile needs: when, what kind, which products. */
export interface Activity {
  readonly messageId: string;
  /** Corrected time of the event, Unix ms. */
  readonly at: number;
  readonly kind: ActivityKind;
  /** Name of the event as sent ("Product Viewed", or what the shop made up). */
  readonly name: string;
  readonly lines: readonly ActivityLine[];
  readonly orderId?: string;
  readonly currency?: string;
  /** Order total or refund total, in `currency`. */
  readonly value?: number;
  /** Search words, list or coupon name: one short text worth showing. */
  readonly detail?: string;
  /** Set for events that must not teach (bots): kept, but no signal is made of them. */
  readonly silent?: boolean;
  /** Number of the anonymous id it came by, among the other ids of its profile; absent for the profile's own. */
  readonly by?: number;
}

/** Whether it tells of an order: an update does of the order that it names. */
export function tellsOfOrder({ kind, orderId }: Activity): boolean {
  return kind === "ordered" || (kind === "order_updated" && orderId !== undefined);
}
