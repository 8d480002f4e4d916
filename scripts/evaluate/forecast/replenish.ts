// A year of replenishment on real demand: what the decisions hold in stock, what they miss, how often they order.
import type { ReplenishmentPolicy } from "../../../domain/demand.ts";
import { DEFAULT_POLICY } from "../../../domain/demand.ts";
import { decide } from "../../../domain/replenishment.ts";
import type { Report } from "../report.ts";
import { normalQuantile, ownForecaster } from "./methods.ts";
import type { Panel } from "./panel.ts";

const LEAD_DAYS = 14;
const REVIEW_DAYS = 7;
const SERVICE = 0.95;
/** Days from a SKU's first sale to its first order: what it sells meanwhile is in stock, and seen. */
const WARM_UP_DAYS = 56;
const TEXTBOOK_WINDOW_DAYS = 56;

/** What a planner knows of one SKU: sales, which stock may have cut short, and the share of each day in stock. */
interface Seen {
  readonly id: string;
  readonly sales: number[];
  readonly inStock: number[];
}

/** Units to order of each SKU, from what was seen and the inventory position. */
type Rule = (seen: readonly Seen[], positions: readonly number[]) => number[];

interface Outcome {
  /** Mean units on hand at the end of a day, over all SKUs together. */
  readonly stock: number;
  /** Share of the demand that found no stock. */
  readonly short: number;
  readonly orders: number;
}

/** Prints what the same year costs under our decisions, under the textbook's, and under the textbook's at our service. */
export function replenishments(report: Report, panel: Panel, season: number): void {
  const ours = simulate(panel, shelfwiseRule(season));
  const z = normalQuantile(SERVICE);
  const textbook = simulate(panel, textbookRule(z));
  const factor = factorOfSameService(panel, ours.short);
  const equal = simulate(panel, textbookRule(factor));
  const days = panel.series[0]!.demand.length - WARM_UP_DAYS;
  report.say(
    `\n### ${panel.name}: ${days} days of replenishment, lead time ${LEAD_DAYS}, review ${REVIEW_DAYS}, service 95 %\n`,
  );
  report.say("| | mean stock, units | units short | orders |");
  report.say("|---|---|---|---|");
  const row = (name: string, { stock, short, orders }: Outcome) =>
    report.say(`| ${name} | ${stock.toFixed(0)} | ${(short * 100).toFixed(2)} % | ${orders} |`);
  row("Shelfwise", ours);
  row(`textbook reorder point, z = ${z.toFixed(2)}`, textbook);
  row(`textbook reorder point at our service, z = ${factor.toFixed(2)}`, equal);
  report.say(`\nThe same service with ${((1 - ours.stock / equal.stock) * 100).toFixed(1)} % less stock.`);
}

function simulate(panel: Panel, rule: Rule): Outcome {
  const { series } = panel;
  const days = series[0]!.demand.length;
  const seen = series.map(({ id }): Seen => ({ id, sales: [], inStock: [] }));
  const starts = series.map(({ demand }) => demand.findIndex((units) => units > 0) + WARM_UP_DAYS);
  const onHand = series.map(() => 0);
  const onOrder = series.map(() => 0);
  const arriving = new Map<number, readonly number[]>();
  let [stock, short, wanted, orders] = [0, 0, 0, 0];
  for (let t = 0; t < days; t++) {
    for (const [i, quantity] of (arriving.get(t) ?? []).entries()) {
      onHand[i]! += quantity;
      onOrder[i]! -= quantity;
    }
    for (const [i, start] of starts.entries()) {
      // Everybody begins with six weeks of what was sold so far.
      if (t === start) onHand[i] = Math.ceil((sum(seen[i]!.sales.slice(-WARM_UP_DAYS)) / WARM_UP_DAYS) * 42);
    }
    if (t % REVIEW_DAYS === 0) {
      const positions = onHand.map((units, i) => units + onOrder[i]!);
      const quantities = rule(seen, positions).map((quantity, i) => (t < starts[i]! ? 0 : quantity));
      arriving.set(t + LEAD_DAYS, quantities);
      for (const [i, quantity] of quantities.entries()) {
        onOrder[i]! += quantity;
        if (quantity > 0) orders++;
      }
    }
    for (const [i, { demand }] of series.entries()) {
      const asked = demand[t]!;
      const isPlanned = t >= starts[i]!;
      const sold = isPlanned ? Math.min(asked, onHand[i]!) : asked;
      const isOut = isPlanned && onHand[i] === 0;
      seen[i]!.sales.push(sold);
      // The ledger knows when on the day the last unit went.
      seen[i]!.inStock.push(isOut ? 0 : asked > 0 ? sold / asked : 1);
      if (!isPlanned) continue;
      onHand[i]! -= sold;
      wanted += asked;
      short += asked - sold;
      stock += onHand[i]!;
    }
  }
  return { stock: stock / (days - WARM_UP_DAYS), short: short / wanted, orders };
}

/** The decisions that the service makes. */
function shelfwiseRule(season: number): Rule {
  const forecaster = ownForecaster();
  const policy: ReplenishmentPolicy = {
    ...DEFAULT_POLICY,
    leadTimeDays: LEAD_DAYS,
    reviewPeriodDays: REVIEW_DAYS,
    serviceLevel: SERVICE,
  };
  return (seen, positions) =>
    forecaster
      .forecast(
        seen.map(({ id, sales, inStock }) => ({ id, startDay: 0, demand: sales, inStock })),
        { season },
      )
      .map(
        (forecast, i) =>
          decide(forecast, { onHand: positions[i]!, reserved: 0, incoming: [] }, policy, forecaster).quantity,
      );
}

/** mean L + z sigma sqrt(L) of the last eight weeks' days, and the same over lead time and review to order up to. */
function textbookRule(z: number): Rule {
  return (seen, positions) =>
    seen.map(({ sales }, i) => {
      const recent = sales.slice(-TEXTBOOK_WINDOW_DAYS);
      const mean = sum(recent) / recent.length;
      const sigma = Math.sqrt(recent.reduce((all, y) => all + (y - mean) ** 2, 0) / recent.length);
      const over = (days: number) => mean * days + z * sigma * Math.sqrt(days);
      const position = positions[i]!;
      if (mean === 0 || position > over(LEAD_DAYS)) return 0;
      return Math.max(0, Math.ceil(over(LEAD_DAYS + REVIEW_DAYS) - position));
    });
}

/** The z that the textbook needs to miss no more than this share. */
function factorOfSameService(panel: Panel, short: number): number {
  let low = 0;
  let high = 16;
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if (simulate(panel, textbookRule(middle)).short > short) low = middle;
    else high = middle;
  }
  return high;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
