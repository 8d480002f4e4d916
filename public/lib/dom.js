// Elements made from values. Text is always a text node: nothing from the service is ever parsed as markup.
import { isAbort, messageOf, PartMissing } from "./api.js";
import { legible, words } from "./format.js";

/** @import { Child, ElementOf } from "./shapes.js" */

/**
 * @template {string} Tag
 * @param {Tag} tag  a tag name, with classes after dots: `p.quiet`
 * @param {Record<string, unknown> | null} [properties]  attributes; `on...` are listeners; false and null are left out
 * @param {...(Child | Child[])} children
 * @returns {ElementOf<Tag>}
 */
export function h(tag, properties, ...children) {
  const [name = "div", ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function")
      element.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : legible(String(child)));
    }
  }
  return /** @type {ElementOf<Tag>} */ (element);
}

/** Names the page as its address does. @param {string} view @param {string[]} parts */
export function nameThePage(view, parts) {
  document.title = legible(`${[view, ...parts].join(": ")} – Shelfwise`);
}

/** Replaces what an element holds. @param {Element} element @param {...(Node | string)} children */
export function fill(element, ...children) {
  element.replaceChildren(...children.map((child) => (child instanceof Node ? child : legible(child))));
}

/**
 * Gives the focus to where one reads on, when what had it is gone.
 * @param {HTMLElement | null} element  a heading, too
 */
export function readOn(element) {
  if (element === null || document.activeElement !== document.body) return;
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

/** @param {string} heading @param {...(Child | Child[])} children */
export function card(heading, ...children) {
  return h("section.card", null, h("h2", null, heading), ...children);
}

/**
 * @typedef {object} Column
 * @property {string} label
 * @property {boolean} [numeric]
 */

/**
 * A table whose first column is its row header.
 * @param {string} caption
 * @param {Column[]} columns
 * @param {Child[][]} rows
 */
export function table(caption, columns, rows) {
  return h(
    "div.scroll",
    { tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      null,
      h("caption.quiet", null, caption),
      h(
        "thead",
        null,
        h("tr", null, ...columns.map((c) => h(c.numeric ? "th.number" : "th", { scope: "col" }, c.label))),
      ),
      h("tbody", null, ...rows.map((cells) => tableRow(columns, cells))),
    ),
  );
}

/** @param {Column[]} columns @param {Child[]} cells */
export function tableRow(columns, cells) {
  return h(
    "tr",
    null,
    ...cells.map((cell, i) => {
      const kind = columns[i]?.numeric ? ".number" : "";
      return i === 0 ? h(`th${kind}`, { scope: "row" }, cell) : h(`td${kind}`, null, cell);
    }),
  );
}

/** A labelled bar of 0..1. @param {string} label @param {number} share @param {string} note */
export function bar(label, share, note) {
  const value = String(Math.max(0, Math.min(1, share)));
  return h(
    "li.bar",
    null,
    h("span", null, label),
    h("progress", { max: "1", value, "aria-label": label, "aria-valuetext": note }),
    h("span.quiet", null, note),
  );
}

/** Figures with their names. @param {...(HTMLElement)} children */
export function tiles(...children) {
  return h("dl.tiles", null, ...children);
}

/** A figure with its name. @param {string} label @param {Child} value @param {Child} [note] */
export function tile(label, value, note) {
  return h(
    "div.tile",
    null,
    h("dt", null, label),
    h("dd", null, value),
    note ? h("dd.quiet", null, note) : null,
  );
}

/** A form's field. @param {string} label @param {HTMLElement & {id: string}} control */
export function field(label, control) {
  return h("div.field", null, h("label", { for: control.id }, label), control);
}

/**
 * One of some words, or all of them; as the address says at first.
 * @param {string} id @param {string[]} values snake_case @param {URLSearchParams} asked @param {() => void} changed
 */
export function choice(id, values, asked, changed) {
  const options = ["", ...values].map((value) =>
    h("option", { value, selected: value === asked.get(id) }, value === "" ? "all" : words(value)),
  );
  return h("select", { id, onchange: changed }, ...options);
}

/** @param {string} text */
export function empty(text) {
  return h("p.empty", null, text);
}

/** @param {unknown} error @param {() => void} retry */
export function failure(error, retry) {
  const again = error instanceof PartMissing ? () => location.reload() : retry;
  return h(
    "div.failure",
    { role: "alert" },
    h("p", null, messageOf(error)),
    h("button", { type: "button", onclick: again }, "Try again"),
  );
}

/**
 * Says that something loads, then shows what `make` gives, or its error with a way to try again. What was shown
 * before stays until then, so that nothing jumps.
 * @param {Element} place
 * @param {string} what
 * @param {() => Promise<Node>} make
 * @returns {Promise<void>}
 */
export async function load(place, what, make) {
  place.setAttribute("aria-busy", "true");
  if (place.childElementCount === 0) fill(place, h("p.loading", { role: "status" }, `Loading ${what} …`));
  try {
    fill(place, await make());
  } catch (error) {
    if (isAbort(error)) return;
    const retry = () => {
      fill(place);
      void load(place, what, make);
    };
    fill(place, failure(error, retry));
  } finally {
    place.removeAttribute("aria-busy");
  }
}

/** Looked away from for longer, what a view shows is old. */
const AWAY_MS = 5 * 60_000;
/** A machine that wakes has its network a little later. */
const AGAIN_MS = 5_000;

/**
 * Reads anew when somebody comes back to a tab after a while; until that succeeds, what was shown stays.
 * @param {AbortSignal} signal  ends it
 * @param {() => Promise<unknown>} again
 */
export function onReturn(signal, again) {
  let leftAt = Number.POSITIVE_INFINITY;
  let waiting = 0;
  const look = async () => {
    clearTimeout(waiting);
    if (document.hidden) {
      leftAt = Math.min(leftAt, Date.now());
      return;
    }
    try {
      if (Date.now() - leftAt > AWAY_MS) await again();
      leftAt = Number.POSITIVE_INFINITY;
    } catch {
      if (!signal.aborted) waiting = setTimeout(look, AGAIN_MS);
    }
  };
  document.addEventListener("visibilitychange", look, { signal });
  signal.addEventListener("abort", () => clearTimeout(waiting));
}

/** A place that loads by itself. @param {string} what @param {() => Promise<Node>} make @param {string} [tag] */
export function loaded(what, make, tag = "div.place") {
  const place = h(tag);
  void load(place, what, make);
  return place;
}

/** A picture that draws itself once it has its place. @param {string} label @param {(place: HTMLElement) => Promise<void>} draw */
export function picture(label, draw) {
  const place = h("div.chart", { role: "img", "aria-label": label });
  requestAnimationFrame(() => {
    draw(place).catch((error) => fill(place, h("p.failure-note", null, error.message)));
  });
  return place;
}
