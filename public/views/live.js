// Live: events as they come, filtered, each to be opened; and those that were rejected.
import { query } from "../lib/api.js";
import { choice, empty, field, fill, h } from "../lib/dom.js";
import { whole, words } from "../lib/format.js";
import { FeedSign, LiveFeed } from "../lib/live.js";
import { keyOf, LiveRow } from "./live-row.js";
import { openRejected } from "./rejected.js";

/** @import { Address, LiveEvent, LiveFrame, Monitor } from "../lib/shapes.js" */

export const title = "Live";

/** Kept here and by the service; the oldest fall out. */
const EVENTS_MAX = 500;
/** Rows made between two pictures: more would hold up the page. */
const ROWS_AT_ONCE = 20;
const TYPES = ["track", "page", "screen", "identify", "alias", "group"];
const OUTCOMES = ["accepted", "duplicate", "rejected"];
const BOTS = ["without", "only"];

/** @param {HTMLElement} place @param {Address} address @param {AbortSignal} signal */
export function open(place, address, signal) {
  const [part, id] = address.parts;
  const isRejected = part === "rejected";
  const tab = (/** @type {string} */ href, /** @type {string} */ name, /** @type {boolean} */ current) =>
    h("li", null, h("a", { href, "aria-current": current ? "page" : null }, name));
  fill(
    place,
    h(
      "nav.tabs",
      { "aria-label": "Events" },
      h(
        "ul",
        null,
        tab("#/live", "As they come", !isRejected),
        tab("#/live/rejected", "Rejected", isRejected),
      ),
    ),
  );
  if (isRejected) openRejected(place, id, signal);
  else place.append(...new Live(address.query, part === "event" ? id : undefined, signal).elements);
}

class Live {
  /** @param {URLSearchParams} asked @param {string | undefined} wanted  id of the message to open @param {AbortSignal} signal */
  constructor(asked, wanted, signal) {
    this.signal = signal;
    this.wanted = wanted;
    /** Newest first. @type {LiveRow[]} */
    this.rows = [];
    /** To be put above the rows, newest first. @type {LiveEvent[]} */
    this.newer = [];
    /** To be put below them: what was there when the view opened, newest first. @type {LiveEvent[]} */
    this.older = [];
    /** To be shown or hidden anew. @type {LiveRow[]} */
    this.unfiltered = [];
    this.held = false;
    /** Held because an event is open, not because somebody asked for it. */
    this.isReading = false;
    this.skipped = 0;
    this.drawing = 0;
    const changed = () => this.filter();
    this.type = choice("type", TYPES, asked, changed);
    this.kind = choice("kind", [asked.get("kind") ?? ""].filter(Boolean), asked, changed);
    this.outcome = choice("outcome", OUTCOMES, asked, changed);
    this.bots = choice("bots", BOTS, asked, changed);
    this.search = h("input", {
      id: "search",
      type: "search",
      autocomplete: "off",
      placeholder: "event, visitor, product, id",
      value: asked.get("search") ?? "",
      oninput: changed,
    });
    this.pause = h("button", { type: "button", onclick: () => this.hold(!this.held) }, "Pause");
    this.sign = new FeedSign();
    this.list = h("ol.feed", { "aria-label": "Events, newest first" });
    this.said = h("p.quiet.feed-said");
    this.nothing = h("div", { hidden: true });
    this.figures = h("p.quiet.figures");
    this.elements = [
      h(
        "form.line.card.filters",
        { role: "search", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
        field("Search", this.search),
        field("Type", this.type),
        field("Kind", this.kind),
        field("Outcome", this.outcome),
        field("Bots", this.bots),
        this.pause,
      ),
      h(
        "section.card.feed-card",
        { "aria-label": "Events" },
        h("div.feed-head", null, this.sign.element, this.figures),
        this.said,
        this.list,
        this.nothing,
      ),
    ];
    fill(this.said, "Loading the last events …");
    this.list.addEventListener("toggle", () => this.opened(), true);
    new LiveFeed(
      {
        hello: (now) => this.hello(now),
        frame: (frame) => this.frame(frame),
        state: (state, feed) => this.sign.show(state, feed),
      },
      signal,
      EVENTS_MAX,
    );
  }

  /** @param {Monitor} now */
  hello({ recent, minutes, today }) {
    if (this.rows.length === 0 && this.older.length === 0) this.older = recent;
    else {
      const known = new Set(
        [...this.rows.map(({ event }) => event), ...this.older, ...this.newer].map(keyOf),
      );
      const fresh = recent.filter((event) => !known.has(keyOf(event)));
      this.newer = [...fresh, ...this.newer].slice(0, EVENTS_MAX);
    }
    this.draw();
    const minute = minutes.at(-1);
    if (minute) this.tell(minute, today);
  }

  /** @param {LiveFrame} frame */
  frame({ events, skipped = 0, minute, today }) {
    this.skipped += skipped;
    this.newer = [...events.toReversed(), ...this.newer].slice(0, EVENTS_MAX);
    this.draw();
    this.tell(minute, today);
  }

  /** @param {LiveFrame["minute"]} minute @param {LiveFrame["today"]} today */
  tell(minute, today) {
    fill(
      this.figures,
      `${whole(minute.events)} events this minute, ${whole(today.events)} today, ${whole(today.rejected)} rejected today`,
    );
  }

  /** Brings what has come into the list, a few rows between two pictures. */
  draw() {
    cancelAnimationFrame(this.drawing);
    if (this.signal.aborted) return;
    const below = this.older.splice(0, ROWS_AT_ONCE).map((event) => new LiveRow(event));
    const above = this.held ? [] : this.newer.splice(-ROWS_AT_ONCE).map((event) => new LiveRow(event));
    this.list.append(...below.map(({ element }) => element));
    this.list.prepend(...above.map(({ element }) => element));
    this.rows = [...above, ...this.rows, ...below];
    for (const { element } of this.rows.splice(EVENTS_MAX)) element.remove();
    for (const row of [...above, ...below]) this.known(row);
    const chosen = this.chosen();
    const again = this.unfiltered.splice(0, ROWS_AT_ONCE);
    for (const row of [...above, ...below, ...again]) row.element.hidden = !chosen(row);
    this.say();
    const isMore =
      this.older.length > 0 || this.unfiltered.length > 0 || (!this.held && this.newer.length > 0);
    if (isMore) this.drawing = requestAnimationFrame(() => this.draw());
    else this.openWanted();
  }

  /** A kind that is seen can be chosen. @param {LiveRow} row */
  known({ event: { kind } }) {
    const options = [...this.kind.options];
    if (options.some(({ value }) => value === kind)) return;
    const next = options.find(({ value }) => value > kind);
    this.kind.add(h("option", { value: kind }, words(kind)), next ?? null);
  }

  /** @returns {(row: LiveRow) => boolean} */
  chosen() {
    const text = this.search.value.trim().toLowerCase();
    const { value: type } = this.type;
    const { value: kind } = this.kind;
    const { value: outcome } = this.outcome;
    const { value: bots } = this.bots;
    return (row) =>
      (type === "" || row.event.type === type) &&
      (kind === "" || row.event.kind === kind) &&
      (outcome === "" || row.event.outcome === outcome) &&
      (bots === "" || row.event.bot === (bots === "only")) &&
      (text === "" || row.text.includes(text));
  }

  filter() {
    this.address();
    this.unfiltered = [...this.rows];
    this.draw();
  }

  say() {
    const { length } = this.rows;
    const shown = this.rows.filter(({ element }) => !element.hidden).length;
    fill(this.pause, this.held ? `Resume (${whole(this.newer.length)} new)` : "Pause");
    const parts = [`${whole(shown)} of the last ${whole(length)} events`];
    if (this.skipped > 0) parts.push(`${whole(this.skipped)} more came than are shown: 20 a second are`);
    fill(this.said, parts.join(", "));
    this.nothing.hidden = shown > 0;
    this.list.hidden = shown === 0;
    if (shown === 0) {
      fill(
        this.nothing,
        empty(
          length === 0
            ? "No event has come yet. They appear here as they come: try the shop window."
            : "No event matches.",
        ),
      );
    }
  }

  /** @param {boolean} held */
  hold(held, isReading = false) {
    this.held = held;
    this.isReading = isReading;
    this.draw();
    this.say();
  }

  /** An event that is read must not move: the feed holds until it is closed. */
  opened() {
    const isOpen = this.rows.some(({ details }) => details.open);
    if (isOpen && !this.held) this.hold(true, true);
    if (!isOpen && this.isReading) this.hold(false);
    this.address();
  }

  openWanted() {
    if (this.wanted === undefined) return;
    const found = this.rows.find(({ event }) => event.message_id === this.wanted);
    if (found === undefined) fill(this.said, `${this.wanted} is not among the last events that are kept.`);
    else {
      found.details.open = true;
      found.details.scrollIntoView({ block: "center" });
    }
    this.wanted = undefined;
  }

  /** Leads back to what is chosen, and to the event that is open. */
  address() {
    const open = this.rows.find(({ details }) => details.open)?.event.message_id;
    const asked = query({
      search: this.search.value.trim(),
      type: this.type.value,
      kind: this.kind.value,
      outcome: this.outcome.value,
      bots: this.bots.value,
    });
    const at = typeof open === "string" ? `/event/${encodeURIComponent(open)}` : "";
    history.replaceState(null, "", `#/live${at}${asked}`);
  }
}
