// A model's image as plain lists, read word by word from its layout.
import * as L from "../../assembly/layout.ts";

export interface OracleProduct {
  readonly eligible: boolean;
  readonly category: number;
  readonly brand: number;
  readonly currency: number;
  /** ln of the price. */
  readonly price: number | undefined;
  readonly again: number;
  readonly returns: number;
  readonly popularity: number;
  readonly trend: number;
  readonly lift: number;
  readonly viewed: readonly Neighbour[];
  readonly bought: readonly Neighbour[];
}

export interface Neighbour {
  readonly index: number;
  readonly strength: number;
}

export interface OracleModel {
  readonly products: readonly OracleProduct[];
  /** Eligible products by falling popularity; the same by category. */
  readonly order: readonly number[];
  readonly byCategory: readonly (readonly number[])[];
  readonly rising: readonly (readonly number[])[];
  readonly byBrand: readonly (readonly number[])[];
  readonly trending: readonly number[];
}

export function readImage(bytes: Uint8Array): OracleModel {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => view.getUint32(at, true);
  const u32s = (section: number, from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => word(word(section) + 4 * (from + at)));
  const record = (at: number) => word(L.HEADER_RECORDS) + L.RECORD_BYTES * at;
  const float = (field: number, at: number) => view.getFloat32(record(at) + field, true);
  const u16 = (field: number, at: number) => view.getUint16(record(at) + field, true);
  const u8 = (field: number, at: number) => view.getUint8(record(at) + field);
  const neighbours = (section: number, stride: number, product: number): Neighbour[] =>
    u32s(section, product * stride, (product + 1) * stride)
      .filter((entry) => entry !== 0)
      .map((entry) => ({ index: entry % 2 ** 18, strength: strengthOf(Math.floor(entry / 2 ** 18)) }));
  const groups = (starts: number, list: number, count: number) =>
    Array.from({ length: count }, (_, group) =>
      u32s(list, word(word(starts) + 4 * group), word(word(starts) + 4 * (group + 1))),
    );
  const categories = word(L.HEADER_CATEGORIES);
  return {
    products: Array.from({ length: word(L.HEADER_PRODUCTS) }, (_, at) => {
      const flags = u8(L.RECORD_FLAGS, at);
      return {
        eligible: (flags & L.FACT_ELIGIBLE) !== 0,
        category: u16(L.RECORD_CATEGORY, at),
        brand: u16(L.RECORD_BRAND, at),
        currency: u8(L.RECORD_CURRENCY, at),
        price: (flags & L.FACT_PRICED) !== 0 ? float(L.RECORD_PRICE, at) : undefined,
        again: u16(L.RECORD_AGAIN, at),
        returns: u16(L.RECORD_RETURN, at),
        popularity: float(L.RECORD_POPULARITY, at),
        trend: float(L.RECORD_TREND, at),
        lift: float(L.RECORD_LIFT, at),
        viewed: neighbours(L.HEADER_VIEWED, word(L.HEADER_VIEWED_STRIDE), at),
        bought: neighbours(L.HEADER_BOUGHT, word(L.HEADER_BOUGHT_STRIDE), at),
      };
    }),
    order: u32s(L.HEADER_ORDER, 0, word(L.HEADER_ELIGIBLE)),
    byCategory: groups(L.HEADER_CATEGORY_START, L.HEADER_CATEGORY_LIST, categories),
    rising: groups(L.HEADER_RISING_START, L.HEADER_RISING_LIST, categories),
    byBrand: groups(L.HEADER_BRAND_START, L.HEADER_BRAND_LIST, word(L.HEADER_BRANDS)),
    trending: u32s(L.HEADER_TRENDING_LIST, 0, word(L.HEADER_TRENDING)),
  };
}

/** 5 bits of exponent, 9 of mantissa: 2^(e - 24) * (1 + m / 512). */
function strengthOf(code: number): number {
  return 2 ** (Math.floor(code / 512) - 24) * (1 + (code % 512) / 512);
}
