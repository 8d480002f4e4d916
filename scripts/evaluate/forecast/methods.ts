// The project's forecasts, and what they are measured against.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { AutoETS, initSync } from "@bsull/augurs/ets";
import type { DemandSeries } from "../../../domain/forecast.ts";
import { Forecaster } from "../../../kernels/forecast.ts";
import type { Forecast, Method } from "./measure.ts";
import { readPanel } from "./panel.ts";

const PROJECT = join(import.meta.dirname, "../../..");

/** The kernel as the service runs it. @param censor what is known of a series beside its demand. */
export function shelfwise(season: number, censor?: (id: string) => Float64Array): Method {
  const forecaster = ownForecaster();
  return ({ series }, horizon) => {
    const given = series.map(({ id, demand, known }): DemandSeries => {
      const inStock = censor?.(id) ?? known;
      return { id, startDay: 0, demand, ...(inStock !== undefined && { inStock }) };
    });
    return forecaster.forecast(given, { season }).map((forecast) => ({
      daily: Float64Array.from({ length: horizon }, (_, ahead) => forecast.day(ahead).mean),
      quantile: (days: number, share: number) => forecaster.quantile(forecast.over(days), share),
    }));
  };
}

export function ownForecaster(): Forecaster {
  return new Forecaster(new WebAssembly.Module(readFileSync(join(PROJECT, "build/forecast.wasm"))));
}

/** Each day as the same day of the last season. */
export function seasonalNaive(season: number): Method {
  return ({ series }, horizon) =>
    series.map(({ demand }) => ({
      daily: Float64Array.from(
        { length: horizon },
        (_, h) => demand[demand.length - season + (h % season)] ?? 0,
      ),
    }));
}

/** Syntetos & Boylan's correction of Croston's method, alpha .1. */
export function syntetosBoylan(): Method {
  const alpha = 0.1;
  return ({ series }, horizon) =>
    series.map(({ demand }) => {
      let size = 0;
      let interval = 0;
      let since = 1;
      for (const units of demand) {
        if (units > 0) {
          size = size === 0 ? units : size + alpha * (units - size);
          interval = interval === 0 ? since : interval + alpha * (since - interval);
          since = 1;
        } else since++;
      }
      return {
        daily: new Float64Array(horizon).fill(interval > 0 ? ((1 - alpha / 2) * size) / interval : 0),
      };
    });
}

/** Mean of the last eight weeks, and mean + z sigma sqrt(L) with the standard deviation of a day. */
export function textbook(): Method {
  const window = 56;
  return ({ series }, horizon) =>
    series.map(({ demand }): Forecast => {
      const recent = demand.slice(-window);
      const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
      const variance = recent.reduce((sum, y) => sum + (y - mean) ** 2, 0) / recent.length;
      return {
        daily: new Float64Array(horizon).fill(mean),
        quantile: (days, share) =>
          Math.max(0, mean * days + normalQuantile(share) * Math.sqrt(variance * days)),
      };
    });
}

/** AutoETS of @bsull/augurs, run live, with its normal intervals widened to the lead time. */
export function augurs(): Method {
  const require = createRequire(import.meta.url);
  initSync({ module: readFileSync(require.resolve("@bsull/augurs/ets").replace(/ets\.js$/, "ets_bg.wasm")) });
  return ({ series }, horizon) =>
    series.map(({ demand }) => {
      const model = new AutoETS(7, "ZZN");
      try {
        model.fit(demand);
        const { point, intervals } = model.predict(horizon, 0.95);
        const sigma = ((intervals?.upper[0] ?? point[0]!) - point[0]!) / normalQuantile(0.975);
        return {
          daily: point,
          quantile: (days: number, share: number) =>
            Math.max(0, sum(point, days) + normalQuantile(share) * sigma * Math.sqrt(days)),
        };
      } catch {
        return { daily: new Float64Array(horizon) };
      } finally {
        model.free();
      }
    });
}

/**
 * What R's `forecast` package 8.20 said (28 days, from the same two origins), and normal quantiles around it with the
 * standard deviation of its one-day errors, estimated as that of the training's last eight weeks around their mean.
 *
 * @param panel `units` or `order_lines`.
 */
export function fromR(panel: string, method: "ets" | "theta" | "snaive"): Method {
  const weeks = 56;
  return ({ series, back }) => {
    const file = join(PROJECT, `data/online_retail_daily/peers/${panel}_back${back}_${method}.csv.gz`);
    const rows = new Map(readSigned(file));
    return series.map(({ id, demand }) => {
      const daily = rows.get(id)!;
      const recent = demand.slice(-weeks);
      const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
      const sigma = Math.sqrt(recent.reduce((total, y) => total + (y - mean) ** 2, 0) / recent.length);
      return {
        daily,
        quantile: (days: number, share: number) =>
          Math.max(0, sum(daily, days) + normalQuantile(share) * sigma * Math.sqrt(days)),
      };
    });
  };
}

/** Forecasts may be negative: they are cut at 0, as anyone would. */
function readSigned(file: string): [string, Float64Array][] {
  return readPanel(file, file, true).series.map(({ id, demand }) => [
    id,
    demand.map((value) => Math.max(0, value)),
  ]);
}

function sum(values: ArrayLike<number>, days: number): number {
  let total = 0;
  for (let h = 0; h < days; h++) total += values[h]!;
  return total;
}

export function normalQuantile(share: number): number {
  // Bisection of the distribution by Abramowitz & Stegun 26.2.17: a peer need not be fast.
  let low = -8;
  let high = 8;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    const t = 1 / (1 + 0.2316419 * Math.abs(middle));
    const poly =
      t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    const upper = 0.3989422804014327 * Math.exp((-middle * middle) / 2) * poly;
    if ((middle >= 0 ? 1 - upper : upper) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
