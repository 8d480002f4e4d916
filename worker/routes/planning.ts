import * as v from "valibot";
import { forecastAnswer } from "../../domain/forecast-json.ts";
import { FORECAST_HORIZON_DAYS_MAX, IMPORT_BYTES_MAX, LIST_ITEMS_MAX } from "../../domain/limits.ts";
import { logEntry } from "../../domain/log-entry.ts";
import { MODEL_NAME } from "../../domain/object-names.ts";
import { BOARD_SORTS, isCursor, mergedBoard } from "../../domain/planner/board.ts";
import { plannerOf, planners } from "../../domain/planner/shards.ts";
import { STOCK_STATUSES } from "../../domain/replenishment.ts";
import type { Env } from "../../durable-objects/env.ts";
import { forecaster } from "../../kernels/forecaster.ts";
import { readColumns } from "../body.ts";
import { type Exchange, json } from "../exchange.ts";
import { Problem } from "../problem.ts";
import { check, count, id, paramsOf, wholeNumber } from "../schema/common.ts";
import { parseForecastRequest, SERIES_COLUMNS } from "../schema/forecast.ts";

const HORIZON_DEFAULT_DAYS = 28;
const LEAD_TIME_DAYS_MAX = 365;

export const boardQuery = v.object({
  status: v.optional(v.picklist(STOCK_STATUSES, `must be one of ${STOCK_STATUSES.join(", ")}`)),
  sort: v.optional(v.picklist(BOARD_SORTS, `must be one of ${BOARD_SORTS.join(", ")}`), "revenue_at_risk"),
  limit: count(1, LIST_ITEMS_MAX, 50),
  cursor: v.optional(v.pipe(v.string(), v.check(isCursor, "is not a cursor of this list"))),
});

const SERVICE_LEVEL = "must be a number from 0.5 to 0.999";
export const forecastQuery = v.object({
  horizon: count(1, FORECAST_HORIZON_DAYS_MAX, HORIZON_DEFAULT_DAYS),
  lead_time_days: v.optional(wholeNumber(0, LEAD_TIME_DAYS_MAX)),
  service_level: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^0\.\d{1,9}$/, SERVICE_LEVEL),
      v.transform(Number),
      v.number(SERVICE_LEVEL),
      v.minValue(0.5, SERVICE_LEVEL),
      v.maxValue(0.999, SERVICE_LEVEL),
    ),
  ),
});

/**
 * `GET /v1/inventory/:sku/forecast?horizon=28`. With `lead_time_days` or `service_level` the decision is the one that
 * such a policy would lead to; nothing is stored.
 */
export async function getForecast({ env, request, params, now }: Exchange): Promise<Response> {
  const sku = check(id, params["sku"], "invalid_request", "sku");
  const {
    horizon,
    lead_time_days: leadTimeDays,
    service_level: serviceLevel,
  } = check(forecastQuery, paramsOf(request));
  const assumed = {
    ...(leadTimeDays !== undefined && { leadTimeDays }),
    ...(serviceLevel !== undefined && { serviceLevel }),
  };
  const [forecast, [name]] = await Promise.all([
    plannerOf(env, sku).forecast({ sku, horizon, now, assumed }),
    namesOf([sku], env),
  ]);
  if (forecast === undefined) throw new Problem("not_found", `${sku} was never sold and has no stock.`);
  return json({ ...(name !== undefined && { name }), ...forecast });
}

/** `POST /v1/forecast`: for series given in the body; nothing is stored. */
export async function postForecast({ request }: Exchange): Promise<Response> {
  const parsed = parseForecastRequest(await readColumns(request, IMPORT_BYTES_MAX, SERIES_COLUMNS));
  return json(forecastAnswer(parsed, forecaster()));
}

/** `GET /v1/replenishment?status=&sort=&limit=&cursor=`: the board, with the names of the catalogue. */
export async function getBoard({ env, request, now }: Exchange): Promise<Response> {
  const { status, cursor, ...rest } = check(boardQuery, paramsOf(request));
  const asked = { ...rest, ...(status !== undefined && { status }), ...(cursor !== undefined && { cursor }) };
  const boards = await Promise.all(planners(env).map((planner) => planner.board({ ...asked, now })));
  const page = mergedBoard(boards, asked);
  const names = await namesOf(
    page.items.map(({ sku }) => sku),
    env,
  );
  return json({
    ...page,
    items: page.items.map((item, at) => {
      const name = names[at];
      return name === undefined ? item : { name, ...item };
    }),
  });
}

/** Names of the products that SKUs are of. Where they cannot be had the decisions are told without. */
async function namesOf(skus: readonly string[], env: Env): Promise<readonly (string | undefined)[]> {
  try {
    return await env.MODEL_BUILDER.getByName(MODEL_NAME).names(skus);
  } catch (error) {
    console.warn(logEntry("the names of SKUs could not be read; they are told without", error));
    return [];
  }
}
