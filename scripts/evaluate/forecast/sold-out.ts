// What sold-out days do to forecasts: known to the ledger, and taken for days without demand.

import type { Report } from "../report.ts";
import { type Errors, errorsOf, type Method, type Protocol } from "./measure.ts";
import { shelfwise } from "./methods.ts";
import type { Panel } from "./panel.ts";

const SOLD_OUT_SHARE = 0.2;
const RUN_DAYS_MIN = 3;
const RUN_DAYS_MAX = 10;

/** Forecasts with 20 % of the training days sold out, the true demand kept as target. */
export async function soldOut(
  report: Report,
  panel: Panel,
  horizon: number,
  season: number,
  protocol: Protocol,
): Promise<void> {
  const whole = await errorsOf(shelfwise(season), panel, horizon, protocol);
  const known = await errorsOf(censored(season, true), panel, horizon, protocol);
  const ignored = await errorsOf(censored(season, false), panel, horizon, protocol);
  report.say(`\n### ${panel.name}: 20 % of the training days sold out\n`);
  report.say("| | RMSSE | v. uncensored | forecast v. uncensored |");
  report.say("|---|---|---|---|");
  const row = (name: string, { rmsse, bias }: Errors) => {
    const worse = ((rmsse / whole.rmsse - 1) * 100).toFixed(2);
    const shift = (((1 + bias) / (1 + whole.bias) - 1) * 100).toFixed(2);
    report.say(`| ${name} | ${rmsse.toFixed(4)} | ${worse} % | ${shift} % |`);
  };
  row("uncensored", whole);
  row("in-stock share known", known);
  row("zeros taken for demand", ignored);
}

function censored(season: number, isKnown: boolean): Method {
  return (training, horizon) => {
    const shares = new Map<string, Float64Array>();
    const series = training.series.map(({ id, demand }, i) => {
      const share = runs(demand.length, i + 1);
      shares.set(id, share);
      return { id, demand: demand.map((units, t) => units * share[t]!) };
    });
    const method = shelfwise(season, isKnown ? (id) => shares.get(id)! : undefined);
    return method({ ...training, series }, horizon);
  };
}

/** In stock (1) or not (0): random runs out of stock until the share is reached. Seeded, so that a run can be repeated. */
function runs(days: number, seed: number): Float64Array {
  const random = generator(seed);
  const share = new Float64Array(days).fill(1);
  let out = 0;
  while (out < days * SOLD_OUT_SHARE) {
    const length = RUN_DAYS_MIN + Math.floor(random() * (RUN_DAYS_MAX - RUN_DAYS_MIN + 1));
    const start = Math.floor(random() * (days - length + 1));
    for (let t = start; t < start + length; t++) {
      out += share[t]!;
      share[t] = 0;
    }
  }
  return share;
}

/** Mulberry32 (Tommy Ettinger, public domain algorithm): uniform in 0..1. */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
