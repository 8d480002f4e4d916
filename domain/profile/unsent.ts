import type { ByteReader, ByteWriter } from "../bytes.ts";
import type { CancelledLine, DemandLine } from "../demand.ts";

/** What a batch told about products, until combiner and planner have acknowledged it. */
export interface Unsent {
  readonly sequence: number;
  /** `encodeSignals`. */
  readonly signals: Uint8Array;
  readonly demand: readonly DemandLine[];
  /** Lines of cancelled orders: they are no demand. */
  readonly cancelled: readonly CancelledLine[];
}

export function writeUnsent(writer: ByteWriter, unsent: readonly Unsent[]): void {
  writer.varint(unsent.length);
  for (const { sequence, signals, demand, cancelled } of unsent) {
    writer.varint(sequence);
    writer.blob(signals);
    writer.varint(demand.length);
    for (const line of demand) writeDemand(writer, line);
    writer.varint(cancelled.length);
    for (const { orderId, sku, at } of cancelled) {
      writer.text(orderId);
      writer.text(sku);
      writer.varint(at);
    }
  }
}

export function readUnsent(reader: ByteReader): Unsent[] {
  return Array.from({ length: reader.varint() }, () => {
    const sequence = reader.varint();
    const signals = reader.blob().slice();
    const demand = Array.from({ length: reader.varint() }, () => readDemand(reader));
    const cancelled = Array.from({ length: reader.varint() }, () => ({
      orderId: reader.text(),
      sku: reader.text(),
      at: reader.varint(),
    }));
    return { sequence, signals, demand, cancelled };
  });
}

function writeDemand(writer: ByteWriter, { orderId, sku, units, at, price }: DemandLine): void {
  writer.text(orderId);
  writer.text(sku);
  writer.f64(units);
  writer.varint(at);
  writer.f64(price ?? Number.NaN);
}

function readDemand(reader: ByteReader): DemandLine {
  const line = { orderId: reader.text(), sku: reader.text(), units: reader.f64(), at: reader.varint() };
  const price = reader.f64();
  return Number.isNaN(price) ? line : { ...line, price };
}
