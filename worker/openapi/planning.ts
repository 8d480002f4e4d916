import * as v from "valibot";
import { STOCK_UNITS_MAX } from "../../domain/limits.ts";
import { STOCK_STATUSES } from "../../domain/replenishment.ts";
import { boardQuery, forecastQuery } from "../routes/planning.ts";
import { forecastSchema, seriesSchema } from "../schema/forecast.ts";
import type { Operations } from "./operation.ts";
import { countOf, date, nextCursor, told } from "./schemas.ts";

const quantiles = told(
  v.record(v.string(), v.number()),
  "Units by share: `0.9` is exceeded one time in ten.",
);
const levels = {
  reorder_point: told(v.number(), "Order when the inventory position is at or below it."),
  safety_stock: told(v.number(), "Reorder point less the mean demand over the lead time."),
  order_up_to: told(v.number(), "Inventory position to order up to."),
};
const demandClass = v.picklist(["smooth", "erratic", "intermittent", "lumpy", "none"]);
const xyz = told(
  v.nullable(v.picklist(["X", "Y", "Z"])),
  "By the variation of weekly demand, X the steadiest; null below four weeks.",
);

const forecast = {
  daily: v.array(v.strictObject({ date, mean: v.number(), quantiles })),
  lead_time: v.strictObject({
    days: v.number(),
    mean: v.number(),
    quantiles,
    service_level: v.number(),
    ...levels,
  }),
  backtest: told(
    v.strictObject({
      days: countOf,
      rmsse: v.nullable(v.number()),
      bias: v.nullable(v.number()),
      coverage_95: v.nullable(v.number()),
    }),
    "One day ahead over the days it was checked against; null where there were too few.",
  ),
  experts: told(
    v.array(v.strictObject({ expert: v.string(), weight: v.number(), level: v.number() })),
    "The methods it is mixed of, the weightiest first.",
  ),
  class: v.strictObject({ demand: demandClass, xyz }),
};

const optionalDate = v.nullable(date);
const decision = {
  status: v.picklist(STOCK_STATUSES),
  ...levels,
  on_hand: v.number(),
  reserved: v.number(),
  available: v.number(),
  on_order: v.number(),
  inventory_position: told(v.number(), "`available` and `on_order`."),
  quantity: told(v.number(), "To order now: at least the economic quantity and the minimum, in packs."),
  economic_quantity: told(
    v.nullable(v.number()),
    "At which ordering and keeping cost least; null without the costs of a unit and of an order.",
  ),
  order_by: told(
    optionalDate,
    "When the position is expected at the reorder point; null beyond half a year.",
  ),
  days_of_cover: told(v.nullable(v.number()), "At the mean demand; null beyond half a year."),
  stock_out: v.strictObject({
    p10: told(
      optionalDate,
      "The first day by which it is gone with a chance of 10 %; null beyond half a year.",
    ),
    p50: optionalDate,
    p90: optionalDate,
    probability_within_lead_time: told(
      v.number(),
      "At the end of the lead time, or before a delivery on the way there, where that is greater.",
    ),
  }),
  revenue_at_risk: told(
    v.nullable(v.number()),
    "Expected, over the lead time, at its end or before a delivery; null without a price.",
  ),
  newsvendor: told(
    v.nullable(v.strictObject({ fractile: v.number(), order_up_to: v.number() })),
    "What cost and price alone would have; null without either.",
  ),
};

export const decisionSchema = v.strictObject(decision);

export const skuForecast = v.strictObject({
  name: v.optional(v.string()),
  sku: v.string(),
  as_of: told(date, "The first day that is forecast."),
  ...forecast,
  mean_daily_demand: v.number(),
  unit_price: v.nullable(v.number()),
  policy: v.strictObject({
    lead_time_days: v.number(),
    review_period_days: v.number(),
    service_level: v.number(),
    unit_cost: v.nullable(v.number()),
    order_cost: v.nullable(v.number()),
    holding_rate: v.nullable(v.number()),
    pack_size: v.number(),
    min_order: v.number(),
  }),
  replenishment: told(v.nullable(decisionSchema), "Null where no stock is known."),
  history: v.array(
    v.strictObject({
      date,
      units: v.number(),
      in_stock: told(v.number(), "Share of the day."),
      views: v.optional(countOf),
      carts: v.optional(countOf),
      partial: v.optional(told(v.literal(true), "Today: the day is not over.")),
    }),
  ),
});

export const seriesForecasts = v.strictObject({
  forecasts: told(v.array(v.strictObject({ id: v.string(), ...forecast })), "In the order of the series."),
});

export const boardRow = v.strictObject({
  name: v.optional(v.string()),
  sku: v.string(),
  ...decision,
  mean_daily_demand: v.number(),
  lead_time_days: v.number(),
  service_level: v.number(),
  unit_price: v.nullable(v.number()),
  revenue: told(v.number(), "Of the days that are kept, at the present price."),
  class: v.strictObject({
    abc: told(v.picklist(["A", "B", "C"]), "By revenue: the best sellers that make 80 % are A, to 95 % B."),
    xyz,
    demand: demandClass,
  }),
});

const statusTotal = v.strictObject({ skus: countOf, revenue_at_risk: v.number() });

export const board = v.strictObject({
  items: v.array(boardRow),
  next_cursor: nextCursor,
  totals: told(
    v.strictObject(
      Object.fromEntries(STOCK_STATUSES.map((status) => [status, statusTotal])) as Record<
        (typeof STOCK_STATUSES)[number],
        typeof statusTotal
      >,
    ),
    "Of the whole board, whatever is filtered.",
  ),
});

const decided = {
  status: "order_now",
  reorder_point: 60,
  safety_stock: 18.4,
  order_up_to: 110,
  on_hand: 40,
  reserved: 2,
  available: 38,
  on_order: 0,
  inventory_position: 38,
  quantity: 72,
  economic_quantity: null,
  order_by: "2026-11-20",
  days_of_cover: 6.4,
  stock_out: { p10: "2026-11-24", p50: "2026-11-26", p90: "2026-11-29", probability_within_lead_time: 0.61 },
  revenue_at_risk: 142.5,
  newsvendor: null,
};
const shown = {
  daily: [{ date: "2026-11-20", mean: 5.94, quantiles: { "0.1": 2, "0.5": 6, "0.9": 11 } }],
  lead_time: {
    days: 7,
    mean: 41.6,
    quantiles: { "0.1": 31, "0.5": 41, "0.9": 55 },
    service_level: 0.95,
    reorder_point: 60,
    safety_stock: 18.4,
    order_up_to: 110,
  },
  backtest: { days: 330, rmsse: 0.79, bias: -0.03, coverage_95: 0.96 },
  experts: [{ expert: "season", weight: 0.61, level: 5.9 }],
  class: { demand: "smooth", xyz: "X" },
};
const totals = Object.fromEntries(STOCK_STATUSES.map((status) => [status, { skus: 0, revenue_at_risk: 0 }]));

export const PLANNING: Operations = {
  "GET /v1/inventory/:sku/forecast": {
    id: "getForecast",
    tag: "Planning",
    summary: "Demand of a SKU, and the decision that follows",
    description:
      "With `lead_time_days` or `service_level` the decision is the one such a policy would lead to; nothing is stored.",
    path: { sku: "The stock keeping unit." },
    query: {
      schema: forecastQuery,
      fields: {
        horizon: "Days.",
        lead_time_days: "Instead of the stored one.",
        service_level: "Instead of the stored one.",
      },
    },
    answers: {
      200: {
        description: "Forecast, decision and history.",
        schema: skuForecast,
        example: {
          sku: "22423",
          as_of: "2026-11-20",
          ...shown,
          mean_daily_demand: 5.94,
          unit_price: 12.75,
          policy: {
            lead_time_days: 7,
            review_period_days: 7,
            service_level: 0.95,
            unit_cost: null,
            order_cost: null,
            holding_rate: null,
            pack_size: 6,
            min_order: 0,
          },
          replenishment: decided,
          history: [{ date: "2026-11-19", units: 7, in_stock: 1, views: 90, carts: 11 }],
        },
      },
    },
    problems: ["not_found"],
  },
  "POST /v1/forecast": {
    id: "forecastSeries",
    tag: "Planning",
    summary: "Forecasts of series in the body",
    description: "Nothing is stored.",
    body: {
      schema: v.object({
        ...forecastSchema.entries,
        series: v.pipe(
          v.array(
            v.object({
              ...seriesSchema.entries,
              demand: v.array(v.pipe(v.number(), v.minValue(0), v.maxValue(STOCK_UNITS_MAX))),
              in_stock: v.optional(v.array(v.pipe(v.number(), v.minValue(0), v.maxValue(1)))),
            }),
          ),
          v.minLength(1),
        ),
      }),
      fields: {
        "series.start": "The first day.",
        "series.demand": "Units a day.",
        "series.in_stock": "Share of each day in stock, as long as `demand`; 1 where absent.",
        horizon: "Days.",
        season: "Days after which demand resembles itself.",
        quantiles: "Shares to tell the quantiles of.",
      },
      example: { series: [{ id: "22423", start: "2026-11-01", demand: [4, 0, 7, 5, 6, 9, 3] }], horizon: 14 },
    },
    answers: {
      200: {
        description: "A forecast each.",
        schema: seriesForecasts,
        example: { forecasts: [{ id: "22423", ...shown }] },
      },
    },
    problems: ["invalid_values"],
  },
  "GET /v1/replenishment": {
    id: "getBoard",
    tag: "Planning",
    summary: "The replenishment board",
    description: "One row a SKU with known stock.",
    query: {
      schema: boardQuery,
      fields: {
        status: "Only these rows.",
        sort: "What is worst comes first. What changes meanwhile may move to another page, except in the order of `sku`.",
      },
    },
    answers: {
      200: {
        description: "A page of the board.",
        schema: board,
        example: {
          items: [
            {
              sku: "22423",
              ...decided,
              mean_daily_demand: 5.94,
              lead_time_days: 7,
              service_level: 0.95,
              unit_price: 12.75,
              revenue: 24_100,
              class: { abc: "A", xyz: "X", demand: "smooth" },
            },
          ],
          totals,
        },
      },
    },
  },
};
