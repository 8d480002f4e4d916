// How good the answers are, beside their peers, through the code that serves.
//
//   npm run evaluate                                  everything, on the data that ships
//   npm run evaluate -- --data FILE [--fast]          a file of sessions or of daily series
//   npm run evaluate -- recommend [--data FILE] [--fast]
//   npm run evaluate -- recommend --http URL [--key KEY] [--data FILE]
//   npm run evaluate -- forecast [--data FILE] [--season N] [--horizon N] [--fast]
//
// --fast leaves out the slow peers. --http sends the training as events to a running, empty shop and asks that; unless
// a key is given, it is the one in .shelfwise/.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { evaluateForecasts } from "./evaluate/forecast/main.ts";
import { evaluateRecommendations, evaluateService } from "./evaluate/recommend.ts";
import { holdsSessions } from "./evaluate/sessions.ts";
import { keysOf, oneKey } from "./keys.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string" },
    season: { type: "string", default: "7" },
    horizon: { type: "string", default: "28" },
    http: { type: "string" },
    key: { type: "string" },
    fast: { type: "boolean", default: false },
  },
});
const what = positionals[0] ?? guess();
if (what !== undefined && what !== "recommend" && what !== "forecast")
  throw new Error(`cannot evaluate ${what}`);
if (what !== "forecast") {
  const file = values.data ?? join(import.meta.dirname, "../data/serenade_toy/clicks.csv.gz");
  if (values.http === undefined) evaluateRecommendations(file, !values.fast);
  else {
    const key = values.key ?? oneKey(keysOf(join(import.meta.dirname, "../.shelfwise")).writeKey);
    await evaluateService(file, values.http.replace(/\/$/, ""), key);
  }
}
if (what !== "recommend") {
  await evaluateForecasts({
    season: Number(values.season),
    horizon: Number(values.horizon),
    fast: values.fast,
    ...(values.data !== undefined && { data: values.data }),
  });
}

/** What a call without a word for it means. */
function guess(): string | undefined {
  if (values.http !== undefined) return "recommend";
  if (values.data === undefined) return undefined;
  return holdsSessions(values.data) ? "recommend" : "forecast";
}
