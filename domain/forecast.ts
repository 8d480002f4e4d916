/** Daily demand of one SKU, oldest first, and what is known about each day. */
export interface DemandSeries {
  readonly id: string;
  /** Day number (days since 1970-01-01) of demand[0]. */
  readonly startDay: number;
  readonly demand: ArrayLike<number>;
  /** Fraction of the day in stock, 0..1; absent: always in stock. */
  readonly inStock?: ArrayLike<number>;
  /** Product views and carts of the day; absent: not known. */
  readonly views?: ArrayLike<number>;
  readonly carts?: ArrayLike<number>;
}

export interface ForecastOptions {
  /** Length of the season, days; 7 unless told. 1: none. */
  readonly season: number;
}

/** Distribution of the demand summed over the first `days` days. */
export interface DemandDistribution {
  readonly days: number;
  readonly mean: number;
  readonly variance: number;
  /** What the group's own past says of the quantiles: see `Calibration`. */
  readonly calibration?: Calibration;
}

/**
 * Normal scores that realised sums of the group had under their forecasts, as a cumulative histogram. The quantile
 * asked for is moved to where the past really had that share below it.
 */
export interface Calibration {
  readonly count: number;
  /** Scores from -max to max. */
  readonly max: number;
  /** cumulative[i]: scores up to the end of bin i. */
  readonly cumulative: ArrayLike<number>;
}

export interface ExpertWeight {
  readonly expert: string;
  readonly weight: number;
  /** Units a day. */
  readonly level: number;
}

/** Running one-origin-a-day backtest of the series' own past. */
export interface Backtest {
  /** Undefined while there is too little history. */
  readonly rmsse?: number;
  /** (forecast - demand) / demand over the backtest. */
  readonly bias?: number;
  /** Share of 14-day sums below the 95 % quantile. */
  readonly coverage?: number;
  readonly days: number;
}

export type DemandClass = "smooth" | "erratic" | "intermittent" | "lumpy" | "none";

/** Any number of days ahead may be asked for, up to FORECAST_AHEAD_DAYS_MAX. */
export interface SeriesForecast {
  readonly id: string;
  /** Day number of the first day ahead: the day after the series. */
  readonly startDay: number;
  /** Of the day `ahead` days after the first. */
  day(ahead: number): DemandDistribution;
  /** Of the first `days` days together; mean and variance never fall with the days. */
  over(days: number): DemandDistribution;
  readonly experts: readonly ExpertWeight[];
  readonly backtest: Backtest;
  readonly demandClass: DemandClass;
  /** Mean demand of the days before, in stock, from the first sale on. */
  readonly meanDemand: number;
  /** Units of all days before. */
  readonly totalDemand: number;
  /** Standard deviation over mean of the weekly sums from the first sale on; undefined below four weeks. */
  readonly weeklyVariation?: number | undefined;
}

/** What the distributions of counts answer. */
export interface CountDistributions {
  /** Least demand that is not exceeded with chance p, a whole number. */
  quantile(demand: DemandDistribution, p: number): number;
  /** Chance that the demand is at most x. */
  cdf(demand: DemandDistribution, x: number): number;
  /** Whether the demand is at most x with a chance above p: cheaper than its chance. */
  atMost(demand: DemandDistribution, x: number, p: number): boolean;
  /** Expected demand beyond x. */
  excess(demand: DemandDistribution, x: number): number;
}

export interface SeriesForecaster extends CountDistributions {
  /** Forecasts in the order given; series that end on the same day help each other. */
  forecast(series: readonly DemandSeries[], options: ForecastOptions): SeriesForecast[];
}
