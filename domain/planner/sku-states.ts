import { ByteReader, ByteWriter } from "../bytes.ts";
import { dayOfIsoDate, isoDate } from "../calendar.ts";
import type { ReplenishmentPolicy, StockPosition } from "../demand.ts";

const VERSION = 2;
/** Did not tell when prices were paid. */
const WITHOUT_PAID_AT = 1;

/** What a planner knows of a SKU beside its days. */
export interface SkuState {
  /** Of one unit, as last paid. */
  price?: number;
  /** When, Unix ms. */
  paidAt?: number;
  position?: Position;
}

/** A position without its days, which are kept with the demand. */
export type Position = Omit<StockPosition, "sku" | "inStock">;

/** The states of one page, by slot. */
export function encodeStates(states: readonly (SkuState | undefined)[]): Uint8Array {
  const writer = new ByteWriter(64 * 1024);
  writer.u8(VERSION);
  writer.varint(states.length);
  for (const state of states) {
    writeOptional(writer, state?.price);
    if (state?.price !== undefined) writer.signed(state.paidAt ?? 0);
    writer.u8(state?.position === undefined ? 0 : 1);
    if (state?.position !== undefined) writePosition(writer, state.position);
  }
  return writer.bytes();
}

export function decodeStates(bytes: Uint8Array): SkuState[] {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION && version !== WITHOUT_PAID_AT) {
    throw new RangeError(`SKU states of unknown version ${version}`);
  }
  return Array.from({ length: reader.varint() }, () => {
    const price = readOptional(reader);
    const paidAt = price === undefined || version === WITHOUT_PAID_AT ? 0 : reader.signed();
    const position = reader.u8() === 1 ? readPosition(reader) : undefined;
    return { ...(price !== undefined && { price, paidAt }), ...(position !== undefined && { position }) };
  });
}

export function writePosition(writer: ByteWriter, position: Position): void {
  const { version, onHand, reserved, incoming, policy, outSince } = position;
  writer.varint(version);
  writer.varint(onHand);
  writer.varint(reserved);
  writer.varint(outSince ?? 0);
  writer.varint(incoming.length);
  for (const { quantity, eta } of incoming) {
    writer.varint(quantity);
    writer.signed(dayOfIsoDate(eta));
  }
  writer.f64(policy.leadTimeDays);
  writer.f64(policy.reviewPeriodDays);
  writer.f64(policy.serviceLevel);
  writer.varint(policy.packSize);
  writer.varint(policy.minOrder);
  writeOptional(writer, policy.unitCost);
  writeOptional(writer, policy.unitPrice);
  writeOptional(writer, policy.orderCost);
  writeOptional(writer, policy.holdingRate);
}

export function readPosition(reader: ByteReader): Position {
  const version = reader.varint();
  const onHand = reader.varint();
  const reserved = reader.varint();
  const outSince = reader.varint();
  const incoming = Array.from({ length: reader.varint() }, () => ({
    quantity: reader.varint(),
    eta: isoDate(reader.signed()),
  }));
  const fixed = {
    leadTimeDays: reader.f64(),
    reviewPeriodDays: reader.f64(),
    serviceLevel: reader.f64(),
    packSize: reader.varint(),
    minOrder: reader.varint(),
  };
  const unitCost = readOptional(reader);
  const unitPrice = readOptional(reader);
  const orderCost = readOptional(reader);
  const holdingRate = readOptional(reader);
  const policy: ReplenishmentPolicy = {
    ...fixed,
    ...(unitCost !== undefined && { unitCost }),
    ...(unitPrice !== undefined && { unitPrice }),
    ...(orderCost !== undefined && { orderCost }),
    ...(holdingRate !== undefined && { holdingRate }),
  };
  return { version, onHand, reserved, incoming, policy, ...(outSince > 0 && { outSince }) };
}

function writeOptional(writer: ByteWriter, value: number | undefined): void {
  writer.u8(value === undefined ? 0 : 1);
  if (value !== undefined) writer.f64(value);
}

function readOptional(reader: ByteReader): number | undefined {
  return reader.u8() === 1 ? reader.f64() : undefined;
}
