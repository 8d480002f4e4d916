import { ByteReader, ByteWriter } from "../bytes.ts";
import type { BehaviourCount, CancelledLine, DemandLine, StockPosition } from "../demand.ts";
import { readPosition, writePosition } from "./sku-states.ts";

const VERSION = 1;
/** Stored: append only. */
const LINES = 1;
const BEHAVIOUR = 2;
const POSITION = 3;
const CANCELLED = 4;

export interface BehaviourDelta {
  readonly shard: number;
  readonly sequence: number;
  readonly counts: readonly BehaviourCount[];
}

/** One call to a planner, as its journal keeps it until the pages have it. */
export type JournalEntry =
  | { readonly kind: "lines"; readonly lines: readonly DemandLine[] }
  | { readonly kind: "cancelled"; readonly lines: readonly CancelledLine[] }
  | { readonly kind: "behaviour"; readonly delta: BehaviourDelta }
  | { readonly kind: "position"; readonly position: StockPosition };

export function encodeJournal(entries: readonly JournalEntry[]): Uint8Array {
  const writer = new ByteWriter(4 * 1024);
  writer.u8(VERSION);
  writer.varint(entries.length);
  for (const entry of entries) {
    if (entry.kind === "lines") writeLines(writer, entry.lines);
    else if (entry.kind === "cancelled") writeCancelled(writer, entry.lines);
    else if (entry.kind === "behaviour") writeBehaviour(writer, entry.delta);
    else writeStock(writer, entry.position);
  }
  return writer.bytes();
}

export function decodeJournal(bytes: Uint8Array): JournalEntry[] {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`planner journal of unknown version ${version}`);
  return Array.from({ length: reader.varint() }, () => {
    const kind = reader.u8();
    if (kind === LINES) return { kind: "lines", lines: readLines(reader) } as const;
    if (kind === CANCELLED) return { kind: "cancelled", lines: readCancelled(reader) } as const;
    if (kind === BEHAVIOUR) return { kind: "behaviour", delta: readBehaviour(reader) } as const;
    if (kind === POSITION) return { kind: "position", position: readStock(reader) } as const;
    throw new RangeError(`planner journal entry of unknown kind ${kind}`);
  });
}

function writeLines(writer: ByteWriter, lines: readonly DemandLine[]): void {
  writer.u8(LINES);
  writer.varint(lines.length);
  for (const { orderId, sku, units, at, price } of lines) {
    writer.text(orderId);
    writer.text(sku);
    writer.varint(units);
    writer.signed(at);
    writer.u8(price === undefined ? 0 : 1);
    if (price !== undefined) writer.f64(price);
  }
}

function readLines(reader: ByteReader): DemandLine[] {
  return Array.from({ length: reader.varint() }, () => {
    const line = { orderId: reader.text(), sku: reader.text(), units: reader.varint(), at: reader.signed() };
    return reader.u8() === 1 ? { ...line, price: reader.f64() } : line;
  });
}

function writeCancelled(writer: ByteWriter, lines: readonly CancelledLine[]): void {
  writer.u8(CANCELLED);
  writer.varint(lines.length);
  for (const { orderId, sku, at, units } of lines) {
    writer.text(orderId);
    writer.text(sku);
    writer.signed(at);
    writer.u8(units === undefined ? 0 : 1);
    if (units !== undefined) writer.varint(units);
  }
}

function readCancelled(reader: ByteReader): CancelledLine[] {
  return Array.from({ length: reader.varint() }, () => {
    const line = { orderId: reader.text(), sku: reader.text(), at: reader.signed() };
    return reader.u8() === 1 ? { ...line, units: reader.varint() } : line;
  });
}

function writeBehaviour(writer: ByteWriter, { shard, sequence, counts }: BehaviourDelta): void {
  writer.u8(BEHAVIOUR);
  writer.varint(shard);
  writer.varint(sequence);
  writer.varint(counts.length);
  for (const { sku, day, views, carts } of counts) {
    writer.text(sku);
    writer.signed(day);
    writer.signed(views);
    writer.signed(carts);
  }
}

function readBehaviour(reader: ByteReader): BehaviourDelta {
  return {
    shard: reader.varint(),
    sequence: reader.varint(),
    counts: Array.from({ length: reader.varint() }, () => ({
      sku: reader.text(),
      day: reader.signed(),
      views: reader.signed(),
      carts: reader.signed(),
    })),
  };
}

function writeStock(writer: ByteWriter, { sku, inStock, ...position }: StockPosition): void {
  writer.u8(POSITION);
  writer.text(sku);
  writePosition(writer, position);
  writer.varint(inStock.length);
  for (const { day, fraction } of inStock) {
    writer.signed(day);
    writer.f32(fraction);
  }
}

function readStock(reader: ByteReader): StockPosition {
  const sku = reader.text();
  const position = readPosition(reader);
  const inStock = Array.from({ length: reader.varint() }, () => ({
    day: reader.signed(),
    fraction: reader.f32(),
  }));
  return { sku, ...position, inStock };
}
