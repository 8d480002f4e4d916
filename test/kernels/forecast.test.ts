import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DemandSeries, SeriesForecast } from "../../domain/forecast.ts";
import { Forecaster } from "../../kernels/forecast.ts";
import { groupOf } from "../../kernels/forecast-group.ts";
import { referenceFit, referenceTotals } from "../reference/forecast.ts";

const forecaster = new Forecaster(new WebAssembly.Module(readFileSync("build/forecast.wasm")));

/** Seeded demand: a weekly pattern, bursts, days out of stock, a shut Saturday. */
function shop(count: number, days: number, seed: number): DemandSeries[] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, (_, n) => {
    const rate = 0.2 + random() * 8;
    const born = n % 3 === 0 ? Math.floor(random() * days) : 0;
    const inStock = Array.from({ length: days }, () => (random() < 0.06 ? 0 : random() < 0.03 ? 0.5 : 1));
    const demand = inStock.map((share, t) => {
      if (t < born || t % 7 === 3 || share === 0) return 0;
      return Math.floor(rate * (1 + 0.5 * Math.sin(t % 7)) * -Math.log(1 - random() * 0.999) * share);
    });
    return { id: `sku-${n}`, startDay: 20_000, demand, ...(n % 2 === 0 && { inStock }) };
  });
}

function closeTo(actual: number, wanted: number, tolerance = 2e-3): boolean {
  return Math.abs(actual - wanted) <= tolerance * Math.max(1e-3, Math.abs(wanted));
}

describe("the expert bank", () => {
  test.each([
    [30, 365, 7],
    [9, 150, 7],
    [5, 60, 12],
    [3, 51, 1],
    [4, 20, 7],
  ])("[FC1] %i series of %i days, season %i, are as the plain reference says", (count, days, season) => {
    const series = shop(count, days, count * days);
    const group = groupOf(referenceTotals(series, days), season);
    const fits = series.map((one) => referenceFit(one, group, days, season));
    const wrong: string[] = [];
    for (const [i, forecast] of forecaster.forecast(series, { season }).entries()) {
      const fit = fits[i]!;
      const compare = (what: string, actual: number, wanted: number) => {
        if (!closeTo(actual, wanted)) wrong.push(`${what} of ${i}: ${actual}, not ${wanted}`);
      };
      for (const [k, { weight, level }] of forecast.experts.slice(0, 12).entries()) {
        if (weight > 1e-3) compare(`weight ${k}`, weight, fit.weights[k]!);
        compare(`level ${k}`, level, fit.levels[k]!);
      }
      compare("backtest days", forecast.backtest.days, fit.backtestDays);
      if (fit.rmsse !== undefined) compare("rmsse", forecast.backtest.rmsse!, fit.rmsse);
      // Of one week, the momentum of the group cancels in the shares of the days.
      const week = forecast.over(season).mean;
      const own = fit.season.reduce((a, b) => a + b, 0);
      for (let ahead = 0; ahead < season && week > 0; ahead++) {
        const share = fit.season[(days + ahead) % season]! / own;
        if (share > 1e-4) compare(`share of day ${ahead}`, forecast.day(ahead).mean / week, share);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("[FC2] the group's momentum is the decayed ratio of its sums to what was forecast of them, to the .3", () => {
    const days = 200;
    const series = shop(12, days, 5).map((one) => ({
      ...one,
      demand: Array.from(one.demand, (y, t) => (t > 170 ? y * 2 : y)),
    }));
    const group = groupOf(referenceTotals(series, days), 7);
    const fits = series.map((one) => referenceFit(one, group, days, 7));
    let [demand, forecast, weight] = [0, 0, 1];
    for (let t = days - 1; t >= days - 112; t--) {
      const [came, told] = fits.reduce(
        ([a, b], { pool }) => [a + pool[t]!.demand, b + pool[t]!.forecast],
        [0, 0],
      );
      if (!(told > 0)) continue;
      demand += weight * came;
      forecast += weight * told;
      weight *= 0.8;
    }
    const momentum = (demand / forecast) ** 0.3;
    expect(momentum).toBeGreaterThan(1.05);
    for (const [i, outlook] of forecaster.forecast(series, { season: 7 }).entries()) {
      const fit = fits[i]!;
      const plain = fit.level * fit.season.reduce((a, b) => a + b, 0);
      expect(closeTo(outlook.over(7).mean, plain * momentum, 5e-3)).toBe(true);
    }
  });

  test("[FC3] the order and the company of series of a batch change nothing but what the group shares", () => {
    const series = shop(11, 120, 3);
    const forward = forecaster.forecast(series, { season: 7 }).map((forecast) => forecast.over(14).mean);
    const backward = forecaster
      .forecast([...series].reverse(), { season: 7 })
      .map((one) => one.over(14).mean);
    for (const [i, mean] of forward.entries()) expect(closeTo(backward.at(-1 - i)!, mean, 1e-5)).toBe(true);
  });

  test("[FC4] lengths may differ: series that end on the same day are aligned there", () => {
    const long = shop(6, 150, 8);
    const cut = long.map((one, i) => {
      const from = i === 2 ? 90 : 0;
      return {
        ...one,
        startDay: one.startDay + from,
        demand: Array.from(one.demand).slice(from),
        inStock: undefined,
      };
    });
    const bare = cut.map(({ inStock, ...one }) => one);
    const [, , third] = forecaster.forecast(bare, { season: 7 });
    expect(third!.startDay).toBe(20_150);
    expect(third!.over(7).mean).toBeGreaterThan(0);
    const other = forecaster.forecast([{ id: "x", startDay: 19_000, demand: [1, 2, 3] }, ...bare], {
      season: 7,
    });
    expect(other[0]!.startDay).toBe(19_003);
    expect(closeTo(other[3]!.over(7).mean, third!.over(7).mean, 1e-6)).toBe(true);
  });

  test("[FC5] a day on which the shop never sells is forecast as exactly 0", () => {
    const series = shop(20, 200, 9);
    for (const forecast of forecaster.forecast(series, { season: 7 })) {
      for (let ahead = 0; ahead < 28; ahead++) {
        if ((200 + ahead) % 7 === 3) expect(forecast.day(ahead).mean).toBe(0);
      }
    }
  });

  test("[FC5] a single series that sells on every other day shows a shut one", () => {
    const shut = (length: number, every: number) => ({
      id: "a",
      startDay: 0,
      demand: Array.from({ length }, (_, t) => (t % 7 !== 3 && t % every === 0 ? 4 : 0)),
    });
    const daily = (one: DemandSeries) => {
      const [forecast] = forecaster.forecast([one], { season: 7 });
      return Array.from({ length: 14 }, (_, ahead) => ({
        position: (one.demand.length + ahead) % 7,
        demand: forecast!.day(ahead),
      }));
    };
    for (const { position, demand } of daily(shut(120, 1))) {
      if (position !== 3) expect(demand.mean).toBeGreaterThan(1);
      else expect([demand.mean, forecaster.quantile(demand, 0.999)]).toEqual([0, 0]);
    }
    // Sparse sales say nothing of a day they missed.
    for (const { demand } of daily(shut(60, 11))) expect(demand.mean).toBeGreaterThan(0);
  });

  test("[FC13] the same series give the same forecast to the bit, whatever was forecast in between", () => {
    const bits = (series: DemandSeries[], season: number) =>
      JSON.stringify(
        forecaster
          .forecast(series, { season })
          .map((forecast) => [
            ...[1, 7, 28, 90].map((days) => forecast.over(days)),
            forecast.experts,
            forecast.backtest,
          ]),
      );
    const shape = fc.record({
      count: fc.integer({ min: 1, max: 9 }),
      days: fc.integer({ min: 1, max: 200 }),
      seed: fc.nat(1_000),
      season: fc.constantFrom(1, 7, 12),
    });
    fc.assert(
      fc.property(shape, shape, (one, other) => {
        const series = shop(one.count, one.days, one.seed);
        const before = bits(series, one.season);
        bits(shop(other.count, other.days, other.seed), other.season);
        expect(bits(series, one.season)).toBe(before);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    [391, 1, 1],
    [400, 1.6, 1.5],
  ])(
    "[FC14] %i days know last year's course: its peak is forecast %d times an even year's",
    (days, high, low) => {
      // A quarter of the days ahead of the origin had twice the demand a year ago, of all series.
      const year = (peak: number) =>
        Array.from({ length: 12 }, (_, n) => ({
          id: String(n),
          startDay: 0,
          demand: Array.from(
            { length: days },
            (_, t) => (t >= days - 364 && t < days - 336 ? 6 * peak : 6) + (n % 3),
          ),
        }));
      const [even] = forecaster.forecast(year(1), { season: 7 });
      const [peaked] = forecaster.forecast(year(4), { season: 7 });
      const ratio = (from: number, to: number) =>
        (peaked!.over(to).mean - peaked!.over(from).mean) / (even!.over(to).mean - even!.over(from).mean);
      const within = ratio(4, 24);
      const after = ratio(32, 36);
      if (high === 1) expect(within / after).toBeCloseTo(1, 2);
      else expect(within / after).toBeGreaterThan(low);
      expect(within / after).toBeLessThan(2.1);
    },
  );

  test("[FC6] sold-out days teach nothing: the level is that of the days in stock", () => {
    const demand = Array.from({ length: 200 }, (_, t) => (t % 5 === 0 ? 0 : 10));
    const inStock = demand.map((_, t) => (t % 5 === 0 ? 0 : 1));
    const [known] = forecaster.forecast([{ id: "a", startDay: 0, demand, inStock }], { season: 7 });
    const [ignored] = forecaster.forecast([{ id: "a", startDay: 0, demand }], { season: 7 });
    expect(known!.over(7).mean / 7).toBeCloseTo(10, 1);
    expect(ignored!.over(7).mean / 7).toBeLessThan(8.5);
  });

  test("[FC7] views and carts before the first sale are worth what they are worth to the group", () => {
    const days = 120;
    const sold = shop(8, days, 4).map((one) => ({
      ...one,
      views: Array.from(one.demand, (y) => y * 20 + 5),
      carts: Array.from(one.demand, (y) => y * 3),
    }));
    const fresh = {
      id: "new",
      startDay: 20_000,
      demand: new Array<number>(days).fill(0),
      views: Array.from({ length: days }, (_, t) => (t > 100 ? 60 : 0)),
      carts: new Array<number>(days).fill(0),
    };
    const last = forecaster.forecast([...sold, fresh], { season: 7 }).at(-1)!;
    expect(last.over(7).mean).toBeGreaterThan(0);
  });

  test("[FC8] nothing but finite numbers comes out, whatever goes in", () => {
    const days = fc.integer({ min: 1, max: 90 });
    const value = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1e9 }));
    const one = days.chain((length) =>
      fc.record({
        demand: fc.array(value, { minLength: length, maxLength: length }),
        inStock: fc.option(fc.array(fc.constantFrom(0, 0.3, 1), { minLength: length, maxLength: length })),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 9 }),
        fc.constantFrom(1, 7, 12),
        (many, season) => {
          const series = many.map(({ demand, inStock }, i) => ({
            id: String(i),
            startDay: 100 - demand.length,
            demand,
            ...(inStock !== null && { inStock }),
          }));
          for (const forecast of forecaster.forecast(series, { season })) {
            let [mean, variance, low] = [0, 0, 0];
            for (const ahead of [1, 2, 7, 14, 28, 90, 400]) {
              const sum = forecast.over(ahead);
              expect(Number.isFinite(sum.mean) && sum.mean >= mean).toBe(true);
              expect(Number.isFinite(sum.variance) && sum.variance >= variance).toBe(true);
              [mean, variance, low] = [sum.mean, sum.variance, 0];
              for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 0.999]) {
                const quantile = forecaster.quantile(sum, share);
                expect(Number.isInteger(quantile) && quantile >= low).toBe(true);
                low = quantile;
              }
              for (const x of [0, 1, mean]) {
                const chance = forecaster.cdf(sum, x);
                expect(chance >= 0 && chance <= 1).toBe(true);
                expect(forecaster.excess(sum, x) >= 0).toBe(true);
              }
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("beside SKUs that hardly ever sell", () => {
  /** Sales that come by chance, so many a day. */
  const selling = (count: number, rate: number, seed: number): DemandSeries[] => {
    let state = seed;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 1) / (2 ** 32 + 1);
    };
    const units = () => {
      let sold = 0;
      for (let left = random(); left > Math.exp(-rate); left *= random()) sold++;
      return sold;
    };
    return Array.from({ length: count }, (_, n) => ({
      id: `${rate}-${n}`,
      startDay: 20_000,
      demand: Array.from({ length: 400 }, units),
    }));
  };
  const busy = selling(40, 3, 1);
  const all = forecaster.forecast([...busy, ...selling(100, 0.003, 9)], { season: 7 });

  test("[FC11] quantiles of the others stay what they are", () => {
    const reorderPoint = (forecast: SeriesForecast) => forecaster.quantile(forecast.over(14), 0.95);
    const alone = reorderPoint(forecaster.forecast(busy, { season: 7 })[0]!);
    expect(Math.abs(reorderPoint(all[0]!) / alone - 1)).toBeLessThan(0.3);
  });

  test("[FC18] a sum of nothing is covered by any quantile", () => {
    const told = all.slice(busy.length).flatMap(({ backtest }) => backtest.coverage ?? []);
    expect(told.length).toBeGreaterThan(20);
    expect(Math.min(...told)).toBeGreaterThan(0.7);
  });
});

describe("distributions of counts", () => {
  const plain = (mean: number, variance: number) => ({ days: 1, mean, variance });

  /** By the definition: Poisson or negative binomial, summed term by term. */
  function terms(mean: number, variance: number, to: number): number[] {
    const size = (mean * mean) / (variance - mean);
    const chances: number[] = [];
    let chance = variance > mean ? (variance / mean) ** -size : Math.exp(-mean);
    for (let n = 0; n < to; n++) {
      chances.push(chance);
      chance *= variance > mean ? ((n + size) / (n + 1)) * (1 - mean / variance) : mean / (n + 1);
    }
    return chances;
  }

  test.each([
    [0.05, 0.05],
    [0.3, 0.9],
    [4, 4],
    [12, 80],
    [49, 400],
  ])(
    "[FC9] quantile, chance and excess of mean %d, variance %d are those of the negative binomial",
    (mean, variance) => {
      const chances = terms(mean, variance, 5_000);
      let sum = 0;
      const cumulative = chances.map((chance) => {
        sum += chance;
        return sum;
      });
      for (const share of [0.1, 0.5, 0.9, 0.95, 0.99]) {
        expect(forecaster.quantile(plain(mean, variance), share)).toBe(
          cumulative.findIndex((all) => all >= share),
        );
      }
      for (const x of [0, 1, 5, 40]) {
        expect(forecaster.cdf(plain(mean, variance), x)).toBeCloseTo(cumulative[x]!, 6);
        const excess = chances.reduce((all, chance, n) => all + Math.max(0, n - x) * chance, 0);
        expect(forecaster.excess(plain(mean, variance), x)).toBeCloseTo(excess, 5);
      }
    },
  );

  test.each([
    [80, 400],
    [150, 3_000],
    [400, 2_000],
    [60, 20_000],
    [300, 210_000],
    [300, 600_000],
  ])(
    "[FC10] above a mean of 50 a gamma stands in: mean %d, variance %d within 3 %% of a count",
    (mean, variance) => {
      const chances = terms(mean, variance, 20_000);
      let sum = 0;
      const cumulative = chances.map((chance) => {
        sum += chance;
        return sum;
      });
      for (const share of [0.1, 0.5, 0.9, 0.95, 0.99]) {
        const wanted = cumulative.findIndex((all) => all >= share);
        expect(Math.abs(forecaster.quantile(plain(mean, variance), share) - wanted)).toBeLessThanOrEqual(
          Math.max(1, wanted * 0.03),
        );
      }
      const excess = chances.reduce((all, chance, n) => all + Math.max(0, n - mean) * chance, 0);
      expect(Math.abs(forecaster.excess(plain(mean, variance), mean) / excess - 1)).toBeLessThan(0.03);
    },
  );

  test("[FC11] a calibration moves a quantile to where the past had that share below it", () => {
    // Past scores twice as wide as they were told to be: the 95 % quantile lies farther out.
    const bins = 256;
    const wide = Array.from({ length: bins }, (_, bin) => {
      const z = -4 + ((bin + 1) * 8) / bins;
      return 100_000 / (1 + Math.exp(-1.702 * (z / 2)));
    });
    const calibration = { count: 100_000, max: 4, cumulative: wide };
    const told = { days: 14, mean: 40, variance: 160 };
    const moved = { ...told, calibration };
    expect(forecaster.quantile(moved, 0.95)).toBeGreaterThan(forecaster.quantile(told, 0.95) * 1.2);
    for (const share of [0.5, 0.8, 0.95]) {
      const x = forecaster.quantile(moved, share);
      expect(forecaster.cdf(moved, x)).toBeGreaterThanOrEqual(share - 1e-6);
      expect(forecaster.cdf(moved, x - 1)).toBeLessThan(share + 1e-6);
      expect(forecaster.atMost(moved, x + 1, share)).toBe(true);
      expect(forecaster.atMost(moved, x - 1, share)).toBe(false);
    }
  });
});
