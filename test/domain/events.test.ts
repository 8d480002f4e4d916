import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Activity } from "../../domain/activity.ts";
import { ACTIVITY_KINDS } from "../../domain/activity.ts";
import { readActivity, writeActivity } from "../../domain/activity-codec.ts";
import { demandOf } from "../../domain/activity-signals.ts";
import { ByteReader, ByteWriter } from "../../domain/bytes.ts";
import { kindOf, toActivity } from "../../domain/ecommerce.ts";
import { correctTimestamp, type ShopEvent } from "../../domain/event.ts";

const event = (properties: Record<string, unknown>, name = "Product Viewed"): ShopEvent => ({
  type: "track",
  messageId: "m",
  name,
  at: 1,
  properties,
  bot: false,
});

describe("events", () => {
  test.each([
    ["Product Viewed", "viewed"],
    ["Viewed Product", "viewed"],
    ["product_viewed", "viewed"],
    ["Product Clicked", "clicked"],
    ["Product Added", "added"],
    ["Added Product", "added"],
    ["Product Removed", "removed"],
    ["Cart Viewed", "cart_viewed"],
    ["Checkout Started", "checkout_started"],
    ["Checkout Step Viewed", "checkout_step_viewed"],
    ["Checkout Step Completed", "checkout_step_completed"],
    ["Payment Info Entered", "payment_entered"],
    ["Order Completed", "ordered"],
    ["Completed Order", "ordered"],
    ["Order Updated", "order_updated"],
    ["Order Refunded", "refunded"],
    ["Order Cancelled", "cancelled"],
    ["order canceled", "cancelled"],
    ["Products Searched", "searched"],
    ["Product List Viewed", "list_viewed"],
    ["Viewed Product Category", "list_viewed"],
    ["Product List Filtered", "list_filtered"],
    ["Promotion Viewed", "promotion_viewed"],
    ["Promotion Clicked", "promotion_clicked"],
    ["Coupon Entered", "coupon_entered"],
    ["Coupon Applied", "coupon_applied"],
    ["Coupon Denied", "coupon_denied"],
    ["Coupon Removed", "coupon_removed"],
    ["Product Added to Wishlist", "wishlist_added"],
    ["Product Removed from Wishlist", "wishlist_removed"],
    ["Wishlist Product Added to Cart", "wishlist_to_cart"],
    ["Product Shared", "product_shared"],
    ["Cart Shared", "cart_shared"],
    ["Product Reviewed", "reviewed"],
    ["Newsletter Signed Up", "other"],
  ])("[EV1] %s is %s", (name, kind) => {
    expect(kindOf(name)).toBe(kind);
  });

  test("[EV2] products come from the properties or their list, with what is usable", () => {
    const { lines, orderId, currency, value } = toActivity(
      event(
        {
          order_id: 4711,
          currency: "eur",
          revenue: "19.90",
          products: [
            { product_id: 5, sku: "s5", quantity: "2", price: "9.95", category: " Shoes " },
            { productId: "7", quantity: -3, price: -1, brand: "Acme" },
            { sku: "only" },
            { name: "nothing to know it by" },
            null,
            "text",
          ],
        },
        "Order Completed",
      ),
    );
    expect({ orderId, currency, value }).toEqual({ orderId: "4711", currency: "EUR", value: 19.9 });
    expect(lines).toEqual([
      { productId: "5", sku: "s5", quantity: 2, price: 9.95, category: "Shoes" },
      { productId: "7", sku: "7", quantity: 1, brand: "Acme" },
      { productId: "only", sku: "only", quantity: 1 },
    ]);
    expect(toActivity(event({ product_id: "a", price: 3 })).lines).toEqual([
      { productId: "a", sku: "a", quantity: 1, price: 3 },
    ]);
  });

  test("[EV2] a bare id is a product's only in events about one product", () => {
    const linesOf = (name: string, properties: object) =>
      toActivity(event(properties as Record<string, unknown>, name)).lines.map(({ productId }) => productId);
    expect(linesOf("Product Viewed", { id: "p" })).toEqual(["p"]);
    expect(linesOf("Viewed Promotion", { id: "promo", name: "Sale" })).toEqual([]);
    expect(linesOf("Coupon Applied", { id: "c", coupon_id: "c" })).toEqual([]);
    expect(linesOf("Order Refunded", { id: "x", order_id: "o" })).toEqual([]);
    expect(linesOf("Configurator Opened", { id: "x" })).toEqual([]);
    expect(linesOf("Configurator Opened", { product_id: "p" })).toEqual(["p"]);
    expect(linesOf("Order Completed", { products: [{ id: "p" }] })).toEqual(["p"]);
  });

  test("[EV2] anything may be in the properties", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (properties, name) => {
        const activity = toActivity(event({ ...properties, products: properties["products"] }, name));
        for (const { quantity, price = 0, productId } of activity.lines) {
          expect(quantity > 0 && quantity <= 1_000_000 && price >= 0 && price <= 1e9).toBe(true);
          expect(productId.length > 0 && productId.length <= 512 && productId.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test("[EV3] a clock that is off by more than a minute is corrected, the future is now", () => {
    const receivedAt = 1_000_000_000;
    expect(correctTimestamp({ receivedAt })).toBe(receivedAt);
    for (const skew of [-3_600_000, 3_600_000]) {
      expect(correctTimestamp({ receivedAt, sentAt: receivedAt + skew })).toBe(receivedAt);
    }
    expect(correctTimestamp({ receivedAt, timestamp: receivedAt - 5_000, sentAt: receivedAt - 1_000 })).toBe(
      receivedAt - 5_000,
    );
    // A clock an hour ahead: the event happened 5 s before it was sent.
    const hour = 3_600_000;
    expect(
      correctTimestamp({
        receivedAt,
        originalTimestamp: receivedAt + hour - 5_000,
        sentAt: receivedAt + hour,
      }),
    ).toBe(receivedAt - 5_000);
    expect(correctTimestamp({ receivedAt, timestamp: receivedAt + hour })).toBe(receivedAt);
    expect(correctTimestamp({ receivedAt, originalTimestamp: -hour })).toBe(0);
  });

  test("[EV4] activities read back as they were written", () => {
    const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
    const text = fc.string({ unit: "grapheme" });
    const defined = <T extends object>(value: T): T =>
      Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T;
    const line = fc
      .record({
        productId: text,
        sku: text,
        quantity: fc.double({ min: 0, max: 1e6, noNaN: true }),
        name: optional(text),
        category: optional(text),
        brand: optional(text),
        price: optional(fc.double({ min: 0, max: 1e9, noNaN: true })),
        imageUrl: optional(text),
        url: optional(text),
      })
      .map(defined);
    const activity = fc
      .record({
        messageId: text,
        at: fc.nat(2_000_000_000_000),
        kind: fc.constantFrom(...ACTIVITY_KINDS),
        name: text,
        lines: fc.array(line, { maxLength: 5 }),
        orderId: optional(text),
        currency: optional(text),
        value: optional(fc.double({ min: -1e9, max: 1e9, noNaN: true })),
        detail: optional(text),
        silent: fc.constantFrom(true as const, undefined),
        by: optional(fc.nat()),
      })
      .map(defined) as fc.Arbitrary<Activity>;
    fc.assert(
      fc.property(activity, (one) => {
        const writer = new ByteWriter(8);
        writeActivity(writer, one);
        expect(readActivity(new ByteReader(writer.bytes()))).toEqual(one);
      }),
    );
  });

  test("[EV5] demand has whole units, one line a SKU, and an order without an id is known by its message", () => {
    const order = toActivity(
      event(
        {
          products: [
            { sku: "a", quantity: 1.6 },
            { sku: "a", quantity: 2 },
            { sku: "b", quantity: 0.2, price: 4 },
          ],
        },
        "Order Completed",
      ),
    );
    expect(demandOf(order)).toEqual([
      { orderId: "m", sku: "a", units: 4, at: 1 },
      { orderId: "m", sku: "b", units: 1, at: 1, price: 4 },
    ]);
    expect(demandOf({ ...order, silent: true })).toEqual([]);
    expect(demandOf({ ...order, kind: "viewed" })).toEqual([]);
  });
});
