import * as v from "valibot";
import { dayOfIsoDate } from "../../domain/calendar.ts";
import { DEFAULT_POLICY } from "../../domain/demand.ts";
import type { DemandSeries } from "../../domain/forecast.ts";
import type { ForecastRequest } from "../../domain/forecast-json.ts";
import {
  FORECAST_HORIZON_DAYS_MAX,
  FORECAST_QUANTILES_MAX,
  FORECAST_SERIES_DAYS_MAX,
  FORECAST_SERIES_MAX,
  STOCK_UNITS_MAX,
} from "../../domain/limits.ts";
import type { ColumnPaths } from "../number-columns.ts";
import { type FieldError, invalid } from "../problem.ts";
import { check, id } from "./common.ts";
import { date } from "./date.ts";

const HORIZON_DEFAULT_DAYS = 28;
const SEASON_DEFAULT_DAYS = 7;
const SEASON_MAX_DAYS = 64;
/** Forecasts of what begins later could reach beyond the years that a date has room for. */
const START_MIN = "1900-01-01";
const START_MAX = "2199-12-31";
const QUANTILES_DEFAULT = [0.1, 0.25, 0.5, 0.75, 0.9];
/** Wrong days told of one request; the rest would be more of the same. */
const ERRORS_MAX = 20;

const whole = (min: number, max: number) => {
  const range = `must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(range), v.integer(range), v.minValue(min, range), v.maxValue(max, range));
};
/** Lists whose items are looked at elsewhere: a schema that walks half a million numbers costs more than the forecasts. */
const list = (message: string) => v.custom<unknown[]>(Array.isArray, message);
const numberList = (message: string) =>
  v.custom<ArrayLike<unknown>>((value) => Array.isArray(value) || value instanceof Float32Array, message);
const SHARE = "must be above 0 and below 1";

export const forecastSchema = v.object(
  {
    series: v.pipe(
      list("must be a list of series"),
      v.minLength(1, "must hold at least one series"),
      v.maxLength(FORECAST_SERIES_MAX, `must not hold more than ${FORECAST_SERIES_MAX} series`),
    ),
    horizon: v.optional(whole(1, FORECAST_HORIZON_DAYS_MAX), HORIZON_DEFAULT_DAYS),
    season: v.optional(whole(1, SEASON_MAX_DAYS), SEASON_DEFAULT_DAYS),
    quantiles: v.optional(
      v.pipe(
        v.array(
          v.pipe(v.number(SHARE), v.gtValue(0, SHARE), v.ltValue(1, SHARE)),
          "must be a list of shares",
        ),
        v.minLength(1, "must hold at least one share"),
        v.maxLength(FORECAST_QUANTILES_MAX, `must not hold more than ${FORECAST_QUANTILES_MAX} shares`),
      ),
      QUANTILES_DEFAULT,
    ),
    lead_time_days: v.optional(whole(0, 365), DEFAULT_POLICY.leadTimeDays),
    review_period_days: v.optional(whole(0, 365), DEFAULT_POLICY.reviewPeriodDays),
    service_level: v.optional(
      v.pipe(
        v.number("must be a number"),
        v.minValue(0.5, "must be from 0.5 to 0.999"),
        v.maxValue(0.999, "must be from 0.5 to 0.999"),
      ),
      DEFAULT_POLICY.serviceLevel,
    ),
  },
  "must be an object",
);

/** Where the body has its numbers. */
export const SERIES_COLUMNS: ColumnPaths = { list: "series", fields: ["demand", "in_stock"] };

export const seriesSchema = v.object(
  {
    id,
    start: v.pipe(
      date,
      v.check(
        (value) => value >= START_MIN && value <= START_MAX,
        `must be from ${START_MIN} to ${START_MAX}`,
      ),
    ),
    demand: v.pipe(
      numberList("must be a list of units a day"),
      v.minLength(1, "must hold at least one day"),
      v.maxLength(FORECAST_SERIES_DAYS_MAX, `must not hold more than ${FORECAST_SERIES_DAYS_MAX} days`),
    ),
    in_stock: v.optional(numberList("must be a list of shares of the day, 0 to 1")),
  },
  "must be an object",
);

/**
 * The body of `POST /v1/forecast`.
 *
 * @throws Problem 422 naming series and day (`series.3.demand.17`).
 */
export function parseForecastRequest(body: unknown): ForecastRequest {
  const { series, season, horizon, quantiles, ...policy } = check(forecastSchema, body, "invalid_values");
  const errors: FieldError[] = [];
  const parsed = series.map((one, i) => parseSeries(one, `series.${i}`, errors));
  if (errors.length > 0) throw invalid(errors, "invalid_values");
  return {
    series: parsed,
    season,
    horizon,
    quantiles: [...new Set(quantiles)].sort((a, b) => a - b),
    policy: {
      ...DEFAULT_POLICY,
      leadTimeDays: policy.lead_time_days,
      reviewPeriodDays: policy.review_period_days,
      serviceLevel: policy.service_level,
    },
  };
}

function parseSeries(value: unknown, path: string, errors: FieldError[]): DemandSeries {
  const series = check(seriesSchema, value, "invalid_values", path);
  const { id: name, start, demand, in_stock: inStock } = series;
  if (inStock !== undefined && inStock.length !== demand.length) {
    errors.push({ path: `${path}.in_stock`, detail: `must have as many days as demand (${demand.length})` });
  }
  return {
    id: name,
    startDay: dayOfIsoDate(start),
    demand: numbers(demand, STOCK_UNITS_MAX, `${path}.demand`, errors),
    ...(inStock !== undefined && { inStock: numbers(inStock, 1, `${path}.in_stock`, errors) }),
  };
}

/** What is less is none: the kernel's 32-bit floats could not square it, nor divide by it. */
const VALUE_MIN = 1e-6;

/**
 * Half a million numbers go through here in one request: in plain loops, and without branches that the processor cannot
 * foresee, since a day without a sale is as likely as one with.
 */
function numbers(values: ArrayLike<unknown>, max: number, path: string, errors: FieldError[]): Float32Array {
  const result = values instanceof Float32Array ? values : new Float32Array(values.length);
  const wrong = result === values ? beyond(result, max) : copied(values, result, max);
  if (wrong > 0) tellWrong(values, max, path, errors);
  for (let i = 0; i < result.length; i++) result[i] = result[i]! * Number(result[i]! >= VALUE_MIN);
  return result;
}

/** @returns How many numbers of a column are too large: it has no others that could be wrong. */
function beyond(values: Float32Array, max: number): number {
  let wrong = 0;
  for (let i = 0; i < values.length; i++) wrong += Number(values[i]! > max);
  return wrong;
}

/** @returns How many of the values are wrong. */
function copied(values: ArrayLike<unknown>, into: Float32Array, max: number): number {
  let wrong = 0;
  for (let i = 0; i < into.length; i++) {
    const value = values[i];
    if (typeof value === "number") {
      wrong += Number(!(value >= 0)) + Number(value > max);
      into[i] = value;
    } else {
      wrong++;
    }
  }
  return wrong;
}

/** Which of the values are wrong, as far as there is room to tell. */
function tellWrong(values: ArrayLike<unknown>, max: number, path: string, errors: FieldError[]): void {
  for (let i = 0; i < values.length && errors.length < ERRORS_MAX; i++) {
    const value = values[i];
    if (typeof value === "number" && value >= 0 && value <= max) continue;
    errors.push({ path: `${path}.${i}`, detail: `must be a number from 0 to ${max}` });
  }
}
