import { DAY_MS } from "../limits.ts";

/** Half-life of counts, transitions and pairings. */
export const COUNT_HALF_LIFE_MS = 60 * DAY_MS;
/** Half-lives of the two trend counters: what rises now, against what it usually does. */
export const TREND_FAST_HALF_LIFE_MS = 6 * 3_600_000;
export const TREND_SLOW_HALF_LIFE_MS = 4 * DAY_MS;

/** Doublings after which amounts are brought back to size; f32 holds 127 of them. */
const REBASE_DOUBLINGS = 60;

/**
 * Forward decay. A count is the sum of `amount * 2^((at - landmark) / half-life)`: additions commute, nothing
 * has to be touched to age, and its value at `now` is the sum divided by the growth at `now`
 * (Cormode, Shkapenyuk, Srivastava & Xu 2009, doi:10.1109/ICDE.2009.65).
 */
export function growth(at: number, landmark: number): number {
  return 2 ** ((at - landmark) / COUNT_HALF_LIFE_MS);
}

/** Whether growth at `now` nears what f32 holds, so that the landmark has to move to `now`. */
export function wantsRebase(now: number, landmark: number): boolean {
  return (now - landmark) / COUNT_HALF_LIFE_MS > REBASE_DOUBLINGS;
}

/** What is left of an amount after `elapsed` ms; the future has not decayed. */
export function remaining(elapsed: number, halfLife: number): number {
  return elapsed <= 0 ? 1 : 2 ** (-elapsed / halfLife);
}
