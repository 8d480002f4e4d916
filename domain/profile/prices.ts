import type { ByteReader, ByteWriter } from "../bytes.ts";
import { PRICE_BANDS_MAX, PRICE_STEPS_MAX } from "../limits.ts";
import { evictLeast, growth, signOf } from "./interests.ts";

/** Ratio of neighbouring steps: a quantile is right within 4 %. */
const STEP = Math.log(1.08);

interface Band {
  readonly category: string;
  readonly currency: string;
  /** Grown weight by step; the step of a price is round(ln(price) / STEP). */
  readonly steps: Map<number, number>;
  grown: number;
}

/** Prices a visitor looks at, as a decaying histogram over logarithmic steps for each category and currency. */
export class Prices {
  readonly bands = new Map<string, Band>();

  add(category: string, currency: string, price: number, at: number, weight: number): void {
    if (!(price > 0)) return;
    const key = `${currency} ${category}`;
    let band = this.bands.get(key);
    if (band === undefined) {
      band = { category, currency, steps: new Map(), grown: 0 };
      this.bands.set(key, band);
    }
    const step = Math.round(Math.log(price) / STEP);
    const grown = weight * growth(at);
    band.steps.set(step, (band.steps.get(step) ?? 0) + grown);
    band.grown += grown;
    if (band.steps.size > PRICE_STEPS_MAX) evictLeast(band.steps, signOf);
    if (this.bands.size > PRICE_BANDS_MAX) evictLeast(this.bands, (a, b) => signOf(a.grown, b.grown));
  }

  /** Most looked at first. */
  ranked(): { category: string; currency: string; p10: number; p50: number; p90: number }[] {
    return [...this.bands.values()]
      .sort((a, b) => b.grown - a.grown || (a.category < b.category ? -1 : 1))
      .map(({ category, currency, steps }) => {
        const ordered = [...steps].sort((a, b) => a[0] - b[0]);
        const total = ordered.reduce((sum, [, w]) => sum + w, 0);
        const quantile = (p: number): number => {
          let sum = 0;
          for (const [step, w] of ordered) {
            sum += w;
            if (sum >= p * total * (1 - 1e-9)) return Math.round(Math.exp(step * STEP) * 100) / 100;
          }
          return 0;
        };
        return { category, currency, p10: quantile(0.1), p50: quantile(0.5), p90: quantile(0.9) };
      });
  }

  write(writer: ByteWriter): void {
    writer.varint(this.bands.size);
    for (const { category, currency, steps, grown } of this.bands.values()) {
      writer.text(category);
      writer.text(currency);
      writer.f64(grown);
      writer.varint(steps.size);
      for (const [step, w] of steps) {
        writer.signed(step);
        writer.f64(w);
      }
    }
  }

  read(reader: ByteReader): void {
    for (let n = reader.varint(); n > 0; n--) {
      const category = reader.text();
      const currency = reader.text();
      const band: Band = { category, currency, steps: new Map(), grown: reader.f64() };
      for (let m = reader.varint(); m > 0; m--) band.steps.set(reader.signed(), reader.f64());
      this.bands.set(`${currency} ${category}`, band);
    }
  }
}
