import type { ByteReader, ByteWriter } from "../bytes.ts";
import { DEDUP_MESSAGES_MAX } from "../limits.ts";

/** Messages that were taken, by hash: the latest DEDUP_MESSAGES_MAX, the oldest is overwritten. */
export class MessageRing {
  private hashes: number[] = [];
  private next = 0;
  private readonly seen = new Set<number>();

  get size(): number {
    return this.hashes.length;
  }

  has(hash: number): boolean {
    return this.seen.has(hash);
  }

  /** Adds a hash that it does not have. */
  add(hash: number): void {
    this.seen.add(hash);
    if (this.hashes.length < DEDUP_MESSAGES_MAX) {
      this.hashes.push(hash);
      return;
    }
    this.seen.delete(this.hashes[this.next]!);
    this.hashes[this.next] = hash;
    this.next = (this.next + 1) % DEDUP_MESSAGES_MAX;
  }

  /** Oldest first. */
  values(): number[] {
    return [...this.hashes.slice(this.next), ...this.hashes.slice(0, this.next)];
  }

  /** Takes those of another one that it does not have. */
  addAll(hashes: readonly number[]): void {
    for (const hash of hashes) if (!this.seen.has(hash)) this.add(hash);
  }

  write(writer: ByteWriter): void {
    writer.varint(this.next);
    writer.varint(this.hashes.length);
    writer.raw(new Uint8Array(Float64Array.from(this.hashes).buffer));
  }

  read(reader: ByteReader): void {
    this.next = reader.varint();
    const bytes = reader.raw(reader.varint() * 8).slice();
    this.hashes = [...new Float64Array(bytes.buffer)];
    for (const hash of this.hashes) this.seen.add(hash);
  }
}
