// From series as the host has them, one after the other, to columns of four side by side.
import {
  BEHAVIOUR_CARTED_UNITS,
  BEHAVIOUR_CARTS,
  BEHAVIOUR_VIEWED_UNITS,
  BEHAVIOUR_VIEWS,
  FACT_FIRST,
  FACT_SALES,
  FACT_SQUARES,
  FACT_STOCK_DAYS,
  FACT_UNITS,
  FACT_WEEK_SQUARES,
  FACT_WEEK_UNITS,
  FACT_WEEKS,
  FORECAST_BEHAVIOUR,
  FORECAST_CARTS,
  FORECAST_DEMAND,
  FORECAST_FACTS,
  FORECAST_LANES,
  FORECAST_OPEN,
  FORECAST_SCALE,
  FORECAST_SELLING,
  FORECAST_STAGE_CARTS,
  FORECAST_STAGE_DEMAND,
  FORECAST_STAGE_ROW_BYTES,
  FORECAST_STAGE_STOCK,
  FORECAST_STAGE_VIEWS,
  FORECAST_STOCK,
  FORECAST_TOTALS,
  FORECAST_VIEWS,
} from "../layout";

import { double, row, word } from "./memory";

const WEEK = 7;

/** Adds the series staged in the first lane to its group, and leaves the facts of it. `days` of them are real. */
export function observe(days: i32, real: i32): void {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  // Days beyond the last are staged as 0, so whole vectors may be read.
  for (let t = ((days - real) >> 2) << 2; t < days; t += 4) {
    const y = v128.load(word(FORECAST_STAGE_DEMAND, t));
    const total = word(FORECAST_TOTALS, t);
    v128.store(total, f32x4.add(v128.load(total), y));
    const selling = word(FORECAST_SELLING, t);
    v128.store(selling, f32x4.add(v128.load(selling), v128.and(one, f32x4.gt(y, zero))));
  }
  let first = -1;
  let units: f64 = 0;
  let sales: f64 = 0;
  let squares: f64 = 0;
  let stock: f64 = 0;
  for (let t = days - real; t < days; t++) {
    const y = <f64>load<f32>(word(FORECAST_STAGE_DEMAND, t));
    if (y > 0) {
      if (first < 0) first = t;
      units += y;
      squares += y * y;
      sales += 1;
    }
    if (first >= 0) stock += <f64>load<f32>(word(FORECAST_STAGE_STOCK, t));
  }
  fact(FACT_FIRST, first);
  fact(FACT_UNITS, units);
  fact(FACT_SALES, sales);
  fact(FACT_SQUARES, squares);
  fact(FACT_STOCK_DAYS, stock);
  weeks(days, first < 0 ? 0 : days - first);
}

/** Sums of whole weeks, counted from the last day back. */
function weeks(days: i32, since: i32): void {
  const count = since / WEEK;
  let units: f64 = 0;
  let squares: f64 = 0;
  for (let w = 0; w < count; w++) {
    let sum: f64 = 0;
    const end = days - w * WEEK;
    for (let t = end - WEEK; t < end; t++) sum += <f64>load<f32>(word(FORECAST_STAGE_DEMAND, t));
    units += sum;
    squares += sum * sum;
  }
  fact(FACT_WEEKS, count);
  fact(FACT_WEEK_UNITS, units);
  fact(FACT_WEEK_SQUARES, squares);
}

function fact(index: i32, value: f64): void {
  store<f64>(double(FORECAST_FACTS, index), value);
}

/** Adds the views and carts staged in the first lane, and the units that came of them, to the group. */
export function observe_behaviour(days: i32, views: i32, carts: i32): void {
  const units = sum(FORECAST_STAGE_DEMAND, days);
  if (views) {
    add(BEHAVIOUR_VIEWS, sum(FORECAST_STAGE_VIEWS, days));
    add(BEHAVIOUR_VIEWED_UNITS, units);
  }
  if (carts) {
    add(BEHAVIOUR_CARTS, sum(FORECAST_STAGE_CARTS, days));
    add(BEHAVIOUR_CARTED_UNITS, units);
  }
}

function sum(from: usize, days: i32): f64 {
  let total: f64 = 0;
  for (let t = 0; t < days; t++) total += <f64>load<f32>(word(from, t));
  return total;
}

function add(index: i32, value: f64): void {
  const at = double(FORECAST_BEHAVIOUR, index);
  store<f64>(at, load<f64>(at) + value);
}

/** Lays four staged series side by side: demand in means of the series, stock without the shut days. */
export function load_block(days: i32, behaviour: i32): void {
  transpose(FORECAST_STAGE_DEMAND, FORECAST_DEMAND, days, SCALED);
  transpose(FORECAST_STAGE_STOCK, FORECAST_STOCK, days, OPEN);
  if (!behaviour) return;
  transpose(FORECAST_STAGE_VIEWS, FORECAST_VIEWS, days, PLAIN);
  transpose(FORECAST_STAGE_CARTS, FORECAST_CARTS, days, PLAIN);
}

const PLAIN = 0;
const SCALED = 1;
const OPEN = 2;

function transpose(from: usize, to: usize, days: i32, how: i32): void {
  const stride: usize = FORECAST_STAGE_ROW_BYTES;
  // One over the scale of each lane; after the transposition a day's four lanes are one vector.
  const scale = how == SCALED ? v128.load(FORECAST_SCALE + FORECAST_LANES * 4) : f32x4.splat(1);
  for (let t = 0; t < days; t += 4) {
    const at = word(from, t);
    const a = v128.load(at);
    const b = v128.load(at + stride);
    const c = v128.load(at + stride * 2);
    const d = v128.load(at + stride * 3);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const ef = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const gh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    const out = row(to, t);
    put(out, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), scale, t, how);
    put(out + 16, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), scale, t + 1, how);
    put(out + 32, v128.shuffle<f32>(ef, gh, 0, 1, 4, 5), scale, t + 2, how);
    put(out + 48, v128.shuffle<f32>(ef, gh, 2, 3, 6, 7), scale, t + 3, how);
  }
}

function put(at: usize, value: v128, scale: v128, t: i32, how: i32): void {
  if (how == SCALED) v128.store(at, f32x4.mul(value, scale));
  else if (how == PLAIN) v128.store(at, value);
  else {
    // -1, before the series, stays.
    const open = f32x4.mul(value, v128.load32_splat(word(FORECAST_OPEN, t)));
    v128.store(at, v128.bitselect(open, value, f32x4.ge(value, f32x4.splat(0))));
  }
}
