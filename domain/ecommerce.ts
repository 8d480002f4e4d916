import type { Activity, ActivityKind, ActivityLine } from "./activity.ts";
import type { ShopEvent } from "./event.ts";
import { isRecord } from "./is-record.ts";
import { LINE_QUANTITY_MAX, ORDER_LINES_MAX, PRICE_MAX, TEXT_CHARACTERS_MAX } from "./limits.ts";

/** Segment's e-commerce spec v2, then the aliases of v1. Names are compared without case, spaces and punctuation. */
const KINDS: readonly (readonly [ActivityKind, ...string[]])[] = [
  ["searched", "Products Searched", "Searched Products", "Product Searched"],
  ["list_viewed", "Product List Viewed", "Viewed Product List", "Viewed Product Category"],
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
  ["wishlist_to_cart", "Wishlist Product Added to Cart", "Added Wishlist Product to Cart"],
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

/** Kinds about one product: a bare `id` of theirs is its id. Elsewhere it may be anything's. */
const OF_ONE_PRODUCT: ReadonlySet<ActivityKind> = new Set([
  "viewed",
  "clicked",
  "added",
  "removed",
  "wishlist_added",
  "wishlist_removed",
  "wishlist_to_cart",
  "product_shared",
  "reviewed",
]);

/** What kind of activity a track call of this name is; `other` when the shop made it up. */
export function kindOf(name: string): ActivityKind {
  return KIND_BY_NAME.get(normalized(name)) ?? "other";
}

/** An event as activity. Takes anything for properties: what is not usable is left out. */
export function toActivity(event: ShopEvent): Activity {
  const { properties } = event;
  const kind = event.type === "track" ? kindOf(event.name) : TYPE_KINDS[event.type];
  const orderId = text(properties["order_id"]) ?? text(properties["orderId"]);
  const currency = text(properties["currency"])?.toUpperCase();
  const value = amount(properties["revenue"]) ?? amount(properties["total"]) ?? amount(properties["value"]);
  const detail = DETAILS.map((field) => text(properties[field])).find((found) => found !== undefined);
  return {
    messageId: event.messageId,
    at: event.at,
    kind,
    name: event.name,
    lines: WITHOUT_PRODUCT.has(kind) ? [] : linesOf(kind, properties),
    ...(orderId !== undefined && { orderId }),
    ...(currency !== undefined && { currency }),
    ...(value !== undefined && { value }),
    ...(detail !== undefined && { detail }),
    ...(event.bot && { silent: true }),
  };
}

function linesOf(kind: ActivityKind, properties: Readonly<Record<string, unknown>>): ActivityLine[] {
  const { products, id: _, ...named } = properties;
  const alone = OF_ONE_PRODUCT.has(kind) ? properties : named;
  const given: unknown[] = Array.isArray(products) ? products : [alone];
  const lines: ActivityLine[] = [];
  for (const product of given) {
    if (lines.length >= ORDER_LINES_MAX) break;
    const line = isRecord(product) ? lineOf(product) : undefined;
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

function lineOf(product: Readonly<Record<string, unknown>>): ActivityLine | undefined {
  const sku = text(product["sku"]);
  const productId = text(product["product_id"]) ?? text(product["productId"]) ?? text(product["id"]) ?? sku;
  if (productId === undefined) return undefined;
  const quantity = number(product["quantity"]);
  const name = text(product["name"]) ?? text(product["title"]);
  const category = text(product["category"]);
  const brand = text(product["brand"]);
  const price = number(product["price"]);
  const imageUrl = text(product["image_url"]);
  const url = text(product["url"]);
  return {
    productId,
    sku: sku ?? productId,
    quantity: quantity !== undefined && quantity > 0 ? Math.min(quantity, LINE_QUANTITY_MAX) : 1,
    ...(name !== undefined && { name }),
    ...(category !== undefined && { category }),
    ...(brand !== undefined && { brand }),
    ...(price !== undefined && price >= 0 && { price: Math.min(price, PRICE_MAX) }),
    ...(imageUrl !== undefined && { imageUrl }),
    ...(url !== undefined && { url }),
  };
}

function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** A text or number as trimmed, well-formed, bounded text; undefined for all else and for nothing. */
function text(value: unknown): string | undefined {
  if (typeof value !== "string" && !(typeof value === "number" && Number.isFinite(value))) return undefined;
  const trimmed = String(value).trim().slice(0, TEXT_CHARACTERS_MAX).toWellFormed();
  return trimmed === "" ? undefined : trimmed;
}

/** A finite number, also where it came as a text ("19.99"). */
function number(value: unknown): number | undefined {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  const found = Number(value);
  return Number.isFinite(found) ? found : undefined;
}

function amount(value: unknown): number | undefined {
  const found = number(value);
  return found === undefined ? undefined : Math.max(-PRICE_MAX, Math.min(PRICE_MAX, found));
}
