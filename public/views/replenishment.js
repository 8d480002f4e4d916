// Replenishment: the board. What to order and when, sorted, filtered, as CSV.
import { download, query, SIGNED_OUT } from "../lib/api.js";
import { csv } from "../lib/csv.js";
import { choice, empty, field, fill, h, loaded, onReturn, tableRow } from "../lib/dom.js";
import { date, moment, money, number, whole, words } from "../lib/format.js";
import { board } from "../lib/service.js";
import { open as openSku } from "./sku.js";

/** @import { BoardSoFar } from "../lib/service.js" */
/** @import { Address, Child, NamedBoardRow, StockStatus } from "../lib/shapes.js" */

export const title = "Replenishment";

const ROWS_SHOWN = 50;
const STATUSES = ["order_now", "out_of_stock", "order_soon", "ok", "overstock", "no_demand"];
const CLASSES = ["A", "B", "C"];
const BOARD = "#/replenishment";

/** Where the board was left: a SKU leads back there. */
let left = BOARD;
addEventListener(SIGNED_OUT, () => {
  left = BOARD;
});

/** Words that a planner may know otherwise. */
const MEANINGS = [
  ["Order now", "what is available and on order is at or below the reorder point"],
  ["Order soon", "it will be before the next review"],
  ["Overstock", "it outlasts lead time, review period and 90 days"],
  ["No demand", "less than one unit a year"],
  ["Class", "A, B, C by share of the revenue; X, Y, Z by how much weekly demand varies, X least"],
  ["Available", "on hand, less what is reserved"],
  ["Reorder point", "what demand in the lead time stays below, at the service level"],
  ["Order", "units to order now, in whole packs; also of what is sold out"],
  ["Order by", "when the mean demand brings stock to the reorder point"],
  ["Days of cover", "how long what is available lasts at the mean demand"],
  ["Revenue at risk", "expected shortage in the lead time, times the price, in the currency of the prices"],
];

/**
 * @typedef {object} BoardColumn
 * @property {string} key
 * @property {string} label
 * @property {boolean} [numeric]
 * @property {(row: NamedBoardRow) => string | number | null} value  sorted by; null comes last
 * @property {(row: NamedBoardRow) => Child} show
 */

/** @type {BoardColumn[]} */
const COLUMNS = [
  {
    key: "sku",
    label: "SKU",
    value: (row) => row.sku,
    show: (row) => h("a", { href: `#/replenishment/${encodeURIComponent(row.sku)}` }, row.sku),
  },
  { key: "name", label: "Name", value: (row) => row.name ?? null, show: (row) => row.name ?? "" },
  {
    key: "status",
    label: "Status",
    value: (row) => STATUSES.indexOf(row.status),
    show: (row) => h(`span.status.${row.status}`, null, words(row.status)),
  },
  { key: "class", label: "Class", value: (row) => classOf(row), show: classOf },
  figure("available", "Available", (row) => row.available, whole),
  figure("on_order", "On order", (row) => row.on_order, whole),
  figure("reorder_point", "Reorder point", (row) => row.reorder_point, whole),
  figure("quantity", "Order", (row) => row.quantity, whole),
  { key: "order_by", label: "Order by", value: (row) => row.order_by, show: (row) => date(row.order_by) },
  figure("days_of_cover", "Days of cover", (row) => row.days_of_cover, number),
  figure("revenue_at_risk", "Revenue at risk", (row) => row.revenue_at_risk, money),
];

/**
 * @param {string} key @param {string} label
 * @param {(row: NamedBoardRow) => number | null} value
 * @param {(value: number | null) => string} format
 * @returns {BoardColumn}
 */
function figure(key, label, value, format) {
  return { key, label, numeric: true, value, show: (row) => format(value(row)) };
}

/** @param {NamedBoardRow} row */
function classOf(row) {
  return `${row.class.abc}${row.class.xyz ?? ""}`;
}

/** @param {HTMLElement} place @param {Address} address @param {AbortSignal} signal */
export function open(place, address, signal) {
  const [sku] = address.parts;
  if (sku !== undefined) return openSku(place, sku, left, signal);
  left = location.hash;
  new Board(address.query, signal).open(place);
}

class Board {
  /** @param {URLSearchParams} asked @param {AbortSignal} signal */
  constructor(asked, signal) {
    this.signal = signal;
    /** @type {NamedBoardRow[]} */
    this.rows = [];
    /** Whether all of them have come. */
    this.complete = false;
    /** SKUs of the shop, where those are not all of them. */
    this.among = 0;
    this.readAt = new Date();
    /** Those on the page. @type {NamedBoardRow[]} */
    this.shown = [];
    this.page = Math.max(0, Math.trunc(Number(asked.get("page") ?? 1)) - 1 || 0);
    this.sort = COLUMNS.find(({ key }) => key === asked.get("sort")) ?? column("revenue_at_risk");
    this.descending = asked.has("sort") ? asked.get("order") === "descending" : true;
    this.status = choice("status", STATUSES, asked, () => this.changed());
    this.abc = choice("class", CLASSES, asked, () => this.changed());
    this.search = h("input", {
      id: "search",
      type: "search",
      autocomplete: "off",
      value: asked.get("search") ?? "",
      oninput: () => this.changed(),
    });
    this.download = h(
      "button",
      { type: "button", disabled: true, onclick: () => this.save() },
      "Download CSV",
    );
    this.body = h("tbody");
    this.said = h("p.quiet", { role: "status" });
    this.before = h("button", { type: "button", onclick: () => this.turn(-1) }, "Previous");
    this.after = h("button", { type: "button", onclick: () => this.turn(1) }, "Next");
    this.headers = COLUMNS.map((c) => this.header(c));
  }

  /** @param {HTMLElement} place */
  open(place) {
    fill(
      place,
      h(
        "form.line.card.filters",
        { role: "search", onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
        field("SKU or name", this.search),
        field("Status", this.status),
        field("Class by revenue", this.abc),
        this.download,
      ),
      loaded("the board", () => this.load(), "div.card.board"),
    );
    onReturn(this.signal, () => this.again());
  }

  /** @param {BoardSoFar} come */
  take({ rows, totals, complete, among }) {
    this.rows = rows;
    this.complete = complete;
    this.among = among;
    for (const option of this.status.options) {
      const total = totals[/** @type {StockStatus} */ (option.value)];
      if (total) option.text = `${words(option.value)} (${whole(total.skus)})`;
    }
    this.draw();
  }

  /** All of it at once, so that nothing moves in between. */
  async again() {
    // Nothing is shown yet: its own "Try again" reads it.
    if (!this.body.isConnected) return;
    /** @type {BoardSoFar | undefined} */
    let last;
    const readAt = new Date();
    for await (const come of board(this.signal)) last = come;
    if (last === undefined) return;
    this.readAt = readAt;
    this.take(last);
  }

  /** Shows what has come; the rest follows. */
  async load() {
    const coming = board(this.signal);
    this.readAt = new Date();
    const take = async () => {
      const { value } = await coming.next();
      if (value === undefined) return true;
      this.take(value);
      return value.complete;
    };
    const complete = await take();
    if (complete && this.rows.length === 0) {
      return empty("No SKU has stock yet: set it with PUT /v1/inventory/:sku.");
    }
    const rest = async (/** @type {boolean} */ done) => {
      while (!done) done = await take();
      this.download.disabled = false;
    };
    void rest(complete).catch((error) => {
      if (!this.signal.aborted) fill(this.said, `The rest of the board did not come: ${error.message}`);
    });
    return h(
      "div",
      null,
      this.said,
      h(
        "div.scroll",
        { tabindex: "0", role: "region", "aria-label": "What to order, and when" },
        h("table.board", null, h("thead", null, h("tr", null, ...this.headers)), this.body),
      ),
      h("div.line.pages", null, this.before, this.after),
      h(
        "details",
        null,
        h("summary", null, "What the words mean"),
        h(
          "dl.facts",
          null,
          ...MEANINGS.map(([word, meaning]) => h("div", null, h("dt", null, word), h("dd", null, meaning))),
        ),
      ),
    );
  }

  /** @param {BoardColumn} c */
  header(c) {
    const sort = () => {
      this.descending = this.sort === c ? !this.descending : c.numeric === true;
      this.sort = c;
      this.changed();
    };
    const button = h("button.sort", { type: "button", onclick: sort }, c.label);
    return h(c.numeric ? "th.number" : "th", { scope: "col" }, button);
  }

  /** The rows that match, in their order. */
  chosen() {
    const words = this.search.value.trim().toLowerCase();
    const { value: status } = this.status;
    const { value: abc } = this.abc;
    const { value } = this.sort;
    const sign = this.descending ? -1 : 1;
    return this.rows
      .filter(
        (row) =>
          (status === "" || row.status === status) &&
          (abc === "" || row.class.abc === abc) &&
          (words === "" || `${row.sku} ${row.name ?? ""}`.toLowerCase().includes(words)),
      )
      .sort((a, b) => compare(value(a), value(b), sign) || (a.sku < b.sku ? -1 : 1));
  }

  changed() {
    this.page = 0;
    this.address();
    this.draw();
  }

  /** Leads back to what is chosen. */
  address() {
    const { key } = this.sort;
    const isUsual = key === "revenue_at_risk" && this.descending;
    const asked = query({
      search: this.search.value.trim(),
      status: this.status.value,
      class: this.abc.value,
      sort: isUsual ? "" : key,
      order: !isUsual && this.descending ? "descending" : "",
      page: this.page === 0 ? "" : this.page + 1,
    });
    left = `${BOARD}${asked}`;
    history.replaceState(null, "", left);
  }

  /** @param {number} pages */
  turn(pages) {
    this.page += pages;
    this.address();
    this.draw();
    // The buttons stand below the rows: one reads on at the first.
    this.said.scrollIntoView({ block: "nearest" });
  }

  draw() {
    const rows = this.chosen();
    // An address may name a page that is no more.
    if (this.complete) this.page = Math.min(this.page, Math.max(0, Math.ceil(rows.length / ROWS_SHOWN) - 1));
    const from = this.page * ROWS_SHOWN;
    const shown = rows.slice(from, from + ROWS_SHOWN);
    // More rows that come behind these leave them, and the focus in them, alone.
    if (shown.length !== this.shown.length || shown.some((row, i) => row !== this.shown[i])) {
      const cells = (/** @type {NamedBoardRow} */ row) => COLUMNS.map((c) => c.show(row));
      fill(this.body, ...shown.map((row) => tableRow(COLUMNS, cells(row))));
      this.shown = shown;
    }
    const of = `${whole(rows.length)} SKUs`;
    const place = shown.length === 0 ? of : `${whole(from + 1)} to ${whole(from + shown.length)} of ${of}`;
    const among = `, among the ${whole(this.rows.length)} of ${whole(this.among)} with the most revenue at risk`;
    fill(
      this.said,
      rows.length === 0 ? "Nothing matches" : place,
      this.among > 0 ? among : "",
      this.complete ? `, as of ${moment(this.readAt)}` : ", more are coming …",
    );
    this.before.disabled = this.page === 0;
    this.after.disabled = from + ROWS_SHOWN >= rows.length;
    for (const [i, c] of COLUMNS.entries()) {
      if (c !== this.sort) this.headers[i]?.removeAttribute("aria-sort");
      else this.headers[i]?.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
    }
  }

  save() {
    const names = COLUMNS.map(({ key }) => key);
    const rows = this.chosen().map((row) =>
      COLUMNS.map((c) => (c.key === "status" ? row.status : c.value(row))),
    );
    // Excel takes a file that does not say so for one in the machine's own letters.
    download("replenishment.csv", new Blob(["\ufeff", csv([names, ...rows])], { type: "text/csv" }));
  }
}

/** @param {string} key */
function column(key) {
  return /** @type {BoardColumn} */ (COLUMNS.find((c) => c.key === key));
}

/** Whatever the direction, what is not known comes last. @param {string | number | null} a @param {string | number | null} b @param {number} sign */
function compare(a, b, sign) {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -sign : sign;
}
