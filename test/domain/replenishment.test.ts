import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayOfIsoDate, isoDate } from "../../domain/calendar.ts";
import { DEFAULT_POLICY, type ReplenishmentPolicy } from "../../domain/demand.ts";
import type { CountDistributions, DemandDistribution, SeriesForecast } from "../../domain/forecast.ts";
import { forecastJson } from "../../domain/forecast-json.ts";
import { type BoardRow, classify, pageOf, sorted } from "../../domain/planner/board.ts";
import { decide, orderQuantity, xyzClass } from "../../domain/replenishment.ts";

const TODAY = dayOfIsoDate("2026-11-24");

/** Demand that is certain up to a uniform spread: mean +- spread * mean, so that every answer can be told by hand. */
const uniform: CountDistributions = {
  quantile: ({ mean, variance }, p) => Math.ceil(mean + (2 * p - 1) * half(variance)),
  cdf: ({ mean, variance }, x) => chance(mean, half(variance), x),
  atMost: ({ mean, variance }, x, p) => chance(mean, half(variance), x) > p,
  excess: ({ mean }, x) => Math.max(0, mean - x),
};

function half(variance: number): number {
  return Math.sqrt(3 * variance);
}

function chance(mean: number, spread: number, x: number): number {
  if (spread === 0) return x >= mean ? 1 : 0;
  return Math.min(1, Math.max(0, (x - mean + spread) / (2 * spread)));
}

/** So many units every day, the sum spread by a share of its mean. */
function steady(units: number, spread = 0.2): SeriesForecast {
  const over = (days: number): DemandDistribution => ({
    days,
    mean: units * days,
    variance: (spread * units * days) ** 2 / 3,
  });
  return {
    id: "sku",
    startDay: TODAY,
    day: () => over(1),
    over,
    experts: [
      { expert: "a", weight: 0.3, level: units },
      { expert: "b", weight: 0.699, level: units },
      { expert: "c", weight: 0.001, level: 0 },
    ],
    backtest: { days: 100, rmsse: 0.81234, bias: -0.01, coverage: 0.96 },
    demandClass: "smooth",
    meanDemand: units,
    totalDemand: units * 300,
    weeklyVariation: 0.3,
  };
}

const policy: ReplenishmentPolicy = {
  ...DEFAULT_POLICY,
  leadTimeDays: 10,
  reviewPeriodDays: 5,
  serviceLevel: 0.95,
};
const stock = (onHand: number, reserved = 0, incoming: { quantity: number; eta: string }[] = []) => ({
  onHand,
  reserved,
  incoming,
});

describe("decisions", () => {
  test("[RP1] levels are quantiles of the demand over lead time and review period", () => {
    const { reorder_point, safety_stock, order_up_to } = decide(steady(10), stock(500), policy, uniform);
    // 100 +- 20: 95 % lie below 118; 150 +- 30: below 177.
    expect(reorder_point).toBe(118);
    expect(safety_stock).toBe(18);
    expect(order_up_to).toBe(177);
  });

  test("[RP2] an order fills the position up to the level, in packs, at least the minimum", () => {
    const order = (onHand: number, change: Partial<ReplenishmentPolicy> = {}) =>
      decide(
        steady(10),
        stock(onHand, 20, [{ quantity: 30, eta: "2026-11-30" }]),
        { ...policy, ...change },
        uniform,
      );
    expect(order(50).inventory_position).toBe(60);
    expect(order(50).quantity).toBe(117);
    expect(order(50, { packSize: 12 }).quantity).toBe(120);
    expect(order(50, { minOrder: 500, packSize: 12 }).quantity).toBe(504);
    expect(order(108).quantity).toBe(59);
    expect(order(109).quantity).toBe(0);
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 60 }), fc.nat(900), (units, packSize, minOrder) => {
        const quantity = orderQuantity(units, { ...policy, packSize, minOrder });
        expect(quantity % packSize).toBe(0);
        expect(quantity).toBeGreaterThanOrEqual(Math.max(units, minOrder));
        expect(quantity - packSize).toBeLessThan(Math.max(units, minOrder, 1));
      }),
    );
  });

  test("[RP9] with the costs of a unit and of an order, an order is at least the economic quantity", () => {
    const costs = { ...policy, unitCost: 4, orderCost: 50 };
    // 3,640 units a year: sqrt(2 * 3640 * 50 / (0.25 * 4)) = 603.3
    const decision = decide(steady(10), stock(50), costs, uniform);
    expect(decision.economic_quantity).toBe(603.32);
    expect(decision.quantity).toBe(604);
    expect(decide(steady(10), stock(50), { ...costs, packSize: 12 }, uniform).quantity).toBe(612);
    expect(decide(steady(10), stock(50), { ...costs, holdingRate: 25 }, uniform).quantity).toBe(127);
    expect(decide(steady(10), stock(500), costs, uniform).quantity).toBe(0);
    expect(decide(steady(10), stock(50), { ...policy, orderCost: 50 }, uniform).economic_quantity).toBeNull();
  });

  test.each([
    [0, 10, "out_of_stock"],
    [118, 10, "order_now"],
    [168, 10, "order_soon"],
    [169, 10, "ok"],
    [1050, 10, "ok"],
    [1051, 10, "overstock"],
    [5, 0.001, "no_demand"],
  ])("[RP3] %d on hand and %d a day is %s", (onHand, units, status) => {
    expect(decide(steady(units), stock(onHand), policy, uniform).status).toBe(status);
  });

  test("[RP3] what lasts through lead time and review period is not to be ordered now, and never nothing is", () => {
    // Without a review period both levels are one, 118.
    const daily = { ...policy, reviewPeriodDays: 0 };
    expect(decide(steady(10), stock(118), daily, uniform)).toMatchObject({
      status: "order_soon",
      quantity: 0,
      order_by: isoDate(TODAY + 1),
    });
    expect(decide(steady(10), stock(117), daily, uniform)).toMatchObject({
      status: "order_now",
      quantity: 1,
      order_by: isoDate(TODAY),
    });
  });

  test("[RP4] order-by date and cover follow the mean", () => {
    const decision = decide(steady(10), stock(218, 0), policy, uniform);
    expect(decision.order_by).toBe(isoDate(TODAY + 10));
    expect(decision.days_of_cover).toBe(21.8);
    const plenty = decide(steady(10), stock(1_000_000), policy, uniform);
    expect(plenty.order_by).toBeNull();
    expect(plenty.days_of_cover).toBeNull();
    expect(decide(steady(10), stock(0), policy, uniform).days_of_cover).toBe(0);
  });

  test("[RP5] stock-out dates are ordered, and what arrives puts them off", () => {
    const { stock_out: bare } = decide(steady(10), stock(200), policy, uniform);
    // Gone with certainty when the least demand, 8 a day, has used 200: day 25; at the earliest after 200 / 12.
    expect(bare.p50).toBe(isoDate(TODAY + 19));
    expect(bare.p10! < bare.p50! && bare.p50! < bare.p90!).toBe(true);
    expect(bare.probability_within_lead_time).toBe(0);
    const { stock_out: later } = decide(
      steady(10),
      stock(200, 0, [{ quantity: 100, eta: isoDate(TODAY + 5) }]),
      policy,
      uniform,
    );
    expect(later.p50).toBe(isoDate(TODAY + 29));
    const { stock_out: gone } = decide(steady(10), stock(0), policy, uniform);
    expect(gone.p10).toBe(isoDate(TODAY));
    expect(gone.probability_within_lead_time).toBe(1);
    const { stock_out: never } = decide(steady(10), stock(1_000_000), policy, uniform);
    expect([never.p10, never.p50, never.p90]).toEqual([null, null, null]);
  });

  test("[RP5] a delivery hides no day before it on which the stock is gone", () => {
    for (const ahead of [6, 30]) {
      const late = stock(25, 0, [{ quantity: 5_000, eta: isoDate(TODAY + ahead) }]);
      // Two days take 24 at most, three 24 to 36.
      expect(decide(steady(10), late, policy, uniform).stock_out).toEqual({
        p10: isoDate(TODAY + 2),
        p50: isoDate(TODAY + 2),
        p90: isoDate(TODAY + 2),
        probability_within_lead_time: 1,
      });
    }
    const soon = stock(25, 0, [{ quantity: 5_000, eta: isoDate(TODAY + 1) }]);
    expect(decide(steady(10), soon, policy, uniform).stock_out).toMatchObject({
      p10: null,
      probability_within_lead_time: 0,
    });
  });

  test("[RP5] a forecast that knows little of far days hides no day before them", () => {
    const [near, far] = [steady(10), steady(10, 1.3)];
    const forecast = { ...near, over: (days: number) => (days < 60 ? near : far).over(days) };
    // Twelve days take 96 to 144: 90 % of that is 100 and more; of 180 days it is not.
    expect(decide(forecast, stock(100), policy, uniform).stock_out.p90).toBe(isoDate(TODAY + 11));
  });

  test("[RP6] revenue at risk is the shortage over the lead time times the price", () => {
    expect(decide(steady(10), stock(60), policy, uniform, 2.5).revenue_at_risk).toBe(100);
    expect(decide(steady(10), stock(60), policy, uniform).revenue_at_risk).toBeNull();
    // 35 cannot be sold before the delivery, and are not afterwards.
    const late = stock(25, 0, [{ quantity: 5_000, eta: isoDate(TODAY + 6) }]);
    expect(decide(steady(10), late, policy, uniform, 2.5).revenue_at_risk).toBe(87.5);
  });

  test("[RP7] the newsvendor's fractile needs cost and price", () => {
    const costs = { ...policy, unitCost: 6 };
    expect(decide(steady(10), stock(60), costs, uniform, 10).newsvendor).toEqual({
      fractile: 0.4,
      order_up_to: 144,
    });
    expect(decide(steady(10), stock(60), costs, uniform, 5).newsvendor).toBeNull();
    expect(decide(steady(10), stock(60), costs, uniform).newsvendor).toBeNull();
    expect(decide(steady(10), stock(60), policy, uniform, 10).newsvendor).toBeNull();
  });

  test("[FC12] a forecast as JSON", () => {
    const json = forecastJson(steady(10), 3, [0.1, 0.5], policy, uniform);
    expect(json.daily.map(({ date }) => date)).toEqual(["2026-11-24", "2026-11-25", "2026-11-26"]);
    expect(json.daily[0]).toEqual({ date: "2026-11-24", mean: 10, quantiles: { "0.1": 9, "0.5": 10 } });
    expect(json.lead_time).toMatchObject({ days: 10, mean: 100, reorder_point: 118, order_up_to: 177 });
    expect(json.backtest).toEqual({ days: 100, rmsse: 0.8123, bias: -0.01, coverage_95: 0.96 });
    expect(json.experts.map(({ expert }) => expert)).toEqual(["b", "a"]);
    expect(json.class).toEqual({ demand: "smooth", xyz: "X" });
  });
});

function row(sku: string, change: Partial<BoardRow> = {}): BoardRow {
  return {
    sku,
    ...decide(steady(10), stock(200), policy, uniform, 2),
    mean_daily_demand: 10,
    lead_time_days: 10,
    service_level: 0.95,
    unit_price: 2,
    revenue: 100,
    class: { abc: "C", xyz: "X", demand: "smooth" },
    ...change,
  };
}

describe("the board", () => {
  test("[RP8] classes by revenue and by weekly variation", () => {
    const rows = [
      row("small", { revenue: 40 }),
      row("big", { revenue: 800 }),
      row("mid", { revenue: 160 }),
      row("none", { revenue: 0 }),
    ];
    classify(rows);
    const classes = Object.fromEntries(rows.map(({ sku, class: { abc } }) => [sku, abc]));
    expect(classes).toEqual({ big: "A", mid: "B", small: "C", none: "C" });
    expect([0.2, 0.5, 1.2, undefined].map(xyzClass)).toEqual(["X", "Y", "Z", null]);
  });

  test("[DP8] pages of a sorted board hold each row once, whatever the limit, and outlast changes", () => {
    const rows = Array.from({ length: 57 }, (_, i) =>
      row(`s${i}`, {
        revenue_at_risk: i % 7,
        order_by: i % 5 === 0 ? null : isoDate(TODAY + (i % 9)),
        days_of_cover: i % 3,
      }),
    );
    for (const sort of ["revenue_at_risk", "order_by", "days_of_cover", "sku"] as const) {
      const order = sorted(rows, sort);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = pageOf(order, { sort, limit: 10, ...(cursor !== undefined && { cursor }) });
        seen.push(...page.items.map(({ sku }) => sku));
        cursor = page.next_cursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(order.map(({ sku }) => sku));
    }
    const order = sorted(rows, "sku");
    const { next_cursor: cursor } = pageOf(order, { sort: "sku", limit: 10 });
    const without = order.filter((_, i) => i !== 9);
    expect(pageOf(without, { sort: "sku", limit: 3, cursor: cursor! }).items.map(({ sku }) => sku)).toEqual(
      order.slice(10, 13).map(({ sku }) => sku),
    );
  });
});
