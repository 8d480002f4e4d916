// One SKU: its history and forecast, the decision that follows, what it rests on, its stock.
import { ApiError, imported } from "../lib/api.js";
import { bar, card, empty, h, load, picture, readOn, table, tile, tiles } from "../lib/dom.js";
import { date, decimal, money, number, percent, whole, words } from "../lib/format.js";
import { forecast } from "../lib/service.js";
import { stockCard } from "./sku-stock.js";
import { whatIfCard } from "./sku-what-if.js";

/** @import { SkuForecast } from "../lib/shapes.js" */

const HISTORY_DAYS = 120;
const EXPERTS_SHOWN = 8;
/** Stock tells the plan of its changes every few seconds. */
const TOLD_WAIT_MS = 500;
const TOLD_TRIES = 12;
const DAY_SECONDS = 86_400;
/** A day counts as sold out in what is told of it when it was so for more than half of the day. */
const SOLD_OUT_SHARE = 0.5;

/** @param {HTMLElement} place @param {string} sku @param {string} board  where it was left @param {AbortSignal} signal */
export function open(place, sku, board, signal) {
  const show = (/** @type {() => Promise<SkuForecast>} */ get, note = "") =>
    load(place, `the forecast of ${sku}`, async () => {
      try {
        return view(await get(), note);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404)
          return h("div.view", null, back(), empty(error.message));
        throw error;
      }
    });
  const back = () => h("p", null, h("a", { href: board }, "The board"));

  /**
   * After a change, once the plan knows of it.
   * @param {(f: SkuForecast) => boolean} knows @param {string} note  what was changed
   */
  const changed = async (knows, note) => {
    await show(async () => {
      for (let tries = 1; ; tries++) {
        const f = await forecast(sku, signal);
        if (knows(f) || tries === TOLD_TRIES) return f;
        await new Promise((done) => setTimeout(done, TOLD_WAIT_MS));
      }
    }, note);
    readOn(place.querySelector("h2"));
  };

  /** @param {SkuForecast} f @param {string} note */
  const view = (f, note) =>
    h(
      "div.view",
      null,
      back(),
      h("h2", null, f.name ?? f.sku, f.name === undefined ? null : h("span.quiet", null, ` ${f.sku}`)),
      note === "" ? null : h("p.note", { role: "status" }, note),
      decision(f),
      demandCard(f, signal),
      ...(f.replenishment === null ? [] : [stockAheadCard(f, signal)]),
      h("div.columns", null, expertsCard(f), accuracyCard(f)),
      h("div.columns", null, stockCard(f.sku, signal, changed), whatIfCard(f, signal, changed)),
    );
  void show(() => forecast(sku, signal));
}

/** @param {SkuForecast} f */
function decision(f) {
  const r = f.replenishment;
  if (r === null) {
    return tiles(
      tile(
        "Reorder point",
        whole(f.lead_time.reorder_point),
        `safety stock ${whole(f.lead_time.safety_stock)}`,
      ),
      tile("Demand a day", number(f.mean_daily_demand), `${f.class.demand}`),
      tile("Stock", "not set", "set it with PUT /v1/inventory/:sku"),
    );
  }
  return tiles(
    tile("Status", h(`span.status.${r.status}`, null, words(r.status))),
    tile("Order", whole(r.quantity), `by ${date(r.order_by)}`),
    tile("Reorder point", whole(r.reorder_point), `safety stock ${whole(r.safety_stock)}`),
    tile("Available", whole(r.available), `${whole(r.on_order)} on order`),
    tile("Days of cover", number(r.days_of_cover), `${number(f.mean_daily_demand)} a day, ${f.class.demand}`),
    tile(
      "Revenue at risk",
      money(r.revenue_at_risk),
      `in ${number(f.policy.lead_time_days)} days of lead time`,
    ),
  );
}

/** @param {string} iso */
const day = (iso) => Date.parse(iso) / 1000;

/** @param {SkuForecast} f @param {AbortSignal} signal */
function demandCard(f, signal) {
  const past = f.history.filter(({ partial }) => !partial).slice(-HISTORY_DAYS);
  const gap = past.map(() => null);
  const ahead = (/** @type {string} */ p) => [
    ...gap,
    ...f.daily.map(({ quantiles }) => quantiles[p] ?? null),
  ];
  const soldOut = past.filter(({ in_stock }) => in_stock < SOLD_OUT_SHARE).length;
  const orderBy = f.replenishment?.order_by;
  const draw = async (/** @type {HTMLElement} */ place) => {
    const { plot } = await imported(import("../lib/chart.js"));
    await plot(place, signal, {
      times: [...past, ...f.daily].map(({ date }) => day(date)),
      lines: [
        { label: "sold", ink: "--ink" },
        { label: "10 %", ink: "" },
        { label: "25 %", ink: "" },
        { label: "mean", ink: "--accent", width: 2 },
        { label: "75 %", ink: "" },
        { label: "90 %", ink: "" },
      ],
      values: [
        [...past.map(({ units }) => units), ...f.daily.map(() => null)],
        ahead("0.1"),
        ahead("0.25"),
        [...gap, ...f.daily.map(({ mean }) => mean)],
        ahead("0.75"),
        ahead("0.9"),
      ],
      bands: [
        [5, 1, "--band"],
        [4, 2, "--band"],
      ],
      shades: past.map(({ in_stock }) => 1 - in_stock),
      marks:
        orderBy === f.as_of
          ? [{ day: day(f.as_of), label: "today: order" }]
          : [
              { day: day(f.as_of), label: "today" },
              ...(orderBy ? [{ day: day(orderBy), label: "order by" }] : []),
            ],
    });
  };
  return card(
    "Demand and forecast",
    picture(`Units a day of ${f.name ?? f.sku}: ${past.length} days and the ${f.daily.length} to come`, draw),
    h(
      "p.quiet",
      null,
      "Units a day. Bands: 10 to 90 % and 25 to 75 %. Shaded: days out of stock, ",
      soldOut === 1 ? "1 of those shown." : `${soldOut} of those shown.`,
    ),
    h(
      "details",
      null,
      h("summary", null, "The forecast in figures"),
      table(
        "Units a day",
        [{ label: "Day" }, ...["Mean", "10 %", "50 %", "90 %"].map((label) => ({ label, numeric: true }))],
        f.daily.map(({ date: at, mean, quantiles }) => [
          date(at),
          number(mean),
          ...["0.1", "0.5", "0.9"].map((p) => whole(quantiles[p])),
        ]),
      ),
    ),
    h(
      "details",
      null,
      h("summary", null, "What was sold, in figures"),
      table(
        "Units a day, the last day first",
        [{ label: "Day" }, { label: "Sold", numeric: true }, { label: "Of the day in stock", numeric: true }],
        past.toReversed().map(({ date: at, units, in_stock }) => [date(at), whole(units), percent(in_stock)]),
      ),
    ),
  );
}

/** @param {SkuForecast} f @param {AbortSignal} signal */
function stockAheadCard(f, signal) {
  const r = /** @type {NonNullable<SkuForecast["replenishment"]>} */ (f.replenishment);
  let left = r.available;
  const stock = f.daily.map(({ mean }) => {
    const morning = left;
    left = Math.max(0, left - mean);
    return morning;
  });
  const days = f.daily.map(({ date }) => day(date));
  const marks = [
    ...(r.order_by ? [{ day: day(r.order_by), label: "order by" }] : []),
    ...(r.stock_out.p50 ? [{ day: day(r.stock_out.p50), label: "likely sold out" }] : []),
  ];
  const drawStock = async (/** @type {HTMLElement} */ place) => {
    const { plot } = await imported(import("../lib/chart.js"));
    await plot(place, signal, {
      times: days,
      lines: [
        { label: "stock expected", ink: "--accent", width: 2 },
        { label: "reorder point", ink: "--bad", dashed: true },
      ],
      values: [stock, days.map(() => r.reorder_point)],
      marks,
    });
  };
  const { p10, p50, p90, probability_within_lead_time: within } = r.stock_out;
  const chances = [
    { at: day(f.as_of), share: 0 },
    { at: day(f.as_of) + Math.ceil(f.policy.lead_time_days) * DAY_SECONDS, share: within },
    ...[
      { iso: p10, share: 0.1 },
      { iso: p50, share: 0.5 },
      { iso: p90, share: 0.9 },
    ].flatMap(({ iso, share }) => (iso ? [{ at: day(iso), share }] : [])),
  ].sort((a, b) => a.at - b.at || a.share - b.share);
  const known = chances.filter(({ at }, i) => at !== chances[i + 1]?.at);
  const drawChances = async (/** @type {HTMLElement} */ place) => {
    const { plot } = await imported(import("../lib/chart.js"));
    await plot(place, signal, {
      times: known.map(({ at }) => at),
      lines: [{ label: "chance", ink: "--bad", width: 2, points: true, value: percent }],
      values: [known.map(({ share }) => share)],
      marks: [
        {
          day: day(f.as_of) + Math.ceil(f.policy.lead_time_days) * DAY_SECONDS,
          label: "a delivery ordered now",
        },
      ],
      top: 1,
      tick: percent,
    });
  };
  return h(
    "div.columns",
    null,
    card(
      "Stock ahead, nothing ordered",
      picture(`Expected stock of ${f.name ?? f.sku} and its reorder point`, drawStock),
      h(
        "p.quiet",
        null,
        `At the mean demand; deliveries on their way are left out. Order up to ${whole(r.order_up_to)}.`,
      ),
    ),
    card(
      "When it is gone",
      picture(`Chance that ${f.name ?? f.sku} is sold out by a day`, drawChances),
      h(
        "p.quiet",
        null,
        `${percent(within)} within the lead time. 10 %: ${date(p10)}, 50 %: ${date(p50)}, 90 %: ${date(p90)}.`,
      ),
    ),
  );
}

/** @param {SkuForecast} f */
function expertsCard({ experts }) {
  const peak = experts[0]?.weight ?? 1;
  return card(
    "Experts and their weights",
    experts.length === 0
      ? h("p.empty", null, "No day of demand yet.")
      : h(
          "ul.plain",
          null,
          ...experts
            .slice(0, EXPERTS_SHOWN)
            .map(({ expert, weight, level }) =>
              bar(expertName(expert), weight / peak, `${percent(weight)}, ${number(level)} a day`),
            ),
        ),
  );
}

/** `ses_05` smooths by 0.05 a day, `tsb_05` the same of how often and how much, `window_56` is a mean of days. @param {string} expert */
function expertName(expert) {
  if (expert === "sba") return "intermittent, Syntetos-Boylan";
  if (expert === "views" || expert === "carts") return `what follows ${expert}`;
  const [, kind, figure] = /^(ses|tsb|window)_(\d+)$/.exec(expert) ?? [];
  if (kind === "ses") return `smoothed by ${Number(figure)} % a day`;
  if (kind === "tsb") return `intermittent, smoothed by ${Number(figure)} % a day`;
  return kind === "window" ? `mean of ${figure} days` : words(expert);
}

/** @param {SkuForecast} f */
function accuracyCard({ backtest }) {
  return card(
    "Running accuracy",
    tiles(
      tile("Error (RMSSE)", decimal(backtest.rmsse), "below 1: better than repeating the last day"),
      tile("Bias", percent(backtest.bias), "of the mean demand"),
      tile("Within the 95 % band", percent(backtest.coverage_95), `of ${whole(backtest.days)} days`),
    ),
  );
}
