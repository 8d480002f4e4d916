// Accuracy of the demand forecasts beside their peers, through the kernel that serves.
import { join } from "node:path";
import { Report } from "../report.ts";
import { type Errors, errorsOf, LEAD_DAYS, type Method, type Protocol } from "./measure.ts";
import { augurs, fromR, seasonalNaive, shelfwise, syntetosBoylan, textbook } from "./methods.ts";
import { type Panel, readPanel, subsetOf } from "./panel.ts";
import { replenishments } from "./replenish.ts";
import { soldOut } from "./sold-out.ts";

const DATA = join(import.meta.dirname, "../../../data/online_retail_daily");
const HORIZON_DAYS = 28;
const SEASON_DAYS = 7;
/** Steps of a file that a replenishment is simulated on. */
const REPLENISHED_STEPS_MIN = 200;
/** R's forecasts were trained on so many days before each origin; everybody else gets the same. */
const PROTOCOL: Protocol = { trainingSteps: 318 };

export interface ForecastEvaluation {
  /** A file of series instead of the shipped ones. */
  readonly data?: string;
  readonly season: number;
  readonly horizon: number;
  /** Leaves out augurs, which takes milliseconds a series. */
  readonly fast: boolean;
}

/** Prints the tables of each panel; those of the data that ships, beside every peer, go to bench/accuracy.md. */
export async function evaluateForecasts({ data, season, horizon, fast }: ForecastEvaluation): Promise<void> {
  const report = new Report();
  const slow = fast ? [] : ([["augurs AutoETS", augurs()]] as const);
  if (data !== undefined) {
    const panel = readPanel(data);
    await compare(report, panel, horizon, [
      ["Shelfwise", shelfwise(season)],
      ["seasonal naive", seasonalNaive(season)],
      ["SBA", syntetosBoylan()],
      ["textbook", textbook()],
      ...slow,
    ]);
    if (panel.series[0]!.demand.length >= REPLENISHED_STEPS_MIN) replenishments(report, panel, season);
    return;
  }
  for (const name of ["units", "order_lines"]) {
    const all = readPanel(join(DATA, `${name}.csv.gz`), `${name}, all`);
    const some = subsetOf(all, join(DATA, "subset_300.txt"), `${name}, 300`);
    await compare(
      report,
      some,
      HORIZON_DAYS,
      [
        ["Shelfwise", shelfwise(SEASON_DAYS)],
        ["R ets", fromR(name, "ets")],
        ["R thetaf", fromR(name, "theta")],
        ["R snaive", fromR(name, "snaive")],
        ["SBA", syntetosBoylan()],
        ["textbook", textbook()],
        ...slow,
      ],
      PROTOCOL,
    );
    await compare(
      report,
      all,
      HORIZON_DAYS,
      [
        ["Shelfwise", shelfwise(SEASON_DAYS)],
        ["SBA", syntetosBoylan()],
        ["textbook", textbook()],
      ],
      PROTOCOL,
    );
    await soldOut(report, some, HORIZON_DAYS, SEASON_DAYS, PROTOCOL);
    replenishments(report, some, SEASON_DAYS);
    replenishments(report, all, SEASON_DAYS);
  }
  if (!fast) report.save("Forecasts");
}

async function compare(
  report: Report,
  panel: Panel,
  horizon: number,
  methods: readonly (readonly [string, Method])[],
  protocol: Protocol = {},
): Promise<void> {
  report.say(`\n### ${panel.name}: ${panel.series.length} series, ${horizon} ahead, two origins\n`);
  report.say(`| | RMSSE | 14-day | bias | pinball | 95 % covers ${LEAD_DAYS.join(" / ")} |`);
  report.say("|---|---|---|---|---|---|");
  for (const [name, method] of methods) {
    report.say(row(name, await errorsOf(method, panel, horizon, protocol)));
  }
}

function row(name: string, { rmsse, sum, bias, pinball, coverage }: Errors): string {
  const judged = Number.isFinite(pinball);
  const cells = [
    name,
    rmsse.toFixed(4),
    sum.toFixed(3),
    `${(bias * 100).toFixed(1)} %`,
    judged ? pinball.toFixed(4) : "",
    judged
      ? coverage.map((share) => (Number.isFinite(share) ? (share * 100).toFixed(1) : "-")).join(" / ")
      : "",
  ];
  return `| ${cells.join(" | ")} |`;
}
