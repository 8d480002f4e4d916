// What a load sends, in order: the same list for the same sample and shift, so that its position is its progress.
import { eventsOf } from "./events.ts";
import type { Sample } from "./files.ts";
import { type Product, productOf } from "./products.ts";
import { cancelledOrders, type Invoice } from "./rules.ts";
import { recentUnits, type Stock, stockOf } from "./stock.ts";

/** Grows when what a load sends, or its order, changes: progress of another plan is no progress. */
export const PLAN_VERSION = 2;

export interface Plan {
  /** Bodies of `POST /v1/products`. */
  readonly products: readonly (readonly Product[])[];
  /** Bodies of `POST /v1/import`, visitor after visitor, so that each is touched in one burst. */
  readonly events: readonly EventChunk[];
  readonly stock: readonly { readonly sku: string; readonly stock: Stock }[];
  readonly orders: number;
  readonly orderLines: number;
}

export interface EventChunk {
  /** One event a line. */
  readonly ndjson: string;
  readonly events: number;
  readonly visitors: number;
}

const PRODUCTS_PER_REQUEST = 500;
/** An import may be ten times as large: smaller ones show progress, and cost less to send again. */
const CHUNK_CHARACTERS = 500_000;
const CHUNK_VISITORS_MAX = 50;
const DAY_MINUTES = 1440;

export function planLoad(sample: Sample, shiftDays: number): Plan {
  const products = sample.catalogue.map(productOf);
  const byId = new Map(products.map((product) => [product.product_id, product]));
  const units = recentUnits(sample.invoices);
  const orders = sample.invoices.filter(({ kind }) => kind === "order");
  return {
    products: chunks(products, PRODUCTS_PER_REQUEST),
    events: eventChunks(sample.invoices, shiftDays, byId),
    stock: sample.catalogue.map((article) => {
      return { sku: article.sku, stock: stockOf(article, units.get(article.sku) ?? 0) };
    }),
    orders: orders.length,
    orderLines: orders.reduce((sum, { lines }) => sum + lines.length, 0),
  };
}

/** The sample's last days alone, with the products that were sold in them. */
export function lastDays(sample: Sample, days: number): Sample {
  const end = Math.floor(sample.invoices.at(-1)!.minute / DAY_MINUTES) + 1;
  const invoices = sample.invoices.filter(({ minute }) => minute >= (end - days) * DAY_MINUTES);
  const sold = new Set(invoices.flatMap(({ lines }) => lines.map(({ sku }) => sku)));
  return { ...sample, invoices, catalogue: sample.catalogue.filter(({ sku }) => sold.has(sku)) };
}

function eventChunks(
  invoices: readonly Invoice[],
  shiftDays: number,
  products: ReadonlyMap<string, Product>,
): EventChunk[] {
  const cancelled = cancelledOrders(invoices);
  const done: EventChunk[] = [];
  let lines: string[] = [];
  let characters = 0;
  let visitors = 0;
  const finish = () => {
    if (lines.length > 0) done.push({ ndjson: `${lines.join("\n")}\n`, events: lines.length, visitors });
    lines = [];
    characters = 0;
    visitors = 0;
  };
  for (const ofVisitor of invoicesByVisitor(invoices)) {
    visitors += 1;
    for (const invoice of ofVisitor) {
      for (const event of eventsOf(invoice, shiftDays, products, cancelled.get(invoice))) {
        const line = JSON.stringify(event);
        if (characters + line.length > CHUNK_CHARACTERS) {
          finish();
          visitors = 1;
        }
        lines.push(line);
        characters += line.length + 1;
      }
    }
    if (visitors >= CHUNK_VISITORS_MAX) finish();
  }
  finish();
  return done;
}

/** In order of each visitor's first invoice; a guest is a visitor of one invoice. */
function invoicesByVisitor(invoices: readonly Invoice[]): Iterable<Invoice[]> {
  const visitors = new Map<string, Invoice[]>();
  for (const invoice of invoices) {
    const visitor = invoice.customer === "" ? `guest ${invoice.kind} ${invoice.number}` : invoice.customer;
    const known = visitors.get(visitor);
    if (known) known.push(invoice);
    else visitors.set(visitor, [invoice]);
  }
  return visitors.values();
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < items.length; from += size) parts.push(items.slice(from, from + size));
  return parts;
}
