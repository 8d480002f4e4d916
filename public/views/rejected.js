// Rejected events: why each was not taken, and sending it again as it was or corrected.
import { messageOf } from "../lib/api.js";
import { empty, fill, h, load } from "../lib/dom.js";
import { legibleJson, moment, whole } from "../lib/format.js";
import { dropRejected, rejected, replay, replayAll } from "../lib/service.js";

/** @import { Refusal, RejectedEvent, Replayed } from "../lib/shapes.js" */

const PAGE_EVENTS = 50;
/** To find one that an address names. */
const SEARCHED_EVENTS = 500;

/**
 * The list of all that are kept, newest first.
 * @param {HTMLElement} place @param {string | undefined} wanted  id of the one to open @param {AbortSignal} signal
 */
export function openRejected(place, wanted, signal) {
  const list = h("div.card.board");
  const show = (/** @type {string | undefined} */ opened, said = "") =>
    load(list, "rejected events", () =>
      firstPage(opened, said, signal, (note) => void show(undefined, note)),
    );
  place.append(list);
  void show(wanted);
}

/** @param {string | undefined} wanted @param {string} note @param {AbortSignal} signal @param {(note: string) => void} again  shows the list anew */
async function firstPage(wanted, note, signal, again) {
  const limit = wanted === undefined ? PAGE_EVENTS : SEARCHED_EVENTS;
  let { items, next_cursor: cursor } = await rejected({ limit }, signal);
  const said = h("p.note", { role: "status" }, note);
  if (items.length === 0)
    return h("div", null, said, empty("No rejected event is kept: everything that came was valid."));
  const rows = h(
    "ol.feed",
    { "aria-label": "Rejected events, newest first" },
    ...items.map((item) => row(item, wanted)),
  );
  const more = h("button", { type: "button", hidden: cursor === undefined }, "Show more");
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      ({ items, next_cursor: cursor } = await rejected({ limit, cursor }, signal));
      const next = items.map((item) => row(item));
      rows.append(...next);
      more.hidden = cursor === undefined;
      next[0]?.querySelector("summary")?.focus();
    } catch (error) {
      if (!signal.aborted) fill(said, messageOf(error));
    }
    more.disabled = false;
  });
  const all = h("button", { type: "button" }, "Replay all");
  all.addEventListener("click", async () => {
    all.disabled = true;
    try {
      again(inWords(await everything((sum) => fill(said, inWords(sum)))));
    } catch (error) {
      fill(said, messageOf(error));
      all.disabled = false;
    }
  });
  const advice = "Kept until they are taken: correct what sent them, or the message itself, and replay.";
  return h(
    "div",
    null,
    h("div.feed-head", null, h("p.quiet", null, advice), all),
    said,
    rows,
    h("div.line.pages", null, more),
  );
}

/** A thousand at a time, the oldest first. @param {(sum: Replayed) => void} told */
async function everything(told) {
  /** @type {Replayed} */
  const sum = { accepted: 0, duplicates: 0, rejected: [] };
  /** @type {string | undefined} */
  let cursor;
  do {
    const done = await replayAll(cursor);
    sum.accepted += done.accepted;
    sum.duplicates += done.duplicates;
    sum.rejected.push(...done.rejected);
    cursor = done.next_cursor;
    told(sum);
  } while (cursor !== undefined);
  return sum;
}

/** @param {Replayed} replayed */
function inWords({ accepted, duplicates, rejected: still }) {
  return `${whole(accepted)} taken, ${whole(duplicates)} known already, ${whole(still.length)} still rejected.`;
}

/** @param {RejectedEvent} item @param {string} [wanted] */
function row(item, wanted) {
  const { id, received_at, code, path, detail, message_id, message, truncated } = item;
  const details = h(
    "details",
    { open: id === wanted },
    h(
      "summary",
      null,
      h("span.at", null, moment(received_at)),
      h("strong", null, path === "" ? code.replaceAll("_", " ") : path),
      h("span.subject", null, detail),
      h("span.who.quiet", null, message_id ?? "without an id"),
    ),
  );
  // Of one that was too long only the beginning is kept, as text.
  const text = legibleJson(truncated ? String(message) : JSON.stringify(message, null, 2));
  const show = () => {
    if (!details.open) return;
    history.replaceState(null, "", `#/live/rejected/${encodeURIComponent(id)}`);
    if (details.childElementCount === 1) details.append(h("div.event-body", null, correction(id, text)));
  };
  details.addEventListener("toggle", show);
  return h("li", null, details);
}

/** What is wrong, with the field. @param {Refusal} refused */
export function whyOf({ path, detail }) {
  return path === "" || detail.startsWith(path) ? detail : `${path} ${detail}`;
}

/** The message to be corrected, and sending it again. @param {string} id @param {string} text  JSON, as it was sent */
export function correction(id, text) {
  const area = h("textarea", {
    id: `message-${id}`,
    rows: String(Math.min(24, Math.max(6, text.split("\n").length))),
    spellcheck: "false",
    autocomplete: "off",
  });
  area.value = text;
  const said = h("p.note", { role: "status" });
  const send = h("button", { type: "submit" }, "Replay");
  const drop = h("button.danger", { type: "button" }, "Drop");
  const done = (/** @type {string} */ words) => {
    send.disabled = drop.disabled = area.readOnly = true;
    fill(said, words);
  };
  /** @param {() => Promise<string | undefined>} act  what was done, in words; undefined: it may be tried again */
  const attempt = async (act) => {
    send.disabled = drop.disabled = true;
    fill(said);
    try {
      const words = await act();
      if (words !== undefined) return done(words);
    } catch (error) {
      fill(said, messageOf(error));
    }
    send.disabled = drop.disabled = false;
  };
  const again = async () => {
    const item = area.value === text ? { id } : { id, message: parsed(area.value) };
    const { accepted, rejected: still } = await replay([item]);
    const [refused] = still;
    if (refused) fill(said, `Still rejected: ${whyOf(refused)}`);
    return refused ? undefined : accepted > 0 ? "Taken." : "Known already: it counts once.";
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void attempt(again);
  };
  drop.addEventListener("click", () =>
    attempt(async () => {
      await dropRejected(id);
      return "Dropped.";
    }),
  );
  return h(
    "form",
    { onsubmit: submit },
    h("label", { for: area.id }, "Message"),
    area,
    h("div.line", null, send, drop),
    said,
  );
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The message is not JSON: ${messageOf(error)}`);
  }
}
