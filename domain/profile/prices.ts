import type { ByteReader, ByteWriter } from "../bytes.ts";
import { PRICE_BANDS_MAX, PRICE_STEPS_MAX } from "../limits.ts";
import { resized } from "../resized.ts";
import { growth } from "./interests.ts";
import { RowsByName } from "./rows-by-name.ts";

/** Ratio of neighbouring steps: a quantile is right within 4 %. */
const STEP = Math.log(1.08);

/** Of a band: its grown weight, and the number that its steps are known by. */
const GROWN = 0;
const NUMBER = 1;
const BAND_WIDTH = 2;
/** Of a step: its band's number, round(ln(price) / STEP), and its grown weight. */
const BAND = 0;
const STEP_OF = 1;
const WEIGHT = 2;
const STEP_WIDTH = 3;

/** Prices a visitor looks at, as a decaying histogram over logarithmic steps for each category and currency. */
export class Prices {
  /** By `bandName`. */
  private readonly bands = new RowsByName(BAND_WIDTH);
  private nextNumber = 0;
  /** Those of all bands, row after row, in no order. */
  private steps = new Float64Array(0);
  private stepsEnd = 0;

  add(category: string, currency: string, price: number, at: number, weight: number): void {
    if (!(price > 0)) return;
    const { bands } = this;
    const name = bandName(category, currency);
    let start = bands.find(name);
    if (start < 0) start = this.addBand(name);
    const grown = weight * growth(at);
    this.addStep(bands.values[start + NUMBER]!, Math.round(Math.log(price) / STEP), grown);
    bands.values[start + GROWN]! += grown;
    if (bands.size > PRICE_BANDS_MAX) this.removeBand(bands.least(GROWN));
  }

  /** Most looked at first. */
  ranked(): { category: string; currency: string; p10: number; p50: number; p90: number }[] {
    const ranked: { category: string; currency: string; grown: number; number: number }[] = [];
    this.bands.forEach((name, start) => {
      const { values } = this.bands;
      ranked.push({ ...namesOf(name), grown: values[start + GROWN]!, number: values[start + NUMBER]! });
    });
    return ranked
      .sort((a, b) => b.grown - a.grown || (a.category < b.category ? -1 : 1))
      .map(({ category, currency, number }) => {
        const ordered = this.stepsOf(number).sort((a, b) => a[0] - b[0]);
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
    const { bands } = this;
    writer.varint(bands.size);
    bands.forEach((name, start) => {
      const { category, currency } = namesOf(name);
      writer.text(category);
      writer.text(currency);
      writer.f64(bands.values[start + GROWN]!);
      const steps = this.stepsOf(bands.values[start + NUMBER]!);
      writer.varint(steps.length);
      for (const [step, weight] of steps) {
        writer.signed(step);
        writer.f64(weight);
      }
    });
  }

  read(reader: ByteReader): void {
    for (let n = reader.varint(); n > 0; n--) {
      const category = reader.text();
      const start = this.addBand(bandName(category, reader.text()));
      this.bands.values[start + GROWN] = reader.f64();
      for (let m = reader.varint(); m > 0; m--) {
        const step = reader.signed();
        this.pushStep(this.bands.values[start + NUMBER]!, step, reader.f64());
      }
    }
  }

  private addBand(name: string): number {
    const start = this.bands.add(name);
    this.bands.values[start + NUMBER] = this.nextNumber++;
    return start;
  }

  private removeBand(start: number): void {
    const number = this.bands.values[start + NUMBER]!;
    this.bands.remove(start);
    for (let at = this.stepsEnd - STEP_WIDTH; at >= 0; at -= STEP_WIDTH) {
      if (this.steps[at + BAND] === number) this.removeStep(at);
    }
  }

  /** Of a full band the least step falls out; of equals the greatest. */
  private addStep(number: number, step: number, weight: number): void {
    const { steps } = this;
    let count = 1;
    for (let at = 0; at < this.stepsEnd; at += STEP_WIDTH) {
      if (steps[at + BAND] !== number) continue;
      if (steps[at + STEP_OF] === step) {
        steps[at + WEIGHT]! += weight;
        return;
      }
      count++;
    }
    this.pushStep(number, step, weight);
    if (count > PRICE_STEPS_MAX) this.removeStep(this.leastStep(number));
  }

  private pushStep(number: number, step: number, weight: number): void {
    const at = this.stepsEnd;
    if (at === this.steps.length) this.steps = resized(this.steps, Math.max(STEP_WIDTH * 4, at * 2));
    this.steps[at + BAND] = number;
    this.steps[at + STEP_OF] = step;
    this.steps[at + WEIGHT] = weight;
    this.stepsEnd += STEP_WIDTH;
  }

  private leastStep(number: number): number {
    const { steps } = this;
    let least = -1;
    for (let at = 0; at < this.stepsEnd; at += STEP_WIDTH) {
      if (steps[at + BAND] !== number) continue;
      const less = least < 0 ? -1 : steps[at + WEIGHT]! - steps[least + WEIGHT]!;
      if (less < 0 || (less === 0 && steps[at + STEP_OF]! > steps[least + STEP_OF]!)) least = at;
    }
    return least;
  }

  /** The last one takes its place. */
  private removeStep(at: number): void {
    this.stepsEnd -= STEP_WIDTH;
    this.steps.copyWithin(at, this.stepsEnd, this.stepsEnd + STEP_WIDTH);
  }

  private stepsOf(number: number): [step: number, weight: number][] {
    const found: [number, number][] = [];
    for (let at = 0; at < this.stepsEnd; at += STEP_WIDTH) {
      if (this.steps[at + BAND] === number) found.push([this.steps[at + STEP_OF]!, this.steps[at + WEIGHT]!]);
    }
    return found;
  }
}

/** Currency and category, whatever events say that they are. */
function bandName(category: string, currency: string): string {
  return `${currency.length} ${currency}${category}`;
}

function namesOf(band: string): { category: string; currency: string } {
  const from = band.indexOf(" ") + 1;
  const end = from + Number.parseInt(band, 10);
  return { currency: band.slice(from, end), category: band.slice(end) };
}
