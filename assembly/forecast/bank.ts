// The expert bank: cheap recursions in exposure form, weighted by their own running backtest. Four series a call.
import {
  BACKTEST_COVERED,
  BACKTEST_DAYS,
  BACKTEST_DEMAND,
  BACKTEST_ERROR,
  BACKTEST_JUDGED,
  BACKTEST_ROWS,
  BACKTEST_SQUARED_ERROR,
  BACKTEST_SQUARED_STEP,
  FORECAST_BACKTEST,
  FORECAST_CARTS,
  FORECAST_COMBINED,
  FORECAST_DEMAND,
  FORECAST_EXPERT_LEVELS,
  FORECAST_EXPERT_WEIGHTS,
  FORECAST_EXPERTS,
  FORECAST_GROUP_CART_RATE,
  FORECAST_GROUP_SEASON,
  FORECAST_GROUP_VIEW_RATE,
  FORECAST_KAPPA,
  FORECAST_LANES,
  FORECAST_LEVEL,
  FORECAST_POOL_DEMAND,
  FORECAST_POOL_FORECAST,
  FORECAST_RING,
  FORECAST_RING_DAYS,
  FORECAST_SEASON_INDEX,
  FORECAST_SEASON_SUMS,
  FORECAST_SPAN_MEAN,
  FORECAST_SPAN_VARIANCE,
  FORECAST_SPANS,
  FORECAST_STATE,
  FORECAST_STOCK,
  FORECAST_SUM_DEMAND,
  FORECAST_SUM_EXPOSURE,
  FORECAST_VIEWS,
} from "../layout";
import { row } from "./memory";
import { gammaScore, take } from "./score";

/** Forgetting of the seasonal sums, a day. */
const SEASON_MEMORY: f32 = 0.997;
/** Experts are judged every fourth day, sums over a span every other: neighbouring sums say the same. */
const EXPERT_DAYS = 4;
const SPAN_DAYS = 2;
/** Forgetting of the experts' squared errors, .98 a day. */
const ERROR_MEMORY: f32 = 0.9224;
/** Forgetting of the span errors, .985 a day. */
const DAY_MEMORY: f32 = 0.985;
const SPAN_MEMORY: f32 = 0.970225;
/** Keeps a perfect expert from dividing by zero; demand is scaled to a mean of one. */
const TINY: f32 = 1e-6;
/** Exposure below this, of a running sum of days, is rounding. */
const RESIDUE: f32 = 1e-4;
// Where the kinds of experts begin.
const SES_EXPERTS = 6;
const TSB = 6;
const SBA = 9;
const WINDOWS = 10;
const BEHAVIOUR = 12;
/** Weight of the group's rate, in expected units of demand. */
const RATE_PRIOR: f32 = 5;
const SIZE_ALPHA: f32 = 0.1;
const BEHAVIOUR_ALPHA: f32 = 0.15;
const BEHAVIOUR_MEMORY: f32 = 0.98;
/** Days without a sale that every series is taken to have had before its first. */
const DAYS_BEFORE: f32 = 6;
/** Days of history before an error counts in the backtest. */
const BACKTEST_AFTER = 28;
const NORMAL_95: f32 = 1.6449;
/** Every so many days sums are scored for the pooled recalibration. */
const SCORE_EVERY = 28;
const SCORE_AFTER = 56;
/** Squared mean over variance of a sum that is scored: with less, one without any demand scores beyond its own chance. */
const SCORED_SHAPE: f32 = 0.04;

// State rows, f32x4 each.
const COUNT = FORECAST_STATE;
const STARTED = FORECAST_STATE + 16;
const SALES = FORECAST_STATE + 32;
const SIZE = FORECAST_STATE + 48;
const SINCE = FORECAST_STATE + 64;
const INTERVAL = FORECAST_STATE + 80;
const CHANCE = FORECAST_STATE + 96;
const SUM_Y = FORECAST_STATE + 160;
const SUM_X = FORECAST_STATE + 176;
const VIEW_LEVEL = FORECAST_STATE + 192;
const VIEWED = FORECAST_STATE + 208;
const VIEWED_DEMAND = FORECAST_STATE + 224;
const CART_LEVEL = FORECAST_STATE + 240;
const CARTED = FORECAST_STATE + 256;
const CARTED_DEMAND = FORECAST_STATE + 272;
const LEVELS = FORECAST_STATE + 512;
const ERRORS = FORECAST_STATE + 768;
const STATE_END: usize = FORECAST_STATE + 1024;

/** Where the experts' levels of a day are kept. */
function ringRow(t: i32): usize {
  return row(FORECAST_RING, (t & (FORECAST_RING_DAYS - 1)) * FORECAST_EXPERTS);
}

function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/**
 * Runs four series of `days` days from nothing and leaves their levels, weights, seasonal index, errors and backtest.
 * `span`: days of the sums that experts are judged by (14 with a season of 7). `behaviour`: whether views and carts
 * are known.
 */
export function run(days: i32, season: i32, span: i32, behaviour: i32): void {
  memory.fill(FORECAST_STATE, 0, STATE_END - FORECAST_STATE);
  memory.fill(FORECAST_SEASON_SUMS, 0, season * 32);
  memory.fill(FORECAST_SPAN_VARIANCE, 0, FORECAST_SPANS * 16);
  memory.fill(FORECAST_SPAN_MEAN, 0, FORECAST_SPANS * 16);
  memory.fill(FORECAST_BACKTEST, 0, BACKTEST_ROWS * 16);
  const experts = behaviour ? FORECAST_EXPERTS : BEHAVIOUR;
  const kappa = v128.load(FORECAST_KAPPA);
  const zero = splat(0);
  const one = splat(1);
  let grow: f32 = 1;
  for (let t = 1; t < days; t++) grow *= SEASON_MEMORY;
  let position = 0;
  weigh(experts);
  v128.store(FORECAST_SUM_DEMAND, zero);
  v128.store(FORECAST_SUM_EXPOSURE, zero);
  for (let t = 0; t < days; t++) {
    const y = v128.load(row(FORECAST_DEMAND, t));
    const given = v128.load(row(FORECAST_STOCK, t));
    const x = f32x4.pmax(given, zero);
    const e = expose(t, position, season, y, x, kappa, grow);
    const open = f32x4.gt(e, zero);
    // Sums from the first day on: any span is a difference of two.
    const taken = v128.and(y, open);
    v128.store(row(FORECAST_SUM_DEMAND, t + 1), f32x4.add(v128.load(row(FORECAST_SUM_DEMAND, t)), taken));
    v128.store(row(FORECAST_SUM_EXPOSURE, t + 1), f32x4.add(v128.load(row(FORECAST_SUM_EXPOSURE, t)), e));
    // Counted from the last day, so that it is always judged.
    const left = days - 1 - t;
    judgeDay(t, y, e);
    if (left % SPAN_DAYS == 0) {
      judgeSpan(1, t, max(1, span >> 1));
      judgeSpan(2, t, span);
      judgeSpan(3, t, span << 1);
    }
    if (left % EXPERT_DAYS == 0) {
      judgeExperts(t, span, experts);
      weigh(experts);
    }
    learn(t, taken, e, v128.and(x, open));
    if (behaviour) learnBehaviour(t, y, x, given);
    combine(t, experts);
    // The levels that will be judged after a span.
    if ((left - span) % EXPERT_DAYS == 0) memory.copy(ringRow(t), LEVELS, FORECAST_EXPERTS * 16);
    // The seasonal sums learn after the day was judged by them.
    const g = splat(grow);
    const taught = v128.and(x, v128.load(STARTED));
    const sums = row(FORECAST_SEASON_SUMS, position << 1);
    v128.store(sums, f32x4.add(v128.load(sums), f32x4.mul(g, y)));
    v128.store(sums + 16, f32x4.add(v128.load(sums + 16), f32x4.mul(g, taught)));
    v128.store(SUM_Y, f32x4.add(v128.load(SUM_Y), f32x4.mul(g, y)));
    v128.store(SUM_X, f32x4.add(v128.load(SUM_X), f32x4.mul(g, taught)));
    grow /= SEASON_MEMORY;
    if (++position == season) position = 0;
  }
  for (let i = 0; i < season; i++) {
    v128.store(row(FORECAST_SEASON_INDEX, i), seasonIndex(i, kappa, one));
  }
  for (let k = 0; k < FORECAST_EXPERTS; k++) {
    v128.store(row(FORECAST_EXPERT_LEVELS, k), k < experts ? v128.load(row(LEVELS, k)) : zero);
    if (k >= experts) v128.store(row(FORECAST_EXPERT_WEIGHTS, k), zero);
  }
  v128.store(FORECAST_LEVEL, days > 0 ? v128.load(row(FORECAST_COMBINED, days - 1)) : zero);
}

/** (W_i + kappa g_i) / (lambda N_i + kappa): a sparse series follows its group, a busy one itself. */
function seasonIndex(position: i32, kappa: v128, grow: v128): v128 {
  const zero = splat(0);
  const sums = row(FORECAST_SEASON_SUMS, position << 1);
  const sumX = v128.load(SUM_X);
  const lambda = f32x4.div(v128.load(SUM_Y), f32x4.pmax(sumX, splat(TINY)));
  const prior = f32x4.mul(kappa, grow);
  const index = f32x4.div(
    f32x4.add(v128.load(sums), f32x4.mul(prior, v128.load(row(FORECAST_GROUP_SEASON, position)))),
    f32x4.add(f32x4.mul(lambda, v128.load(sums + 16)), prior),
  );
  // A position where the group never sells stays shut, whatever one series did there.
  return v128.bitselect(index, zero, f32x4.gt(v128.load(row(FORECAST_GROUP_SEASON, position)), zero));
}

/** Exposure of the day: its seasonal index times the fraction in stock, 0 before the first sale. */
function expose(t: i32, position: i32, season: i32, y: v128, x: v128, kappa: v128, grow: f32): v128 {
  const zero = splat(0);
  const started = v128.or(v128.load(STARTED), f32x4.gt(y, zero));
  v128.store(STARTED, started);
  return v128.and(f32x4.mul(seasonIndex(position, kappa, splat(grow)), x), started);
}

/** Of the last days of so many, what is open of them. */
function demandOf(t: i32, length: i32): v128 {
  return f32x4.sub(
    v128.load(row(FORECAST_SUM_DEMAND, t + 1)),
    v128.load(row(FORECAST_SUM_DEMAND, t + 1 - length)),
  );
}

function exposureOf(t: i32, length: i32): v128 {
  const sum = f32x4.sub(
    v128.load(row(FORECAST_SUM_EXPOSURE, t + 1)),
    v128.load(row(FORECAST_SUM_EXPOSURE, t + 1 - length)),
  );
  // What rounding leaves of shut days is no exposure.
  return v128.and(sum, f32x4.gt(sum, splat(RESIDUE)));
}

/** Judges what was forecast the day before: the shortest span, and the backtest. */
function judgeDay(t: i32, y: v128, e: v128): void {
  if (t < 1) return;
  const mu = f32x4.mul(v128.load(row(FORECAST_COMBINED, t - 1)), e);
  const counts = f32x4.gt(mu, splat(0));
  if (!v128.any_true(counts)) return;
  const off = f32x4.sub(y, mu);
  const square = f32x4.mul(off, off);
  blend(FORECAST_SPAN_VARIANCE, square, DAY_MEMORY, counts);
  blend(FORECAST_SPAN_MEAN, mu, DAY_MEMORY, counts);
  if (t >= BACKTEST_AFTER) backtest(t, y, off, square, counts);
}

/** Judges what was forecast of the last days before them. */
function judgeSpan(s: i32, t: i32, length: i32): void {
  if (t < length) return;
  const sumY = demandOf(t, length);
  const mu = f32x4.mul(v128.load(row(FORECAST_COMBINED, t - length)), exposureOf(t, length));
  const counts = f32x4.gt(mu, splat(0));
  if (!v128.any_true(counts)) return;
  if (t >= SCORE_AFTER) {
    if (t % SCORE_EVERY < SPAN_DAYS) score(s, sumY, mu, counts);
    if (s == 2) {
      cover(sumY, mu, counts);
      pool(t, sumY, mu, counts);
    }
  }
  const off = f32x4.sub(sumY, mu);
  blend(row(FORECAST_SPAN_VARIANCE, s), f32x4.mul(off, off), SPAN_MEMORY, counts);
  blend(row(FORECAST_SPAN_MEAN, s), mu, SPAN_MEMORY, counts);
}

function pool(t: i32, sum: v128, mu: v128, mask: v128): void {
  const demand = row(FORECAST_POOL_DEMAND, t);
  const forecast = row(FORECAST_POOL_FORECAST, t);
  v128.store(demand, f32x4.add(v128.load(demand), v128.and(sum, mask)));
  v128.store(forecast, f32x4.add(v128.load(forecast), v128.and(mu, mask)));
}

function blend(at: usize, value: v128, keep: f32, mask: v128): void {
  const before = v128.load(at);
  const after = f32x4.add(f32x4.mul(splat(keep), before), f32x4.mul(splat(1 - keep), value));
  v128.store(at, v128.bitselect(after, before, mask));
}

/** E_k <- .98 E_k + .02 ((S - l_k X) / span)^2 */
function judgeExperts(t: i32, length: i32, experts: i32): void {
  if (t < length) return;
  const sumY = demandOf(t, length);
  const sumX = exposureOf(t, length);
  const counts = f32x4.gt(f32x4.mul(v128.load(row(FORECAST_COMBINED, t - length)), sumX), splat(0));
  const ring = ringRow(t - length);
  const share = splat(1 / <f32>length);
  for (let k = 0; k < experts; k++) {
    const off = f32x4.mul(f32x4.sub(sumY, f32x4.mul(v128.load(row(ring, k)), sumX)), share);
    blend(row(ERRORS, k), f32x4.mul(off, off), ERROR_MEMORY, counts);
  }
}

function backtest(t: i32, y: v128, off: v128, square: v128, mask: v128): void {
  const step = f32x4.sub(y, v128.load(row(FORECAST_DEMAND, t - 1)));
  tally(BACKTEST_DAYS, splat(1), mask);
  tally(BACKTEST_SQUARED_ERROR, square, mask);
  tally(BACKTEST_SQUARED_STEP, f32x4.mul(step, step), mask);
  tally(BACKTEST_ERROR, f32x4.neg(off), mask);
  tally(BACKTEST_DEMAND, y, mask);
}

function tally(index: i32, value: v128, mask: v128): void {
  const at = row(FORECAST_BACKTEST, index);
  v128.store(at, f32x4.add(v128.load(at), v128.and(value, mask)));
}

/** Whether the sum stayed below the 95 % quantile of a gamma (Wilson & Hilferty 1931) told before. */
function cover(sum: v128, mu: v128, mask: v128): void {
  const mean = v128.load(row(FORECAST_SPAN_MEAN, 2));
  const phi = f32x4.div(v128.load(row(FORECAST_SPAN_VARIANCE, 2)), f32x4.pmax(mean, splat(TINY)));
  const a = f32x4.div(phi, f32x4.mul(splat(9), f32x4.pmax(mu, splat(TINY))));
  const root = f32x4.add(f32x4.sub(splat(1), a), f32x4.mul(splat(NORMAL_95), f32x4.sqrt(a)));
  const q = f32x4.pmax(splat(0), f32x4.mul(mu, f32x4.mul(root, f32x4.mul(root, root))));
  tally(BACKTEST_JUDGED, splat(1), mask);
  tally(BACKTEST_COVERED, splat(1), v128.and(mask, f32x4.le(sum, q)));
}

function score(s: i32, sum: v128, mu: v128, mask: v128): void {
  const means = row(FORECAST_SPAN_MEAN, s);
  const variances = row(FORECAST_SPAN_VARIANCE, s);
  v128.store(STATE_END, sum);
  v128.store(STATE_END + 16, mu);
  v128.store(STATE_END + 32, mask);
  for (let lane = 0; lane < FORECAST_LANES; lane++) {
    const at = (<usize>lane) << 2;
    if (load<u32>(STATE_END + 32 + at) == 0) continue;
    const mean = load<f32>(means + at);
    if (mean <= TINY) continue;
    const m = load<f32>(STATE_END + 16 + at);
    const variance = (load<f32>(variances + at) / mean) * m;
    if (m * m < SCORED_SHAPE * variance) continue;
    take(s, gammaScore(load<f32>(STATE_END + at), m, variance));
  }
}

/** One day for every expert but behaviour; a day without exposure, and so without demand, changes nothing. */
function learn(t: i32, y: v128, e: v128, x: v128): void {
  const zero = splat(0);
  const one = splat(1);
  const count = f32x4.add(v128.load(COUNT), x);
  v128.store(COUNT, count);
  // Plain averages at first, as if some days without a sale had gone before: a first sale may be the only one.
  const average = f32x4.div(one, f32x4.add(count, splat(DAYS_BEFORE)));
  const youth = f32x4.pmax(zero, f32x4.sub(splat(DAYS_BEFORE), count));
  // Written out: a loop costs the compiler its constants.
  smooth(0, 0.01, average, y, e);
  smooth(1, 0.02, average, y, e);
  smooth(2, 0.05, average, y, e);
  smooth(3, 0.1, average, y, e);
  smooth(4, 0.2, average, y, e);
  smooth(5, 0.35, average, y, e);
  const sold = f32x4.gt(y, zero);
  const sales = f32x4.add(v128.load(SALES), v128.and(one, sold));
  v128.store(SALES, sales);
  const gain = f32x4.pmax(splat(SIZE_ALPHA), f32x4.div(one, f32x4.pmax(sales, one)));
  const size = v128.load(SIZE);
  const nextSize = v128.bitselect(f32x4.add(size, f32x4.mul(gain, f32x4.sub(y, size))), size, sold);
  v128.store(SIZE, nextSize);
  const hit = v128.and(one, sold);
  const heed = f32x4.pmin(one, e);
  chances(0, 0.02, average, heed, hit, nextSize);
  chances(1, 0.05, average, heed, hit, nextSize);
  chances(2, 0.1, average, heed, hit, nextSize);
  const since = f32x4.add(v128.load(SINCE), e);
  const interval = v128.load(INTERVAL);
  const nextInterval = v128.bitselect(
    f32x4.add(interval, f32x4.mul(gain, f32x4.sub(since, interval))),
    interval,
    sold,
  );
  v128.store(INTERVAL, nextInterval);
  v128.store(SINCE, v128.bitselect(zero, since, sold));
  v128.store(
    row(LEVELS, SBA),
    f32x4.div(
      f32x4.mul(splat(1 - SIZE_ALPHA / 2), nextSize),
      f32x4.add(f32x4.pmax(nextInterval, splat(0.05)), youth),
    ),
  );
  window(0, 28, t, youth);
  window(1, 56, t, youth);
}

/** l += gain (y - l e) */
function smooth(k: i32, alpha: f32, average: v128, y: v128, e: v128): void {
  const level = v128.load(row(LEVELS, k));
  const gain = f32x4.pmax(splat(alpha), average);
  const next = f32x4.add(level, f32x4.mul(gain, f32x4.sub(y, f32x4.mul(level, e))));
  v128.store(row(LEVELS, k), f32x4.pmax(splat(0), next));
}

/** p += beta min(1, e) (hit - p), l = p z */
function chances(k: i32, least: f32, average: v128, heed: v128, hit: v128, size: v128): void {
  const chance = v128.load(row(CHANCE, k));
  const beta = f32x4.pmax(splat(least), average);
  const next = f32x4.add(chance, f32x4.mul(f32x4.mul(beta, heed), f32x4.sub(hit, chance)));
  v128.store(row(CHANCE, k), next);
  v128.store(row(LEVELS, TSB + k), f32x4.mul(next, size));
}

/** Demand over exposure of the last days. */
function window(w: i32, length: i32, t: i32, youth: v128): void {
  const days = min(length, t + 1);
  const exposure = exposureOf(t, days);
  const known = f32x4.gt(exposure, splat(0.5));
  const level = f32x4.pmax(
    splat(0),
    f32x4.div(demandOf(t, days), f32x4.add(f32x4.pmax(exposure, splat(0.5)), youth)),
  );
  const at = row(LEVELS, WINDOWS + w);
  v128.store(at, v128.bitselect(level, v128.load(at), known));
}

/** Views times demand per view, carts times demand per cart, each rate shrunk to the group's. */
function learnBehaviour(t: i32, y: v128, x: v128, given: v128): void {
  const active = f32x4.ge(given, splat(0));
  rate(
    BEHAVIOUR,
    v128.load(row(FORECAST_VIEWS, t)),
    y,
    x,
    active,
    VIEW_LEVEL,
    v128.load(FORECAST_GROUP_VIEW_RATE),
  );
  rate(
    BEHAVIOUR + 1,
    v128.load(row(FORECAST_CARTS, t)),
    y,
    x,
    active,
    CART_LEVEL,
    v128.load(FORECAST_GROUP_CART_RATE),
  );
}

function rate(expert: i32, n: v128, y: v128, x: v128, active: v128, at: usize, group: v128): void {
  const taught = v128.and(active, f32x4.gt(x, splat(0)));
  blend(at, n, 1 - BEHAVIOUR_ALPHA, active);
  const seen = f32x4.add(f32x4.mul(splat(BEHAVIOUR_MEMORY), v128.load(at + 16)), v128.and(n, taught));
  const demand = f32x4.add(f32x4.mul(splat(BEHAVIOUR_MEMORY), v128.load(at + 32)), v128.and(y, taught));
  v128.store(at + 16, seen);
  v128.store(at + 32, demand);
  const prior = f32x4.div(splat(RATE_PRIOR), f32x4.pmax(group, splat(TINY)));
  const shrunk = f32x4.div(f32x4.add(demand, splat(RATE_PRIOR)), f32x4.add(seen, prior));
  const level = f32x4.mul(v128.load(at), v128.and(shrunk, f32x4.gt(group, splat(0))));
  v128.store(row(LEVELS, expert), level);
}

/** The experts' levels as they are weighed. */
function combine(t: i32, experts: i32): void {
  let sum = f32x4.mul(v128.load(FORECAST_EXPERT_WEIGHTS), v128.load(LEVELS));
  for (let k = 1; k < experts; k++) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(row(FORECAST_EXPERT_WEIGHTS, k)), v128.load(row(LEVELS, k))));
  }
  v128.store(row(FORECAST_COMBINED, t), sum);
}

/** Weighs the experts by (min E / E_k)^4, to one in all. */
function weigh(experts: i32): void {
  let least = v128.load(ERRORS);
  for (let k = 1; k < experts; k++) least = f32x4.pmin(least, v128.load(row(ERRORS, k)));
  least = f32x4.add(least, splat(TINY));
  let total = splat(0);
  for (let k = 0; k < experts; k++) {
    const ratio = f32x4.div(least, f32x4.add(v128.load(row(ERRORS, k)), splat(TINY)));
    const square = f32x4.mul(ratio, ratio);
    const weight = f32x4.mul(square, square);
    v128.store(row(FORECAST_EXPERT_WEIGHTS, k), weight);
    total = f32x4.add(total, weight);
  }
  const share = f32x4.div(splat(1), f32x4.pmax(total, splat(TINY)));
  for (let k = 0; k < experts; k++) {
    const at = row(FORECAST_EXPERT_WEIGHTS, k);
    v128.store(at, f32x4.mul(v128.load(at), share));
  }
}
