// The expert bank in plain TypeScript and double precision: what the kernel is held against. Written from the
// formulas, one series and one day at a time, with no thought of speed.
import type { DemandSeries } from "../../domain/forecast.ts";
import { spanOf } from "../../kernels/forecast.ts";
import type { Group, GroupTotals } from "../../kernels/forecast-group.ts";

const SES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.35];
const TSB = [0.02, 0.05, 0.1];
const WINDOWS = [28, 56];
const TINY = 1e-6;
const DAYS_BEFORE = 6;

export interface ReferenceFit {
  /** Units a day. */
  level: number;
  season: number[];
  weights: number[];
  levels: number[];
  spanMean: number[];
  spanVariance: number[];
  rmsse: number | undefined;
  bias: number | undefined;
  backtestDays: number;
  /** Sums over the judged span and what was forecast of them, by day, in means of the series. */
  pool: { demand: number; forecast: number }[];
  scale: number;
}

/** Runs one series of a group whose season has `season` days. */
export function referenceFit(series: DemandSeries, group: Group, days: number, season: number): ReferenceFit {
  const span = spanOf(days, season);
  const spans = [1, Math.max(1, span >> 1), span, span * 2];
  const scale = scaleOf(series);
  const skip = series.demand.length - days;
  const known = (t: number) => t + skip >= 0;
  const demand = range(days, (t) => (known(t) ? series.demand[t + skip]! / scale : 0));
  const stock = range(days, (t) => (known(t) ? group.open[t]! * (series.inStock?.[t + skip] ?? 1) : 0));
  const exposure: number[] = [];
  const combined: number[] = [];
  const history: number[][] = [];
  const experts = 12;
  const levels = new Array<number>(experts).fill(0);
  const errors = new Array<number>(experts).fill(0);
  let weights = new Array<number>(experts).fill(1 / experts);
  const chances = TSB.map(() => 0);
  const seasonDemand = new Array<number>(season).fill(0);
  const seasonExposure = new Array<number>(season).fill(0);
  const spanVariance = spans.map(() => 0);
  const spanMean = spans.map(() => 0);
  const pool = range(days, () => ({ demand: 0, forecast: 0 }));
  let [count, sales, size, since, interval] = [0, 0, 0, 0, 0];
  let started = false;
  let [tested, squares, steps, error, wanted] = [0, 0, 0, 0, 0];

  const seasonIndex = (position: number, now: number): number => {
    if (!(group.season[position]! > 0)) return 0;
    const prior = (100 / scale) * 0.997 ** -now;
    const lambda = total(seasonDemand) / Math.max(TINY, total(seasonExposure));
    return (
      (seasonDemand[position]! + prior * group.season[position]!) /
      (lambda * seasonExposure[position]! + prior)
    );
  };

  for (let t = 0; t < days; t++) {
    const y = demand[t]!;
    const x = stock[t]!;
    if (y > 0) started = true;
    const e = started ? seasonIndex(t % season, t) * x : 0;
    exposure.push(e);

    // Judged days are counted from the last one.
    const left = days - 1 - t;
    for (const [s, length] of spans.entries()) {
      if (t < length) continue;
      const sumY = total(range(length, (i) => (exposure[t - i]! > 0 ? demand[t - i]! : 0)));
      const sumX = total(exposure.slice(t - length + 1, t + 1));
      const mu = combined[t - length]! * sumX;
      if (!(mu > 0)) continue;
      if (s === 0 || left % 2 === 0) {
        const memory = s === 0 ? 0.985 : 0.985 ** 2;
        spanVariance[s] = memory * spanVariance[s]! + (1 - memory) * (sumY - mu) ** 2;
        spanMean[s] = memory * spanMean[s]! + (1 - memory) * mu;
        if (s === 2 && t >= 56) pool[t] = { demand: sumY, forecast: mu };
      }
      if (s === 2 && left % 4 === 0) {
        for (let k = 0; k < experts; k++) {
          const off = (sumY - history[t - length]![k]! * sumX) / length;
          errors[k] = 0.9224 * errors[k]! + 0.0776 * off * off;
        }
      }
      if (s === 0 && t >= 28) {
        tested++;
        squares += (sumY - mu) ** 2;
        steps += (y - demand[t - 1]!) ** 2;
        error += mu - sumY;
        wanted += y;
      }
    }

    if (e > 0 && started) {
      count += x;
      const average = 1 / (count + DAYS_BEFORE);
      for (const [k, alpha] of SES.entries()) {
        levels[k] = Math.max(0, levels[k]! + Math.max(alpha, average) * (y - levels[k]! * e));
      }
      const sold = y > 0;
      if (sold) sales++;
      const gain = Math.max(0.1, 1 / Math.max(1, sales));
      if (sold) size += gain * (y - size);
      for (const [k, beta] of TSB.entries()) {
        chances[k]! += Math.max(beta, average) * Math.min(1, e) * ((sold ? 1 : 0) - chances[k]!);
        levels[6 + k] = chances[k]! * size;
      }
      since += e;
      if (sold) {
        interval += gain * (since - interval);
        since = 0;
      }
    }
    const youth = Math.max(0, DAYS_BEFORE - count);
    levels[9] = (0.95 * size) / (Math.max(0.05, interval) + youth);
    for (const [w, length] of WINDOWS.entries()) {
      let [sumY, sumX] = [0, 0];
      for (let u = Math.max(0, t - length + 1); u <= t; u++) {
        if (!(exposure[u]! > 0)) continue;
        sumY += demand[u]!;
        sumX += exposure[u]!;
      }
      if (sumX > 0.5) levels[10 + w] = Math.max(0, sumY / (sumX + youth));
    }

    if (left % 4 === 0) {
      const least = Math.min(...errors) + TINY;
      weights = errors.map((own) => (least / (own + TINY)) ** 4);
      const all = total(weights);
      weights = weights.map((weight) => weight / all);
    }
    combined.push(total(weights.map((weight, k) => weight * levels[k]!)));
    history.push([...levels]);
    const grown = 0.997 ** -t;
    seasonDemand[t % season]! += grown * y;
    if (started) seasonExposure[t % season]! += grown * x;
  }
  return {
    level: (combined.at(-1) ?? 0) * scale,
    season: range(season, (position) => seasonIndex(position, days - 1)),
    weights,
    levels: levels.map((level) => level * scale),
    spanMean: spanMean.map((mean) => mean * scale),
    spanVariance: spanVariance.map((variance) => variance * scale * scale),
    rmsse: steps > 0 ? Math.sqrt(squares / steps) : undefined,
    bias: wanted > 0 ? error / wanted : undefined,
    backtestDays: tested,
    pool,
    scale,
  };
}

/** What the group sold by day. */
export function referenceTotals(series: readonly DemandSeries[], days: number): GroupTotals {
  const of = (t: number) => series.map(({ demand }) => demand[demand.length - days + t] ?? 0);
  return {
    units: Float64Array.from({ length: days }, (_, t) => total(of(t))),
    selling: Float64Array.from({ length: days }, (_, t) => of(t).filter((y) => y > 0).length),
    viewRate: 0,
    cartRate: 0,
  };
}

/** Mean demand of a day in stock from the first sale on. */
function scaleOf({ demand, inStock }: DemandSeries): number {
  const first = Array.from(demand).findIndex((y) => y > 0);
  if (first < 0) return 1;
  const days = total(range(demand.length - first, (t) => inStock?.[t + first] ?? 1));
  return total(Array.from(demand)) / Math.max(1, days);
}

function range<T>(length: number, of: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => of(i));
}

function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
