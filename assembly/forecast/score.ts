// Normal scores of what was realised, pooled over series: what the forecast distribution is recalibrated by.
import {
  FORECAST_BEHAVIOUR,
  FORECAST_COLUMN_BYTES,
  FORECAST_POOL_DEMAND,
  FORECAST_SCORES,
  FORECAST_SELLING,
  FORECAST_SPANS,
  FORECAST_STAGE_ROW_BYTES,
  FORECAST_TOTALS,
  SCORE_BINS,
  SCORE_MAX,
} from "../layout";

/** Normal score of x under a gamma of this mean and variance: Wilson & Hilferty 1931, the cube root is nearly normal. */
export function gammaScore(x: f32, mean: f32, variance: f32): f32 {
  const a = max<f32>(variance, 1e-9) / (9 * mean * mean);
  return (<f32>Mathf.cbrt(x / mean) - (1 - a)) / <f32>Mathf.sqrt(a);
}

/** Counts a score; those beyond the ends count in the last bins. */
export function take(span: i32, z: f32): void {
  const place = ((z + <f32>SCORE_MAX) * <f32>SCORE_BINS) / (<f32>SCORE_MAX * 2);
  const bin = max(0, min(SCORE_BINS - 1, <i32>place));
  const at: usize = FORECAST_SCORES + ((span * SCORE_BINS + bin) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Forgets what is pooled: a new group begins. */
export function reset_group(): void {
  memory.fill(FORECAST_SCORES, 0, FORECAST_SPANS * SCORE_BINS * 4);
  memory.fill(FORECAST_POOL_DEMAND, 0, FORECAST_COLUMN_BYTES * 2);
  memory.fill(FORECAST_TOTALS, 0, FORECAST_STAGE_ROW_BYTES);
  memory.fill(FORECAST_SELLING, 0, FORECAST_STAGE_ROW_BYTES);
  memory.fill(FORECAST_BEHAVIOUR, 0, 64);
}
