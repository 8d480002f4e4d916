// One event of the live feed: a line that opens to all that is known of it.
import { h } from "../lib/dom.js";
import { legibleJson, moment, money, time, words } from "../lib/format.js";
import { correction, whyOf } from "./rejected.js";

/** @import { Child, LiveEvent } from "../lib/shapes.js" */

/** What tells an event from the others of the feed: a repeat has the id of the first. @param {LiveEvent} event */
export function keyOf({ received_at, message_id, outcome }) {
  return `${received_at} ${message_id} ${outcome}`;
}

export class LiveRow {
  /** @param {LiveEvent} event */
  constructor(event) {
    this.event = event;
    /** @type {string | undefined} */
    this.searched = undefined;
    this.details = h(
      "details",
      null,
      h(
        "summary",
        null,
        h("span.at", null, time(event.received_at)),
        h("strong", null, event.event ?? event.type ?? "no event"),
        h("span.subject", null, subjectOf(event)),
        h("span.who.quiet", null, event.visitor.user_id ?? event.visitor.anonymous_id ?? "nobody"),
        h(
          "span.marks",
          null,
          event.bot ? h("span.status.bot", null, "bot") : null,
          h(`span.status.${event.outcome}`, null, event.outcome),
        ),
      ),
    );
    this.details.addEventListener("toggle", () => {
      if (this.details.childElementCount === 1) this.details.append(bodyOf(event));
    });
    this.element = h("li", null, this.details);
  }

  /** All that is searched, in lower case. */
  get text() {
    this.searched ??= JSON.stringify(this.event).toLowerCase();
    return this.searched;
  }
}

/** What it is about, in a few words. @param {LiveEvent} event @returns {string} */
function subjectOf({ message, rejected }) {
  if (rejected) return whyOf(rejected);
  const { properties, traits } = /** @type {{properties?: unknown, traits?: unknown}} */ (message ?? {});
  const p = /** @type {Record<string, unknown>} */ (properties ?? traits ?? {});
  if (typeof p["order_id"] === "string") {
    const total = typeof p["total"] === "number" ? `, ${money(p["total"], textOf(p["currency"]))}` : "";
    return `Order ${p["order_id"]}${total}`;
  }
  return textOf(p["name"]) ?? textOf(p["product_id"]) ?? textOf(p["query"]) ?? textOf(p["title"]) ?? "";
}

/** @param {unknown} value */
function textOf(value) {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** @param {LiveEvent} event */
function bodyOf({ received_at, message_id, type, kind, visitor, library, message, truncated, rejected }) {
  const { user_id, anonymous_id } = visitor;
  const text = legibleJson(JSON.stringify(message, null, 2));
  return h(
    "div.event-body",
    null,
    h(
      "dl.facts",
      null,
      fact("Received", moment(received_at)),
      fact("Type", type),
      fact("Kind", words(kind)),
      fact("User", user_id === undefined ? null : visitorLink(user_id)),
      fact("Anonymous id", anonymous_id === undefined ? null : visitorLink(anonymous_id)),
      fact("Library", library),
      fact("Message id", message_id),
    ),
    rejected ? h("p.failure-note", null, `Rejected: ${whyOf(rejected)}`) : null,
    rejected && !truncated
      ? correction(rejected.id, text)
      : h("pre", { tabindex: "0", role: "region", "aria-label": "Body" }, text),
    truncated ? h("p.quiet", null, "Too long to be shown whole here: the end is cut off.") : null,
    rejected && truncated
      ? h("a", { href: `#/live/rejected/${encodeURIComponent(rejected.id)}` }, "Correct and replay it")
      : null,
  );
}

/** @param {string} name @param {Child} value */
function fact(name, value) {
  return value ? h("div", null, h("dt", null, name), h("dd", null, value)) : null;
}

/** @param {string} id */
function visitorLink(id) {
  return h("a", { href: `#/visitors/${encodeURIComponent(id)}` }, id);
}
