import * as L from "../assembly/layout.ts";
import type {
  Calibration,
  DemandDistribution,
  DemandSeries,
  ForecastOptions,
  SeriesForecast,
  SeriesForecaster,
} from "../domain/forecast.ts";
import { FORECAST_AHEAD_DAYS_MAX } from "../domain/limits.ts";
import { annualFactors, groupOf } from "./forecast-group.ts";
import { ForecastMemory, GroupFits } from "./forecast-memory.ts";
import { Outlook, SpanTable } from "./forecast-outlook.ts";

interface Exports {
  readonly memory: WebAssembly.Memory;
  run(days: number, season: number, span: number, behaviour: number): void;
  reset_group(): void;
  observe(days: number, real: number): void;
  observe_behaviour(days: number, views: number, carts: number): void;
  load_block(days: number, behaviour: number): void;
  count_quantile(mean: number, variance: number, p: number): number;
  count_cdf(mean: number, variance: number, x: number): number;
  count_excess(mean: number, variance: number, x: number): number;
  normal_cdf(z: number): number;
  normal_quantile(p: number): number;
}

/** Units of demand that outweigh the group's seasonal index. */
const KAPPA_UNITS = 100;
/** Sums that experts and distributions are judged by, days: 14 where there is a week. */
const SPAN_DAYS = 14;
/** Of a sale, where no series of the group tells. */
const TYPICAL_DISPERSION = 1.5;
/** Scores that weigh as much as the plain distribution. */
const CALIBRATION_PRIOR = 300;
/** How much of the group's recent error is taken to go on, and how fast it is forgotten, a day. */
const MOMENTUM_POWER = 0.3;
const MOMENTUM_MEMORY = 0.8;
const MOMENTUM_MAX = 1.5;
/** Days over which the group's error of its sums is averaged, and its bound. */
const WANDER_DAYS = 112;
const WANDER_MAX = 0.5;

/** Forecasts many series side by side; one per isolate, its memory is scratch between calls. */
export class Forecaster implements SeriesForecaster {
  private readonly exports: Exports;
  private readonly memory: ForecastMemory;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    this.memory = new ForecastMemory(this.exports.memory.buffer);
  }

  /**
   * Forecasts in the order given. All series are one group: what they say together (shut days, season, dispersion,
   * calibration) helps each. Series that end on different days are different groups.
   */
  forecast(series: readonly DemandSeries[], { season }: ForecastOptions): SeriesForecast[] {
    const groups = new Map<number, number[]>();
    series.forEach(({ startDay, demand }, i) => {
      const end = startDay + demand.length;
      const members = groups.get(end);
      if (members === undefined) groups.set(end, [i]);
      else members.push(i);
    });
    const forecasts: SeriesForecast[] = new Array(series.length);
    for (const members of groups.values()) {
      const group = members.map((i) => series[i]!);
      this.forecastGroup(group, season).forEach((forecast, n) => {
        forecasts[members[n]!] = forecast;
      });
    }
    return forecasts;
  }

  /** The kernel's part alone, over the columns of the last block: for measuring it. */
  runAgain(days: number, season: number): void {
    this.exports.load_block(days, 0);
    this.exports.run(days, season, spanOf(days, season), 0);
  }

  quantile({ mean, variance, calibration }: DemandDistribution, p: number): number {
    return this.exports.count_quantile(
      mean,
      variance,
      calibration === undefined ? p : this.moved(calibration, p),
    );
  }

  cdf({ mean, variance, calibration }: DemandDistribution, x: number): number {
    const plain = this.exports.count_cdf(mean, variance, x);
    if (calibration === undefined || plain <= 0 || plain >= 1) return plain;
    // Inverse of a monotone map by bisection.
    let low = 0;
    let high = 1;
    for (let i = 0; i < 30; i++) {
      const middle = (low + high) / 2;
      if (this.moved(calibration, middle) <= plain) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }

  atMost({ mean, variance, calibration }: DemandDistribution, x: number, p: number): boolean {
    const plain = calibration === undefined ? p : this.moved(calibration, p);
    return this.exports.count_cdf(mean, variance, x) > plain;
  }

  excess({ mean, variance }: DemandDistribution, x: number): number {
    return this.exports.count_excess(mean, variance, x);
  }

  /** Where in the plain distribution the share p of the group's past really lay, held towards p by a prior. */
  private moved({ count, max, cumulative }: Calibration, p: number): number {
    const plain = this.exports.normal_quantile(p);
    const target = p * count;
    const bins = cumulative.length;
    // First bin whose end reaches the target.
    let bin = 0;
    for (let last = bins - 1; bin < last; ) {
      const middle = (bin + last) >> 1;
      if (cumulative[middle]! >= target) last = middle;
      else bin = middle + 1;
    }
    const below = bin > 0 ? cumulative[bin - 1]! : 0;
    const within = Math.max(1e-9, cumulative[bin]! - below);
    const past = -max + ((bin + Math.min(1, (target - below) / within)) * 2 * max) / bins;
    const weight = count / (count + CALIBRATION_PRIOR);
    return this.exports.normal_cdf(weight * past + (1 - weight) * plain);
  }

  private forecastGroup(series: readonly DemandSeries[], season: number): SeriesForecast[] {
    const { exports, memory } = this;
    const longest = series.reduce((most, { demand }) => Math.max(most, demand.length), 0);
    const days = Math.min(longest, L.FORECAST_DAYS_MAX);
    const span = spanOf(days, season);
    const fits = new GroupFits(series.length, season);
    this.observe(series, days, fits);
    const group = groupOf(memory.totals(days), season);
    const behaviour = group.viewRate > 0 || group.cartRate > 0;
    memory.beginGroup(group);
    for (let from = 0; from < series.length; from += L.FORECAST_LANES) {
      for (let lane = 0; lane < L.FORECAST_LANES; lane++) {
        const one = series[from + lane];
        memory.stage(one, lane, days, behaviour);
        memory.beginLane(lane, one, one === undefined ? 1 : fits.scale(from + lane), group, KAPPA_UNITS);
      }
      exports.load_block(days, behaviour ? 1 : 0);
      exports.run(days, season, span, behaviour ? 1 : 0);
      const lanes = Math.min(L.FORECAST_LANES, series.length - from);
      for (let lane = 0; lane < lanes; lane++) memory.takeResult(lane, fits, from + lane);
    }
    const future = {
      fits,
      spans: new SpanTable([1, Math.max(1, span >> 1), span, span * 2]),
      typical: typicalDispersions(fits, series.length),
      calibrations: memory.calibrations(),
      annual: season === 7 ? annualFactors(group, FORECAST_AHEAD_DAYS_MAX) : undefined,
      ...this.course(days),
      position: days % season,
      days,
    };
    return series.map((one, i) => new Outlook(one, i, future));
  }

  /** Adds every series to its group, and takes the facts of each. */
  private observe(series: readonly DemandSeries[], days: number, fits: GroupFits): void {
    const { exports, memory } = this;
    exports.reset_group();
    for (const [i, one] of series.entries()) {
      const behaviour = one.views !== undefined || one.carts !== undefined;
      memory.stage(one, 0, days, behaviour);
      exports.observe(days, Math.min(one.demand.length, days));
      if (behaviour) exports.observe_behaviour(days, one.views ? 1 : 0, one.carts ? 1 : 0);
      memory.takeFacts(fits.factsOf(i));
    }
  }

  /** How the group's sums ran against what was forecast of them. */
  private course(days: number): { momentum: number; wander: number } {
    let [demands, forecasts, squares, count, weight] = [0, 0, 0, 0, 1];
    for (let t = days - 1; t >= Math.max(0, days - WANDER_DAYS); t--) {
      const { demand, forecast } = this.memory.pooled(t);
      if (!(forecast > 0)) continue;
      squares += (demand / forecast - 1) ** 2;
      count++;
      demands += weight * demand;
      forecasts += weight * forecast;
      weight *= MOMENTUM_MEMORY;
    }
    if (count === 0) return { momentum: 1, wander: 0 };
    const momentum = (demands / forecasts) ** MOMENTUM_POWER;
    return {
      momentum: Math.min(MOMENTUM_MAX, Math.max(1 / MOMENTUM_MAX, momentum)),
      wander: Math.min(WANDER_MAX, Math.sqrt(squares / count)),
    };
  }
}

/**
 * Days of the sums that experts are judged by: two weeks, and where the season is no week at most a sixth of the history
 * in whole seasons, since its steps may be weeks or months.
 */
export function spanOf(days: number, season: number): number {
  if (season === 7) return SPAN_DAYS;
  const few = Math.min(SPAN_DAYS, Math.max(2, Math.round(days / 6)));
  return season > SPAN_DAYS
    ? few
    : Math.min(SPAN_DAYS - (SPAN_DAYS % season), Math.ceil(few / season) * season);
}

/** Geometric mean over the group of dispersion by size of a sale, for each span. */
function typicalDispersions(fits: GroupFits, series: number): number[] {
  return Array.from({ length: L.FORECAST_SPANS }, (_, span) => {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < series; i++) {
      const own = fits.dispersion(i, span);
      if (!(own > 0)) continue;
      sum += Math.log(own / fits.size(i));
      count++;
    }
    return count > 0 ? Math.exp(sum / count) : TYPICAL_DISPERSION;
  });
}
