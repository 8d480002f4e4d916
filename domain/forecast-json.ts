import { isoDate } from "./calendar.ts";
import type { ReplenishmentPolicy } from "./demand.ts";
import type { CountDistributions, DemandSeries, SeriesForecast, SeriesForecaster } from "./forecast.ts";
import { levelsOf, round, xyzClass } from "./replenishment.ts";

/** What `POST /v1/forecast` asks for. */
export interface ForecastRequest {
  readonly series: readonly DemandSeries[];
  readonly season: number;
  readonly horizon: number;
  /** Ascending, each in (0, 1). */
  readonly quantiles: readonly number[];
  readonly policy: ReplenishmentPolicy;
}

/** Experts that weigh less are left out of what is shown. */
const EXPERT_WEIGHT_MIN = 0.005;

/** The answer of `POST /v1/forecast`, in the order of the series. */
export function forecastAnswer(request: ForecastRequest, forecaster: SeriesForecaster) {
  const { series, season, horizon, quantiles, policy } = request;
  return {
    forecasts: forecaster
      .forecast(series, { season })
      .map((forecast) => forecastJson(forecast, horizon, quantiles, policy, forecaster)),
  };
}

/** One series' forecast as JSON shows it. */
export function forecastJson(
  forecast: SeriesForecast,
  horizon: number,
  quantiles: readonly number[],
  policy: ReplenishmentPolicy,
  counts: CountDistributions,
) {
  const lead = forecast.over(Math.ceil(policy.leadTimeDays));
  const { rmsse, bias, coverage, days } = forecast.backtest;
  return {
    id: forecast.id,
    daily: dailyJson(forecast, horizon, quantiles, counts),
    lead_time: {
      days: policy.leadTimeDays,
      mean: round(lead.mean, 4),
      quantiles: Object.fromEntries(quantiles.map((p) => [String(p), counts.quantile(lead, p)])),
      service_level: policy.serviceLevel,
      ...levelsOf(forecast, policy, counts),
    },
    backtest: {
      days,
      rmsse: rmsse === undefined ? null : round(rmsse, 4),
      bias: bias === undefined ? null : round(bias, 4),
      coverage_95: coverage === undefined ? null : round(coverage, 4),
    },
    experts: forecast.experts
      .filter(({ weight }) => weight >= EXPERT_WEIGHT_MIN)
      .sort((a, b) => b.weight - a.weight)
      .map(({ expert, weight, level }) => ({ expert, weight: round(weight, 4), level: round(level, 4) })),
    class: { demand: forecast.demandClass, xyz: xyzClass(forecast.weeklyVariation) },
  };
}

function dailyJson(
  forecast: SeriesForecast,
  horizon: number,
  quantiles: readonly number[],
  counts: CountDistributions,
) {
  const names = quantiles.map(String);
  // Days of one mean share their quantiles: a season has a handful.
  const known = new Map<number, Record<string, number>>();
  return Array.from({ length: horizon }, (_, ahead) => {
    const day = forecast.day(ahead);
    let values = known.get(day.mean);
    if (values === undefined) {
      values = {};
      for (let i = 0; i < names.length; i++) values[names[i]!] = counts.quantile(day, quantiles[i]!);
      known.set(day.mean, values);
    }
    return { date: isoDate(forecast.startDay + ahead), mean: round(day.mean, 4), quantiles: values };
  });
}
