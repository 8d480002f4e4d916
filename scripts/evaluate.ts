// How good the answers are, beside their peers, through the code that serves.
//
//   npm run evaluate                                    everything, on the data that ships
//   npm run evaluate -- recommend [--data FILE] [--fast]
//   npm run evaluate -- forecast [--data FILE] [--season N] [--horizon N] [--fast]
//
// --data takes any file of sessions or of daily series; --fast leaves out the slow peers.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { evaluateForecasts } from "./evaluate/forecast/main.ts";
import { evaluateRecommendations } from "./evaluate/recommend.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string" },
    season: { type: "string", default: "7" },
    horizon: { type: "string", default: "28" },
    fast: { type: "boolean", default: false },
  },
});
const what = positionals[0];
if (what === undefined && values.data !== undefined)
  throw new Error("--data needs recommend or forecast before it");
if (what === "recommend" || what === undefined) {
  const shipped = join(import.meta.dirname, "../data/serenade_toy/clicks.csv.gz");
  evaluateRecommendations(values.data ?? shipped, !values.fast);
}
if (what === "forecast" || what === undefined) {
  await evaluateForecasts({
    season: Number(values.season),
    horizon: Number(values.horizon),
    fast: values.fast,
    ...(values.data !== undefined && { data: values.data }),
  });
}
if (what !== undefined && what !== "recommend" && what !== "forecast")
  throw new Error(`cannot evaluate ${what}`);
