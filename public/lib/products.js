// Products as links and lists, with the reason why one is recommended.
import { empty, h } from "./dom.js";
import { money } from "./format.js";

/** @import { Child, Product, Recommended } from "./shapes.js" */

/** @type {Record<Recommended["strategy"], string>} */
const REASONS = {
  collaborative: "goes with",
  category: "popular in a favourite category",
  recent: "looked at or bought before",
  trending: "trending now",
};

/** @param {string} productId @param {string} [name] */
export function productLink(productId, name) {
  return h("a", { href: `#/products/${encodeURIComponent(productId)}` }, name ?? productId);
}

/** Why it is recommended. @param {Recommended} item @param {(productId: string) => string} [nameOf] */
export function reason({ strategy, because }, nameOf = (id) => id) {
  return because ? `${REASONS[strategy]} ${nameOf(because.product_id)}` : REASONS[strategy];
}

/**
 * @param {Recommended[]} items
 * @param {string} nothing  said when there are none
 * @param {(productId: string) => string} [nameOf]
 */
export function recommendedList(items, nothing, nameOf) {
  if (items.length === 0) return empty(nothing);
  return h(
    "ul.items",
    null,
    ...items.map((item) =>
      productItem(item.product, reason(item, nameOf), productLink(item.product_id, item.product.name)),
    ),
  );
}

/** @param {Product} product @param {string} note @param {HTMLElement} title @param {...Child} actions */
export function productItem(product, note, title, ...actions) {
  return h(
    "li.item",
    null,
    title,
    h("span.quiet", null, note),
    h("strong", null, money(product.price, product.currency)),
    ...actions,
  );
}
