import type { ByteReader, ByteWriter } from "../bytes.ts";
import { PURCHASED_MAX } from "../limits.ts";
import { RowsByName } from "./rows-by-name.ts";

const LAST_AT = 0;
const COUNT = 1;
const WIDTH = 2;

export interface PurchasedEntry {
  readonly productId: string;
  readonly lastAt: number;
  /** Orders that it is kept of. */
  readonly count: number;
}

/** Products of a visitor's orders; of a full list the one bought longest ago falls out. */
export class Purchased {
  private readonly rows = new RowsByName(WIDTH);

  /** @param count -1 takes an order back. */
  add(productId: string, at: number, count: 1 | -1): void {
    const { rows } = this;
    let start = rows.find(productId);
    const isNew = start < 0;
    if (isNew) start = rows.add(productId);
    const { values } = rows;
    values[start + COUNT]! += count;
    if (isNew || (count > 0 && at > values[start + LAST_AT]!)) values[start + LAST_AT] = at;
    if (rows.size > PURCHASED_MAX) rows.remove(rows.least(LAST_AT));
  }

  /** Newest first; those whose orders were all taken back are not among them. */
  ranked(): PurchasedEntry[] {
    const entries: PurchasedEntry[] = [];
    const { values } = this.rows;
    this.rows.forEach((productId, start) => {
      const count = values[start + COUNT]!;
      if (count > 0) entries.push({ productId, lastAt: values[start + LAST_AT]!, count });
    });
    return entries.sort((a, b) => b.lastAt - a.lastAt || (a.productId < b.productId ? -1 : 1));
  }

  write(writer: ByteWriter): void {
    this.rows.write(writer, (values, start) => {
      writer.varint(values[start + LAST_AT]!);
      writer.signed(values[start + COUNT]!);
    });
  }

  read(reader: ByteReader): void {
    this.rows.read(reader, (values, start) => {
      values[start + LAST_AT] = reader.varint();
      values[start + COUNT] = reader.signed();
    });
  }
}
