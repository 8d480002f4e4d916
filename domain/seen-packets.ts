import type { ByteReader, ByteWriter } from "./bytes.ts";
import { hash53 } from "./hash.ts";
import { COMBINER_MEMORY_DAYS, SEEN_RANGES_MAX } from "./limits.ts";

/** Sequences of one visitor that were counted, as ascending ranges that do not touch. */
interface Seen {
  /** from, to, from, to, ... inclusive. */
  ranges: number[];
  /** Day number of the last packet. */
  day: number;
}

/** Which packets were counted, by visitor and sequence, for COMBINER_MEMORY_DAYS after a visitor's last one. */
export class SeenPackets {
  private readonly visitors = new Map<number, Seen>();

  get size(): number {
    return this.visitors.size;
  }

  /** Marks a packet. Returns false when it was counted before. */
  take(visitor: string, sequence: number, day: number): boolean {
    return this.mark(hash53(visitor), sequence, day);
  }

  private mark(key: number, sequence: number, day: number): boolean {
    const seen = this.visitors.get(key);
    if (seen === undefined) {
      this.visitors.set(key, { ranges: [sequence, sequence], day });
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
    for (const [key, { day }] of this.visitors)
      if (day < today - COMBINER_MEMORY_DAYS) this.visitors.delete(key);
  }

  write(writer: ByteWriter): void {
    writer.varint(this.visitors.size);
    for (const [key, { ranges, day }] of this.visitors) {
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
      if (!this.visitors.has(key)) {
        this.visitors.set(key, { ranges, day });
        continue;
      }
      for (let i = 0; i < ranges.length; i += 2) {
        for (let s = ranges[i]!; s <= ranges[i + 1]!; s++) this.mark(key, s, day);
      }
    }
  }

  /** The same in parts of at most about `bytesMax` bytes each when written. */
  parts(bytesMax: number): SeenPackets[] {
    const parts: SeenPackets[] = [];
    let bytes = bytesMax;
    for (const [key, seen] of this.visitors) {
      const size = 12 + seen.ranges.length * 4;
      if (bytes + size > bytesMax) {
        parts.push(new SeenPackets());
        bytes = 0;
      }
      parts.at(-1)!.visitors.set(key, seen);
      bytes += size;
    }
    return parts;
  }

  clear(): void {
    this.visitors.clear();
  }
}
