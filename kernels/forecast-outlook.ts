// What follows from a series' fit: its days ahead, with their distributions, and its labels.
import * as L from "../assembly/layout.ts";
import type {
  Backtest,
  Calibration,
  DemandClass,
  DemandDistribution,
  DemandSeries,
  ExpertWeight,
  SeriesForecast,
} from "../domain/forecast.ts";
import { FORECAST_AHEAD_DAYS_MAX } from "../domain/limits.ts";
import type { GroupFits } from "./forecast-memory.ts";

export const EXPERTS = [
  "ses_01",
  "ses_02",
  "ses_05",
  "ses_10",
  "ses_20",
  "ses_35",
  "tsb_02",
  "tsb_05",
  "tsb_10",
  "sba",
  "window_28",
  "window_56",
  "views",
  "carts",
] as const;

/** Share of a series' own dispersion (in logs) against its group's. */
const OWN_DISPERSION = 0.7;
/** How fast the group's wandering grows with the days ahead. */
const WANDER_POWER = 1.5;
/** The span by which experts are judged, among the four. */
export const JUDGED_SPAN = 2;
/** Syntetos, Boylan & Croston 2005: intervals above this are intermittent, squared variation above that is erratic. */
const ADI_LIMIT = 1.32;
const CV2_LIMIT = 0.49;
/** Weeks before their variation says anything. */
const WEEKS_MIN = 4;

/** What all series of a group share. */
export interface GroupFuture {
  readonly fits: GroupFits;
  /** Variance over mean of the sum over each span, by the size of a sale. */
  readonly typical: readonly number[];
  readonly spans: SpanTable;
  readonly calibrations: readonly (Calibration | undefined)[];
  /** Factor of each day ahead; undefined: 1. */
  readonly annual: Float64Array | undefined;
  /** Factor by which the group's demand ran ahead of its forecasts lately. */
  readonly momentum: number;
  /** Relative error of the group's sums. */
  readonly wander: number;
  /** Of the first day ahead in its season. */
  readonly position: number;
  /** Length of the columns, days. */
  readonly days: number;
}

/** A series' days ahead, computed as far as they are asked for. */
export class Outlook implements SeriesForecast {
  readonly id: string;
  readonly startDay: number;
  private readonly index: number;
  private readonly future: GroupFuture;
  /** Units a day, without season. */
  private readonly level: number;
  /** Variance over mean of the sum over each span. */
  private readonly dispersions: readonly number[];
  /** Of the first n days, at n. */
  private readonly means: number[] = [0];
  private readonly variances: number[] = [0];

  /** @param index of the series among the fits of its group. */
  constructor(series: DemandSeries, index: number, future: GroupFuture) {
    const { fits, momentum } = future;
    this.id = series.id;
    this.startDay = series.startDay + series.demand.length;
    this.index = index;
    this.future = future;
    this.level = fits.level(index) * momentum;
    const size = fits.size(index);
    this.dispersions = future.typical.map((typical, span) => {
      const shared = typical * size;
      const own = fits.dispersion(index, span);
      return own > 0 ? own ** OWN_DISPERSION * shared ** (1 - OWN_DISPERSION) : shared;
    });
  }

  get demandClass(): DemandClass {
    return classOf(this.future.fits, this.index, this.future.days);
  }

  get meanDemand(): number {
    return this.future.fits.scale(this.index);
  }

  get totalDemand(): number {
    return this.future.fits.fact(this.index, L.FACT_UNITS);
  }

  get weeklyVariation(): number | undefined {
    return weeklyVariation(this.future.fits, this.index);
  }

  get experts(): ExpertWeight[] {
    const { fits } = this.future;
    return EXPERTS.map((expert, k) => ({
      expert,
      weight: fits.expertWeight(this.index, k),
      level: fits.expertLevel(this.index, k),
    }));
  }

  get backtest(): Backtest {
    const at = (row: number) => this.future.fits.backtest(this.index, row);
    const step = at(L.BACKTEST_SQUARED_STEP);
    const demand = at(L.BACKTEST_DEMAND);
    const judged = at(L.BACKTEST_JUDGED);
    return {
      days: at(L.BACKTEST_DAYS),
      ...(step > 0 && { rmsse: Math.sqrt(at(L.BACKTEST_SQUARED_ERROR) / step) }),
      ...(demand > 0 && { bias: at(L.BACKTEST_ERROR) / demand }),
      ...(judged > 0 && { coverage: at(L.BACKTEST_COVERED) / judged }),
    };
  }

  day(ahead: number): DemandDistribution {
    const mean = this.mean(ahead);
    return { days: 1, mean, variance: mean * this.dispersions[0]! };
  }

  over(days: number): DemandDistribution {
    const { spans, calibrations, wander } = this.future;
    const { means, variances, dispersions } = this;
    const span = spans.spans[JUDGED_SPAN]!;
    for (let d = means.length; d <= days; d++) {
      const mean = means[d - 1]! + this.mean(d - 1);
      means.push(mean);
      // What moves the whole group wanders: its share of the variance grows faster than the days.
      const shared = (wander * mean) ** 2 * (d / span) ** WANDER_POWER;
      variances.push(Math.max(variances[d - 1]!, mean * spans.interpolated(dispersions, d) + shared));
    }
    const calibration = calibrations[spans.nearest(days)];
    return {
      days,
      mean: means[days]!,
      variance: variances[days]!,
      ...(calibration !== undefined && { calibration }),
    };
  }

  private mean(ahead: number): number {
    const { fits, position, annual } = this.future;
    const season = fits.seasonIndex(this.index, (position + ahead) % fits.season);
    return this.level * season * (annual?.[ahead] ?? 1);
  }
}

/** Where each number of days lies between the spans, linear in the logarithm of the days, held beyond the ends. */
export class SpanTable {
  readonly spans: readonly number[];
  private readonly low: Uint8Array;
  private readonly share: Float64Array;
  private readonly near: Uint8Array;

  constructor(spans: readonly number[]) {
    this.spans = spans;
    this.low = new Uint8Array(FORECAST_AHEAD_DAYS_MAX + 1);
    this.share = new Float64Array(FORECAST_AHEAD_DAYS_MAX + 1);
    this.near = new Uint8Array(FORECAST_AHEAD_DAYS_MAX + 1);
    const last = spans.length - 1;
    for (let days = 1; days <= FORECAST_AHEAD_DAYS_MAX; days++) {
      let s = 0;
      while (s < last - 1 && days > spans[s + 1]!) s++;
      const [from, to] = [spans[s]!, spans[s + 1]!];
      this.low[days] = s;
      this.share[days] =
        to > from ? Math.min(1, Math.max(0, Math.log(days / from) / Math.log(to / from))) : 1;
      this.near[days] = nearest(spans, days);
    }
  }

  interpolated(values: readonly number[], days: number): number {
    const s = this.low[days]!;
    return values[s]! + this.share[days]! * (values[s + 1]! - values[s]!);
  }

  /** The span that is nearest, among those whose scores are taken. */
  nearest(days: number): number {
    return this.near[days]!;
  }
}

function nearest(spans: readonly number[], days: number): number {
  let best = 1;
  for (let s = 1; s < spans.length; s++) {
    if (Math.abs(Math.log(days / spans[s]!)) < Math.abs(Math.log(days / spans[best]!))) best = s;
  }
  return best;
}

/** Label by how often and how evenly a SKU sells. */
function classOf(fits: GroupFits, series: number, days: number): DemandClass {
  const sales = fits.fact(series, L.FACT_SALES);
  if (sales === 0) return "none";
  const interval = (days - fits.fact(series, L.FACT_FIRST)) / sales;
  const mean = fits.size(series);
  const variation = Math.max(0, fits.fact(series, L.FACT_SQUARES) / sales - mean * mean) / (mean * mean);
  if (interval > ADI_LIMIT) return variation > CV2_LIMIT ? "lumpy" : "intermittent";
  return variation > CV2_LIMIT ? "erratic" : "smooth";
}

/** Standard deviation over mean of whole weeks from the first sale on. */
function weeklyVariation(fits: GroupFits, series: number): number | undefined {
  const weeks = fits.fact(series, L.FACT_WEEKS);
  if (weeks < WEEKS_MIN) return undefined;
  const mean = fits.fact(series, L.FACT_WEEK_UNITS) / weeks;
  const squares = fits.fact(series, L.FACT_WEEK_SQUARES) / weeks;
  return mean > 0 ? Math.sqrt(Math.max(0, squares - mean * mean)) / mean : undefined;
}
