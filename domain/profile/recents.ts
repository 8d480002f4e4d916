import type { ByteReader, ByteWriter } from "../bytes.ts";
import { RECENTS_MAX } from "../limits.ts";
import { RowsByName } from "./rows-by-name.ts";

/** Told by index (`contextText`), the strongest last. */
export const TOUCHES = ["viewed", "carted", "bought"] as const;
type Touch = (typeof TOUCHES)[number];

const LAST_AT = 0;
const VIEWS = 1;
const TOUCH = 2;
const WIDTH = 3;

export interface RecentEntry {
  readonly productId: string;
  readonly lastAt: number;
  readonly views: number;
  /** The strongest, by its index in TOUCHES. */
  readonly touch: number;
}

/** Products a visitor came by lately; of a full list the one of longest ago falls out. */
export class Recents {
  private readonly rows = new RowsByName(WIDTH);

  add(productId: string, at: number, views: number, touch: Touch): void {
    const { rows } = this;
    const start = rows.findOrAdd(productId);
    const { values } = rows;
    values[start + VIEWS]! += views;
    values[start + LAST_AT] = Math.max(at, values[start + LAST_AT]!);
    values[start + TOUCH] = Math.max(TOUCHES.indexOf(touch), values[start + TOUCH]!);
    if (rows.size > RECENTS_MAX) rows.remove(rows.least(LAST_AT));
  }

  /** Newest first. Of one instant, as in an order, the later name first: any rule does, so that it is always the same. */
  ranked(): RecentEntry[] {
    const entries: RecentEntry[] = [];
    const { values } = this.rows;
    this.rows.forEach((productId, start) => {
      entries.push({
        productId,
        lastAt: values[start + LAST_AT]!,
        views: values[start + VIEWS]!,
        touch: values[start + TOUCH]!,
      });
    });
    return entries.sort((a, b) => b.lastAt - a.lastAt || (a.productId < b.productId ? 1 : -1));
  }

  write(writer: ByteWriter): void {
    this.rows.write(writer, (values, start) => {
      writer.varint(values[start + LAST_AT]!);
      writer.varint(values[start + VIEWS]!);
      writer.u8(values[start + TOUCH]!);
    });
  }

  read(reader: ByteReader): void {
    this.rows.read(reader, (values, start) => {
      values[start + LAST_AT] = reader.varint();
      values[start + VIEWS] = reader.varint();
      values[start + TOUCH] = reader.u8();
    });
  }
}
