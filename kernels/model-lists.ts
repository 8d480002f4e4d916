import { POPULAR_PER_BRAND, RISING_PER_CATEGORY, TRENDING_LENGTH } from "./model-sections.ts";

/** One score per slot, and which slots may be listed at all. */
export interface Ranking {
  readonly scores: Float32Array;
  readonly size: number;
  eligible(slot: number): boolean;
}

const SLOT_BITS = 2 ** 18;
const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** Eligible slots by falling score, equal ones by slot. Scores are not negative. */
export function ranked({ scores, size, eligible }: Ranking): Uint32Array {
  // The bits of a float that is not negative sort as it does: with the slot below them, one number sorts both.
  const keys = new Float64Array(size);
  let count = 0;
  for (let slot = 0; slot < size; slot++) {
    if (!eligible(slot)) continue;
    float[0] = scores[slot]!;
    keys[count++] = word[0]! * SLOT_BITS + (SLOT_BITS - 1 - slot);
  }
  const sorted = keys.subarray(0, count).sort();
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = SLOT_BITS - 1 - (sorted[count - 1 - at]! % SLOT_BITS);
  return order;
}

/**
 * Splits an order into one list per group, each at most `longest` long, in `starts` (one entry more than groups)
 * and `list`. Group 0 (no category, no brand) has a list when `listNone`.
 */
export function grouped(
  order: Uint32Array,
  groupOf: ArrayLike<number>,
  into: { starts: Uint32Array; list: Uint32Array },
  longest: number,
  listNone: boolean,
): void {
  const { starts, list } = into;
  starts.fill(0);
  const lengths = new Uint32Array(starts.length);
  const belongs = (slot: number) => {
    const group = groupOf[slot]!;
    return (listNone || group !== 0) && lengths[group]! < longest;
  };
  for (const slot of order) if (belongs(slot)) lengths[groupOf[slot]!]!++;
  for (let group = 0; group + 1 < starts.length; group++)
    starts[group + 1] = starts[group]! + lengths[group]!;
  lengths.fill(0);
  for (const slot of order) {
    if (!belongs(slot)) continue;
    const group = groupOf[slot]!;
    list[starts[group]! + lengths[group]!++] = slot;
  }
}

export const LONGEST = {
  rising: RISING_PER_CATEGORY,
  brand: POPULAR_PER_BRAND,
  trending: TRENDING_LENGTH,
} as const;
