// A large shop on paper: a day of it drawn second by second, each class of objects at its peak beside what one object
// serves, and the bill of a month. The constants are measured; docs/scale.md says where.
//
//   npm run scale -- [--visitors N] [--events N] [--skus N] [--campaign FACTOR] [--seed N]
import { parseArgs } from "node:util";
import {
  COMBINER_SHARDS,
  MODEL_PRODUCTS_MAX,
  MODEL_TEXT_BYTES_MAX,
  NEIGHBOURS_PUBLISHED_BYTES_MAX,
  PLANNER_PAGE_SKUS,
  PROFILE_DAYS,
} from "../domain/limits.ts";
import { COLUMN_PAGE_SLOTS } from "../domain/model/columns.ts";
import { LINK_PAGE_PRODUCTS } from "../domain/model/link-page.ts";
import { MODEL_PART_BYTES } from "../domain/model/manifest.ts";
import { Chance } from "./soak/chance.ts";

/** Share of a day's traffic by hour; the busiest has twice the mean. */
const RHYTHM = [
  1.5, 1, 0.8, 0.7, 0.8, 1.2, 2, 3, 4, 4.5, 5, 5, 5.2, 5, 5, 5, 5.2, 5.8, 6.8, 8, 8.2, 7.5, 5.5, 3.3,
];
const RHYTHM_SUM = RHYTHM.reduce((sum, share) => sum + share, 0);
const SECONDS = 86_400;
/** Requests a second one object serves, as the platform states it. */
const OBJECT_LIMIT = 1_000;
const DAYS_A_MONTH = 30;

/** How the shop behaves. */
const SHOP = {
  eventsPerBatch: 5,
  sessionsPerVisitor: 1.3,
  listsPerSession: 8,
  ordersPerVisitor: 0.03,
  linesPerOrder: 3,
  /** Share of all order lines that the one best-selling SKU has. */
  hottestSku: 0.01,
  /** Visitors of 90 days for each of a day. */
  knownVisitorsPerDaily: 12,
};

/** Measured: test/worker/costs.test.ts and bench/results.md. */
const MEASURED = {
  objectCallsPerBatch: 2,
  combinerRowsPerBatch: 0.26,
  pageRowsPerBatch: 1,
  /** Its alarm; at its end the page, a segment, the batches that go and an alarm; after 90 days page and segment. */
  rowsPerSession: 7,
  /** Both alarms, and what was not acknowledged to the combiner once more. */
  callsPerSession: 3,
  profileBytes: 22_500,
  /** Of the image per product, with neighbours at the largest model. */
  modelBytesPerProduct: 85,
  combinerFlushSeconds: 2,
  /** The delta and its end, its number, packets seen, the alarm. */
  combinerRowsPerMerge: 5,
  /** In the journal of builder or planner, and out of it: what is deleted is written as well. */
  rowsPerDelta: 2,
  plannerFlushSeconds: 15,
  publishSeconds: 10,
  publishedBytesPerSecond: 1_000_000,
  /** Transitions that an event adds, in both directions. */
  linksPerEvent: 20,
  combinerLinksPerSecond: 2_000_000,
  builderSumsPerSecond: 650_000,
  plannerSkus: 100_000,
  plannerLinesPerSecond: 300,
  workerCpuMsPerBatch: 1,
  objectMsPerCall: 5,
};

/** US dollars at list prices of the paid plan, beyond what is included. */
const PRICES = {
  workerRequests: 0.3 / 1e6,
  workerCpuMs: 0.02 / 1e6,
  objectRequests: 0.15 / 1e6,
  objectGbSeconds: 12.5 / 1e6,
  rowsWritten: 1 / 1e6,
  storedGbMonths: 0.2,
};
const OBJECT_GB = 0.128;

const { values } = parseArgs({
  options: {
    visitors: { type: "string", default: "500000" },
    events: { type: "string", default: "50000000" },
    skus: { type: "string", default: "1000000" },
    campaign: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
  },
});
const visitors = Number(values.visitors);
const events = Number(values.events);
const skus = Number(values.skus);
const campaign = Number(values.campaign);
const chance = new Chance(Number(values.seed));

const batches = events / SHOP.eventsPerBatch;
const sessions = visitors * SHOP.sessionsPerVisitor;
const lists = sessions * SHOP.listsPerSession;
const orders = visitors * SHOP.ordersPerVisitor;
const lines = orders * SHOP.linesPerOrder;
const planners = Math.ceil(skus / MEASURED.plannerSkus);

/** Normal approximation, which is exact enough above a few. */
function poisson(mean: number): number {
  const u = Math.max(chance.next(), Number.MIN_VALUE);
  const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * chance.next());
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
}

/** The day drawn second by second; a campaign of ten minutes at eight in the evening. */
function peaks() {
  const most = { batches: 0, lists: 0, combiner: 0, lines: 0, planner: 0, hotSku: 0 };
  for (let second = 0; second < SECONDS; second++) {
    const hour = Math.floor(second / 3600);
    const loud = hour === 20 && second % 3600 < 600 ? campaign : 1;
    const share = ((RHYTHM[hour]! / RHYTHM_SUM) * 24 * loud) / SECONDS;
    const now = { batches: poisson(batches * share), lists: poisson(lists * share) };
    const sold = poisson(lines * share);
    most.batches = Math.max(most.batches, now.batches);
    most.lists = Math.max(most.lists, now.lists);
    most.lines = Math.max(most.lines, sold);
    for (let shard = 0; shard < COMBINER_SHARDS; shard++) {
      most.combiner = Math.max(most.combiner, poisson(now.batches / COMBINER_SHARDS));
    }
    for (let shard = 0; shard < planners; shard++) {
      most.planner = Math.max(most.planner, poisson(sold / planners));
    }
    most.hotSku = Math.max(most.hotSku, poisson(sold * SHOP.hottestSku));
  }
  return most;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const count = (value: number) => Math.round(value).toLocaleString("en");
const share = (value: number, of: number) => `${((100 * value) / of).toFixed(1)} %`;
const dollars = (value: number) => `$${value.toFixed(0)}`;

const most = peaks();
const linksPerBatch = SHOP.eventsPerBatch * MEASURED.linksPerEvent;
const merges = COMBINER_SHARDS / MEASURED.combinerFlushSeconds;
console.log(
  `${count(visitors)} visitors and ${count(events)} events a day, ${count(skus)} SKUs, a campaign of ${campaign} times the traffic.\n`,
);
console.log(
  table(
    ["object", "how many", "busiest one, calls/s at the peak", "of what one serves"],
    [
      ["UserProfile", `${count(visitors)} a day`, "2 to 5", share(5, OBJECT_LIMIT)],
      ["SignalCombiner", COMBINER_SHARDS, count(most.combiner), share(most.combiner, OBJECT_LIMIT)],
      [
        "... its sums",
        "",
        `${count(most.combiner * linksPerBatch)} transitions`,
        share(most.combiner * linksPerBatch, MEASURED.combinerLinksPerSecond),
      ],
      ["ModelBuilder", 1, count(merges), share(merges, OBJECT_LIMIT)],
      [
        "... its sums",
        "",
        `${count(most.batches * linksPerBatch)} at most`,
        share(most.batches * linksPerBatch, MEASURED.builderSumsPerSecond),
      ],
      [
        "DemandPlanner",
        `${planners} (PLANNER_SHARDS)`,
        `${count(most.planner)} order lines`,
        share(most.planner, MEASURED.plannerLinesPerSecond),
      ],
      [
        "Inventory",
        "one a SKU sold",
        `${count(most.hotSku)} (the best seller)`,
        share(most.hotSku, OBJECT_LIMIT),
      ],
    ],
  ),
);
const rows =
  batches * (MEASURED.pageRowsPerBatch + MEASURED.combinerRowsPerBatch) + sessions * MEASURED.rowsPerSession;
/** How many of so many places are met by so many events, drawn at random. */
const met = (places: number, drawn: number) => places * (1 - Math.exp(-drawn / places));
const mergesADay = met(merges * SECONDS, batches);
const products = Math.min(skus, MODEL_PRODUCTS_MAX);
const modelBytes =
  products * MEASURED.modelBytesPerProduct + NEIGHBOURS_PUBLISHED_BYTES_MAX + MODEL_TEXT_BYTES_MAX;
const flushes = SECONDS / MEASURED.plannerFlushSeconds;
const mergedRows =
  mergesADay * (MEASURED.combinerRowsPerMerge + MEASURED.rowsPerDelta * (1 + planners)) +
  flushes * met(Math.ceil(skus / PLANNER_PAGE_SKUS), events / flushes);
const publishes = SECONDS / Math.max(MEASURED.publishSeconds, modelBytes / MEASURED.publishedBytesPerSecond);
const modelRows =
  publishes *
  (met(Math.ceil(products / COLUMN_PAGE_SLOTS), events / publishes) +
    met(Math.ceil(products / LINK_PAGE_PRODUCTS), events / publishes) +
    (2 * modelBytes) / MODEL_PART_BYTES);
const objectCalls =
  batches * MEASURED.objectCallsPerBatch +
  lists +
  sessions * MEASURED.callsPerSession +
  mergesADay * (2 + planners) +
  publishes;
const profilesGb = (visitors * SHOP.knownVisitorsPerDaily * MEASURED.profileBytes) / 1e9;
console.log(
  `\nAt the peak ${count(most.batches)} batches, ${count(most.lists)} lists and ${count(most.lines)} order lines a second. ` +
    `The model: ${count(products)} products, ${(modelBytes / 1e6).toFixed(0)} MB an isolate. ` +
    `Profiles of ${PROFILE_DAYS} days: ${profilesGb.toFixed(0)} GB.\n`,
);
const month = (daily: number, price: number) => daily * DAYS_A_MONTH * price;
/** The monitor does not sleep while it has counts to save. */
const gbSeconds = ((objectCalls * MEASURED.objectMsPerCall) / 1000 + SECONDS) * OBJECT_GB;
const bill: [string, string, number][] = [
  ["Worker requests", count(batches + lists), month(batches + lists, PRICES.workerRequests)],
  [
    "Worker CPU",
    `${count((batches + lists) * MEASURED.workerCpuMsPerBatch)} ms`,
    month((batches + lists) * MEASURED.workerCpuMsPerBatch, PRICES.workerCpuMs),
  ],
  ["requests to objects", count(objectCalls), month(objectCalls, PRICES.objectRequests)],
  ["rows written by visitors' batches", count(rows), month(rows, PRICES.rowsWritten)],
  [
    "rows written by merges, planners and model",
    count(mergedRows + modelRows),
    month(mergedRows + modelRows, PRICES.rowsWritten),
  ],
  ["duration of objects", `${count(gbSeconds)} GB-s`, month(gbSeconds, PRICES.objectGbSeconds)],
  ["storage", `${profilesGb.toFixed(0)} GB`, profilesGb * PRICES.storedGbMonths],
];
const total = bill.reduce((sum, [, , cost]) => sum + cost, 0);
console.log(
  table(
    ["a month", "a day", "US dollars"],
    [...bill.map(([what, daily, cost]) => [what, daily, dollars(cost)]), ["together", "", dollars(total)]],
  ),
);
