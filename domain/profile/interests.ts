import type { ByteReader, ByteWriter } from "../bytes.ts";
import { DAY_MS, INTEREST_HALF_LIFE_DAYS } from "../limits.ts";
import { RowsByName } from "./rows-by-name.ts";

/** 2020-01-01. Stored interests are relative to it: never change. */
const LANDMARK_MS = 1_577_836_800_000;
const HALF_LIFE_MS = INTEREST_HALF_LIFE_DAYS * DAY_MS;
/** Decayed weight at which an affinity is one half: about one purchase. */
const HALF_AFFINITY_WEIGHT = 5;

/**
 * Weight of something at a time, seen from a fixed landmark: grows by 2 a half-life, so that sums need no decay and
 * the order of arrival does not change them. Cormode, Shkapenyuk, Srivastava & Xu 2009, "Forward decay". Within f64
 * until 2059.
 */
export function growth(at: number): number {
  return 2 ** ((at - LANDMARK_MS) / HALF_LIFE_MS);
}

/** What a grown sum is worth now, as 0..1. */
export function affinityOf(grown: number, now: number): number {
  return affinityOfWeight(grown / growth(now));
}

/** Of a decayed weight, in views. */
export function affinityOfWeight(weight: number): number {
  return weight / (weight + HALF_AFFINITY_WEIGHT);
}

const GROWN = 0;
const VIEWS = 1;
const CARTS = 2;
const PURCHASES = 3;
const LAST_AT = 4;
const WIDTH = 5;

export interface Interest {
  readonly name: string;
  /** Grown sum of what was done. */
  readonly grown: number;
  readonly views: number;
  readonly carts: number;
  readonly purchases: number;
  readonly lastAt: number;
}

/** Interests by name, the least affine falling out of a full list. */
export class Interests {
  private readonly rows = new RowsByName(WIDTH);
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  add(name: string, at: number, weight: number, views: number, carts: number, purchases: number): void {
    const { rows } = this;
    const start = rows.findOrAdd(name);
    const { values } = rows;
    values[start + GROWN]! += weight * growth(at);
    values[start + VIEWS]! += views;
    values[start + CARTS]! += carts;
    values[start + PURCHASES]! += purchases;
    values[start + LAST_AT] = Math.max(at, values[start + LAST_AT]!);
    if (rows.size > this.max) rows.remove(rows.least(GROWN));
  }

  /** Strongest first, of equals by name. */
  ranked(): Interest[] {
    const interests: Interest[] = [];
    const { values } = this.rows;
    this.rows.forEach((name, start) => {
      interests.push({
        name,
        grown: values[start + GROWN]!,
        views: values[start + VIEWS]!,
        carts: values[start + CARTS]!,
        purchases: values[start + PURCHASES]!,
        lastAt: values[start + LAST_AT]!,
      });
    });
    return interests.sort((a, b) => b.grown - a.grown || (a.name < b.name ? -1 : 1));
  }

  write(writer: ByteWriter): void {
    this.rows.write(writer, (values, start) => {
      writer.f64(values[start + GROWN]!);
      writer.varint(values[start + VIEWS]!);
      writer.varint(values[start + CARTS]!);
      writer.f64(values[start + PURCHASES]!);
      writer.varint(values[start + LAST_AT]!);
    });
  }

  read(reader: ByteReader): void {
    this.rows.read(reader, (values, start) => {
      values[start + GROWN] = reader.f64();
      values[start + VIEWS] = reader.varint();
      values[start + CARTS] = reader.varint();
      values[start + PURCHASES] = reader.f64();
      values[start + LAST_AT] = reader.varint();
    });
  }
}
