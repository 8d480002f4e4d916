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
    ["Product Category Viewed", "list_viewed"],
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
    ["Product Added from Wishlist to Cart", "wishlist_to_cart"],
    ["Product Added to Cart from Wishlist", "wishlist_to_cart"],
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
            { productId: "7", quantity: 0, price: -1, brand: "Acme" },
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

  test("[EV2] products come as a list, by some key each, alone, or any of these as JSON text", () => {
    const mug = { product_id: "mug", price: 5 };
    const cup = { id: 7, quantity: "2" };
    for (const products of [[mug, cup], { 0: mug, 3: cup }, { a1f: mug, b2c: cup }]) {
      for (const told of [products, JSON.stringify(products)]) {
        expect(toActivity(event({ products: told }, "Order Completed")).lines).toEqual([
          { productId: "mug", sku: "mug", quantity: 1, price: 5 },
          { productId: "7", sku: "7", quantity: 2 },
        ]);
      }
    }
    for (const told of [mug, JSON.stringify(mug)]) {
      expect(toActivity(event({ products: told }, "Order Completed")).lines).toMatchObject([
        { productId: "mug" },
      ]);
    }
    for (const told of ["", "[Lcom.segment.analytics.Properties$Product;@36db3d6", "mug", 3, null, {}]) {
      expect(toActivity(event({ products: told }, "Order Completed")).lines).toEqual([]);
    }
  });

  test("[EV2] an empty list of products is none", () => {
    for (const products of [[], {}, "[]", null]) {
      expect(toActivity(event({ id: "p", products })).lines).toMatchObject([{ productId: "p" }]);
    }
  });

  test("[EV2] units that came back are units of a refund, and no line of an order", () => {
    const products = [{ sku: "a", quantity: -2 }, { sku: "b" }];
    const unitsOf = (name: string) =>
      toActivity(event({ products }, name)).lines.map(({ sku, quantity }) => [sku, quantity]);
    expect(unitsOf("Order Refunded")).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect(unitsOf("Order Completed")).toEqual([["b", 1]]);
    expect(unitsOf("Order Updated")).toEqual([["b", 1]]);
  });

  test.each([
    ["19.99", 19.99],
    [" 19.99 ", 19.99],
    ["19,99", 19.99],
    ["$19.99", 19.99],
    ["US$ 19.99", 19.99],
    ["€ 19,99", 19.99],
    ["19,99\u00a0€", 19.99],
    ["19.99 EUR", 19.99],
    ["CHF 1’299.50", 1299.5],
    ["1,299.00", 1299],
    ["1.299,00 €", 1299],
    ["1\u202f299,00 kr", 1299],
    ["1.234.567", 1234567],
    ["₹1,23,456.50", 123456.5],
    ["0.125", 0.125],
    ["1.2345", 1.2345],
    ["1e3", 1000],
    ["1.234", undefined],
    ["1,234", undefined],
    ["$1,234", undefined],
    ["0x10", undefined],
    ["99¢", undefined],
    ["from 19.99", undefined],
    ["19.99 - 29.99", undefined],
    ["2 for 19.99", undefined],
    ["Free", undefined],
    ["", undefined],
    [true, undefined],
    [["19.99"], undefined],
  ])("[EV6] a price of %j is %j", (price, amount) => {
    const told = toActivity(
      event({ revenue: price, products: [{ product_id: "a", price }] }, "Order Completed"),
    );
    expect([told.value, told.lines[0]?.price]).toEqual([amount, amount]);
  });

  test("[EV6] an amount is of the event's currency, else of that of its products, or it is none", () => {
    const told = (properties: Record<string, unknown>) => {
      const { currency, value, lines } = toActivity(event(properties, "Order Completed"));
      return [currency, value, ...lines.map(({ price }) => price)];
    };
    const a = { product_id: "a", price: 5, currency: "eur" };
    expect(told({ total: 10, products: [a, { ...a, currency: "EUR" }] })).toEqual(["EUR", 10, 5, 5]);
    expect(told({ total: 10, products: [a, { ...a, currency: "USD" }] })).toEqual([
      undefined,
      10,
      undefined,
      undefined,
    ]);
    expect(told({ total: "10.00 USD", currency: "EUR", products: [a] })).toEqual(["EUR", undefined, 5]);
    // A sign may stand for several.
    expect(told({ total: "5.00 USD", currency: "$", products: [{ ...a, currency: "US$" }] })).toEqual([
      "$",
      5,
      5,
    ]);
    expect(told({ total: "€10.00", currency: "usd", products: [a] })).toEqual(["USD", undefined, undefined]);
  });

  test("[EV6] an order is worth the first of revenue, total, value and subtotal that is not zero", () => {
    const worth = (properties: Record<string, unknown>, name = "Order Completed") =>
      toActivity(event(properties, name)).value;
    expect(worth({ revenue: null, total: "31.00" })).toBe(31);
    expect(worth({ revenue: 0, total: 31 })).toBe(31);
    expect(worth({ revenue: "25.00", total: 31, value: 31 })).toBe(25);
    expect(worth({ subtotal: 18, shipping: 5 })).toBe(18);
    expect(worth({ revenue: 0, total: 0 })).toBe(0);
    expect(worth({})).toBeUndefined();
    // Without amount and products a refund is of the whole order.
    expect(worth({ total: "1.234" }, "Order Refunded")).toBe(0);
    expect(worth({ total: null }, "Order Refunded")).toBeUndefined();
  });

  test("[EV7] an order is known by a bare id, as v1 of the spec has it, in events about one order", () => {
    const orderOf = (name: string, properties: Record<string, unknown>) =>
      toActivity(event(properties, name)).orderId;
    for (const name of ["Completed Order", "Order Updated", "Order Refunded", "Order Cancelled"]) {
      expect(orderOf(name, { id: 1001 })).toBe("1001");
      expect(orderOf(name, { id: "x", order_id: "o" })).toBe("o");
      expect(orderOf(name, { id: "x", orderId: "o" })).toBe("o");
    }
    expect(orderOf("Product Viewed", { id: "p" })).toBeUndefined();
    expect(orderOf("Checkout Started", { id: "p" })).toBeUndefined();
  });

  test("[EV9] a product's addresses are those of the web or of the shop's own pages", () => {
    const addressesOf = (address: unknown) => {
      const [line] = toActivity(event({ product_id: "p", url: address, image_url: address })).lines;
      expect(line?.url).toBe(line?.imageUrl);
      return line?.url;
    };
    for (const taken of [
      "https://shop.example/p?colour=a:b",
      "HTTP://shop.example/p",
      "//cdn.example/p.png",
      "/p/a:b",
      "p.html",
      "p?next=http://shop.example/",
      "#p",
    ]) {
      expect(addressesOf(taken), taken).toBe(taken);
    }
    for (const left of [
      "javascript:alert(1)",
      "JaVaScRiPt:alert(1)",
      "java\tscript:alert(1)",
      "\u0001javascript:alert(1)",
      "data:text/html,<script>alert(1)</script>",
      "vbscript:x",
      "blob:https://shop.example/1",
      "https:evil",
      ":",
      7n,
    ]) {
      expect(addressesOf(left), String(left)).toBeUndefined();
    }
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
            // One free with it.
            { sku: "b", quantity: 1, price: 0 },
            { sku: "b", quantity: 1 },
          ],
        },
        "Order Completed",
      ),
    );
    expect(demandOf(order)).toEqual([
      { orderId: "m", sku: "a", units: 4, at: 1 },
      { orderId: "m", sku: "b", units: 3, at: 1, price: 4 },
    ]);
    expect(demandOf({ ...order, silent: true })).toEqual([]);
    expect(demandOf({ ...order, kind: "viewed" })).toEqual([]);
  });
});
