// How good the answers are, beside their peers, through the code that serves.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { evaluateComeback } from "./evaluate/comeback.ts";
import { fitWeights } from "./evaluate/fit.ts";
import { evaluateForecasts } from "./evaluate/forecast/main.ts";
import { evaluateLists, fitLists, LAST_TENTH } from "./evaluate/lists.ts";
import { evaluateRecommendations, evaluateService } from "./evaluate/recommend.ts";
import { holdsSessions } from "./evaluate/sessions.ts";
import { keysOf, oneKey } from "./keys.ts";

const HELP = `  npm run evaluate                                  everything, on the data that ships
  npm run evaluate -- --data FILE [--fast]          a file of sessions or of daily series
  npm run evaluate -- recommend [--data FILE] [--fast]
  npm run evaluate -- recommend --http URL [--key KEY] [--data FILE]
  npm run evaluate -- recommend --fit [--data FILE --data FILE ...]
  npm run evaluate -- orders [--fit] [--tenth N]    what is ordered, against the lists that pages show
  npm run evaluate -- forecast [--data FILE] [--season N] [--horizon N] [--fast]

--fit searches for weights that do better on the last tenth of the training, and prints what they gain.
--tenth asks with the orders of an earlier tenth, 2 to 9. --fast leaves out the slow peers. --http sends the training as
events to a running, empty shop and asks that; unless a key is given, it is the one in .shelfwise/.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", multiple: true },
    season: { type: "string", default: "7" },
    horizon: { type: "string", default: "28" },
    fit: { type: "boolean", default: false },
    tenth: { type: "string", default: String(LAST_TENTH) },
    http: { type: "string" },
    key: { type: "string" },
    fast: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const what = positionals[0] ?? guess();
if (what !== undefined && !["recommend", "orders", "forecast"].includes(what)) {
  throw new Error(`cannot evaluate ${what}`);
}
if (what === undefined || what === "recommend") {
  const files = values.data ?? [join(import.meta.dirname, "../data/serenade_toy/clicks.csv.gz")];
  if (values.fit) fitWeights(files);
  else if (values.http === undefined) {
    for (const file of files) evaluateRecommendations(file, !values.fast);
    for (const file of files) evaluateComeback(file);
  } else {
    const key = values.key ?? oneKey(keysOf(join(import.meta.dirname, "../.shelfwise")).writeKey);
    for (const file of files) await evaluateService(file, values.http.replace(/\/$/, ""), key);
  }
}
if (what === undefined || what === "orders") {
  if (values.fit) fitLists();
  else evaluateLists(tenthOf(values.tenth));
}
if (what === undefined || what === "forecast") {
  for (const data of values.data ?? [undefined]) {
    await evaluateForecasts({
      season: Number(values.season),
      horizon: Number(values.horizon),
      fast: values.fast,
      ...(data !== undefined && { data }),
    });
  }
}

/** What a call without a word for it means. */
function guess(): string | undefined {
  if (values.http !== undefined || values.fit) return "recommend";
  if (values.data === undefined) return undefined;
  return values.data.every(holdsSessions) ? "recommend" : "forecast";
}

function tenthOf(text: string): number {
  const tenth = Number(text);
  if (!Number.isInteger(tenth) || tenth < 2 || tenth > LAST_TENTH)
    throw new Error(`no tenth to ask with: ${text}`);
  return tenth;
}
