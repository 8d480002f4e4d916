// Overview: how the service is, what to order first, what is trending.
import { card, empty, h, loaded, table, tile, tiles } from "../lib/dom.js";
import { date, milliseconds, money, number, whole, words } from "../lib/format.js";
import { recommendedList } from "../lib/products.js";
import { boardPage, health, trending } from "../lib/service.js";

/** @import { Address, BoardTotals } from "../lib/shapes.js" */

export const title = "Overview";

const ORDERS_SHOWN = 8;
const TRENDING_SHOWN = 8;
const REFRESH_MS = 10_000;

/** @param {HTMLElement} place @param {Address} _ @param {AbortSignal} signal */
export function open(place, _, signal) {
  place.append(
    healthTiles(signal),
    card(
      "Order now",
      loaded("what to order", () => toOrder(signal), "div.place.tall"),
      h("p", null, h("a", { href: "#/replenishment?status=order_now" }, "The whole board")),
    ),
    card(
      "Trending",
      loaded(
        "what is trending",
        async () => {
          const { items } = await trending(TRENDING_SHOWN, signal);
          return recommendedList(items, "Nothing yet: no event has told of a product.");
        },
        "div.place.tall",
      ),
    ),
  );
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
    const fresh = await make().catch(() => null);
    if (fresh && shown.isConnected) shown.replaceWith(fresh);
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
async function toOrder(signal) {
  const { items } = await boardPage({ status: "order_now", limit: ORDERS_SHOWN }, signal);
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
