// The products that an event names, and what can be used of them.
import type { ActivityKind, ActivityLine } from "./activity.ts";
import { isRecord } from "./is-record.ts";
import { EVENT_PRODUCTS_MAX, LINE_QUANTITY_MAX, PRICE_MAX, TEXT_CHARACTERS_MAX } from "./limits.ts";
import { amountOf, isOtherCurrency, numberOf } from "./money.ts";

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

/** A colon before the first `/`, `?` or `#` ends a scheme, whatever a browser leaves out before it. */
const ADDRESS = /^(?:https?:\/\/|[^:/?#]*(?:[/?#]|$))/i;

/** The products that an event names, as they are: the list, else the properties themselves. */
export function productsOf(
  kind: ActivityKind,
  properties: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  const { products, id: _, ...named } = properties;
  const list = listOf(products) ?? [];
  return list.length > 0 ? list : [OF_ONE_PRODUCT.has(kind) ? properties : named];
}

/** A list of products, also as JSON text, by some key each (as PHP writes lists with gaps), or one product. */
export function listOf(products: unknown): readonly unknown[] | undefined {
  const value = typeof products === "string" ? parsed(products) : products;
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return undefined;
  return productIdOf(value) === undefined ? Object.values(value) : [value];
}

/** What can be used of products; the first ones of a long list. */
export function linesOf(
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

export function currencyOf(properties: Readonly<Record<string, unknown>>): string | undefined {
  return text(properties["currency"])?.toUpperCase();
}

/** The currency of products of which none tells another one. */
export function sharedCurrency(products: readonly unknown[]): string | undefined {
  let shared: string | undefined;
  for (const product of products) {
    const currency = isRecord(product) ? currencyOf(product) : undefined;
    if (currency === undefined) continue;
    if (shared !== undefined && currency !== shared) return undefined;
    shared = currency;
  }
  return shared;
}

/** A text or number as trimmed, well-formed, bounded text; undefined for all else and for nothing. */
export function text(value: unknown): string | undefined {
  if (typeof value !== "string" && !(typeof value === "number" && Number.isFinite(value))) return undefined;
  const trimmed = String(value).trim().slice(0, TEXT_CHARACTERS_MAX).toWellFormed();
  return trimmed === "" ? undefined : trimmed;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

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

/** Whether a product is in another currency than its event; where products do not agree, each that tells one is. */
function isInOther(product: Readonly<Record<string, unknown>>, currency: string | undefined): boolean {
  const own = currencyOf(product);
  return own !== undefined && (currency === undefined || isOtherCurrency(own, currency));
}

/**
 * Of the web, or within the shop's own pages; undefined for all else. Anybody may send an event, and shops' pages make
 * links of what lists tell: `javascript:` would run in every visitor's page.
 */
function address(value: unknown): string | undefined {
  const found = text(value);
  return found !== undefined && ADDRESS.test(found) ? found : undefined;
}
