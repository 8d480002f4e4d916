import * as L from "../assembly/layout.ts";
import type { Calibration, DemandSeries } from "../domain/forecast.ts";
import type { Group, GroupTotals } from "./forecast-group.ts";

/**
 * What the kernel tells of a group's series: their facts, and what the bank leaves of them. Two arrays for all of them,
 * since an object a series costs as much as its forecast.
 */
export class GroupFits {
  readonly season: number;
  private readonly facts: Float64Array;
  private readonly results: Float32Array;
  private readonly stride: number;

  constructor(series: number, season: number) {
    this.season = season;
    this.stride = RESULT_SEASON + season;
    this.facts = new Float64Array(series * L.FACTS);
    this.results = new Float32Array(series * this.stride);
  }

  /** @param index one of the `FACT_` indexes. */
  fact(series: number, index: number): number {
    return this.facts[series * L.FACTS + index]!;
  }

  /** Mean demand of a day in stock from the first sale on; 1 for a series that never sold. */
  scale(series: number): number {
    const units = this.fact(series, L.FACT_UNITS);
    return units > 0 ? units / Math.max(1, this.fact(series, L.FACT_STOCK_DAYS)) : 1;
  }

  /** Units of a day with a sale. */
  size(series: number): number {
    const sales = this.fact(series, L.FACT_SALES);
    return sales > 0 ? this.fact(series, L.FACT_UNITS) / sales : 1;
  }

  /** Units a day. */
  level(series: number): number {
    return this.at(series, RESULT_LEVEL) * this.scale(series);
  }

  seasonIndex(series: number, position: number): number {
    return this.at(series, RESULT_SEASON + position);
  }

  /** @param row one of the `BACKTEST_` rows; in means of the series. */
  backtest(series: number, row: number): number {
    return this.at(series, RESULT_BACKTEST + row);
  }

  /** Units a day. */
  expertLevel(series: number, expert: number): number {
    return this.at(series, RESULT_LEVELS + expert) * this.scale(series);
  }

  expertWeight(series: number, expert: number): number {
    return this.at(series, RESULT_WEIGHTS + expert);
  }

  /** Variance over mean of the sum over a span; NaN where nothing is known. */
  dispersion(series: number, span: number): number {
    const mean = this.at(series, RESULT_MEANS + span);
    if (!(mean > TINY_MEAN)) return Number.NaN;
    return (this.at(series, RESULT_VARIANCES + span) * this.scale(series)) / mean;
  }

  /** Where the facts of a series are written. */
  factsOf(series: number): Float64Array {
    return this.facts.subarray(series * L.FACTS, (series + 1) * L.FACTS);
  }

  /** Takes what the bank left of a lane, rows of one lane each. */
  take(series: number, floats: Float32Array, lane: number): void {
    let to = series * this.stride;
    const copy = (address: number, rows: number) => {
      for (let i = 0, from = address / 4 + lane; i < rows; i++, from += LANES)
        this.results[to++] = floats[from]!;
    };
    copy(L.FORECAST_LEVEL, 1);
    copy(L.FORECAST_BACKTEST, L.BACKTEST_ROWS);
    copy(L.FORECAST_EXPERT_LEVELS, L.FORECAST_EXPERTS);
    copy(L.FORECAST_EXPERT_WEIGHTS, L.FORECAST_EXPERTS);
    copy(L.FORECAST_SPAN_MEAN, L.FORECAST_SPANS);
    copy(L.FORECAST_SPAN_VARIANCE, L.FORECAST_SPANS);
    copy(L.FORECAST_SEASON_INDEX, this.season);
  }

  private at(series: number, index: number): number {
    return this.results[series * this.stride + index]!;
  }
}

/** In means of the series: less says nothing of its dispersion. */
const TINY_MEAN = 1e-6;
// Where the parts of a result begin.
const RESULT_LEVEL = 0;
const RESULT_BACKTEST = 1;
const RESULT_LEVELS = RESULT_BACKTEST + L.BACKTEST_ROWS;
const RESULT_WEIGHTS = RESULT_LEVELS + L.FORECAST_EXPERTS;
const RESULT_MEANS = RESULT_WEIGHTS + L.FORECAST_EXPERTS;
const RESULT_VARIANCES = RESULT_MEANS + L.FORECAST_SPANS;
const RESULT_SEASON = RESULT_VARIANCES + L.FORECAST_SPANS;
const LANES = L.FORECAST_LANES;
const STAGE_ROW = L.FORECAST_STAGE_ROW_BYTES / 4;

/** The columns of the forecast kernel. */
export class ForecastMemory {
  private readonly floats: Float32Array;
  private readonly doubles: Float64Array;
  private readonly words: Uint32Array;

  constructor(buffer: ArrayBuffer) {
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.words = new Uint32Array(buffer);
  }

  /** Writes a series' last days as a row of the staging columns; undefined: a lane without a series. */
  stage(series: DemandSeries | undefined, lane: number, days: number, behaviour: boolean): void {
    const count = Math.min(series?.demand.length ?? 0, days);
    this.put(L.FORECAST_STAGE_DEMAND, lane, series?.demand, 0, count, days, 0);
    this.put(L.FORECAST_STAGE_STOCK, lane, series?.inStock, 1, count, days, -1);
    if (!behaviour) return;
    this.put(L.FORECAST_STAGE_VIEWS, lane, series?.views, 0, count, days, 0);
    this.put(L.FORECAST_STAGE_CARTS, lane, series?.carts, 0, count, days, 0);
  }

  private put(
    column: number,
    lane: number,
    values: ArrayLike<number> | undefined,
    otherwise: number,
    count: number,
    days: number,
    before: number,
  ): void {
    const begin = column / 4 + lane * STAGE_ROW;
    const start = begin + days - count;
    const { floats } = this;
    floats.fill(before, begin, start);
    if (values === undefined) floats.fill(otherwise, start, begin + days);
    else floats.set(values.length === count ? values : lastOf(values, count), start);
    // Vectors are read whole.
    floats.fill(0, begin + days, begin + Math.min(L.FORECAST_DAYS_MAX, days + LANES));
  }

  /** The facts of the series observed last. */
  takeFacts(into: Float64Array): void {
    for (let i = 0; i < L.FACTS; i++) into[i] = this.doubles[L.FORECAST_FACTS / 8 + i]!;
  }

  /** Of all series observed since the group began. */
  totals(days: number): GroupTotals {
    const at = (index: number) => this.doubles[L.FORECAST_BEHAVIOUR / 8 + index]!;
    const views = at(L.BEHAVIOUR_VIEWS);
    const carts = at(L.BEHAVIOUR_CARTS);
    return {
      units: Float64Array.from(this.column(L.FORECAST_TOTALS, days)),
      selling: Float64Array.from(this.column(L.FORECAST_SELLING, days)),
      viewRate: views > 0 ? at(L.BEHAVIOUR_VIEWED_UNITS) / views : 0,
      cartRate: carts > 0 ? at(L.BEHAVIOUR_CARTED_UNITS) / carts : 0,
    };
  }

  /** What all blocks of a group share. */
  beginGroup({ open, season }: Group): void {
    this.floats.set(open, L.FORECAST_OPEN / 4);
    for (const [position, index] of season.entries()) {
      const at = L.FORECAST_GROUP_SEASON / 4 + position * LANES;
      this.floats.fill(index, at, at + LANES);
    }
  }

  /** What a lane's series brings into a block beside its staged columns. @param kappaUnits see the bank. */
  beginLane(
    lane: number,
    series: DemandSeries | undefined,
    scale: number,
    group: Group,
    kappaUnits: number,
  ): void {
    const { floats } = this;
    floats[L.FORECAST_SCALE / 4 + lane] = scale;
    floats[L.FORECAST_SCALE / 4 + LANES + lane] = 1 / scale;
    floats[L.FORECAST_KAPPA / 4 + lane] = kappaUnits / scale;
    floats[L.FORECAST_GROUP_VIEW_RATE / 4 + lane] = series?.views === undefined ? 0 : group.viewRate / scale;
    floats[L.FORECAST_GROUP_CART_RATE / 4 + lane] = series?.carts === undefined ? 0 : group.cartRate / scale;
  }

  /** What the bank left of a lane. */
  takeResult(lane: number, fits: GroupFits, series: number): void {
    fits.take(series, this.floats, lane);
  }

  /** The group's sums over the judged span that end on a day, and what was forecast of them, over all series. */
  pooled(day: number): { demand: number; forecast: number } {
    let [demand, forecast] = [0, 0];
    for (let lane = 0; lane < LANES; lane++) {
      demand += this.floats[L.FORECAST_POOL_DEMAND / 4 + day * LANES + lane]!;
      forecast += this.floats[L.FORECAST_POOL_FORECAST / 4 + day * LANES + lane]!;
    }
    return { demand, forecast };
  }

  /** Scores of the group's past sums by span; undefined where there are none. */
  calibrations(): (Calibration | undefined)[] {
    return Array.from({ length: L.FORECAST_SPANS }, (_, span) => {
      const cumulative = new Float64Array(L.SCORE_BINS);
      let count = 0;
      for (let bin = 0; bin < L.SCORE_BINS; bin++) {
        count += this.words[L.FORECAST_SCORES / 4 + span * L.SCORE_BINS + bin]!;
        cumulative[bin] = count;
      }
      return count > 0 ? { count, max: L.SCORE_MAX, cumulative } : undefined;
    });
  }

  private column(address: number, length: number): Float32Array {
    return this.floats.subarray(address / 4, address / 4 + length);
  }
}

function lastOf(values: ArrayLike<number>, count: number): number[] {
  return Array.from({ length: count }, (_, i) => values[values.length - count + i]!);
}
