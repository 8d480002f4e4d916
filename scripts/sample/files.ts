// The sample shop's files in `data/online_retail/`: the catalogue as text, the invoices packed, and what was packed.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { decodeInvoices, encodeInvoices } from "./format.ts";
import type { Invoice, Refusal } from "./rules.ts";

export const SAMPLE_DIRECTORY = resolve(import.meta.dirname, "../../data/online_retail");
const CATALOGUE = "catalogue.tsv";
const INVOICES = "invoices.bin.br";
const TOTALS = "totals.json";

export interface Article {
  readonly sku: string;
  /** Median price a unit over its sales, thousandths of a pound. */
  readonly price: number;
  /** As the shop wrote it most often. */
  readonly description: string;
}

/** What was read, what was left out and why, what is in the files. */
export interface Totals {
  readonly rows_read: number;
  readonly rows_left_out: Readonly<Record<Refusal, number>>;
  readonly rows_kept: { readonly sales: number; readonly returns: number };
  readonly rows_summed_into_another: number;
  readonly invoices: { readonly orders: number; readonly refunds: number };
  readonly lines: { readonly orders: number; readonly refunds: number };
  readonly units: { readonly sold: number; readonly returned: number };
  readonly customers: number;
  readonly guest_invoices: number;
  readonly skus: number;
}

export interface Sample {
  /** By SKU, ascending. */
  readonly catalogue: readonly Article[];
  /** In order of time. */
  readonly invoices: readonly Invoice[];
  readonly totals: Totals;
}

export function readSample(directory: string = SAMPLE_DIRECTORY): Sample {
  const [, ...lines] = readFileSync(join(directory, CATALOGUE), "utf8").trimEnd().split("\n");
  const catalogue = lines.map((line) => {
    const [sku, price, description] = line.split("\t");
    return { sku: sku!, price: Math.round(Number(price) * 1000), description: description! };
  });
  const skus = catalogue.map(({ sku }) => sku);
  return {
    catalogue,
    invoices: decodeInvoices(readFileSync(join(directory, INVOICES)), skus),
    totals: JSON.parse(readFileSync(join(directory, TOTALS), "utf8")) as Totals,
  };
}

export function writeSample(sample: Sample, directory: string): void {
  mkdirSync(directory, { recursive: true });
  const lines = sample.catalogue.map(
    ({ sku, price, description }) => `${sku}\t${(price / 1000).toFixed(3)}\t${description}`,
  );
  writeFileSync(join(directory, CATALOGUE), `${["sku\tprice_gbp\tdescription", ...lines].join("\n")}\n`);
  const skus = sample.catalogue.map(({ sku }) => sku);
  writeFileSync(join(directory, INVOICES), encodeInvoices(sample.invoices, skus));
  writeFileSync(join(directory, TOTALS), `${JSON.stringify(sample.totals, null, 2)}\n`);
}
