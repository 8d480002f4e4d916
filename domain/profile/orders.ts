import type { Activity, ActivityLine } from "../activity.ts";
import type { ByteReader, ByteWriter } from "../bytes.ts";
import type { CancelledLine } from "../demand.ts";
import { hash32, hash53 } from "../hash.ts";
import { ORDER_REFUNDS_MAX, PROFILE_ORDERS_CHARACTERS_MAX, PROFILE_ORDERS_MAX } from "../limits.ts";

type OrderLine = Pick<ActivityLine, "productId" | "sku" | "quantity" | "price">;

interface Refund {
  /** As told; absent: what its lines come to, or all where it has none. */
  readonly value?: number;
  readonly lines: readonly OrderLine[];
}

/** An order as far as it was told, in whatever order that was. */
interface Order {
  /** When it was ordered: the earliest of what told its lines, Unix ms; 0: not told yet. */
  at: number;
  /** Last heard of, Unix ms. */
  heardAt: number;
  /** Of what named products last. */
  linesTold: Told;
  lines: readonly OrderLine[];
  /** Of what named a value last. */
  valueTold: Told;
  /** Absent: what the lines come to. */
  value: number | undefined;
  /** Of the value, else of the lines. */
  currency: string;
  readonly refunds: Refund[];
  cancelled: boolean;
  /** About what it takes as it is stored, in characters. */
  size: number;
}

/** When something was told, Unix ms; of equals the greater tie is later. 0: not yet. */
interface Told {
  readonly at: number;
  readonly tie: number;
}

/** Bits of a stored order. */
const CANCELLED = 1;
/** Its value was not told with its lines: when it was stands beside it. */
const VALUE_TOLD_APART = 2;

/** What a stored line takes beside its texts. */
const LINE_CHARACTERS = 20;

/** What an order adds to a profile. */
export interface OrderEffect {
  readonly at: number;
  readonly currency: string;
  /** Money that stayed with the shop. */
  readonly amount: number;
  /** Units that stayed with the visitor. */
  readonly units: number;
  readonly products: readonly string[];
}

/**
 * A visitor's latest orders: completed, updated, refunded, cancelled. What one adds to the profile is what all that was
 * told of it comes to, in whatever order it is told.
 */
export class Orders {
  private readonly orders = new Map<number, Order>();
  /** Of orders no longer told apart. */
  private closedAt = 0;

  /** When the visitor last ordered something and did not cancel it, Unix ms; 0: never. */
  get lastAt(): number {
    let last = this.closedAt;
    for (const order of this.orders.values()) if (!order.cancelled) last = Math.max(last, order.at);
    return last;
  }

  /** Takes what was told of an order. Returns what the order added to the profile before, and what it adds now. */
  take(activity: Activity): { before: OrderEffect | undefined; after: OrderEffect | undefined } {
    const key = keyOf(activity);
    if (key === undefined) return { before: undefined, after: undefined };
    let order = this.orders.get(key);
    if (order === undefined) {
      order = newOrder();
      this.orders.set(key, order);
    }
    const before = effectOf(order);
    tell(order, activity);
    order.size = sizeOf(order);
    const after = effectOf(order);
    this.trim();
    return { before, after };
  }

  /** Lines to be taken back from demand, once this was told: of a cancelled order whose lines are known. */
  cancelledLines(activity: Activity): CancelledLine[] {
    const { orderId, kind } = activity;
    const key = keyOf(activity);
    if (orderId === undefined || key === undefined || kind === "refunded") return [];
    const order = this.orders.get(key);
    if (order === undefined || !order.cancelled || order.at === 0) return [];
    return [...new Set(order.lines.map(({ sku }) => sku))].map((sku) => ({ orderId, sku, at: order.at }));
  }

  /** The orders heard of longest ago are closed: what they add stays, and changes no more. */
  private trim(): void {
    let size = 0;
    for (const order of this.orders.values()) size += order.size;
    while (
      this.orders.size > PROFILE_ORDERS_MAX ||
      (size > PROFILE_ORDERS_CHARACTERS_MAX && this.orders.size > 1)
    ) {
      const [key, order] = this.heardOfFirst();
      this.orders.delete(key);
      size -= order.size;
      if (!order.cancelled) this.closedAt = Math.max(this.closedAt, order.at);
    }
  }

  /** Of equals the one of the greatest key, so that order does not matter. */
  private heardOfFirst(): [key: number, order: Order] {
    let first: [number, Order] | undefined;
    for (const entry of this.orders) {
      const later = first === undefined ? -1 : entry[1].heardAt - first[1].heardAt;
      if (later < 0 || (later === 0 && entry[0] > first![0])) first = entry;
    }
    return first!;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.closedAt);
    writer.varint(this.orders.size);
    for (const [key, order] of this.orders) {
      writer.varint(key);
      writer.varint(order.at);
      writer.varint(order.heardAt);
      writeTold(writer, order.linesTold);
      const isApart = order.value !== undefined && order.valueTold !== order.linesTold;
      writer.u8((order.cancelled ? CANCELLED : 0) | (isApart ? VALUE_TOLD_APART : 0));
      if (isApart) writeTold(writer, order.valueTold);
      writer.f64(order.value ?? Number.NaN);
      writer.text(order.currency);
      writeLines(writer, order.lines);
      writer.varint(order.refunds.length);
      for (const { value, lines } of order.refunds) {
        writer.f64(value ?? Number.NaN);
        writeLines(writer, lines);
      }
    }
  }

  read(reader: ByteReader): void {
    this.closedAt = reader.varint();
    for (let n = reader.varint(); n > 0; n--) {
      const key = reader.varint();
      const at = reader.varint();
      const heardAt = reader.varint();
      const linesTold = readTold(reader);
      const bits = reader.u8();
      const order: Order = {
        at,
        heardAt,
        linesTold,
        cancelled: (bits & CANCELLED) !== 0,
        valueTold: (bits & VALUE_TOLD_APART) !== 0 ? readTold(reader) : linesTold,
        value: known(reader.f64()),
        currency: reader.text(),
        lines: readLines(reader),
        refunds: [],
        size: 0,
      };
      for (let m = reader.varint(); m > 0; m--) {
        const value = known(reader.f64());
        order.refunds.push({ lines: readLines(reader), ...(value !== undefined && { value }) });
      }
      order.size = sizeOf(order);
      this.orders.set(key, order);
    }
  }
}

/** The order that an activity tells of; one without an id is known by its message, and only complete. */
function keyOf({ kind, orderId, messageId }: Activity): number | undefined {
  if (kind === "ordered") return hash53(orderId ?? messageId);
  if (kind !== "order_updated" && kind !== "refunded" && kind !== "cancelled") return undefined;
  return orderId === undefined ? undefined : hash53(orderId);
}

const NOT_YET: Told = { at: 0, tie: 0 };

function newOrder(): Order {
  return {
    at: 0,
    heardAt: 0,
    linesTold: NOT_YET,
    lines: [],
    valueTold: NOT_YET,
    value: undefined,
    currency: "",
    refunds: [],
    cancelled: false,
    size: 0,
  };
}

function tell(order: Order, { kind, at, messageId, value, currency, lines }: Activity): void {
  order.heardAt = Math.max(order.heardAt, at);
  const own = lines.map(({ productId, sku, quantity, price }) => ({
    productId,
    sku,
    quantity,
    ...(price !== undefined && { price }),
  }));
  if (kind === "cancelled") {
    order.cancelled = true;
  } else if (kind === "refunded") {
    if (
      order.refunds.length < ORDER_REFUNDS_MAX &&
      order.size + sizeOfLines(own) <= PROFILE_ORDERS_CHARACTERS_MAX
    )
      order.refunds.push({ lines: own, ...(value !== undefined && { value: Math.abs(value) }) });
  } else {
    const told = { at, tie: hash32(messageId) };
    if (order.at === 0 || at < order.at) order.at = at;
    if (own.length > 0) {
      const isLast = !isBefore(told, order.linesTold);
      order.lines = isLast ? withDropped(own, order.lines) : withDropped(order.lines, own);
      if (isLast) order.linesTold = told;
    }
    if (value === undefined) {
      if (order.value === undefined && order.linesTold === told) order.currency = currency ?? "";
    } else if (order.value === undefined || !isBefore(told, order.valueTold)) {
      Object.assign(order, { valueTold: told, value, currency: currency ?? "" });
    }
  }
}

function isBefore(told: Told, other: Told): boolean {
  return told.at < other.at || (told.at === other.at && told.tie < other.tie);
}

/** Lines, and without units the SKUs that an earlier telling had, as far as there is room: they were told as demand. */
function withDropped(lines: readonly OrderLine[], earlier: readonly OrderLine[]): readonly OrderLine[] {
  const skus = new Set(lines.map(({ sku }) => sku));
  const all = [...lines];
  let size = sizeOfLines(lines);
  for (const { productId, sku } of earlier) {
    if (skus.has(sku)) continue;
    const dropped = { productId, sku, quantity: 0 };
    size += sizeOfLine(dropped);
    if (size > PROFILE_ORDERS_CHARACTERS_MAX) break;
    all.push(dropped);
  }
  return all;
}

function sizeOf({ lines, refunds }: Order): number {
  return refunds.reduce((sum, refund) => sum + sizeOfLines(refund.lines), sizeOfLines(lines));
}

function sizeOfLines(lines: readonly OrderLine[]): number {
  return lines.reduce((sum, line) => sum + sizeOfLine(line), 0);
}

function sizeOfLine({ productId, sku }: OrderLine): number {
  return LINE_CHARACTERS + productId.length + (sku === productId ? 0 : sku.length);
}

/** What an order comes to; nothing as long as it is not told, and when it is cancelled. */
function effectOf({ at, cancelled, value, currency, lines, refunds }: Order): OrderEffect | undefined {
  if (at === 0 || cancelled) return undefined;
  const sum = (of: readonly OrderLine[], priceOf: (line: OrderLine) => number) =>
    of.reduce((total, line) => total + priceOf(line) * line.quantity, 0);
  const total = value ?? sum(lines, ({ price = 0 }) => price);
  const prices = new Map(lines.map(({ sku, price = 0 }) => [sku, price]));
  const units = new Map<string, number>();
  for (const { productId, quantity } of lines) units.set(productId, (units.get(productId) ?? 0) + quantity);
  let refunded = 0;
  for (const { value: told, lines: returned } of refunds) {
    const isWhole = returned.length === 0 && (told === undefined || told >= total);
    refunded += told ?? (isWhole ? total : sum(returned, ({ sku, price }) => price ?? prices.get(sku) ?? 0));
    if (isWhole) units.clear();
    for (const { productId, quantity } of returned) {
      units.set(productId, Math.max(0, (units.get(productId) ?? 0) - quantity));
    }
  }
  const kept = [...units].filter(([, left]) => left > 0);
  return {
    at,
    currency,
    amount: total > 0 ? Math.max(0, total - refunded) : total,
    units: kept.reduce((all, [, left]) => all + left, 0),
    products: kept.map(([productId]) => productId),
  };
}

function writeTold(writer: ByteWriter, { at, tie }: Told): void {
  writer.varint(at);
  writer.u32(tie);
}

function readTold(reader: ByteReader): Told {
  return { at: reader.varint(), tie: reader.u32() };
}

function writeLines(writer: ByteWriter, lines: readonly OrderLine[]): void {
  writer.varint(lines.length);
  for (const { productId, sku, quantity, price } of lines) {
    writer.text(productId);
    writer.text(sku === productId ? "" : sku);
    writer.f64(quantity);
    writer.f64(price ?? Number.NaN);
  }
}

function readLines(reader: ByteReader): OrderLine[] {
  return Array.from({ length: reader.varint() }, () => {
    const productId = reader.text();
    const sku = reader.text() || productId;
    const quantity = reader.f64();
    const price = known(reader.f64());
    return { productId, sku, quantity, ...(price !== undefined && { price }) };
  });
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
