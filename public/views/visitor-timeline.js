// What a visitor did, session by session, newest first.
import { card, empty, h, loaded } from "../lib/dom.js";
import { moment, money, whole } from "../lib/format.js";
import { productLink } from "../lib/products.js";

/** @import { StoredActivity } from "../lib/shapes.js" */

const SESSION_GAP_MS = 30 * 60 * 1000;
const SESSIONS_SHOWN = 20;
const PRODUCTS_SHOWN = 5;

/** @param {Promise<{activities: StoredActivity[], more: boolean}>} coming */
export function timelineCard(coming) {
  return card(
    "Timeline",
    loaded(
      "the timeline",
      async () => {
        const { activities, more } = await coming;
        const sessions = sessionsOf(activities);
        if (sessions.length === 0) return empty("No activity is stored.");
        const whole = more || sessions.length > SESSIONS_SHOWN;
        return h(
          "div",
          null,
          h("ol.plain.sessions", null, ...sessions.slice(0, SESSIONS_SHOWN).map(session)),
          whole ? h("p.quiet", null, "Older ones are in the export.") : null,
        );
      },
      "div.place.tall",
    ),
  );
}

/** @param {StoredActivity[]} activities newest first */
function sessionsOf(activities) {
  /** @type {StoredActivity[][]} */
  const sessions = [];
  let later = Number.POSITIVE_INFINITY;
  for (const activity of activities) {
    const at = Date.parse(activity.timestamp);
    if (later - at > SESSION_GAP_MS) sessions.push([activity]);
    else sessions.at(-1)?.push(activity);
    later = at;
  }
  return sessions;
}

/** @param {StoredActivity[]} activities newest first @param {number} index */
function session(activities, index) {
  const first = activities.at(-1)?.timestamp;
  const count = activities.length === 1 ? "1 activity" : `${whole(activities.length)} activities`;
  return h(
    "li",
    null,
    h(
      "details",
      { open: index === 0 },
      h("summary", null, moment(first), h("span.quiet", null, ` ${count}`)),
      h("ul.plain.lines", null, ...activities.map(line)),
    ),
  );
}

/** @param {StoredActivity} activity */
function line({ timestamp, name, kind, value, currency, products }) {
  const shown = products.slice(0, PRODUCTS_SHOWN);
  const more = products.length - shown.length;
  return h(
    "li",
    null,
    h("span", null, name || kind, value === undefined ? null : `, ${money(value, currency)}`),
    ...shown.map(({ product_id, name: called, quantity }) =>
      h(
        "span",
        null,
        productLink(product_id, called),
        quantity === undefined || quantity === 1 ? null : ` × ${whole(quantity)}`,
      ),
    ),
    more > 0 ? h("span.quiet", null, `and ${whole(more)} more`) : null,
    h("span.quiet", null, moment(timestamp)),
  );
}
