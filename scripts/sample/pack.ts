// Makes the sample shop's files from the Online Retail table (UCI, id 352):
//
//   node scripts/sample/pack.ts online_retail.csv.gz [directory]
//
// Reads them back and checks the units of every SKU against the table before it says what was packed.
import { readRows } from "./csv.ts";
import {
  type Article,
  readSample,
  SAMPLE_DIRECTORY,
  type Sample,
  type Totals,
  writeSample,
} from "./files.ts";
import { type Invoice, invoiceOf, type Refusal, type Row, refusal, skuOf } from "./rules.ts";

interface Gathered {
  readonly prices: number[];
  /** How often each was written. */
  readonly descriptions: Map<string, number>;
}

export async function packRows(rows: AsyncIterable<Row> | Iterable<Row>): Promise<Sample> {
  let read = 0;
  const leftOut: Record<Refusal, number> = { charge: 0, unpriced: 0 };
  const byInvoice = new Map<string, Row[]>();
  const articles = new Map<string, Gathered>();
  for await (const row of rows) {
    read += 1;
    const reason = refusal(row);
    if (reason) {
      leftOut[reason] += 1;
      continue;
    }
    const ofInvoice = byInvoice.get(row.invoice);
    if (ofInvoice) ofInvoice.push(row);
    else byInvoice.set(row.invoice, [row]);
    const article: Gathered = articles.get(skuOf(row.code)) ?? { prices: [], descriptions: new Map() };
    articles.set(skuOf(row.code), article);
    article.prices.push(row.price);
    if (row.description !== "") {
      article.descriptions.set(row.description, (article.descriptions.get(row.description) ?? 0) + 1);
    }
  }
  const kept = [...byInvoice.values()].flat();
  const invoices = [...byInvoice.values()].map(invoiceOf).sort((a, b) => a.minute - b.minute);
  const catalogue = [...articles]
    .map(([sku, { prices, descriptions }]): Article => {
      return { sku, price: median(prices), description: mostFrequent(descriptions) ?? sku };
    })
    .sort((a, b) => (a.sku < b.sku ? -1 : 1));
  return { catalogue, invoices, totals: totalsOf(read, leftOut, kept, invoices, catalogue.length) };
}

function totalsOf(
  read: number,
  leftOut: Record<Refusal, number>,
  kept: readonly Row[],
  invoices: readonly Invoice[],
  skus: number,
): Totals {
  const orders = invoices.filter(({ kind }) => kind === "order");
  const refunds = invoices.filter(({ kind }) => kind === "refund");
  const sales = kept.filter(({ quantity }) => quantity > 0).length;
  const lines = { orders: sum(orders, linesOf), refunds: sum(refunds, linesOf) };
  return {
    rows_read: read,
    rows_left_out: leftOut,
    rows_kept: { sales, returns: kept.length - sales },
    rows_summed_into_another: kept.length - lines.orders - lines.refunds,
    invoices: { orders: orders.length, refunds: refunds.length },
    lines,
    units: { sold: sum(orders, unitsOf), returned: sum(refunds, unitsOf) },
    customers: new Set(invoices.map(({ customer }) => customer).filter((id) => id !== "")).size,
    guest_invoices: invoices.filter(({ customer }) => customer === "").length,
    skus,
  };
}

/** Units sold less units returned of each SKU. */
export function unitsBySku(invoices: readonly Invoice[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { kind, lines } of invoices) {
    for (const { sku, quantity } of lines) {
      units.set(sku, (units.get(sku) ?? 0) + (kind === "refund" ? -quantity : quantity));
    }
  }
  return units;
}

function sum(invoices: readonly Invoice[], of: (invoice: Invoice) => number): number {
  return invoices.reduce((total, invoice) => total + of(invoice), 0);
}

function linesOf({ lines }: Invoice): number {
  return lines.length;
}

function unitsOf({ lines }: Invoice): number {
  return lines.reduce((total, { quantity }) => total + quantity, 0);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]!;
}

/** Of several as frequent the first of the alphabet, so that packing twice gives the same bytes. */
function mostFrequent(counts: ReadonlyMap<string, number>): string | undefined {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}

async function main(file: string, directory: string): Promise<void> {
  writeSample(await packRows(readRows(file)), directory);
  const written = readSample(directory);
  const units = unitsBySku(written.invoices);
  for await (const row of readRows(file)) {
    if (refusal(row) === undefined) units.set(skuOf(row.code), units.get(skuOf(row.code))! - row.quantity);
  }
  const wrong = [...units].filter(([, difference]) => difference !== 0);
  if (wrong.length > 0) throw new Error(`units do not add up: ${JSON.stringify(wrong.slice(0, 10))}`);
  console.log(JSON.stringify(written.totals, null, 2));
  console.log(`the units of all ${units.size} SKUs add up`);
}

if (import.meta.main) {
  const [file, directory = SAMPLE_DIRECTORY] = process.argv.slice(2);
  if (file === undefined) {
    console.error("usage: node scripts/sample/pack.ts online_retail.csv.gz [directory]");
    process.exitCode = 2;
  } else await main(file, directory);
}
