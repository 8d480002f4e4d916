// The forecast kernel beside augurs' AutoETS and beside POST /v1/forecast, on the shop's real series.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_POLICY } from "../domain/demand.ts";
import type { DemandSeries } from "../domain/forecast.ts";
import { forecastAnswer } from "../domain/forecast-json.ts";
import { augurs, ownForecaster } from "../scripts/evaluate/forecast/methods.ts";
import { readPanel } from "../scripts/evaluate/forecast/panel.ts";
import { startServer } from "../scripts/server/index.ts";
import { type LoadOptions, median, run } from "./load.ts";
import type { Row } from "./table.ts";

const DAYS = 365;
const SHARES = [0.5, 0.9, 0.95];
/** SKUs that a planner forecasts together. */
const PAGE = 1_024;
const TURN_SECONDS = 1;

/** @returns Rows of the speed table about forecasts. */
export async function forecastRows(quick: boolean): Promise<Row[]> {
  const panel = readPanel(join(import.meta.dirname, "../data/online_retail_daily/units.csv.gz"));
  const real: DemandSeries[] = panel.series.map(({ id, demand }) => ({
    id,
    startDay: 20_000,
    demand: Float32Array.from(demand.slice(-DAYS)),
  }));
  const many = Array.from({ length: quick ? 2_000 : 10_000 }, (_, i) => real[i % real.length]!);
  const forecaster = ownForecaster();
  const all = () => {
    let sum = 0;
    for (let from = 0; from < many.length; from += PAGE) {
      for (const forecast of forecaster.forecast(many.slice(from, from + PAGE), { season: 7 })) {
        for (const share of SHARES) sum += forecaster.quantile(forecast.over(14), share);
      }
    }
    return sum;
  };
  const pages = () => {
    for (let from = 0; from < many.length; from += PAGE) {
      forecaster.forecast(many.slice(from, from + PAGE), { season: 7 });
    }
  };
  const rounds = quick ? 3 : 9;
  const page = timed(pages, rounds);
  const whole = timed(all, rounds);
  const each = kernelMicroseconds(forecaster, real.slice(0, PAGE), rounds);
  const peer = augurs();
  const some = panel.series
    .slice(0, quick ? 20 : 200)
    .map(({ id, demand }) => ({ id, demand: demand.slice(-DAYS) }));
  const began = process.cpuUsage();
  await peer({ name: "", series: some, back: 0 }, 28);
  const augursMicroseconds = (processorMs(began) * 1000) / some.length;
  const perSeries = (whole.median * 1000) / many.length;
  return [
    {
      what: "forecast of a 365-day series in the kernel: bank, running backtest, three quantiles",
      figure: `${each.median.toFixed(1)} us (${each.low.toFixed(1)} to ${each.high.toFixed(1)})`,
      aim: "<= 10 us",
      met: each.median <= 10,
    },
    {
      what: "the same with all that the host does",
      figure: `${perSeries.toFixed(1)} us`,
      peer: `@bsull/augurs AutoETS: ${augursMicroseconds.toFixed(0)} us (${(augursMicroseconds / each.median).toFixed(0)} times the kernel, ${(augursMicroseconds / perSeries).toFixed(0)} times this)`,
      aim: ">= 500 times faster than augurs",
      met: augursMicroseconds / each.median >= 500,
    },
    {
      what: `${many.length.toLocaleString("en")} SKUs of 365 days re-forecast`,
      figure: `${page.median.toFixed(0)} ms (${page.low.toFixed(0)} to ${page.high.toFixed(0)})`,
      aim: "10,000 in < 200 ms on one core",
      met: page.median * (10_000 / many.length) < 200,
    },
    ...(await overHttp(real.slice(0, 1_000), forecaster, rounds)),
  ];
}

/** 1,000 series as JSON in and out, beside the same forecasts and decisions without HTTP and JSON, in this process. */
async function overHttp(
  series: readonly DemandSeries[],
  forecaster: ReturnType<typeof ownForecaster>,
  rounds: number,
): Promise<Row[]> {
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-bench-"));
  const server = await startServer({ port: 0, dir });
  try {
    const rows: Row[] = [];
    for (const { horizon, quantiles, what, aim } of [
      { horizon: 1, quantiles: [0.5], what: "lead-time levels, one day", aim: 0.6 },
      { horizon: 28, quantiles: [0.1, 0.25, 0.5, 0.75, 0.9], what: "28 days with five quantiles each" },
    ]) {
      const body = JSON.stringify({
        horizon,
        quantiles,
        series: series.map(({ id, demand }) => ({ id, start: "2026-01-01", demand: Array.from(demand) })),
      });
      const request = { series, horizon, quantiles, season: 7, policy: DEFAULT_POLICY };
      const load: LoadOptions = {
        url: server.url,
        // A rate: the next request has arrived whole while one is computed, which two connections do not always do.
        connections: 4,
        seconds: TURN_SECONDS,
        warmUp: 5,
        method: "POST",
        headers: { authorization: `Bearer ${server.keys.secretKey}`, "content-type": "application/json" },
        request: () => ({ path: "/v1/forecast", body }),
      };
      // In turns: whatever else the machine does slows both.
      const [times, alone]: [number[], number[]] = [[], []];
      let failed = 0;
      for (let i = 0; i < rounds; i++) {
        const over = await run(load);
        failed += over.failed;
        times.push(1000 / over.requestsPerSecond);
        alone.push(eachMs(() => forecastAnswer(request, forecaster)));
      }
      const ratio = median(alone) / median(times);
      const bytes = JSON.stringify(forecastAnswer(request, forecaster)).length;
      rows.push({
        what: `1,000 series of 365 days through POST /v1/forecast: ${what}`,
        figure: `${median(times).toFixed(0)} ms, ${(body.length / 1e6).toFixed(1)} MB in, ${(bytes / 1e6).toFixed(1)} MB out`,
        peer: `the same forecasts and levels without HTTP and JSON: ${median(alone).toFixed(0)} ms`,
        ratio,
        aim: aim === undefined ? "" : ">= 60 % of the kernel's rate",
        ...(aim !== undefined && { met: ratio >= aim }),
        failed,
      });
    }
    return rows;
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Milliseconds a call, one after another for as long as a turn of the other side takes. */
function eachMs(work: () => unknown): number {
  const began = performance.now();
  let calls = 0;
  while (performance.now() - began < TURN_SECONDS * 1000) {
    work();
    calls++;
  }
  return (performance.now() - began) / calls;
}

/** The kernel's own calls, four series at a time over columns that are in its memory, and three quantiles of each. */
function kernelMicroseconds(
  forecaster: ReturnType<typeof ownForecaster>,
  series: readonly DemandSeries[],
  rounds: number,
) {
  const sums = forecaster.forecast(series, { season: 7 }).map((forecast) => forecast.over(14));
  const calls = sums.length / 4;
  const {
    median: ms,
    low,
    high,
  } = timed(() => {
    for (let i = 0; i < calls; i++) forecaster.runAgain(DAYS, 7);
    for (const sum of sums) for (const share of SHARES) forecaster.quantile(sum, share);
  }, rounds);
  const scale = 1000 / sums.length;
  return { median: ms * scale, low: low * scale, high: high * scale };
}

/** Milliseconds of this process' own processor time: what others do on the machine counts less. */
function timed(work: () => unknown, rounds: number): { median: number; low: number; high: number } {
  work();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const began = process.cpuUsage();
    work();
    times.push(processorMs(began));
  }
  return { median: median(times), low: Math.min(...times), high: Math.max(...times) };
}

function processorMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}
