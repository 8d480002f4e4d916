// Which rows of the Online Retail table are the sample shop's sales and returns, and what becomes of an invoice.

/** One row of the table. */
export interface Row {
  readonly invoice: string;
  readonly code: string;
  readonly description: string;
  readonly quantity: number;
  /** Minutes since 1970-01-01 00:00 of the shop's local time, read as UTC. */
  readonly minute: number;
  /** Thousandths of a pound a unit. */
  readonly price: number;
  /** Empty: unknown. */
  readonly customer: string;
}

export interface Line {
  readonly sku: string;
  /** 1 or more; of a return, the units that came back. */
  readonly quantity: number;
  /** Thousandths of a pound a unit. */
  readonly price: number;
}

export interface Invoice {
  /** Without the C of a cancellation. */
  readonly number: number;
  readonly kind: "order" | "refund";
  readonly minute: number;
  /** Empty: a guest. */
  readonly customer: string;
  /** By SKU, each once. */
  readonly lines: readonly Line[];
}

/**
 * Which refunds cancel a whole order: they name what the same customer ordered before, line by line and to the unit. Of
 * several such orders it is the latest; an order is cancelled once.
 *
 * @param invoices in order of time.
 */
export function cancelledOrders(invoices: readonly Invoice[]): Map<Invoice, Invoice> {
  const standing = new Map<string, Invoice[]>();
  const cancelled = new Map<Invoice, Invoice>();
  for (const invoice of invoices) {
    if (invoice.customer === "") continue;
    const key = `${invoice.customer} ${invoice.lines.map(({ sku, quantity }) => `${sku}*${quantity}`).join(" ")}`;
    const orders = standing.get(key) ?? [];
    standing.set(key, orders);
    if (invoice.kind === "order") orders.push(invoice);
    else {
      const order = orders.pop();
      if (order !== undefined) cancelled.set(invoice, order);
    }
  }
  return cancelled;
}

/** Codes that stand for no goods: postage, discounts, fees, samples, corrections by hand. */
const CHARGES = new Set(["AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S"]);

export type Refusal = "charge" | "unpriced";

/**
 * Why a row is left out; undefined when it is kept. A row without a positive price is no sale: goods written off
 * (negative quantity outside a cancellation), found, given away, or a bad debt.
 */
export function refusal(row: Row): Refusal | undefined {
  if (CHARGES.has(skuOf(row.code))) return "charge";
  if (row.price <= 0) return "unpriced";
  return undefined;
}

/** The shop typed some codes in both cases for one article. */
export function skuOf(code: string): string {
  return code.toUpperCase();
}

/**
 * The kept rows of one invoice as one order or refund. Rows of one SKU are summed; at several prices their price is
 * the mean by unit, to a thousandth of a pound.
 *
 * @throws when a cancellation has a positive quantity or a sale a negative one: the table has none.
 */
export function invoiceOf(rows: readonly Row[]): Invoice {
  const { invoice, minute, customer } = rows[0]!;
  const refund = invoice.startsWith("C");
  const sums = new Map<string, { quantity: number; value: number }>();
  for (const row of rows) {
    const quantity = refund ? -row.quantity : row.quantity;
    if (quantity <= 0) throw new Error(`invoice ${invoice}: quantity ${row.quantity} of ${row.code}`);
    const sum = sums.get(skuOf(row.code)) ?? { quantity: 0, value: 0 };
    sum.quantity += quantity;
    sum.value += quantity * row.price;
    sums.set(skuOf(row.code), sum);
  }
  const lines = [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sku, { quantity, value }]) => ({ sku, quantity, price: Math.round(value / quantity) }));
  const number = Number(refund ? invoice.slice(1) : invoice);
  return { number, kind: refund ? "refund" : "order", minute, customer, lines };
}
