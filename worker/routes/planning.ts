import * as v from "valibot";
import { forecastAnswer } from "../../domain/forecast-json.ts";
import { parseForecastRequest } from "../../domain/forecast-request.ts";
import { FORECAST_HORIZON_DAYS_MAX, IMPORT_BYTES_MAX, LIST_ITEMS_MAX } from "../../domain/limits.ts";
import { forecaster } from "../../kernels/forecaster.ts";
import { getRecommender } from "../../kernels/model-loader.ts";
import { readJson } from "../body.ts";
import { type Exchange, json } from "../exchange.ts";
import { invalid, Problem } from "../problem.ts";
import { check, count, id, queryOf } from "../schema/common.ts";

const PLANNER_NAME = "planner";
const HORIZON_DEFAULT_DAYS = 28;
const STATUSES = ["order_now", "order_soon", "ok", "overstock", "out_of_stock", "no_demand"] as const;
const SORTS = ["revenue_at_risk", "order_by", "days_of_cover", "sku"] as const;

const boardQuery = v.object({
  status: v.optional(v.picklist(STATUSES, `must be one of ${STATUSES.join(", ")}`)),
  sort: v.optional(v.picklist(SORTS, `must be one of ${SORTS.join(", ")}`), "revenue_at_risk"),
  limit: count(1, LIST_ITEMS_MAX, 50),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(1_024, "is not a cursor of this list"))),
});

/** `GET /v1/inventory/:sku/forecast?horizon=28` */
export async function getForecast({ env, ctx, url, params, now }: Exchange): Promise<Response> {
  const sku = check(id, params["sku"], "invalid_request", "sku");
  const { horizon } = check(
    v.object({ horizon: count(1, FORECAST_HORIZON_DAYS_MAX, HORIZON_DEFAULT_DAYS) }),
    queryOf(url),
  );
  const forecast = await env.DEMAND_PLANNER.getByName(PLANNER_NAME).forecast({ sku, horizon, now });
  if (forecast === undefined) throw new Problem("not_found", `${sku} was never sold and has no stock.`);
  const name = (await getRecommender(env, ctx)).product(sku)?.name;
  return json({ ...(name !== undefined && { name }), ...forecast });
}

/** `POST /v1/forecast`: for series given in the body; nothing is stored. */
export async function postForecast({ request }: Exchange): Promise<Response> {
  const parsed = parseForecastRequest(await readJson(request, IMPORT_BYTES_MAX));
  if (!parsed.ok) throw invalid(parsed.problems, "invalid_values");
  return json(forecastAnswer(parsed.request, forecaster()));
}

/** `GET /v1/replenishment?status=&sort=&limit=&cursor=`: the board, with the names the model knows. */
export async function getBoard({ env, ctx, url, now }: Exchange): Promise<Response> {
  const { status, cursor, ...rest } = check(boardQuery, queryOf(url));
  const page = await env.DEMAND_PLANNER.getByName(PLANNER_NAME).board({
    ...rest,
    now,
    ...(status !== undefined && { status }),
    ...(cursor !== undefined && { cursor }),
  });
  const recommender = await getRecommender(env, ctx);
  return json({
    ...page,
    items: page.items.map((item) => {
      const name = recommender.product(String(item["sku"]))?.name;
      return name === undefined ? item : { sku: item["sku"], name, ...item };
    }),
  });
}
