// Overview: what happens now and today, how the service is, what to order first, what is trending.
import { imported, isAbort, messageOf } from "../lib/api.js";
import { card, empty, fill, h, loaded, onReturn, picture, table, tile, tiles } from "../lib/dom.js";
import { date, milliseconds, money, number, whole, words } from "../lib/format.js";
import { FeedSign, LiveFeed } from "../lib/live.js";
import { recommendedList } from "../lib/products.js";
import { boardPage, health, trending } from "../lib/service.js";

/** @import { Address, BoardTotals, MinuteView, MonitorCounts } from "../lib/shapes.js" */

export const title = "Overview";

const ORDERS_SHOWN = 8;
/** Of some enough is on order already. */
const SOLD_OUT_READ = 50;
const TRENDING_SHOWN = 8;
const REFRESH_MS = 10_000;
const MINUTE_MS = 60_000;
const MINUTES_SHOWN = 60;
const CHART_HEIGHT = 180;
const DASH = "–";

/** @param {HTMLElement} place @param {Address} _ @param {AbortSignal} signal */
export function open(place, _, signal) {
  const orders = loaded("what to order", () => toOrder(signal), "div.place.tall");
  const trends = loaded("what is trending", () => trendingNow(signal), "div.place.tall");
  place.append(
    ...traffic(signal),
    card("Service and stock", healthTiles(signal)),
    card("Order now", orders, h("p", null, h("a", { href: "#/replenishment" }, "The whole board"))),
    card("Trending", trends),
  );
  onReturn(signal, async () => {
    const [ordered, trend] = await Promise.all([toOrder(signal), trendingNow(signal)]);
    fill(orders, ordered);
    fill(trends, trend);
  });
}

/** Today's figures and the last hour, as they happen. @param {AbortSignal} signal */
function traffic(signal) {
  const sign = new FeedSign();
  const figures = {
    events: figure("Events"),
    visitors: figure("Visitors"),
    orders: figure("Orders"),
    revenue: figure("Revenue"),
    recommendations: figure("Recommendations"),
    rejected: figure("Rejected", "#/live/rejected"),
  };
  const minutes = new Minutes();
  const said = h("p.quiet", null, "Loading the last hour …");
  /** @type {(() => void) | undefined} */
  let redraw;
  const drawing = picture("Events a minute of the last hour", async (place) => {
    const { plot } = await imported(import("../lib/chart.js"));
    const { times, values } = minutes.drawn();
    const set = await plot(place, signal, {
      times,
      values,
      lines: [
        { label: "events", ink: "--accent", bars: true },
        { label: "rejected", ink: "--bad", bars: true },
      ],
      clock: "minute",
      height: CHART_HEIGHT,
      tick: (value) => (Number.isInteger(value) ? whole(value) : ""),
    });
    redraw = () => {
      const now = minutes.drawn();
      set(now.times, now.values);
    };
  });
  drawing.classList.add("low");
  const show = (/** @type {MonitorCounts["today"]} */ today) => {
    figures.events.set(whole(today.events));
    figures.visitors.set(whole(today.visitors), "about, within 2 %");
    figures.orders.set(whole(today.orders));
    const [most, ...others] = today.revenue;
    figures.revenue.set(
      most ? money(most.amount, most.currency ?? undefined) : money(0),
      others.map(({ amount, currency }) => `and ${money(amount, currency ?? undefined)}`).join(" "),
    );
    figures.recommendations.set(whole(today.recommendations), "lists served");
    figures.rejected.set(whole(today.rejected), today.rejected > 0 ? "to be corrected" : "");
    redraw?.();
    fill(said, minutes.inWords());
  };
  const feed = {
    hello: (/** @type {MonitorCounts} */ now) => {
      minutes.replace(now);
      show(now.today);
    },
    frame: (/** @type {{minute: MinuteView, today: MonitorCounts["today"]}} */ { minute, today }) => {
      minutes.set(minute);
      show(today);
    },
    state: sign.show.bind(sign),
  };
  new LiveFeed(feed, signal, 0);
  // Quiet minutes pass, too.
  const timer = setInterval(() => redraw?.(), REFRESH_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return [
    card("Today", tiles(...Object.values(figures).map(({ element }) => element))),
    h(
      "section.card",
      null,
      h("div.feed-head", null, h("h2", null, "Events a minute"), sign.element),
      drawing,
      said,
    ),
  ];
}

/** A tile whose figure changes. @param {string} name @param {string} [href] */
function figure(name, href) {
  const value = h("span", null, DASH);
  const note = h("span", null, "\u00a0");
  return {
    element: tile(name, href === undefined ? value : h("a", { href }, value), note),
    /** @param {string} text @param {string} [said] */
    set(text, said = "") {
      fill(value, text);
      fill(note, said === "" ? "\u00a0" : said);
    },
  };
}

/** The last hour, minute by minute. */
class Minutes {
  /** By the Unix minute. @type {Map<number, {events: number, rejected: number}>} */
  counts = new Map();
  /** How far this clock is behind the service's. */
  behindMs = 0;

  /** @param {MonitorCounts} now */
  replace({ now, minutes }) {
    this.behindMs = Date.parse(now) - Date.now();
    this.counts.clear();
    for (const minute of minutes) this.set(minute);
  }

  /** @param {MinuteView} minute */
  set({ minute, events, rejected }) {
    this.counts.set(Date.parse(minute) / MINUTE_MS, { events, rejected });
    const [oldest] = this.counts.keys();
    if (this.counts.size > 2 * MINUTES_SHOWN && oldest !== undefined) this.counts.delete(oldest);
  }

  /** Up to the current one, which is not over. */
  last() {
    return Math.floor((Date.now() + this.behindMs) / MINUTE_MS);
  }

  drawn() {
    const last = this.last();
    const shown = Array.from({ length: MINUTES_SHOWN }, (_, i) => last - MINUTES_SHOWN + 1 + i);
    const counts = shown.map((minute) => this.counts.get(minute) ?? { events: 0, rejected: 0 });
    return {
      times: shown.map((minute) => (minute * MINUTE_MS) / 1000),
      values: [counts.map(({ events }) => events), counts.map(({ rejected }) => rejected || null)],
    };
  }

  inWords() {
    const last = this.last();
    let sum = 0;
    for (const [minute, { events }] of this.counts) if (minute > last - MINUTES_SHOWN) sum += events;
    const now = this.counts.get(last)?.events ?? 0;
    return `${whole(sum)} events in the last hour, ${whole(now)} in this minute so far.`;
  }
}

/** @param {AbortSignal} signal */
function healthTiles(signal) {
  const make = async () => {
    const began = performance.now();
    const { status, version, model, lag } = await health(signal);
    const took = performance.now() - began;
    const { totals } = await boardPage({ limit: 1 }, signal);
    return tiles(
      tile("Service", status, `version ${version}, answered in ${milliseconds(took)}`),
      tile(
        "Products in the model",
        whole(model.products),
        `model ${model.version}, ${age(model.age_seconds)}`,
      ),
      tile("Events on their way", whole(lag.packets), `the oldest for ${whole(lag.seconds)} s`),
      total("To order now", totals.order_now),
      total("Sold out", totals.out_of_stock),
    );
  };
  const place = loaded("how the service is", make, "div.place");
  const timer = setInterval(async () => {
    const shown = place.querySelector("dl");
    if (document.hidden || shown === null) return;
    try {
      const fresh = await make();
      if (shown.isConnected) shown.replaceWith(fresh);
    } catch (error) {
      // The other figures stay, as they were last known.
      if (!isAbort(error)) shown.firstElementChild?.replaceWith(tile("Service", "not ok", messageOf(error)));
    }
  }, REFRESH_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  return place;
}

/** @param {string} name @param {BoardTotals["ok"]} of */
function total(name, { skus, revenue_at_risk }) {
  return tile(name, whole(skus), `${money(revenue_at_risk)} of revenue at risk`);
}

/** @param {number | null} seconds */
function age(seconds) {
  if (seconds === null) return "not published yet";
  if (seconds < 120) return `${whole(seconds)} s old`;
  return seconds < 7200 ? `${whole(seconds / 60)} min old` : `${whole(seconds / 3600)} h old`;
}

/** @param {AbortSignal} signal */
async function trendingNow(signal) {
  const { items } = await trending(TRENDING_SHOWN, signal);
  return recommendedList(items, "Nothing yet: no event has told of a product.");
}

/** What is sold out has to be ordered, too, and has most at risk. @param {AbortSignal} signal */
async function toOrder(signal) {
  const [low, gone] = await Promise.all([
    boardPage({ status: "order_now", limit: ORDERS_SHOWN }, signal),
    boardPage({ status: "out_of_stock", limit: SOLD_OUT_READ }, signal),
  ]);
  const items = [...low.items, ...gone.items.filter(({ quantity }) => quantity > 0)]
    .sort((a, b) => (b.revenue_at_risk ?? 0) - (a.revenue_at_risk ?? 0))
    .slice(0, ORDERS_SHOWN);
  if (items.length === 0) return empty("Nothing has to be ordered now.");
  return table(
    "The most revenue at risk first",
    [
      { label: "SKU" },
      { label: "Name" },
      { label: "Status" },
      { label: "Order", numeric: true },
      { label: "By" },
      { label: "Days of cover", numeric: true },
      { label: "Revenue at risk", numeric: true },
    ],
    items.map((row) => [
      h("a", { href: `#/replenishment/${encodeURIComponent(row.sku)}` }, row.sku),
      row.name ?? "",
      h(`span.status.${row.status}`, null, words(row.status)),
      whole(row.quantity),
      date(row.order_by),
      number(row.days_of_cover),
      money(row.revenue_at_risk),
    ]),
  );
}
