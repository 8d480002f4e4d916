// One visit to the shop window: Segment's own browser library sends what the visitor does to this very service, and
// each recommendation is asked for as a shop's page would ask, with the public write key.
import "../vendor/segment.js";
import { ApiError, query, send, UNREACHABLE } from "../lib/api.js";

/** @import { Product, RecommendationList } from "../lib/shapes.js" */

const MESSAGES_KEPT = 60;
const CURRENCY = "GBP";

/**
 * What went over the wire.
 * @typedef {object} Message
 * @property {Date} at
 * @property {"event" | "answer"} kind
 * @property {string} title
 * @property {unknown} body
 * @property {number} ms  from the call to its answer
 * @property {string} note
 */

/** @typedef {{product: Product, quantity: number}} CartLine */

export class Visit {
  /** @param {string} writeKey @param {() => void} told  there is a new message */
  constructor(writeKey, told) {
    this.writeKey = writeKey;
    this.told = told;
    /** Newest first. @type {Message[]} */
    this.messages = [];
    /** @type {Map<string, CartLine>} */
    this.cart = new Map();
    this.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL: location.origin });
  }

  /**
   * Resolves when Segment's library has its settings: until then it neither sends nor says that it cannot.
   * @throws {ApiError}
   */
  ready() {
    return this.analytics.then(
      () => {},
      () => {
        throw new ApiError(0, UNREACHABLE);
      },
    );
  }

  /** Resolves when the service has taken the event. @param {string} name @param {Record<string, unknown>} properties */
  async track(name, properties) {
    const began = performance.now();
    const context = await this.analytics.track(name, properties);
    const failure = context.failedDelivery();
    this.tell({
      kind: "event",
      title: name,
      body: properties,
      ms: performance.now() - began,
      note: failure ? `not taken: ${String(failure.reason)}` : "taken",
    });
  }

  /** @param {Product} product */
  view(product) {
    return this.track("Product Viewed", propertiesOf(product));
  }

  /** @param {Product} product */
  add(product) {
    const { quantity = 0 } = this.cart.get(product.product_id) ?? {};
    this.cart.set(product.product_id, { product, quantity: quantity + 1 });
    return this.track("Product Added", { ...propertiesOf(product), quantity: 1 });
  }

  /** @param {Product} product */
  remove(product) {
    const line = this.cart.get(product.product_id);
    this.cart.delete(product.product_id);
    return this.track("Product Removed", { ...propertiesOf(product), quantity: line?.quantity ?? 1 });
  }

  order() {
    const lines = [...this.cart.values()];
    this.cart.clear();
    const total = lines.reduce((sum, { product, quantity }) => sum + (product.price ?? 0) * quantity, 0);
    return this.track("Order Completed", {
      order_id: `window-${crypto.randomUUID()}`,
      total: Math.round(total * 100) / 100,
      currency: lines[0]?.product.currency ?? CURRENCY,
      products: lines.map(({ product, quantity }) => ({ ...propertiesOf(product), quantity })),
    });
  }

  /**
   * @param {{placement: "home" | "product" | "cart", product_id?: string, limit: number}} asked
   * @param {AbortSignal} signal
   * @returns {Promise<RecommendationList>}
   */
  async recommend(asked, signal) {
    const user = /** @type {{anonymousId(): string | null | undefined}} */ (await this.analytics.user());
    const path = `/v1/recommendations${query({ anonymous_id: user.anonymousId(), ...asked })}`;
    const began = performance.now();
    const response = await send(path, { key: this.writeKey, signal });
    const list = await response.json();
    this.tell({
      kind: "answer",
      title: `Recommendations: ${asked.placement}`,
      body: list.items.map((/** @type {{product_id: string, strategy: string}} */ item) => [
        item.product_id,
        item.strategy,
      ]),
      ms: performance.now() - began,
      note: [`model ${list.model_version}`, ...timings(response.headers.get("server-timing") ?? "")].join(
        ", ",
      ),
    });
    return list;
  }

  /** A new visitor, who has done nothing yet. */
  async restart() {
    await this.analytics.reset();
    this.cart.clear();
    this.messages = [];
    this.told();
  }

  /** @param {Omit<Message, "at">} message */
  tell(message) {
    this.messages.unshift({ at: new Date(), ...message });
    this.messages.length = Math.min(this.messages.length, MESSAGES_KEPT);
    this.told();
  }
}

/** @param {Product} product */
function propertiesOf({ product_id, name, category, brand, price, currency }) {
  return { product_id, sku: product_id, name, category, brand, price, currency };
}

/**
 * Of `profile;dur=1.2, kernel;dur=0.3`: what took time by the service's clock, which stands still while it computes.
 * @param {string} header
 */
function timings(header) {
  return [...header.matchAll(/(\w+);dur=([\d.]+)/g)]
    .filter(([, , ms]) => Number(ms) > 0)
    .map(([, name, ms]) => `${name} ${ms} ms`);
}
