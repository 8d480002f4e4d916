// Products: the catalogue, and what is known of one product.
import { ApiError, messageOf, query, SIGNED_OUT } from "../lib/api.js";
import { card, empty, field, fill, h, load, loaded, table, tableRow, tile, tiles } from "../lib/dom.js";
import { moment, money, whole } from "../lib/format.js";
import { productLink, recommendedList } from "../lib/products.js";
import { forecast, product, products, related, stock } from "../lib/service.js";
import { sparkline } from "../lib/sparkline.js";

/** @import { Address, CatalogueProduct } from "../lib/shapes.js" */

export const title = "Products";

const PAGE_ROWS = 50;
const RELATED_SHOWN = 8;
const TREND_DAYS = 60;
const TYPING_MS = 200;

const CATALOGUE = "#/products";

/** What was searched for: a product leads back there. */
let left = CATALOGUE;
addEventListener(SIGNED_OUT, () => {
  left = CATALOGUE;
});

const COLUMNS = [
  { label: "Product" },
  { label: "Name" },
  { label: "Category" },
  { label: "Price", numeric: true },
];

/** @param {HTMLElement} place @param {Address} address @param {AbortSignal} signal */
export function open(place, { parts, query: asked }, signal) {
  const [id] = parts;
  if (id === undefined) openSearch(place, asked.get("search") ?? "", signal);
  else void load(place, `product ${id}`, () => one(id, signal));
}

/** @param {HTMLElement} place @param {string} asked @param {AbortSignal} signal */
function openSearch(place, asked, signal) {
  const input = h("input", { id: "search", type: "search", autocomplete: "off", value: asked });
  const result = h("div.card.board");
  let latest = new AbortController();
  const search = () => {
    const text = input.value.trim();
    left = `${CATALOGUE}${query({ search: text })}`;
    history.replaceState(null, "", left);
    latest.abort();
    latest = new AbortController();
    void load(result, "products", () => found(text, AbortSignal.any([signal, latest.signal])));
  };
  let typing = 0;
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, TYPING_MS);
  });
  signal.addEventListener("abort", () => clearTimeout(typing));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    clearTimeout(typing);
    search();
  };
  fill(
    place,
    h(
      "form.line.card",
      { role: "search", onsubmit: submit },
      field("Name or id", input),
      h("button", { type: "submit" }, "Search"),
    ),
    result,
  );
  search();
}

/** @param {string} search @param {AbortSignal} signal */
async function found(search, signal) {
  let { items, next_cursor: cursor } = await products({ search, limit: PAGE_ROWS }, signal);
  if (items.length === 0) {
    return empty(
      search === ""
        ? "The catalogue is empty: it fills by POST /v1/products, or from events."
        : "No product matches.",
    );
  }
  const view = table(search === "" ? "The catalogue" : "Products that match", COLUMNS, items.map(row));
  const body = /** @type {HTMLElement} */ (view.querySelector("tbody"));
  const said = h("p.failure-note", { role: "alert" });
  const more = h("button", { type: "button", hidden: cursor === undefined }, "Show more");
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      ({ items, next_cursor: cursor } = await products({ search, limit: PAGE_ROWS, cursor }, signal));
      const rows = items.map((item) => tableRow(COLUMNS, row(item)));
      body.append(...rows);
      more.hidden = cursor === undefined;
      rows[0]?.querySelector("a")?.focus();
    } catch (error) {
      if (!signal.aborted) fill(said, messageOf(error));
    }
    more.disabled = false;
  });
  return h("div", null, view, h("div.line.pages", null, more), said);
}

/** @param {CatalogueProduct} product */
function row({ product_id, name, category, price, currency }) {
  return [productLink(product_id), name ?? "", category ?? "", money(price, currency)];
}

/** @param {string} id @param {AbortSignal} signal */
async function one(id, signal) {
  let p;
  try {
    p = await product(id, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return empty(error.message);
    throw error;
  }
  const neighbours = (/** @type {"viewed" | "bought"} */ kind) =>
    loaded(
      "neighbours",
      async () => {
        const { items } = await related(id, kind, RELATED_SHOWN, signal);
        const real = items.filter(({ strategy }) => strategy === "collaborative");
        return recommendedList(real, `Nobody has ${kind} it together with another product yet.`, () => "it");
      },
      "div.place.tall",
    );
  return h(
    "div.view",
    null,
    h("p", null, h("a", { href: left }, left === CATALOGUE ? "All products" : "The products found")),
    h("h2", null, p.name ?? id),
    tiles(
      tile("Product", p.product_id, p.hidden ? "hidden: never recommended" : null),
      tile("Price", money(p.price, p.currency)),
      tile("Category", p.category ?? "–"),
      tile("Brand", p.brand ?? "–"),
      tile("Known from", p.source, moment(p.updated_at)),
    ),
    h("div.columns", null, trendCard(id, signal), stockCard(id, signal)),
    card("Bought with", neighbours("bought")),
    card("Viewed with", neighbours("viewed")),
  );
}

/** @param {string} id @param {AbortSignal} signal */
function trendCard(id, signal) {
  return card(
    `The last ${TREND_DAYS} days`,
    loaded("its trend", async () => {
      const known = await forecast(id, signal).catch((error) => {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      });
      if (known === undefined) return empty("Never sold yet.");
      const days = known.history.slice(-TREND_DAYS);
      // Of a product that is new, the days before count as such.
      const before = Array.from({ length: TREND_DAYS - days.length }, () => 0);
      const units = [...before, ...days.map((day) => day.units)];
      const views = [...before, ...days.map((day) => day.views ?? 0)];
      return h("div", null, ...trend(units, "units sold"), ...trend(views, "views"));
    }),
  );
}

/** @param {number[]} days @param {string} what */
function trend(days, what) {
  const sum = whole(days.reduce((a, b) => a + b, 0));
  const words = h("p.quiet", null, `${sum} ${what}`);
  return sum === "0" ? [words] : [sparkline(days, `${what} a day, ${sum} in all`), words];
}

/** @param {string} id @param {AbortSignal} signal */
function stockCard(id, signal) {
  return card(
    "Stock",
    loaded("stock", async () => {
      const known = await stock(id, signal);
      if (known === undefined) return empty("No stock is kept of this product.");
      return h(
        "div",
        null,
        tiles(
          tile("On hand", whole(known.on_hand)),
          tile("Reserved", whole(known.reserved)),
          tile("Available", whole(known.available)),
        ),
        h(
          "p",
          null,
          h("a", { href: `#/replenishment/${encodeURIComponent(id)}` }, "Forecast and what to order"),
        ),
      );
    }),
  );
}
