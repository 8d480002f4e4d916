// Shop window: a small shop on the catalogue's products. Each click is an event, and changes what is recommended.
import { imported, SIGNED_OUT, writeKey } from "../lib/api.js";
import { card, empty, field, fill, h, load, nameThePage, readOn } from "../lib/dom.js";
import { milliseconds, money, time, whole } from "../lib/format.js";
import { productItem, reason } from "../lib/products.js";
import { faultOfWriteKey, product as productOf, products } from "../lib/service.js";

/** @import { Address, Product, Recommended } from "../lib/shapes.js" */
/** @import { Visit } from "./shop-visit.js" */

export const title = "Shop window";

const RECOMMENDED_SHOWN = 6;
const FOUND_SHOWN = 12;
const PRODUCTS_KNOWN_MAX = 500;

/** It goes on when the view is left and opened again. @type {Visit | undefined} */
let visit;
/** Seen in lists so far. @type {Map<string, Product>} */
const known = new Map();
addEventListener(SIGNED_OUT, () => {
  visit = undefined;
  known.clear();
});

/** @param {HTMLElement} place @param {Address} address @param {AbortSignal} signal */
export function open(place, address, signal) {
  void enter(place, address, signal, writeKey.get());
}

/** @param {HTMLElement} place @param {Address} address @param {AbortSignal} signal @param {string} key  empty: none yet */
async function enter(place, address, signal, key) {
  await load(place, "the shop", async () => {
    const fault = key === "" ? "" : await faultOfWriteKey(key, signal);
    if (key === "" || fault !== "") {
      writeKey.clear();
      return keyForm(fault, (typed) => void enter(place, address, signal, typed));
    }
    writeKey.set(key);
    const { Visit } = await imported(import("./shop-visit.js"));
    if (visit?.writeKey !== key) {
      const begun = new Visit(key, () => {});
      await begun.ready();
      // What another opening of the view began meanwhile, or signing out ended, stays as it is.
      signal.throwIfAborted();
      visit = begun;
    }
    return new Shop(visit, signal).open(address.parts);
  });
  /** @type {HTMLElement | null} */ (place.querySelector("#write-key"))?.focus();
}

/** @param {string} fault  of the key before @param {(key: string) => void} entered */
function keyForm(fault, entered) {
  const input = h("input", { id: "write-key", required: true, autocomplete: "off", spellcheck: "false" });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    entered(input.value.trim());
  };
  return h(
    "form.card.narrow",
    { onsubmit: submit },
    h(
      "p",
      null,
      "A shop's pages use the public write key: Segment's browser library sends events with it, and asks for ",
      "recommendations. npm start prints it beside the secret key. What you do here counts like any visit.",
    ),
    field("Write key", input),
    h("p.failure-note", { role: "alert" }, fault),
    h("button", { type: "submit" }, "Enter the shop"),
  );
}

class Shop {
  /** @param {Visit} visit @param {AbortSignal} signal */
  constructor(visit, signal) {
    this.visit = visit;
    this.signal = signal;
    this.page = h("div.store");
    this.wire = h("ol.messages", { "aria-label": "What went over the wire, newest first", tabindex: "0" });
    this.cartButton = h("button", { type: "button", onclick: () => this.goToCart() });
    /** What was recommended before, by placement. @type {Map<string, Set<string>>} */
    this.before = new Map();
    /** Ends what a page still waits for when the next one opens. */
    this.turning = new AbortController();
    visit.told = () => this.drawWire();
  }

  /** @param {string[]} parts of the address */
  open(parts) {
    const search = h("input", { id: "shop-search", type: "search", autocomplete: "off" });
    const find = (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.search(search.value.trim());
    };
    this.drawWire();
    this.drawCartButton();
    const [page, id] = parts;
    if (page === "product" && id !== undefined) void this.goToProduct(id, false);
    else if (page === "cart") this.goToCart(false);
    else this.goHome(false);
    return h(
      "div.window",
      null,
      h(
        "div.store",
        null,
        h(
          "div.store-bar.card",
          null,
          h("button", { type: "button", onclick: () => this.goHome() }, "Home"),
          h(
            "form.line",
            { role: "search", onsubmit: find },
            field("Find a product", search),
            h("button", { type: "submit" }, "Find"),
          ),
          this.cartButton,
          h("button", { type: "button", onclick: () => this.restart() }, "New visitor"),
        ),
        this.page,
      ),
      h("aside.card.wire", { "aria-label": "Events and answers" }, h("h2", null, "Over the wire"), this.wire),
    );
  }

  /** @param {string[]} parts of the address @param {boolean} push */
  turn(parts, push) {
    this.turning.abort();
    this.turning = new AbortController();
    if (push) history.pushState(null, "", ["#/shop", ...parts.map(encodeURIComponent)].join("/"));
    nameThePage(title, parts);
    this.drawCartButton();
    return AbortSignal.any([this.signal, this.turning.signal]);
  }

  goHome(push = true) {
    const signal = this.turn([], push);
    fill(this.page, this.recommended("For you", { placement: "home" }, Promise.resolve(), signal));
  }

  /** @param {string} id */
  async goToProduct(id, push = true) {
    const signal = this.turn(["product", id], push);
    await load(this.page, "the product", async () => {
      const product = known.get(id) ?? (await productOf(id, signal));
      remember(product);
      const told = this.visit.view(product);
      const add = h("button", { type: "button", onclick: () => this.add(product) }, "Add to cart");
      return h(
        "div.store",
        null,
        h(
          "section.card",
          null,
          picture(product, "large"),
          h("h2", null, product.name ?? product.product_id),
          h(
            "p",
            null,
            money(product.price, product.currency),
            h("span.quiet", null, ` ${product.category ?? ""}`),
          ),
          add,
        ),
        this.recommended("Goes with it", { placement: "product", product_id: id }, told, signal),
        this.recommended("For you", { placement: "home" }, told, signal),
      );
    });
    // A page that opens leaves the focus where the browser puts it.
    if (push) this.readOn();
  }

  /** @param {boolean} [push] @param {Promise<void>} [before]  what the service is still being told */
  goToCart(push = true, before = Promise.resolve()) {
    const signal = this.turn(["cart"], push);
    const lines = [...this.visit.cart.values()];
    const told = before.then(() =>
      lines.length === 0 ? undefined : this.visit.track("Cart Viewed", cartOf(lines)),
    );
    fill(
      this.page,
      card("Cart", lines.length === 0 ? empty("The cart is empty.") : this.cartLines(lines)),
      this.recommended("Before you go", { placement: "cart" }, told, signal),
    );
    this.readOn();
  }

  /** @param {import("./shop-visit.js").CartLine[]} lines */
  cartLines(lines) {
    const total = lines.reduce((sum, { product, quantity }) => sum + (product.price ?? 0) * quantity, 0);
    return h(
      "div",
      null,
      h(
        "ul.plain.lines",
        null,
        ...lines.map(({ product, quantity }) =>
          h(
            "li",
            null,
            h("span", null, `${whole(quantity)} × ${product.name ?? product.product_id}`),
            h("button", { type: "button", onclick: () => this.remove(product) }, "Remove"),
          ),
        ),
      ),
      h("p", null, "Together ", h("strong", null, money(total, lines[0]?.product.currency))),
      h("button", { type: "button", onclick: () => this.order() }, "Buy"),
    );
  }

  /** @param {Product} product */
  add(product) {
    this.goToCart(true, this.visit.add(product));
  }

  /** @param {Product} product */
  remove(product) {
    this.goToCart(false, this.visit.remove(product));
  }

  order() {
    const told = this.visit.order();
    const signal = this.turn([], true);
    fill(
      this.page,
      card(
        "Thank you",
        h("p", { role: "status" }, "The order is placed: profile, demand and stock planning know of it."),
      ),
      this.recommended("For you", { placement: "home" }, told, signal),
    );
    this.readOn();
  }

  async restart() {
    await this.visit.restart();
    this.before.clear();
    this.goHome();
  }

  /** @param {string} text */
  async search(text) {
    const signal = this.turn([], true);
    await load(this.page, "products", async () => {
      const [{ items }] = await Promise.all([
        products({ search: text, limit: FOUND_SHOWN }, signal),
        this.visit.track("Products Searched", { query: text }),
      ]);
      const shown = items.filter(({ hidden }) => !hidden);
      return card(
        "Found",
        shown.length === 0
          ? empty("No product matches.")
          : h("ul.items", null, ...shown.map((product) => this.item(product, product.category ?? ""))),
      );
    });
  }

  /**
   * Asked for when the service has taken the event, so that the answer knows of it.
   * @param {string} heading
   * @param {{placement: "home" | "product" | "cart", product_id?: string}} asked
   * @param {Promise<void>} told
   * @param {AbortSignal} signal
   */
  recommended(heading, asked, told, signal) {
    const place = h("div.place.tall");
    void load(place, "recommendations", async () => {
      await told;
      const { items } = await this.visit.recommend({ ...asked, limit: RECOMMENDED_SHOWN }, signal);
      const before = this.before.get(asked.placement);
      this.before.set(asked.placement, new Set(items.map(({ product_id }) => product_id)));
      if (items.length === 0) return empty("Nothing to recommend yet.");
      for (const { product } of items) remember(product);
      return h("ul.items", null, ...items.map((item) => this.recommendedItem(item, before)));
    });
    return card(heading, place);
  }

  /** @param {Recommended} item @param {Set<string> | undefined} before */
  recommendedItem(item, before) {
    const isFresh = before !== undefined && !before.has(item.product_id);
    const why = reason(item, (id) => known.get(id)?.name ?? id);
    return this.item(item.product, why, isFresh ? h("span.fresh", null, "new here") : null);
  }

  /** @param {Product} product @param {string} note @param {HTMLElement | null} [mark] */
  item(product, note, mark = null) {
    remember(product);
    const link = h(
      "button.link",
      { type: "button", onclick: () => this.goToProduct(product.product_id) },
      product.name ?? product.product_id,
    );
    return productItem(product, note, h("div", null, picture(product), link), mark);
  }

  /** The button that turned the page went with the page before. */
  readOn() {
    readOn(this.page.querySelector("h2"));
  }

  drawCartButton() {
    const units = [...this.visit.cart.values()].reduce((sum, { quantity }) => sum + quantity, 0);
    fill(this.cartButton, `Cart (${whole(units)})`);
  }

  drawWire() {
    fill(
      this.wire,
      ...this.visit.messages.map(({ at, kind, title: name, body, ms, note }) =>
        h(
          "li.message",
          null,
          h(
            "div",
            null,
            h("strong", null, `${kind === "event" ? "→" : "←"} ${name}`),
            h("span.when", null, milliseconds(ms)),
          ),
          h("div.quiet", null, h("span", null, note), h("span.when", null, time(at))),
          h("details", null, h("summary.quiet", null, "Body"), h("pre", null, JSON.stringify(body, null, 1))),
        ),
      ),
      ...(this.visit.messages.length === 0
        ? [h("li.message.quiet", null, "Nothing yet: open a product.")]
        : []),
    );
  }
}

/** @param {Product} product */
function remember(product) {
  known.delete(product.product_id);
  known.set(product.product_id, product);
  const [oldest] = known.keys();
  if (known.size > PRODUCTS_KNOWN_MAX && oldest !== undefined) known.delete(oldest);
}

/** The sample has no photographs: a colour of its own for each category. @param {Product} product */
function picture({ category = "" }, size = "") {
  let hue = 0;
  for (const letter of category) hue = (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  const element = h(size === "" ? "div.picture" : `div.picture.${size}`, { "aria-hidden": "true" });
  element.style.background = `linear-gradient(135deg, hsl(${hue} 40% 78%), hsl(${(hue + 40) % 360} 35% 60%))`;
  return element;
}

/** @param {import("./shop-visit.js").CartLine[]} lines */
function cartOf(lines) {
  return {
    products: lines.map(({ product: { product_id, name, price }, quantity }) => ({
      product_id,
      name,
      price,
      quantity,
    })),
  };
}
