// Candidates of the running call by ordinal: what speaks for each product, term by term. An entry is half a line of
// the cache, and all nothing before its candidate comes, so that coming and coming again are the same few stores.
import { CANDIDATE_ADDRESS, CANDIDATES_MAX, NONE } from "../layout";
import { MARK_ORDINAL, markAddress, word } from "./memory";

const ENTRY_SHIFT: usize = 5;
export const ENTRY_BYTES: usize = 1 << ENTRY_SHIFT;
const PRODUCT: usize = CANDIDATE_ADDRESS;
const COLLABORATIVE: usize = PRODUCT + 4;
const WALKED: usize = PRODUCT + 8;
const GREATEST: usize = PRODUCT + 12;
const CAUSE: usize = PRODUCT + 16;
/** Additions of the first step. */
const SUPPORT: usize = PRODUCT + 20;
const REPEAT: usize = PRODUCT + 24;
/** Products of its category (lower half) and brand (upper half) that its score is discounted for. */
const DISCOUNTS: usize = PRODUCT + 28;

const COLUMN: usize = <usize>4 * <usize>CANDIDATES_MAX;
/** Category (lower half) and brand (upper half). */
export const GROUPS: usize = PRODUCT + ENTRY_BYTES * <usize>CANDIDATES_MAX;
/** Sum of the terms, and what discounts leave of it. */
export const WORTH: usize = GROUPS + COLUMN;
export const SCORE: usize = WORTH + COLUMN;
/** Greatest score of each block of candidates. */
export const LEADERS: usize = SCORE + COLUMN;
/** Ordinals and scores of what a cap put off. */
export const DEFERRED: usize = LEADERS + COLUMN;
export const DEFERRED_SCORES: usize = DEFERRED + COLUMN;
/** Keys of the products a walk goes on from. */
export const FAN: usize = DEFERRED_SCORES + COLUMN;
/** Lists that the running step adds from. */
export const PLAN: usize = FAN + 2 * COLUMN;
export const CANDIDATES_END: usize = PLAN + 8 * COLUMN + 16;

export let count: u32 = 0;

/** Where a candidate's entry begins: product, collaborative, walked, greatest; cause, support, repeat, discounts. */
export function entryAddress(ordinal: u32): usize {
  return PRODUCT + entry(ordinal);
}

function entry(ordinal: u32): usize {
  return (<usize>ordinal) << ENTRY_SHIFT;
}

/** Ordinal of a product, which becomes a candidate if it is none; CANDIDATES_MAX when there is no room. */
export function candidate(product: u32): u32 {
  const mark = markAddress(product);
  const bits = <u32>load<u16>(mark);
  const known = bits & MARK_ORDINAL;
  const isNew = u32(known == 0);
  const ordinal = select<u32>(count, known - 1, isNew);
  if (ordinal == CANDIDATES_MAX) return ordinal;
  count += isNew;
  store<u16>(mark, (bits & ~MARK_ORDINAL) | (ordinal + 1));
  store<u32>(entry(ordinal), product, PRODUCT);
  return ordinal;
}

/** Adds what a neighbour is worth; the product behind the greatest addition is the cause. */
export function add(ordinal: u32, amount: f32, cause: u32): void {
  const at = entry(ordinal);
  store<f32>(at, load<f32>(at, COLLABORATIVE) + amount, COLLABORATIVE);
  const greatest = load<f32>(at, GREATEST);
  const greater = amount > greatest;
  store<f32>(at, either(amount, greatest, greater), GREATEST);
  store<u32>(at, select<u32>(cause, load<u32>(at, CAUSE), greater), CAUSE);
}

/**
 * `first ? a : b` without a branch. V8 makes one of `select<f32>`, as x64 moves no floats by condition, and asc makes
 * `select<f32>` of the same over integers.
 */
function either(a: f32, b: f32, first: bool): f32 {
  const mask = -u32(first);
  return reinterpret<f32>((reinterpret<u32>(a) & mask) | (reinterpret<u32>(b) & ~mask));
}

/** The same in the first step, which also counts how many sources lead there. */
export function addSupported(ordinal: u32, amount: f32, cause: u32): void {
  add(ordinal, amount, cause);
  const at = entry(ordinal);
  store<u32>(at, load<u32>(at, SUPPORT) + 1, SUPPORT);
}

/** Raises what more than one source leads to, by a share for each further one up to `most`. */
export function raiseSupported(share: f32, most: u32): void {
  for (let at: usize = 0, end = entry(count); at < end; at += ENTRY_BYTES) {
    const support = load<u32>(at, SUPPORT);
    if (support < 2) continue;
    const raise = <f32>1 + share * <f32>min<u32>(support - 1, most);
    store<f32>(at, load<f32>(at, COLLABORATIVE) * raise, COLLABORATIVE);
  }
}

/** Adds in the second step, whose sum is kept apart too: the third goes on from it. */
export function addWalked(ordinal: u32, amount: f32, cause: u32): void {
  add(ordinal, amount, cause);
  const at = entry(ordinal);
  store<f32>(at, load<f32>(at, WALKED) + amount, WALKED);
}

export function product(ordinal: u32): u32 {
  return load<u32>(entry(ordinal), PRODUCT);
}

export function collaborative(ordinal: u32): f32 {
  return load<f32>(entry(ordinal), COLLABORATIVE);
}

export function walked(ordinal: u32): f32 {
  return load<f32>(entry(ordinal), WALKED);
}

export function cause(ordinal: u32): u32 {
  const at = entry(ordinal);
  return load<f32>(at, GREATEST) > 0 ? load<u32>(at, CAUSE) : <u32>NONE;
}

export function repeat(ordinal: u32): f32 {
  return load<f32>(entry(ordinal), REPEAT);
}

export function setRepeat(ordinal: u32, term: f32): void {
  store<f32>(entry(ordinal), term, REPEAT);
}

export function score(ordinal: u32): f32 {
  return load<f32>(word(SCORE, ordinal));
}

/** Sum of the terms, before discounts. */
export function worth(ordinal: u32): f32 {
  return load<f32>(word(WORTH, ordinal));
}

export function setScore(ordinal: u32, discounted: f32): void {
  store<f32>(word(SCORE, ordinal), discounted);
}

export function discounts(ordinal: u32): u32 {
  return load<u32>(entry(ordinal), DISCOUNTS);
}

export function setDiscounts(ordinal: u32, counted: u32): void {
  store<u32>(entry(ordinal), counted, DISCOUNTS);
}

/** Takes all candidates and their marks back. */
export function clear(): void {
  for (let at: usize = 0, end = entry(count); at < end; at += ENTRY_BYTES) {
    store<u16>(markAddress(load<u32>(at, PRODUCT)), 0);
    v128.store(at, i64x2.splat(0), PRODUCT);
    v128.store(at, i64x2.splat(0), PRODUCT + 16);
  }
  count = 0;
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
