import type { ByteReader, ByteWriter } from "../bytes.ts";
import { resized } from "../resized.ts";

const ROWS_FIRST = 4;

/**
 * Rows of numbers by name, all in one column: with an object for each, every profile had hundreds of them for the
 * garbage collector to go through.
 */
export class RowsByName {
  /** Row after row; another array once a row was added. */
  values = new Float64Array(0);
  private readonly width: number;
  private readonly names: string[] = [];
  private readonly rows = new Map<string, number>();

  /** @param width Numbers of a row. */
  constructor(width: number) {
    this.width = width;
  }

  get size(): number {
    return this.names.length;
  }

  /** Where the row of a name begins in `values`; -1: it has none. */
  find(name: string): number {
    const row = this.rows.get(name);
    return row === undefined ? -1 : row * this.width;
  }

  /** The same, where it has none of a new one. */
  findOrAdd(name: string): number {
    const start = this.find(name);
    return start < 0 ? this.add(name) : start;
  }

  /** Where a row of zeros begins, for a name that had none. */
  add(name: string): number {
    const row = this.names.length;
    const start = row * this.width;
    if (start === this.values.length) this.reserve(Math.max(ROWS_FIRST, 2 * row));
    else this.values.fill(0, start, start + this.width);
    this.names.push(name);
    this.rows.set(name, row);
    return start;
  }

  private reserve(rows: number): void {
    this.values = resized(this.values, rows * this.width);
  }

  /** Where the row with the least number at a place begins; of equals the one of the greatest name, so that order does not matter. */
  least(place: number): number {
    const { values, width, names } = this;
    let least = 0;
    for (let row = 1; row < names.length; row++) {
      const value = values[row * width + place]!;
      const other = values[least * width + place]!;
      if (value < other || (value === other && names[row]! > names[least]!)) least = row;
    }
    return least * width;
  }

  /** Removes the row that begins there; the last one takes its place. */
  remove(start: number): void {
    const { values, width, names } = this;
    const row = start / width;
    this.rows.delete(names[row]!);
    const name = names.pop()!;
    const last = names.length;
    if (row === last) return;
    names[row] = name;
    this.rows.set(name, row);
    values.copyWithin(start, last * width, (last + 1) * width);
  }

  /** Each name and where its row begins. */
  forEach(use: (name: string, start: number) => void): void {
    for (let row = 0; row < this.names.length; row++) use(this.names[row]!, row * this.width);
  }

  /** How many there are, then each name and what `writeRow` writes of its row. */
  write(writer: ByteWriter, writeRow: (values: Float64Array, start: number) => void): void {
    writer.varint(this.size);
    this.forEach((name, start) => {
      writer.text(name);
      writeRow(this.values, start);
    });
  }

  /** Reads what `write` wrote into an empty one; `readRow` fills a row. */
  read(reader: ByteReader, readRow: (values: Float64Array, start: number) => void): void {
    const count = reader.varint();
    this.reserve(count);
    for (let n = 0; n < count; n++) {
      const start = this.add(reader.text());
      readRow(this.values, start);
    }
  }
}
