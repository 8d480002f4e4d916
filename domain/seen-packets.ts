import type { ByteReader, ByteWriter } from "./bytes.ts";
import { COMBINER_MEMORY_DAYS, SEEN_RANGES_MAX } from "./limits.ts";

/** Sequences of one stream that were counted, as ascending ranges that do not touch. */
interface Seen {
  /** from, to, from, to, ... inclusive. */
  ranges: number[];
  /** Day number of the last packet. */
  day: number;
}

/** Which packets were counted, by stream and sequence, for COMBINER_MEMORY_DAYS after a stream's last one. */
export class SeenPackets {
  private readonly streams = new Map<number, Seen>();

  get size(): number {
    return this.streams.size;
  }

  /** Marks a packet. Returns false when it was counted before. */
  take(stream: number, sequence: number, day: number): boolean {
    const seen = this.streams.get(stream);
    if (seen === undefined) {
      this.streams.set(stream, { ranges: [sequence, sequence], day });
      return true;
    }
    const { ranges } = seen;
    let i = 0;
    while (i < ranges.length && ranges[i + 1]! < sequence - 1) i += 2;
    // Range i is the first that ends at sequence - 1 or later.
    if (i < ranges.length && ranges[i]! <= sequence && sequence <= ranges[i + 1]!) return false;
    seen.day = Math.max(seen.day, day);
    if (i < ranges.length && ranges[i + 1] === sequence - 1) {
      ranges[i + 1] = sequence;
      if (ranges[i + 2] === sequence + 1) ranges.splice(i + 1, 2);
    } else if (i < ranges.length && ranges[i] === sequence + 1) {
      ranges[i] = sequence;
    } else {
      ranges.splice(i, 0, sequence, sequence);
      if (ranges.length > 2 * SEEN_RANGES_MAX) ranges.splice(0, 2);
    }
    return true;
  }

  forgetBefore(today: number): void {
    for (const [key, { day }] of this.streams)
      if (day < today - COMBINER_MEMORY_DAYS) this.streams.delete(key);
  }

  write(writer: ByteWriter): void {
    writer.varint(this.streams.size);
    for (const [key, { ranges, day }] of this.streams) {
      writer.varint(key);
      writer.varint(day);
      writer.varint(ranges.length);
      for (const value of ranges) writer.varint(value);
    }
  }

  /** Adds what another one wrote. */
  read(reader: ByteReader): void {
    for (let n = reader.varint(); n > 0; n--) {
      const key = reader.varint();
      const day = reader.varint();
      const ranges = Array.from({ length: reader.varint() }, () => reader.varint());
      if (!this.streams.has(key)) {
        this.streams.set(key, { ranges, day });
        continue;
      }
      for (let i = 0; i < ranges.length; i += 2) {
        for (let s = ranges[i]!; s <= ranges[i + 1]!; s++) this.take(key, s, day);
      }
    }
  }

  /** The same in parts of at most about `bytesMax` bytes each when written. */
  parts(bytesMax: number): SeenPackets[] {
    const parts: SeenPackets[] = [];
    let bytes = bytesMax;
    for (const [key, seen] of this.streams) {
      const size = 12 + seen.ranges.length * 4;
      if (bytes + size > bytesMax) {
        parts.push(new SeenPackets());
        bytes = 0;
      }
      parts.at(-1)!.streams.set(key, seen);
      bytes += size;
    }
    return parts;
  }

  clear(): void {
    this.streams.clear();
  }
}
