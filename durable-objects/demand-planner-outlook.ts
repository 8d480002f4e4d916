import { type Calendar, isoDate } from "../domain/calendar.ts";
import { DEFAULT_POLICY, type ReplenishmentPolicy } from "../domain/demand.ts";
import type { SeriesForecast, SeriesForecaster } from "../domain/forecast.ts";
import { forecastJson } from "../domain/forecast-json.ts";
import { keepLatest } from "../domain/keep-latest.ts";
import { PLANNER_PAGE_SKUS } from "../domain/limits.ts";
import {
  type Board,
  type BoardRequest,
  type BoardRow,
  type BoardTotals,
  classify,
  pageOf,
  sorted,
  totalsOf,
} from "../domain/planner/board.ts";
import { decide, round, xyzClass } from "../domain/replenishment.ts";
import type { HistoryDay, PlannerBooks } from "./demand-planner-books.ts";
import { placeOf } from "./demand-planner-store.ts";

const SEASON_DAYS = 7;
const HOUR_MS = 3_600_000;
const QUANTILES = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
/** Pages whose forecasts stay in memory; of the others only the rows of the board. */
const PAGES_IN_MEMORY_MAX = 4;

/** As JSON shows it. */
export type PlannerForecast = ReturnType<PlannerOutlook["forecast"]>;

/** What a page was computed from: its version, the day, and the first day of all pages. */
interface Computed<T> {
  readonly key: string;
  readonly value: T;
}

/** Forecasts and decisions over a planner's books, computed page by page when something asks and something changed. */
export class PlannerOutlook {
  private readonly books: PlannerBooks;
  private readonly calendar: Calendar;
  private readonly forecaster: () => SeriesForecaster;
  private readonly forecasts = new Map<number, Computed<SeriesForecast[]>>();
  private readonly rows = new Map<number, Computed<BoardRow[]>>();
  private readonly orders = new Map<string, BoardRow[]>();
  private totals: BoardTotals | undefined;
  private ordersKey = "";

  constructor(books: PlannerBooks, calendar: Calendar, forecaster: () => SeriesForecaster) {
    this.books = books;
    this.calendar = calendar;
    this.forecaster = forecaster;
  }

  /** JSON of `GET /v1/inventory/:sku/forecast`. @param assumed of the policy, instead of what is stored. */
  forecast(id: number, horizon: number, now: number, assumed: Partial<ReplenishmentPolicy> = {}) {
    const { page, slot } = placeOf(id);
    const forecast = this.page(page, now)[slot]!;
    const { position, price } = this.books.state(id) ?? {};
    const policy = { ...(position?.policy ?? DEFAULT_POLICY), ...assumed };
    const { id: sku, ...shown } = forecastJson(forecast, horizon, QUANTILES, policy, this.forecaster());
    return {
      sku,
      as_of: isoDate(forecast.startDay),
      ...shown,
      mean_daily_demand: round(forecast.over(SEASON_DAYS).mean / SEASON_DAYS, 4),
      unit_price: policy.unitPrice ?? price ?? null,
      policy: {
        lead_time_days: policy.leadTimeDays,
        review_period_days: policy.reviewPeriodDays,
        service_level: policy.serviceLevel,
        unit_cost: policy.unitCost ?? null,
        order_cost: policy.orderCost ?? null,
        holding_rate: policy.holdingRate ?? null,
        pack_size: policy.packSize,
        min_order: policy.minOrder,
      },
      replenishment:
        position === undefined
          ? null
          : decide(forecast, position, policy, this.forecaster(), policy.unitPrice ?? price),
      history: historyJson(this.books.history(id, now), forecast.startDay),
    };
  }

  /** The board's rows, those that are stale computed anew. */
  board(request: BoardRequest, now: number): Board {
    let key = "";
    for (let page = 0; page < this.books.pages; page++) {
      this.rowsOf(page, now);
      key += `${this.rows.get(page)!.key};`;
    }
    if (key !== this.ordersKey) {
      this.orders.clear();
      this.totals = undefined;
      this.ordersKey = key;
    }
    const { sort } = request;
    let order = this.orders.get(sort);
    if (order === undefined) {
      const all = [...this.rows.values()].flatMap(({ value }) => value);
      if (this.orders.size === 0) classify(all);
      order = sorted(all, sort);
      this.orders.set(sort, order);
    }
    this.totals ??= totalsOf(order);
    return { ...pageOf(order, request), totals: this.totals };
  }

  /** Computes a page's forecasts and rows, so that nobody waits for them later. */
  warm(page: number, now: number): void {
    this.rowsOf(page, now);
  }

  private key(page: number, now: number): string {
    const today = this.calendar.dayOf(now);
    const { firstDay } = this.books.counters;
    // A shop's first day is forecast from, as far as it has gone.
    const gone = firstDay < today ? "" : ` hour ${Math.floor(now / HOUR_MS)}`;
    return `${this.books.versions[page] ?? 0}@${today}${gone} since ${firstDay}`;
  }

  /** A page's forecasts, kept: somebody looks at its SKUs. */
  private page(page: number, now: number): SeriesForecast[] {
    const key = this.key(page, now);
    const kept = this.forecasts.get(page);
    const found = kept?.key === key ? kept : { key, value: this.computed(page, now) };
    keepLatest(this.forecasts, page, found, PAGES_IN_MEMORY_MAX);
    return found.value;
  }

  private computed(page: number, now: number): SeriesForecast[] {
    return this.forecaster().forecast(this.books.series(page, now), { season: SEASON_DAYS });
  }

  private rowsOf(page: number, now: number): BoardRow[] {
    const key = this.key(page, now);
    const known = this.rows.get(page);
    if (known?.key === key) return known.value;
    const kept = this.forecasts.get(page);
    const forecasts = kept?.key === key ? kept.value : this.computed(page, now);
    const rows: BoardRow[] = [];
    for (const [slot, forecast] of forecasts.entries()) {
      const { position, price: paid } = this.books.state(page * PLANNER_PAGE_SKUS + slot) ?? {};
      if (position === undefined) continue;
      const { policy } = position;
      const price = policy.unitPrice ?? paid;
      const week = forecast.over(SEASON_DAYS).mean;
      rows.push({
        sku: forecast.id,
        ...decide(forecast, position, policy, this.forecaster(), price),
        mean_daily_demand: round(week / SEASON_DAYS, 4),
        lead_time_days: policy.leadTimeDays,
        service_level: policy.serviceLevel,
        unit_price: price ?? null,
        revenue: round(forecast.totalDemand * (price ?? 0)),
        class: { abc: "C", xyz: xyzClass(forecast.weeklyVariation), demand: forecast.demandClass },
      });
    }
    this.rows.set(page, { key, value: rows });
    return rows;
  }
}

/** Days from the first with anything to tell. Today is marked: it is not over. */
function historyJson(days: readonly HistoryDay[], today: number) {
  const first = days.findIndex(({ units, views, carts }) => units + views + carts > 0);
  return (first < 0 ? [] : days.slice(first)).map(({ day, units, inStock, views, carts }) => ({
    date: isoDate(day),
    units,
    in_stock: round(inStock, 3),
    ...(views > 0 && { views }),
    ...(carts > 0 && { carts }),
    ...(day === today && { partial: true }),
  }));
}
