import type { ByteReader, ByteWriter } from "../bytes.ts";
import { CART_CHANGES_MAX } from "../limits.ts";

interface CartChange {
  readonly at: number;
  readonly productId: string;
  /** Units added, or removed where negative. */
  readonly units: number;
}

/** What lies in the cart: the changes since the last order, replayed in the order of their times. */
export class Cart {
  private changes: CartChange[] = [];
  private orderedAt = 0;

  change(productId: string, units: number, at: number): void {
    if (at <= this.orderedAt) return;
    this.changes.push({ at, productId, units });
    this.changes.sort(
      (a, b) =>
        a.at - b.at || (a.productId < b.productId ? -1 : a.productId > b.productId ? 1 : a.units - b.units),
    );
    if (this.changes.length > CART_CHANGES_MAX) this.changes.shift();
  }

  /** An order takes what lay in the cart until then. */
  ordered(at: number): void {
    if (at <= this.orderedAt) return;
    this.orderedAt = at;
    this.changes = this.changes.filter((change) => change.at > at);
  }

  /** Last added first. */
  lines(): { productId: string; quantity: number }[] {
    const units = new Map<string, number>();
    for (const change of this.changes) {
      const left = Math.max(0, (units.get(change.productId) ?? 0) + change.units);
      units.delete(change.productId);
      if (left > 0) units.set(change.productId, left);
    }
    return [...units].map(([productId, quantity]) => ({ productId, quantity })).reverse();
  }

  write(writer: ByteWriter): void {
    writer.varint(this.orderedAt);
    writer.varint(this.changes.length);
    for (const { at, productId, units } of this.changes) {
      writer.varint(at);
      writer.text(productId);
      writer.f64(units);
    }
  }

  read(reader: ByteReader): void {
    this.orderedAt = reader.varint();
    for (let n = reader.varint(); n > 0; n--) {
      this.changes.push({ at: reader.varint(), productId: reader.text(), units: reader.f64() });
    }
  }
}
