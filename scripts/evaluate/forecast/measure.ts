// How far forecasts were from what came, by the definitions that the field uses.
import type { Panel } from "./panel.ts";

/** Lead times that quantiles are judged over, where the horizon allows. */
export const LEAD_DAYS = [7, 14, 28] as const;
export const PINBALL_SHARES = [0.5, 0.75, 0.9, 0.95, 0.99] as const;
const COVERED_SHARE = 0.95;
const SUM_DAYS = 14;

/** A forecast of one series from one origin. */
export interface Forecast {
  readonly daily: ArrayLike<number>;
  /** Quantile of the demand over the first days; absent where the method gives none. */
  readonly quantile?: (days: number, share: number) => number;
}

/** One method over a panel's training parts, in the panel's order. */
export type Method = (training: Training, horizon: number) => Promise<Forecast[]> | Forecast[];

export interface Protocol {
  /** Times of forecasting: before the last `horizon` steps, before the `horizon` steps before them, ... */
  readonly origins?: number;
  /** The last steps before the origin that a method is given; all unless told. */
  readonly trainingSteps?: number;
}

/** A panel up to an origin that lies so many steps before the last one. */
export interface Training extends Panel {
  readonly back: number;
}

export interface Errors {
  readonly rmsse: number;
  /** Absolute error of the sum over 14 days, over the days and the mean absolute daily difference. */
  readonly sum: number;
  /** Forecast over demand, minus one. */
  readonly bias: number;
  /** Share of sums over 7, 14, 28 days at or below the 95 % quantile. */
  readonly coverage: readonly number[];
  /** Mean pinball loss of the sum over 14 days at .5 .75 .9 .95 .99, scaled like `sum`. */
  readonly pinball: number;
}

/** Averaged over series, then over origins: the last `horizon` steps, and those before them. */
export async function errorsOf(
  method: Method,
  panel: Panel,
  horizon: number,
  { origins = 2, trainingSteps = Number.POSITIVE_INFINITY }: Protocol = {},
): Promise<Errors> {
  const all: Errors[] = [];
  for (let back = 0; back < origins; back++) {
    const end = panel.series[0]!.demand.length - (back + 1) * horizon;
    const training = {
      name: panel.name,
      back: back * horizon,
      series: panel.series.map(({ id, demand, known }) => ({
        id,
        demand: demand.slice(Math.max(0, end - trainingSteps), end),
        ...(known !== undefined && { known: known.slice(Math.max(0, end - trainingSteps), end) }),
      })),
    };
    const forecasts = await method(training, horizon);
    const future = panel.series.map(({ demand, known }) =>
      // What is not known cannot be missed: the series is left out.
      known?.subarray(end, end + horizon).includes(0) ? undefined : demand.slice(end, end + horizon),
    );
    all.push(judge(training, future, forecasts, horizon));
  }
  const mean = (of: (errors: Errors) => number) =>
    all.reduce((sum, errors) => sum + of(errors), 0) / all.length;
  return {
    rmsse: mean(({ rmsse }) => rmsse),
    sum: mean(({ sum }) => sum),
    bias: mean(({ bias }) => bias),
    coverage: LEAD_DAYS.map((_, i) => mean(({ coverage }) => coverage[i]!)),
    pinball: mean(({ pinball }) => pinball),
  };
}

function judge(
  training: Training,
  future: readonly (Float64Array | undefined)[],
  forecasts: readonly Forecast[],
  horizon: number,
): Errors {
  const sums = { rmsse: 0, sum: 0, pinball: 0, series: 0, judged: 0, forecast: 0, demand: 0 };
  const covered = LEAD_DAYS.map(() => 0);
  for (const [i, { demand }] of training.series.entries()) {
    const scales = scalesOf(demand);
    const { daily, quantile } = forecasts[i]!;
    const came = future[i];
    if (came === undefined) continue;
    sums.forecast += total(daily, horizon);
    sums.demand += total(came, horizon);
    if (scales === undefined) continue;
    sums.series++;
    let squares = 0;
    for (let h = 0; h < horizon; h++) squares += (came[h]! - daily[h]!) ** 2;
    sums.rmsse += Math.sqrt(squares / horizon / scales.square);
    const days = Math.min(SUM_DAYS, horizon);
    const wanted = total(came, days);
    sums.sum += Math.abs(wanted - total(daily, days)) / days / scales.absolute;
    if (quantile === undefined) continue;
    sums.judged++;
    for (const share of PINBALL_SHARES) {
      const off = wanted - quantile(days, share);
      sums.pinball +=
        Math.max(share * off, (share - 1) * off) / PINBALL_SHARES.length / days / scales.absolute;
    }
    for (const [n, lead] of LEAD_DAYS.entries()) {
      if (lead <= horizon && total(came, lead) <= quantile(lead, COVERED_SHARE)) covered[n]!++;
    }
  }
  return {
    rmsse: sums.rmsse / sums.series,
    sum: sums.sum / sums.series,
    bias: sums.forecast / sums.demand - 1,
    coverage: covered.map((count, n) => (LEAD_DAYS[n]! <= horizon ? count / sums.judged : Number.NaN)),
    pinball: sums.pinball / sums.judged,
  };
}

/** Mean squared and mean absolute difference of neighbouring days from the first sale on. */
function scalesOf(demand: Float64Array): { square: number; absolute: number } | undefined {
  const first = demand.findIndex((value) => value > 0);
  if (first < 0) return undefined;
  let square = 0;
  let absolute = 0;
  for (let t = first + 1; t < demand.length; t++) {
    const step = demand[t]! - demand[t - 1]!;
    square += step * step;
    absolute += Math.abs(step);
  }
  const days = demand.length - first - 1;
  return square > 0 ? { square: square / days, absolute: absolute / days } : undefined;
}

function total(values: ArrayLike<number>, days: number): number {
  let sum = 0;
  for (let h = 0; h < days; h++) sum += values[h]!;
  return sum;
}
