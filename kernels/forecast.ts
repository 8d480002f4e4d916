import * as L from "../assembly/layout.ts";
import type {
  Backtest,
  Calibration,
  DemandClass,
  DemandDistribution,
  DemandSeries,
  ExpertWeight,
  ForecastOptions,
  SeriesForecast,
  SeriesForecaster,
} from "../domain/forecast.ts";
import { FORECAST_AHEAD_DAYS_MAX } from "../domain/limits.ts";
import { annualFactors, type Group, groupOf } from "./forecast-group.ts";

interface Exports {
  readonly memory: WebAssembly.Memory;
  run(days: number, season: number, span: number, behaviour: number): void;
  reset_group(): void;
  count_quantile(mean: number, variance: number, p: number): number;
  count_cdf(mean: number, variance: number, x: number): number;
  count_excess(mean: number, variance: number, x: number): number;
  normal_cdf(z: number): number;
  normal_quantile(p: number): number;
}

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

/** Units of demand that outweigh the group's seasonal index. */
const KAPPA_UNITS = 100;
/** Sums that experts and distributions are judged by, days: 14 where there is a week. */
const SPAN_DAYS = 14;
/** Share of a series' own dispersion (in logs) against its group's. */
const OWN_DISPERSION = 0.7;
/** Scores that weigh as much as the plain distribution. */
const CALIBRATION_PRIOR = 300;
/** How much of the group's recent error is taken to go on, and how fast it is forgotten, a day. */
const MOMENTUM_POWER = 0.3;
const MOMENTUM_MEMORY = 0.8;
const MOMENTUM_MAX = 1.5;
/** Days over which the group's error of its sums is averaged, its bound, and its growth with the days ahead. */
const WANDER_DAYS = 112;
const WANDER_MAX = 0.5;
const WANDER_POWER = 1.5;
/** The span by which experts are judged, among the four. */
const JUDGED_SPAN = 2;
/** Syntetos, Boylan & Croston 2005: intervals above this are intermittent, squared variation above that is erratic. */
const ADI_LIMIT = 1.32;
const CV2_LIMIT = 0.49;
/** Weeks before their variation says anything. */
const WEEKS_MIN = 4;

/** What is read back of one series, in units. */
interface Fit {
  readonly level: number;
  readonly season: Float64Array;
  readonly experts: ExpertWeight[];
  readonly backtest: Backtest;
  /** Variance over mean of the sum over each span; NaN where nothing is known. */
  readonly dispersion: number[];
  /** Units of a sale. */
  readonly size: number;
  /** Mean demand of a day in stock. */
  readonly scale: number;
  /** Of all days. */
  readonly units: number;
}

/** Forecasts many series side by side; one per isolate, its memory is scratch between calls. */
export class Forecaster implements SeriesForecaster {
  private readonly exports: Exports;
  private readonly floats: Float32Array;
  private readonly words: Uint32Array;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    this.floats = new Float32Array(this.exports.memory.buffer);
    this.words = new Uint32Array(this.exports.memory.buffer);
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
    this.exports.run(days, season, SPAN_DAYS, 0);
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
    const longest = series.reduce((most, { demand }) => Math.max(most, demand.length), 0);
    const days = Math.min(longest, L.FORECAST_DAYS_MAX);
    const span = season === 7 ? SPAN_DAYS : Math.max(1, Math.min(SPAN_DAYS, season));
    const group = groupOf(series, days, season);
    const behaviour = group.viewRate > 0 || group.cartRate > 0;
    this.exports.reset_group();
    const fits: Fit[] = [];
    for (let from = 0; from < series.length; from += L.FORECAST_LANES) {
      const block = series.slice(from, from + L.FORECAST_LANES);
      const scales = this.fill(block, group, days, season, behaviour);
      this.exports.run(days, season, span, behaviour ? 1 : 0);
      for (const [lane, one] of block.entries()) fits.push(this.read(one, lane, scales[lane]!, days, season));
    }
    const calibrations = this.calibrations();
    const typical = typicalDispersion(fits);
    const annual = season === 7 ? annualFactors(group, FORECAST_AHEAD_DAYS_MAX) : undefined;
    const { momentum, wander } = this.course(days);
    const spans = new SpanTable([1, Math.max(1, span >> 1), span, span * 2]);
    return series.map((one, i) => {
      const fit = fits[i]!;
      const dispersions = fit.dispersion.map((own, s) => {
        const shared = typical[s]! * fit.size;
        const known = Number.isFinite(own) && own > 0;
        return known ? own ** OWN_DISPERSION * shared ** (1 - OWN_DISPERSION) : shared;
      });
      return new Outlook(one, fit, {
        spans,
        dispersions,
        calibrations,
        annual,
        momentum,
        wander,
        position: days % season,
      });
    });
  }

  /** Writes a block's columns, each series scaled to a mean of one. Returns the scales. */
  private fill(
    block: readonly DemandSeries[],
    group: Group,
    days: number,
    season: number,
    behaviour: boolean,
  ): number[] {
    const { floats } = this;
    const lanes = L.FORECAST_LANES;
    const scales: number[] = [];
    for (let lane = 0; lane < lanes; lane++) {
      const one = block[lane];
      const skip = (one?.demand.length ?? 0) - days;
      const scale = one === undefined ? 1 : scaleOf(one);
      scales.push(scale);
      let y = L.FORECAST_DEMAND / 4 + lane;
      let x = L.FORECAST_STOCK / 4 + lane;
      for (let t = 0; t < days; t++, y += lanes, x += lanes) {
        const from = t + skip;
        if (one === undefined || from < 0) {
          floats[y] = 0;
          floats[x] = -1;
        } else {
          floats[y] = one.demand[from]! / scale;
          floats[x] = group.open[t]! * (one.inStock === undefined ? 1 : one.inStock[from]!);
        }
      }
      if (behaviour) {
        this.fillCounts(L.FORECAST_VIEWS, one?.views, lane, skip, days);
        this.fillCounts(L.FORECAST_CARTS, one?.carts, lane, skip, days);
      }
      for (let i = 0; i < season; i++) {
        floats[L.FORECAST_GROUP_SEASON / 4 + i * lanes + lane] = group.season[i]!;
      }
      floats[L.FORECAST_KAPPA / 4 + lane] = KAPPA_UNITS / scale;
      floats[L.FORECAST_GROUP_VIEW_RATE / 4 + lane] = one?.views === undefined ? 0 : group.viewRate / scale;
      floats[L.FORECAST_GROUP_CART_RATE / 4 + lane] = one?.carts === undefined ? 0 : group.cartRate / scale;
    }
    return scales;
  }

  private fillCounts(
    column: number,
    counts: ArrayLike<number> | undefined,
    lane: number,
    skip: number,
    days: number,
  ): void {
    let at = column / 4 + lane;
    for (let t = 0; t < days; t++, at += L.FORECAST_LANES) {
      this.floats[at] = counts === undefined || t + skip < 0 ? 0 : counts[t + skip]!;
    }
  }

  private read(one: DemandSeries, lane: number, scale: number, days: number, season: number): Fit {
    const at = (address: number, row: number) => this.floats[address / 4 + row * L.FORECAST_LANES + lane]!;
    const index = new Float64Array(season);
    for (let i = 0; i < season; i++) index[i] = at(L.FORECAST_SEASON_INDEX, i);
    const weights = EXPERTS.map((_, k) => at(L.FORECAST_EXPERT_WEIGHTS, k));
    const total = weights.reduce((a, b) => a + b, 0);
    const tested = at(L.FORECAST_BACKTEST, L.BACKTEST_DAYS);
    const step = at(L.FORECAST_BACKTEST, L.BACKTEST_SQUARED_STEP);
    const demand = at(L.FORECAST_BACKTEST, L.BACKTEST_DEMAND);
    const judged = at(L.FORECAST_BACKTEST, L.BACKTEST_JUDGED);
    let sales = 0;
    let units = 0;
    for (let i = Math.max(0, one.demand.length - days); i < one.demand.length; i++) {
      if (one.demand[i]! > 0) {
        sales++;
        units += one.demand[i]!;
      }
    }
    return {
      level: at(L.FORECAST_LEVEL, 0) * scale,
      season: index,
      experts: EXPERTS.map((expert, k) => ({
        expert,
        weight: total > 0 ? weights[k]! / total : 0,
        level: at(L.FORECAST_EXPERT_LEVELS, k) * scale,
      })),
      backtest: {
        days: tested,
        ...(step > 0 && { rmsse: Math.sqrt(at(L.FORECAST_BACKTEST, L.BACKTEST_SQUARED_ERROR) / step) }),
        ...(demand > 0 && { bias: at(L.FORECAST_BACKTEST, L.BACKTEST_ERROR) / demand }),
        ...(judged > 0 && { coverage: at(L.FORECAST_BACKTEST, L.BACKTEST_COVERED) / judged }),
      },
      dispersion: Array.from({ length: L.FORECAST_SPANS }, (_, s) => {
        const mean = at(L.FORECAST_SPAN_MEAN, s);
        return mean > 1e-6 ? (at(L.FORECAST_SPAN_VARIANCE, s) * scale) / mean : Number.NaN;
      }),
      size: sales > 0 ? units / sales : 1,
      scale,
      units,
    };
  }

  /** How the group's sums ran against what was forecast of them. */
  private course(days: number): { momentum: number; wander: number } {
    let [demands, forecasts, squares, count, weight] = [0, 0, 0, 0, 1];
    for (let t = days - 1; t >= Math.max(0, days - WANDER_DAYS); t--) {
      let [demand, forecast] = [0, 0];
      for (let lane = 0; lane < L.FORECAST_LANES; lane++) {
        demand += this.floats[L.FORECAST_POOL_DEMAND / 4 + t * L.FORECAST_LANES + lane]!;
        forecast += this.floats[L.FORECAST_POOL_FORECAST / 4 + t * L.FORECAST_LANES + lane]!;
      }
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

  private calibrations(): (Calibration | undefined)[] {
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
}

interface Future {
  readonly spans: SpanTable;
  /** Variance over mean of the sum over each span. */
  readonly dispersions: readonly number[];
  readonly calibrations: readonly (Calibration | undefined)[];
  /** Factor of each day ahead; undefined: 1. */
  readonly annual: Float64Array | undefined;
  /** Factor by which the group's demand ran ahead of its forecasts lately. */
  readonly momentum: number;
  /** Relative error of the group's sums. */
  readonly wander: number;
  /** Of the first day ahead in its season. */
  readonly position: number;
}

/** A series' days ahead, computed as far as they are asked for. */
class Outlook implements SeriesForecast {
  readonly id: string;
  readonly startDay: number;
  readonly experts: readonly ExpertWeight[];
  readonly backtest: Backtest;
  readonly demandClass: DemandClass;
  readonly meanDemand: number;
  readonly totalDemand: number;
  readonly weeklyVariation?: number;
  private readonly fit: Fit;
  private readonly future: Future;
  /** Of the first n days, at n. */
  private readonly means: number[] = [0];
  private readonly variances: number[] = [0];

  constructor(series: DemandSeries, fit: Fit, future: Future) {
    this.id = series.id;
    this.startDay = series.startDay + series.demand.length;
    this.experts = fit.experts;
    this.backtest = fit.backtest;
    this.demandClass = classOf(series);
    this.meanDemand = fit.scale;
    this.totalDemand = fit.units;
    const variation = weeklyVariation(series);
    if (variation !== undefined) this.weeklyVariation = variation;
    this.fit = fit;
    this.future = future;
  }

  day(ahead: number): DemandDistribution {
    const mean = this.mean(ahead);
    return { days: 1, mean, variance: mean * this.future.dispersions[0]! };
  }

  over(days: number): DemandDistribution {
    const { spans, dispersions, calibrations, wander } = this.future;
    const { means, variances } = this;
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
    const { season, level } = this.fit;
    return (
      level *
      this.future.momentum *
      season[(this.future.position + ahead) % season.length]! *
      (this.future.annual?.[ahead] ?? 1)
    );
  }
}

/** Mean demand of a day in stock from the first sale on; 1 for a series that never sold. */
function scaleOf({ demand, inStock }: DemandSeries): number {
  let sum = 0;
  let days = 0;
  for (let t = 0; t < demand.length; t++) {
    if (sum === 0 && !(demand[t]! > 0)) continue;
    sum += demand[t]!;
    days += inStock === undefined ? 1 : inStock[t]!;
  }
  return sum > 0 ? sum / Math.max(1, days) : 1;
}

/** Geometric mean over the group of dispersion by size of a sale, for each span. */
function typicalDispersion(fits: readonly Fit[]): number[] {
  return Array.from({ length: L.FORECAST_SPANS }, (_, s) => {
    let sum = 0;
    let count = 0;
    for (const { dispersion, size } of fits) {
      const own = dispersion[s]!;
      if (!Number.isFinite(own) || own <= 0) continue;
      sum += Math.log(own / size);
      count++;
    }
    return count > 0 ? Math.exp(sum / count) : 1.5;
  });
}

/** Where each number of days lies between the spans, linear in the logarithm of the days, held beyond the ends. */
class SpanTable {
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
function classOf({ demand }: DemandSeries): DemandClass {
  let sales = 0;
  let sum = 0;
  let squares = 0;
  let first = -1;
  for (let t = 0; t < demand.length; t++) {
    const y = demand[t]!;
    if (!(y > 0)) continue;
    if (first < 0) first = t;
    sales++;
    sum += y;
    squares += y * y;
  }
  if (sales === 0) return "none";
  const interval = (demand.length - first) / sales;
  const mean = sum / sales;
  const variation = Math.max(0, squares / sales - mean * mean) / (mean * mean);
  if (interval > ADI_LIMIT) return variation > CV2_LIMIT ? "lumpy" : "intermittent";
  return variation > CV2_LIMIT ? "erratic" : "smooth";
}

/** Standard deviation over mean of whole weeks from the first sale on. */
function weeklyVariation({ demand }: DemandSeries): number | undefined {
  let first = 0;
  while (first < demand.length && !(demand[first]! > 0)) first++;
  const weeks = Math.floor((demand.length - first) / 7);
  if (weeks < WEEKS_MIN) return undefined;
  let sum = 0;
  let squares = 0;
  for (let w = 0; w < weeks; w++) {
    let units = 0;
    for (let t = demand.length - (w + 1) * 7; t < demand.length - w * 7; t++) units += demand[t]!;
    sum += units;
    squares += units * units;
  }
  const mean = sum / weeks;
  return mean > 0 ? Math.sqrt(Math.max(0, squares / weeks - mean * mean)) / mean : undefined;
}
