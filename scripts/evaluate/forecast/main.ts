// Accuracy of the demand forecasts beside their peers, through the kernel that serves.
import { join } from "node:path";
import { type Errors, errorsOf, LEAD_DAYS, type Method, type Protocol } from "./measure.ts";
import { augurs, fromR, seasonalNaive, shelfwise, syntetosBoylan, textbook } from "./methods.ts";
import { type Panel, readPanel, subsetOf } from "./panel.ts";
import { soldOut } from "./sold-out.ts";

const DATA = join(import.meta.dirname, "../../../data/online_retail_daily");
const HORIZON_DAYS = 28;
const SEASON_DAYS = 7;
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

/** Prints a table for each panel. */
export async function evaluateForecasts({ data, season, horizon, fast }: ForecastEvaluation): Promise<void> {
  const slow = fast ? [] : ([["augurs AutoETS", augurs()]] as const);
  if (data !== undefined) {
    await compare(readPanel(data), horizon, [
      ["Shelfwise", shelfwise(season)],
      ["seasonal naive", seasonalNaive(season)],
      ["SBA", syntetosBoylan()],
      ["textbook", textbook()],
      ...slow,
    ]);
    return;
  }
  for (const name of ["units", "order_lines"]) {
    const all = readPanel(join(DATA, `${name}.csv.gz`), `${name}, all`);
    const some = subsetOf(all, join(DATA, "subset_300.txt"), `${name}, 300`);
    await compare(
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
      all,
      HORIZON_DAYS,
      [
        ["Shelfwise", shelfwise(SEASON_DAYS)],
        ["SBA", syntetosBoylan()],
        ["textbook", textbook()],
      ],
      PROTOCOL,
    );
    await soldOut(some, HORIZON_DAYS, SEASON_DAYS, PROTOCOL);
  }
}

async function compare(
  panel: Panel,
  horizon: number,
  methods: readonly (readonly [string, Method])[],
  protocol: Protocol = {},
): Promise<void> {
  console.log(`\n### ${panel.name}: ${panel.series.length} series, ${horizon} ahead, two origins\n`);
  console.log(`| | RMSSE | 14-day | bias | pinball | 95 % covers ${LEAD_DAYS.join(" / ")} | us a series |`);
  console.log("|---|---|---|---|---|---|---|");
  for (const [name, method] of methods) {
    console.log(row(name, await errorsOf(method, panel, horizon, protocol)));
  }
}

function row(name: string, { rmsse, sum, bias, pinball, coverage, microseconds }: Errors): string {
  const judged = Number.isFinite(pinball);
  const cells = [
    name,
    rmsse.toFixed(4),
    sum.toFixed(3),
    `${(bias * 100).toFixed(1)} %`,
    judged ? pinball.toFixed(4) : "",
    judged ? coverage.map((share) => (share * 100).toFixed(1)).join(" / ") : "",
    microseconds.toFixed(1),
  ];
  return `| ${cells.join(" | ")} |`;
}
