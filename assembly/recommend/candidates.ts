// Candidates of the running call, in columns by ordinal: what speaks for each product, term by term.
import { CANDIDATE_ADDRESS, CANDIDATES_MAX, NONE } from "../layout";
import { MARK_ORDINAL, markAddress, word } from "./memory";

const COLUMN: usize = <usize>4 * <usize>CANDIDATES_MAX;
const PRODUCT: usize = CANDIDATE_ADDRESS;
export const COLLABORATIVE: usize = PRODUCT + COLUMN;
export const WALKED: usize = COLLABORATIVE + COLUMN;
const GREATEST: usize = WALKED + COLUMN;
const CAUSE: usize = GREATEST + COLUMN;
const REPEAT: usize = CAUSE + COLUMN;
/** Sum of the terms, and what discounts leave of it. */
const WORTH: usize = REPEAT + COLUMN;
export const SCORE: usize = WORTH + COLUMN;
const STRATEGY: usize = SCORE + COLUMN;
/** Products of its category (lower half) and brand (upper half) that its score is discounted for. */
const DISCOUNTS: usize = STRATEGY + COLUMN;
/** Greatest score of each block of candidates. */
export const LEADERS: usize = DISCOUNTS + COLUMN;
/** Ordinals and scores of what a cap put off. */
export const DEFERRED: usize = LEADERS + COLUMN;
export const DEFERRED_SCORES: usize = DEFERRED + COLUMN;
/** Keys of the products a walk goes on from. */
export const FAN: usize = DEFERRED_SCORES + COLUMN;
/** Additions of the first step. */
const SUPPORT: usize = FAN + 2 * COLUMN;

export let count: u32 = 0;

export function clear(): void {
  count = 0;
}

/** Ordinal of a product, which becomes a candidate if it is none; CANDIDATES_MAX when there is no room. */
export function candidate(product: u32): u32 {
  const mark = markAddress(product);
  const bits = <u32>load<u16>(mark);
  const known = bits & MARK_ORDINAL;
  if (known != 0) return known - 1;
  if (count == CANDIDATES_MAX) return CANDIDATES_MAX;
  const ordinal = count++;
  store<u16>(mark, bits | (ordinal + 1));
  store<u32>(word(PRODUCT, ordinal), product);
  store<f32>(word(COLLABORATIVE, ordinal), 0);
  store<f32>(word(WALKED, ordinal), 0);
  store<f32>(word(GREATEST, ordinal), 0);
  store<u32>(word(CAUSE, ordinal), <u32>NONE);
  store<f32>(word(REPEAT, ordinal), 0);
  store<u32>(word(DISCOUNTS, ordinal), 0);
  store<u32>(word(SUPPORT, ordinal), 0);
  return ordinal;
}

/** Adds what a neighbour is worth; the product behind the greatest addition is the cause. */
export function add(ordinal: u32, amount: f32, cause: u32): void {
  const sum = word(COLLABORATIVE, ordinal);
  store<f32>(sum, load<f32>(sum) + amount);
  if (amount > load<f32>(word(GREATEST, ordinal))) {
    store<f32>(word(GREATEST, ordinal), amount);
    store<u32>(word(CAUSE, ordinal), cause);
  }
}

/** The same in the first step, which also counts how many sources lead there. */
export function addSupported(ordinal: u32, amount: f32, cause: u32): void {
  add(ordinal, amount, cause);
  const support = word(SUPPORT, ordinal);
  store<u32>(support, load<u32>(support) + 1);
}

/** Raises what more than one source leads to, by a share for each further one up to `most`. */
export function raiseSupported(share: f32, most: u32): void {
  for (let ordinal: u32 = 0; ordinal < count; ordinal++) {
    const support = load<u32>(word(SUPPORT, ordinal));
    if (support < 2) continue;
    const sum = word(COLLABORATIVE, ordinal);
    store<f32>(sum, load<f32>(sum) * (<f32>1 + share * <f32>min<u32>(support - 1, most)));
  }
}

/** Adds in the second step, whose sum is kept apart too: the third goes on from it. */
export function addWalked(ordinal: u32, amount: f32, cause: u32): void {
  add(ordinal, amount, cause);
  const sum = word(WALKED, ordinal);
  store<f32>(sum, load<f32>(sum) + amount);
}

export function product(ordinal: u32): u32 {
  return load<u32>(word(PRODUCT, ordinal));
}

export function collaborative(ordinal: u32): f32 {
  return load<f32>(word(COLLABORATIVE, ordinal));
}

export function walked(ordinal: u32): f32 {
  return load<f32>(word(WALKED, ordinal));
}

export function cause(ordinal: u32): u32 {
  return load<u32>(word(CAUSE, ordinal));
}

export function repeat(ordinal: u32): f32 {
  return load<f32>(word(REPEAT, ordinal));
}

export function setRepeat(ordinal: u32, term: f32): void {
  store<f32>(word(REPEAT, ordinal), term);
}

export function score(ordinal: u32): f32 {
  return load<f32>(word(SCORE, ordinal));
}

/** Sum of the terms, before discounts. */
export function worth(ordinal: u32): f32 {
  return load<f32>(word(WORTH, ordinal));
}

export function setWorth(ordinal: u32, sum: f32): void {
  store<f32>(word(WORTH, ordinal), sum);
  store<f32>(word(SCORE, ordinal), sum);
}

export function setScore(ordinal: u32, discounted: f32): void {
  store<f32>(word(SCORE, ordinal), discounted);
}

export function strategy(ordinal: u32): u32 {
  return load<u32>(word(STRATEGY, ordinal));
}

export function setStrategy(ordinal: u32, which: u32): void {
  store<u32>(word(STRATEGY, ordinal), which);
}

export function discounts(ordinal: u32): u32 {
  return load<u32>(word(DISCOUNTS, ordinal));
}

export function setDiscounts(ordinal: u32, counted: u32): void {
  store<u32>(word(DISCOUNTS, ordinal), counted);
}

/** A candidate as a number that is the greater the better it is; of equals, the lower product comes first. */
export function keyOf(product: u32, worth: f32): u64 {
  return ((<u64>reinterpret<u32>(worth)) << 32) | <u64>~product;
}

export function keyWorth(key: u64): f32 {
  return reinterpret<f32>(<u32>(key >> 32));
}

export function keyProduct(key: u64): u32 {
  return ~(<u32>key);
}
