import type { ByteReader, ByteWriter } from "./bytes.ts";

/** Messages that were taken, by hash: the latest so many, the oldest is overwritten. */
export class MessageRing {
  private readonly max: number;
  /** Room for at least `size`: kept as it is stored, since the page is written at every batch. */
  private hashes = new Float64Array(0);
  private count = 0;
  private next = 0;
  private readonly seen = new Set<number>();

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.count;
  }

  has(hash: number): boolean {
    return this.seen.has(hash);
  }

  /** Adds a hash that it does not have. */
  add(hash: number): void {
    this.seen.add(hash);
    if (this.count < this.max) {
      if (this.count === this.hashes.length) {
        const grown = new Float64Array(Math.min(this.max, Math.max(16, this.count * 2)));
        grown.set(this.hashes);
        this.hashes = grown;
      }
      this.hashes[this.count++] = hash;
      return;
    }
    this.seen.delete(this.hashes[this.next]!);
    this.hashes[this.next] = hash;
    this.next = (this.next + 1) % this.max;
  }

  /** Oldest first. */
  values(): number[] {
    return [...this.hashes.subarray(this.next, this.count), ...this.hashes.subarray(0, this.next)];
  }

  /** Takes those of another one that it does not have. */
  addAll(hashes: readonly number[]): void {
    for (const hash of hashes) if (!this.seen.has(hash)) this.add(hash);
  }

  write(writer: ByteWriter): void {
    writer.varint(this.next);
    writer.varint(this.count);
    writer.raw(new Uint8Array(this.hashes.buffer, 0, this.count * 8));
  }

  read(reader: ByteReader): void {
    this.next = reader.varint();
    this.count = reader.varint();
    this.hashes = new Float64Array(reader.raw(this.count * 8).slice().buffer);
    for (const hash of this.hashes) this.seen.add(hash);
  }
}
