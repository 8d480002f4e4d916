// The sample shop's catalogue as `POST /v1/products` takes it.
import { categoryOf } from "./categories.ts";
import type { Article } from "./files.ts";

export const CURRENCY = "GBP";

export interface Product {
  readonly product_id: string;
  readonly name: string;
  readonly category: string;
  readonly price: number;
  readonly currency: string;
  /** Sold with its orders, but never recommended: a service. */
  readonly hidden?: true;
}

const SERVICES = /^NEXT DAY CARRIAGE$|^PACKING CHARGE$|\bGIFT VOUCHER\b/i;
const SMALL_WORDS = new Set([
  "a",
  "and",
  "at",
  "by",
  "for",
  "from",
  "in",
  "of",
  "on",
  "or",
  "the",
  "to",
  "with",
]);
const AS_WRITTEN = new Set(["3D", "CD", "DIY", "II", "LED", "MP3", "TV", "UK", "USB", "XL"]);

export function productOf({ sku, price, description }: Article): Product {
  return {
    product_id: sku,
    name: nameOf(description),
    category: categoryOf(description),
    price: pounds(price),
    currency: CURRENCY,
    ...(SERVICES.test(description) && { hidden: true as const }),
  };
}

/** The shop writes in capitals; people read `Set of 3 Cake Tins Pantry Design`. */
export function nameOf(description: string): string {
  const small = description.replaceAll(/[^a-z]/g, "").length;
  const capital = description.replaceAll(/[^A-Z]/g, "").length;
  if (small >= capital) return description.replaceAll(/\s+/g, " ");
  return description
    .split(/\s+/)
    .map((word, index) => {
      if (AS_WRITTEN.has(word)) return word;
      const lower = word.toLowerCase();
      if (index > 0 && SMALL_WORDS.has(lower)) return lower;
      return lower.replaceAll(/(^|[^a-z'])([a-z])/g, (_, before: string, letter: string) =>
        /\d/.test(before) ? before + letter : before + letter.toUpperCase(),
      );
    })
    .join(" ");
}

/** Thousandths of a pound as pounds. */
export function pounds(price: number): number {
  return price / 1000;
}
