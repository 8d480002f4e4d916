import type { Activity, ActivityKind, ActivityLine } from "./activity.ts";
import type { ShopEvent } from "./event.ts";
import { currencyOf, linesOf, listOf, productsOf, sharedCurrency, text } from "./event-products.ts";
import { EVENT_PRODUCTS_MAX, PRICE_MAX } from "./limits.ts";
import { amountOf } from "./money.ts";

/** Segment's e-commerce spec v2, then the aliases of v1. Names are compared without case, spaces and punctuation. */
const KINDS: readonly (readonly [ActivityKind, ...string[]])[] = [
  ["searched", "Products Searched", "Searched Products", "Product Searched"],
  [
    "list_viewed",
    "Product List Viewed",
    "Viewed Product List",
    "Viewed Product Category",
    "Product Category Viewed",
  ],
  ["list_filtered", "Product List Filtered", "Filtered Product List"],
  ["promotion_viewed", "Promotion Viewed", "Viewed Promotion"],
  ["promotion_clicked", "Promotion Clicked", "Clicked Promotion"],
  ["clicked", "Product Clicked", "Clicked Product"],
  ["viewed", "Product Viewed", "Viewed Product"],
  ["added", "Product Added", "Added Product"],
  ["removed", "Product Removed", "Removed Product"],
  ["cart_viewed", "Cart Viewed", "Viewed Cart"],
  ["checkout_started", "Checkout Started", "Started Checkout"],
  ["checkout_step_viewed", "Checkout Step Viewed", "Viewed Checkout Step"],
  ["checkout_step_completed", "Checkout Step Completed", "Completed Checkout Step"],
  ["payment_entered", "Payment Info Entered", "Entered Payment Info"],
  ["order_updated", "Order Updated", "Updated Order"],
  ["ordered", "Order Completed", "Completed Order"],
  ["refunded", "Order Refunded", "Refunded Order"],
  ["cancelled", "Order Cancelled", "Order Canceled", "Cancelled Order", "Canceled Order"],
  ["coupon_entered", "Coupon Entered", "Entered Coupon"],
  ["coupon_applied", "Coupon Applied", "Applied Coupon"],
  ["coupon_denied", "Coupon Denied", "Denied Coupon"],
  ["coupon_removed", "Coupon Removed", "Removed Coupon"],
  ["wishlist_added", "Product Added to Wishlist", "Added Product to Wishlist"],
  ["wishlist_removed", "Product Removed from Wishlist", "Removed Product from Wishlist"],
  [
    "wishlist_to_cart",
    "Wishlist Product Added to Cart",
    "Added Wishlist Product to Cart",
    "Product Added from Wishlist to Cart",
    "Product Added to Cart from Wishlist",
  ],
  ["product_shared", "Product Shared", "Shared Product"],
  ["cart_shared", "Cart Shared", "Shared Cart"],
  ["reviewed", "Product Reviewed", "Reviewed Product"],
];

const KIND_BY_NAME = new Map(
  KINDS.flatMap(([kind, ...names]) => names.map((name) => [normalized(name), kind] as const)),
);

const TYPE_KINDS: Readonly<Record<Exclude<ShopEvent["type"], "track">, ActivityKind>> = {
  page: "page",
  screen: "screen",
  identify: "identified",
  alias: "aliased",
  group: "grouped",
};

const DETAILS = [
  "query",
  "coupon_name",
  "coupon_id",
  "coupon",
  "name",
  "list_id",
  "category",
  "share_message",
  "step",
];

/** Kinds whose own properties are not a product even when they look like one. */
const WITHOUT_PRODUCT: ReadonlySet<ActivityKind> = new Set([
  "page",
  "screen",
  "identified",
  "aliased",
  "grouped",
  "promotion_viewed",
  "promotion_clicked",
  "coupon_entered",
  "coupon_applied",
  "coupon_denied",
  "coupon_removed",
]);

/** Kinds about one order: a bare `id` of theirs is its id, as in v1 of the spec. */
const OF_ONE_ORDER: ReadonlySet<ActivityKind> = new Set([
  "ordered",
  "order_updated",
  "refunded",
  "cancelled",
]);

/** What an order comes to: the first that is told and not zero, which libraries send for what was not told. */
const AMOUNTS = ["revenue", "total", "value", "subtotal"];

/** What kind of activity a track call of this name is; `other` when the shop made it up. */
export function kindOf(name: string): ActivityKind {
  return KIND_BY_NAME.get(normalized(name)) ?? "other";
}

/** An event as activity. Takes anything for properties: what is not usable is left out. */
export function toActivity(event: ShopEvent): Activity {
  const { properties } = event;
  const kind = event.type === "track" ? kindOf(event.name) : TYPE_KINDS[event.type];
  const orderId =
    text(properties["order_id"]) ??
    text(properties["orderId"]) ??
    (OF_ONE_ORDER.has(kind) ? text(properties["id"]) : undefined);
  const products = WITHOUT_PRODUCT.has(kind) ? [] : productsOf(kind, properties);
  const currency = currencyOf(properties) ?? sharedCurrency(products);
  const lines = linesOf(kind, products, currency);
  const value = worthOf(properties, currency) ?? unreadRefund(kind, properties, lines);
  const detail = DETAILS.map((field) => text(properties[field])).find((found) => found !== undefined);
  return {
    messageId: event.messageId,
    at: event.at,
    kind,
    name: event.name,
    lines,
    ...(orderId !== undefined && { orderId }),
    ...(currency !== undefined && { currency }),
    ...(value !== undefined && { value }),
    ...(detail !== undefined && { detail }),
    ...(event.bot && { silent: true }),
  };
}

/** Whether an event tells an order of more products than are taken of one. */
export function isOrderTooLong({
  type,
  name,
  properties,
}: Pick<ShopEvent, "type" | "name" | "properties">): boolean {
  const { products } = properties;
  if (products === undefined || type !== "track") return false;
  return (listOf(products)?.length ?? 0) > EVENT_PRODUCTS_MAX && OF_ONE_ORDER.has(kindOf(name));
}

function worthOf(
  properties: Readonly<Record<string, unknown>>,
  currency: string | undefined,
): number | undefined {
  let worth: number | undefined;
  for (const field of AMOUNTS) {
    if (!worth) worth = amountOf(properties[field], currency) ?? worth;
  }
  return worth === undefined ? undefined : Math.max(-PRICE_MAX, Math.min(PRICE_MAX, worth));
}

/** A refund of an amount that cannot be read is none: without amount and products it would be of the whole order. */
function unreadRefund(
  kind: ActivityKind,
  properties: Readonly<Record<string, unknown>>,
  lines: readonly ActivityLine[],
): number | undefined {
  if (kind !== "refunded" || lines.length > 0) return undefined;
  return AMOUNTS.some((field) => text(properties[field]) !== undefined) ? 0 : undefined;
}

function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
