// The candidates that are left, by score: the greatest of each block of scores is kept, so that the best of all is
// found among those and in its block.
import { CANDIDATES_MAX } from "../layout";
import * as candidates from "./candidates";
import { word } from "./memory";

const BLOCK: u32 = 32;
/** Scores compared at a time. */
const GROUP: u32 = 16;
/** Candidates that are out; no score is so low. */
export const OUT: f32 = -1;
/** `leader`: none is left. */
export const NOBODY: u32 = CANDIDATES_MAX;

let blocks: u32 = 0;

/** After every candidate has its score. */
export function rank(): void {
  const count = candidates.count;
  blocks = (count + BLOCK - 1) / BLOCK;
  for (let ordinal = count; ordinal < blocks * BLOCK; ordinal++) candidates.setScore(ordinal, OUT);
  for (let block: u32 = 0; block < blocks; block++) lead(block);
  for (let block = blocks; block % GROUP != 0; block++) store<f32>(word(candidates.LEADERS, block), OUT);
}

/** The best candidate, of equals the lower product. */
export function leader(): u32 {
  let most = f32x4.splat(OUT);
  for (let block: u32 = 0; block < blocks; block += 4) {
    most = f32x4.pmax(most, v128.load(word(candidates.LEADERS, block)));
  }
  const greatest = greatestOf(most);
  let best = NOBODY;
  if (greatest == OUT) return best;
  const wanted = f32x4.splat(greatest);
  for (let group: u32 = 0; group < blocks; group += GROUP) {
    let led = equals(word(candidates.LEADERS, group), wanted);
    for (; led != 0; led &= led - 1) {
      const from = (group + <u32>ctz(led)) * BLOCK;
      const at = word(candidates.SCORE, from);
      let equal = equals(at, wanted) | (equals(at + 4 * GROUP, wanted) << GROUP);
      for (; equal != 0; equal &= equal - 1) {
        const other = from + <u32>ctz(equal);
        if (best == NOBODY || candidates.product(other) < candidates.product(best)) best = other;
      }
    }
  }
  return best;
}

/** Which of so many scores equal the wanted, a bit each. */
function equals(at: usize, wanted: v128): u32 {
  const first = i16x8.narrow_i32x4_s(f32x4.eq(v128.load(at), wanted), f32x4.eq(v128.load(at, 16), wanted));
  const last = i16x8.narrow_i32x4_s(f32x4.eq(v128.load(at, 32), wanted), f32x4.eq(v128.load(at, 48), wanted));
  return <u32>i8x16.bitmask(i8x16.narrow_i16x8_s(first, last));
}

/** Lowers a candidate's score. */
export function lower(ordinal: u32, score: f32): void {
  candidates.setScore(ordinal, score);
  lead(ordinal / BLOCK);
}

function lead(block: u32): void {
  const from = word(candidates.SCORE, block * BLOCK);
  let most = v128.load(from);
  for (let at: usize = 16; at < 4 * BLOCK; at += 16) most = f32x4.pmax(most, v128.load(from + at));
  store<f32>(word(candidates.LEADERS, block), greatestOf(most));
}

function greatestOf(four: v128): f32 {
  const two = f32x4.pmax(four, v128.shuffle<i32>(four, four, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(two, v128.shuffle<i32>(two, two, 1, 0, 3, 2)), 0);
}
