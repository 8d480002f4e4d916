// A batch as a profile's page takes it, and how batches are stored one after another beside the page.
import { ByteReader, type ByteWriter } from "../bytes.ts";

const VERSION = 1;

export interface PageBatch {
  /** Receive time, Unix ms. */
  readonly now: number;
  /** `encodeActivities`. */
  readonly activities: Uint8Array;
  /** Other ids of the visitor (names of objects) that the batch came by or names. */
  readonly ids: readonly string[];
  /** Per activity the index in `ids` of the one it came by; -1: none. Shorter, or empty: none of the rest. */
  readonly by: readonly number[];
  /** Index in `ids` for activities that `by` gives none; -1: none. */
  readonly otherwise: number;
  /** Sequences of packets that were counted. */
  readonly acknowledged: readonly number[];
}

/** What stands before the batches that came since a page was stored. */
export function writeBatchesHead(writer: ByteWriter, generation: number): void {
  writer.u8(VERSION);
  writer.varint(generation);
}

/** One batch, readable back to back with others. */
export function writeBatch(writer: ByteWriter, batch: PageBatch): void {
  writer.varint(batch.now);
  writer.blob(batch.activities);
  writer.varint(batch.ids.length);
  for (const name of batch.ids) writer.text(name);
  writer.varint(batch.by.length);
  for (const index of batch.by) writer.varint(index + 1);
  writer.varint(batch.otherwise + 1);
  writer.varint(batch.acknowledged.length);
  for (const sequence of batch.acknowledged) writer.varint(sequence);
}

/**
 * The batches that came since the page of this generation was stored; none where they belong to an earlier one.
 *
 * @throws RangeError on bytes of another version.
 */
export function readBatches(bytes: Uint8Array, generation: number): PageBatch[] {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`batches of unknown version ${version}`);
  if (reader.varint() !== generation) return [];
  const batches: PageBatch[] = [];
  while (!reader.done) batches.push(readBatch(reader));
  return batches;
}

function readBatch(reader: ByteReader): PageBatch {
  return {
    now: reader.varint(),
    activities: reader.blob(),
    ids: list(reader, () => reader.text()),
    by: list(reader, () => reader.varint() - 1),
    otherwise: reader.varint() - 1,
    acknowledged: list(reader, () => reader.varint()),
  };
}

function list<T>(reader: ByteReader, read: () => T): T[] {
  return Array.from({ length: reader.varint() }, read);
}
