import type { ByteReader, ByteWriter } from "./bytes.ts";

/** Places of the table for each hash: found in one or two steps. */
const SPREAD = 2;

/**
 * Messages that were taken, by hash: the latest so many, the oldest is overwritten. Looked up in a table of their places,
 * since a `Set` beside them makes it 180 KB a full ring instead of 66, all of it for the garbage collector to go through.
 */
export class MessageRing {
  private readonly max: number;
  /** Room for at least `size`: kept as it is stored, since the page is written at every batch. */
  private hashes = new Float64Array(0);
  private count = 0;
  private next = 0;
  /** Place in `hashes` + 1 by hash, 0 where free; a power of two. */
  private table = new Uint32Array(0);

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.count;
  }

  has(hash: number): boolean {
    return this.count > 0 && this.table[this.find(hash)] !== 0;
  }

  /** Adds a hash that it does not have. */
  add(hash: number): void {
    if (this.count < this.max) {
      if (this.count === this.hashes.length) this.grow();
      this.enter(hash, this.count++);
      return;
    }
    this.leave(this.hashes[this.next]!);
    this.enter(hash, this.next);
    this.next = (this.next + 1) % this.max;
  }

  /** Oldest first. */
  values(): number[] {
    return [...this.hashes.subarray(this.next, this.count), ...this.hashes.subarray(0, this.next)];
  }

  /** Takes those of another one that it does not have. */
  addAll(hashes: readonly number[]): void {
    for (const hash of hashes) if (!this.has(hash)) this.add(hash);
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
    this.rebuild();
  }

  private grow(): void {
    const grown = new Float64Array(Math.min(this.max, Math.max(16, this.count * 2)));
    grown.set(this.hashes);
    this.hashes = grown;
    this.rebuild();
  }

  private rebuild(): void {
    this.table = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(1, this.hashes.length * SPREAD))));
    for (let at = 0; at < this.count; at++) this.table[this.find(this.hashes[at]!)] = at + 1;
  }

  /** Place in the table of a hash, or where it would stand. */
  private find(hash: number): number {
    const { table, hashes } = this;
    let place = this.home(hash);
    for (let entry = table[place]!; entry !== 0 && hashes[entry - 1] !== hash; entry = table[place]!) {
      place = (place + 1) & (table.length - 1);
    }
    return place;
  }

  private home(hash: number): number {
    return hash & (this.table.length - 1);
  }

  private enter(hash: number, at: number): void {
    this.hashes[at] = hash;
    this.table[this.find(hash)] = at + 1;
  }

  /** What stands behind it moves up, as far as it may: no place between a hash and its home is free. */
  private leave(hash: number): void {
    const { table, hashes } = this;
    const mask = table.length - 1;
    let free = this.find(hash);
    for (let place = (free + 1) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const home = this.home(hashes[table[place]! - 1]!);
      if (((place - home) & mask) < ((place - free) & mask)) continue;
      table[free] = table[place]!;
      free = place;
    }
    table[free] = 0;
  }
}
