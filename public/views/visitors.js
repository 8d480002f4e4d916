// Visitors: one person's live profile, what is recommended to them now and why, what is stored of them.
import { ApiError } from "../lib/api.js";
import { bar, card, empty, field, fill, h, load, loaded, tile, tiles } from "../lib/dom.js";
import { moment, money, percent, whole } from "../lib/format.js";
import { productLink, recommendedList } from "../lib/products.js";
import { latestActivities, profile, recommendations } from "../lib/service.js";
import { range, sparkline } from "../lib/sparkline.js";
import { rightsCard } from "./visitor-rights.js";
import { timelineCard } from "./visitor-timeline.js";

/** @import { Address, Profile, StoredActivity } from "../lib/shapes.js" */

export const title = "Visitors";

const BARS_SHOWN = 10;
const IDS_SHOWN = 10;
const RECENT_SHOWN = 12;
const RECOMMENDED_SHOWN = 8;
/** Of the newest; names of products are learnt from them, too. */
const ACTIVITIES_READ = 200;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** @param {HTMLElement} place @param {Address} address @param {AbortSignal} signal */
export function open(place, { parts }, signal) {
  const id = parts[0] ?? "";
  const input = h("input", {
    id: "visitor",
    value: id,
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const find = (/** @type {Event} */ event) => {
    event.preventDefault();
    location.hash = `#/visitors/${encodeURIComponent(input.value.trim())}`;
  };
  const result = h("div.view");
  fill(
    place,
    h(
      "form.line.card",
      { role: "search", onsubmit: find },
      field("User id or anonymous id", input),
      h("button", { type: "submit" }, "Look up"),
    ),
    result,
  );
  if (id === "") {
    fill(result, empty("Enter the id that the shop gave. Customer 14911 of the sample shop buys a lot."));
    input.focus();
  } else void load(result, `the profile of ${id}`, () => visitor(id, signal));
}

/** @param {string} id @param {AbortSignal} signal */
async function visitor(id, signal) {
  let known;
  try {
    known = await profile(id, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return empty(error.message);
    throw error;
  }
  const p = known;
  const activities = latestActivities(id, ACTIVITIES_READ, signal);
  const names = activities.then(namesIn);
  names.catch(() => {});
  return h(
    "div.view",
    null,
    tiles(
      tile("Known as", id, p.user_id === undefined ? "anonymous visitor" : "user"),
      tile("Last seen", moment(p.last_seen), `first ${moment(p.first_seen)}`),
      tile(
        "Sessions",
        whole(p.counts.sessions),
        `${whole(p.counts.views)} views, ${whole(p.counts.carts)} carts`,
      ),
      tile("Orders", whole(p.counts.orders), `${whole(p.counts.purchases)} units`),
      tile(
        "Value, 90 days",
        p.value.monetary.map(({ amount, currency }) => money(amount, currency)).join(", ") || "–",
        p.value.recency_days === null
          ? "never bought"
          : `days since the last order: ${whole(p.value.recency_days)}`,
      ),
    ),
    joined(id, p),
    card(
      "Recommended now",
      loaded("recommendations", () => recommended(id, p, names, signal), "div.place.tall"),
    ),
    h(
      "div.columns",
      null,
      affinities(
        "Favourite categories",
        p.categories.map(({ category, ...rest }) => ({ name: category, ...rest })),
      ),
      p.brands.length === 0
        ? null
        : affinities(
            "Favourite brands",
            p.brands.map(({ brand, ...rest }) => ({ name: brand, ...rest })),
          ),
      prices(p.price),
      rhythm(p.rhythm),
      products(
        "Cart",
        "The cart is empty.",
        p.cart.map(({ product_id, quantity }) => ({ product_id, note: `${whole(quantity)} in the cart` })),
        names,
      ),
      products(
        "Recent products",
        "No product yet.",
        p.recent
          .slice(0, RECENT_SHOWN)
          .map(({ product_id, last_seen }) => ({ product_id, note: moment(last_seen) })),
        names,
      ),
    ),
    timelineCard(activities),
    rightsCard(id),
  );
}

/** The other ids by which the visitor is known. @param {string} id @param {Profile} p */
function joined(id, { user_ids = [], anonymous_ids = [] }) {
  const others = [...user_ids, ...anonymous_ids].filter((one) => one !== id);
  if (others.length === 0) return null;
  const more = others.length - IDS_SHOWN;
  return h(
    "p",
    null,
    h("span.quiet", null, "One and the same visitor: "),
    others.slice(0, IDS_SHOWN).join(", "),
    more > 0 ? h("span.quiet", null, ` and ${whole(more)} more ids`) : null,
  );
}

/** @param {{activities: StoredActivity[]}} stored @returns {Map<string, string>} */
function namesIn({ activities }) {
  const lines = activities.flatMap(({ products }) => products);
  return new Map(lines.flatMap(({ product_id, name }) => (name === undefined ? [] : [[product_id, name]])));
}

/** @param {string} id @param {Profile} p @param {Promise<Map<string, string>>} names @param {AbortSignal} signal */
async function recommended(id, p, names, signal) {
  const userId = p.user_ids?.[0] ?? p.user_id;
  const who = userId === undefined ? { anonymous_id: id } : { user_id: userId };
  const asked = { ...who, placement: "home", limit: RECOMMENDED_SHOWN };
  const [{ items }, known] = await Promise.all([
    recommendations(asked, signal),
    names.catch(() => /** @type {Map<string, string>} */ (new Map())),
  ]);
  return recommendedList(
    items,
    "Nothing to recommend now: the model has no product that is new to them.",
    (of) => known.get(of) ?? of,
  );
}

/** @param {string} heading @param {Array<{name: string, affinity: number, views: number, carts: number, purchases: number}>} rows */
function affinities(heading, rows) {
  if (rows.length === 0) return card(heading, empty("Nothing is known yet."));
  return card(
    heading,
    h(
      "ul.plain",
      null,
      ...rows
        .slice(0, BARS_SHOWN)
        .map(({ name, affinity, views, carts, purchases }) =>
          bar(name, affinity, [percent(affinity), ...did(views, carts + purchases)].join(", ")),
        ),
    ),
  );
}

/** @param {number} seen @param {number} taken */
function did(seen, taken) {
  return [seen > 0 ? `${whole(seen)} seen` : "", taken > 0 ? `${whole(taken)} taken` : ""].filter(Boolean);
}

/** @param {Profile["price"]} bands */
function prices(bands) {
  if (bands.length === 0) return card("Price bands", empty("No price seen yet."));
  const shown = bands.slice(0, BARS_SHOWN);
  const end = Math.max(...shown.map(({ p90 }) => p90));
  return card(
    "Price bands",
    h(
      "ul.plain",
      null,
      ...shown.map(({ category, currency, p10, p50, p90 }) => {
        const words = `${money(p10, currency)} to ${money(p90, currency)}, half below ${money(p50, currency)}`;
        return h(
          "li.bar",
          null,
          h("span", null, category),
          range({ low: p10, middle: p50, high: p90 }, end, `${category}: ${words}`),
          h("span.quiet", null, `${money(p10, currency)} – ${money(p90, currency)}`),
        );
      }),
    ),
    h("p.quiet", null, "From the 10th to the 90th of a hundred prices; the mark is the middle."),
  );
}

/** @param {Profile["rhythm"]} rhythm */
function rhythm({ hours, weekdays }) {
  if (!hours.some((count) => count > 0)) return card("Rhythm", empty("No activity yet."));
  const hour = hours.indexOf(Math.max(...hours));
  const weekday = WEEKDAYS[weekdays.indexOf(Math.max(...weekdays))];
  return card(
    "Rhythm",
    sparkline(hours, `Activities by hour of the day (UTC), most at ${hour}:00`),
    h("p.quiet", null, `Hours 0 to 23 UTC, most at ${hour}:00.`),
    sparkline(weekdays, `Activities by day of the week, most on ${weekday}`),
    h("p.quiet", null, `Sunday to Saturday, most on ${weekday}.`),
  );
}

/**
 * Ids first; names as soon as the activities have told them.
 * @param {string} heading @param {string} nothing
 * @param {Array<{product_id: string, note: string}>} rows
 * @param {Promise<Map<string, string>>} names
 */
function products(heading, nothing, rows, names) {
  if (rows.length === 0) return card(heading, empty(nothing));
  const links = rows.map(({ product_id }) => productLink(product_id));
  const told = (/** @type {Map<string, string>} */ known) => {
    for (const [i, link] of links.entries())
      fill(link, known.get(rows[i]?.product_id ?? "") ?? link.textContent);
  };
  names.then(told, () => {});
  return card(
    heading,
    h(
      "ul.plain.lines",
      null,
      ...rows.map(({ note }, i) => h("li", null, links[i], h("span.quiet", null, note))),
    ),
  );
}
