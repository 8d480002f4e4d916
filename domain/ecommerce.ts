import type { Activity, ActivityKind, ActivityLine } from "./activity.ts";
import type { ShopEvent } from "./event.ts";
import { isRecord } from "./is-record.ts";
import { EVENT_PRODUCTS_MAX, LINE_QUANTITY_MAX, PRICE_MAX, TEXT_CHARACTERS_MAX } from "./limits.ts";
import { amountOf, isOtherCurrency, numberOf } from "./money.ts";

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

/** The products that an event names, as they are: the list, else the properties themselves. */
function productsOf(kind: ActivityKind, properties: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { products, id: _, ...named } = properties;
  const list = listOf(products) ?? [];
  return list.length > 0 ? list : [OF_ONE_PRODUCT.has(kind) ? properties : named];
}

/** A list of products, also as JSON text, by some key each (as PHP writes lists with gaps), or one product. */
function listOf(products: unknown): readonly unknown[] | undefined {
  const value = typeof products === "string" ? parsed(products) : products;
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return undefined;
  return productIdOf(value) === undefined ? Object.values(value) : [value];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function linesOf(
  kind: ActivityKind,
  products: readonly unknown[],
  currency: string | undefined,
): ActivityLine[] {
  const lines: ActivityLine[] = [];
  for (const product of products) {
    if (lines.length >= EVENT_PRODUCTS_MAX) break;
    const line = isRecord(product) ? lineOf(kind, product, currency) : undefined;
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

/** A colon before the first `/`, `?` or `#` ends a scheme, whatever a browser leaves out before it. */
const ADDRESS = /^(?:https?:\/\/|[^:/?#]*(?:[/?#]|$))/i;

function lineOf(
  kind: ActivityKind,
  product: Readonly<Record<string, unknown>>,
  currency: string | undefined,
): ActivityLine | undefined {
  const productId = productIdOf(product);
  if (productId === undefined) return undefined;
  const sku = text(product["sku"]);
  const quantity = quantityOf(kind, product);
  if (quantity === undefined) return undefined;
  const name = text(product["name"]) ?? text(product["title"]);
  const category = text(product["category"]);
  const brand = text(product["brand"]);
  const price = isInOther(product, currency) ? undefined : amountOf(product["price"], currency);
  const imageUrl = address(product["image_url"]);
  const url = address(product["url"]);
  return {
    productId,
    sku: sku ?? productId,
    quantity,
    ...(name !== undefined && { name }),
    ...(category !== undefined && { category }),
    ...(brand !== undefined && { brand }),
    ...(price !== undefined && price >= 0 && { price: Math.min(price, PRICE_MAX) }),
    ...(imageUrl !== undefined && { imageUrl }),
    ...(url !== undefined && { url }),
  };
}

function productIdOf(product: Readonly<Record<string, unknown>>): string | undefined {
  return (
    text(product["product_id"]) ?? text(product["productId"]) ?? text(product["id"]) ?? text(product["sku"])
  );
}

/**
 * Units of a line, one where it tells none: libraries write 0 for that. Less than none are units that came back; they
 * are no line of what was ordered.
 */
function quantityOf(kind: ActivityKind, product: Readonly<Record<string, unknown>>): number | undefined {
  const told = numberOf(product["quantity"]) ?? amountOf(product["quantity"], undefined) ?? 0;
  if (told < 0 && (kind === "ordered" || kind === "order_updated")) return undefined;
  return told === 0 ? 1 : Math.min(Math.abs(told), LINE_QUANTITY_MAX);
}

function currencyOf(properties: Readonly<Record<string, unknown>>): string | undefined {
  return text(properties["currency"])?.toUpperCase();
}

/** Whether a product is in another currency than its event; where products do not agree, each that tells one is. */
function isInOther(product: Readonly<Record<string, unknown>>, currency: string | undefined): boolean {
  const own = currencyOf(product);
  return own !== undefined && (currency === undefined || isOtherCurrency(own, currency));
}

/** The currency of products of which none tells another one. */
function sharedCurrency(products: readonly unknown[]): string | undefined {
  let shared: string | undefined;
  for (const product of products) {
    const currency = isRecord(product) ? currencyOf(product) : undefined;
    if (currency === undefined) continue;
    if (shared !== undefined && currency !== shared) return undefined;
    shared = currency;
  }
  return shared;
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

/** A text or number as trimmed, well-formed, bounded text; undefined for all else and for nothing. */
function text(value: unknown): string | undefined {
  if (typeof value !== "string" && !(typeof value === "number" && Number.isFinite(value))) return undefined;
  const trimmed = String(value).trim().slice(0, TEXT_CHARACTERS_MAX).toWellFormed();
  return trimmed === "" ? undefined : trimmed;
}

/**
 * Of the web, or within the shop's own pages; undefined for all else. Anybody may send an event, and shops' pages make links
 * of what lists tell: `javascript:` would run in every visitor's page.
 */
function address(value: unknown): string | undefined {
  const found = text(value);
  return found !== undefined && ADDRESS.test(found) ? found : undefined;
}
