import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Activity, ActivityKind } from "../../domain/activity.ts";
import { encodeActivities } from "../../domain/activity-codec.ts";
import { ByteReader, ByteWriter, bytesOf } from "../../domain/bytes.ts";
import {
  CART_CHANGES_MAX,
  DAY_MS,
  EVENT_PRODUCTS_MAX,
  PROFILE_BRANDS_MAX,
  PROFILE_CATEGORIES_MAX,
  PROFILE_ORDERS_MAX,
  RECENTS_MAX,
} from "../../domain/limits.ts";
import { MessageRing } from "../../domain/message-ring.ts";
import { contextText, readContext } from "../../domain/profile/context.ts";
import { affinityOf } from "../../domain/profile/interests.ts";
import { ProfilePage } from "../../domain/profile/page.ts";
import {
  type PageBatch,
  readBatches,
  writeBatch,
  writeBatchesHead,
} from "../../domain/profile/page-batch.ts";
import { TOUCHES } from "../../domain/profile/recents.ts";
import { viewOf } from "../../domain/profile/view.ts";
import { decodeSignals } from "../../domain/signal-codec.ts";
import { SignalAccumulator } from "../../domain/signal-merge.ts";
import { NOBODY } from "../../domain/visitor.ts";
import { referenceTransitions, referenceView } from "../reference/profile.ts";
import { expectSame, transitionsIn } from "../reference/profile-compare.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

const kind = fc.constantFrom<ActivityKind>(
  "viewed",
  "viewed",
  "viewed",
  "clicked",
  "added",
  "removed",
  "ordered",
  "refunded",
  "order_updated",
  "cancelled",
  "wishlist_to_cart",
  "page",
  "searched",
);

const ORDER_KINDS: readonly ActivityKind[] = ["ordered", "order_updated", "refunded", "cancelled"];

/** What one visitor does: bursts of activities minutes apart over 100 days, all at different times. */
const history: fc.Arbitrary<Activity[]> = fc
  .array(
    fc.record({
      step: fc.constantFrom(1, 1, 1, 10, 29, 31, 300, 5_000),
      kind,
      product: fc.nat(7),
      price: fc.constantFrom(undefined, 5, 9.99, 20, 200),
      quantity: fc.integer({ min: 1, max: 3 }),
      currency: fc.constantFrom(undefined, "EUR", "GBP"),
      order: fc.constantFrom(undefined, "o1", "o2"),
      value: fc.constantFrom(undefined, undefined, 7, 40),
      whole: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps) => {
    const minutes = steps.reduce((sum, { step }) => sum + step, 0);
    let at = NOW - minutes * 60_000;
    return steps.map(({ step, kind: what, product, price, quantity, currency, order, value, whole }, i) => {
      const isOrder = ORDER_KINDS.includes(what);
      at += step * 60_000;
      const line = {
        productId: `p${product}`,
        sku: `p${product}`,
        quantity,
        category: `c${product % 3}`,
        ...(product % 2 === 0 && { brand: `b${product % 4}` }),
        ...(price !== undefined && { price }),
      };
      return {
        messageId: `m${i}`,
        at,
        kind: what,
        name: what,
        lines: ["page", "searched"].includes(what) || (whole && what === "refunded") ? [] : [line],
        ...(isOrder && order !== undefined && { orderId: order }),
        ...(isOrder && value !== undefined && { value }),
        ...(currency !== undefined && { currency }),
      };
    });
  });

/** How they arrive: in some order, some twice, in batches, the page stored and read between some of them. */
const arrival = history.chain((activities) =>
  fc.record({
    activities: fc.constant(activities),
    batches: fc
      .shuffledSubarray([...activities, ...activities], { minLength: activities.length })
      .chain((order) => {
        const missing = activities.filter((one) => !order.includes(one));
        const all = [...order, ...missing];
        return fc
          .array(fc.integer({ min: 1, max: 9 }), { minLength: all.length, maxLength: all.length })
          .map((sizes) => {
            const parts: Activity[][] = [];
            let from = 0;
            for (const size of sizes) {
              if (from >= all.length) break;
              parts.push(all.slice(from, from + size));
              from += size;
            }
            return parts;
          });
      }),
    reload: fc.boolean(),
  }),
);

function recordAll(
  batches: readonly Activity[][],
  reload: boolean,
): { page: ProfilePage; sums: SignalAccumulator } {
  let page = new ProfilePage();
  const sums = new SignalAccumulator();
  for (const batch of batches) {
    const { unsent } = page.record(batch, NOW);
    if (unsent !== undefined) sums.add(decodeSignals(unsent.signals));
    if (reload) page = ProfilePage.decode(bytesOf((writer) => page.write(writer)));
  }
  return { page, sums };
}

describe("profiles", () => {
  test("[UP1] equal the plain reference's, in whatever batches, order and repetition activities arrive", () => {
    fc.assert(
      fc.property(arrival, ({ activities, batches, reload }) => {
        const { page } = recordAll(batches, reload);
        expectSame(viewOf(page.profile, NOW), referenceView(activities, NOW));
      }),
      { numRuns: 300 },
    );
  });

  test("[UP12] a page and the batches stored beside it read back as the page that took them", () => {
    const names = ["u:other", "a:one", "a:two"];
    const sources = fc.record({
      ids: fc.subarray(names),
      by: fc.array(fc.integer({ min: -1, max: 2 }), { maxLength: 9 }),
      otherwise: fc.integer({ min: -1, max: 2 }),
      days: fc.nat(3),
    });
    fc.assert(
      fc.property(
        arrival,
        fc.array(sources, { minLength: 1, maxLength: 9 }),
        fc.nat(5),
        ({ batches }, by, stored) => {
          const page = new ProfilePage();
          let read = new ProfilePage();
          const beside = new ByteWriter();
          batches.forEach((activities, n) => {
            if (n % 6 === stored) {
              page.generation++;
              read = ProfilePage.decode(bytesOf((writer) => page.write(writer)));
              beside.clear();
            }
            if (beside.length === 0) writeBatchesHead(beside, page.generation);
            const { days, ...source } = by[n % by.length]!;
            const batch: PageBatch = {
              now: NOW + days * DAY_MS,
              activities: encodeActivities(activities),
              acknowledged: n % 3 === 0 ? [n, n + 1] : [],
              ...source,
            };
            const { outcomes } = page.take(batch);
            expect(outcomes).toHaveLength(activities.length);
            writeBatch(beside, batch);
          });
          for (const batch of readBatches(beside.bytes(), read.generation)) read.take(batch);
          const bytes = (of: ProfilePage) => bytesOf((writer) => of.write(writer));
          expect(bytes(read)).toEqual(bytes(page));
          expect(readBatches(beside.bytes(), read.generation + 1)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("[UP1] each message counts once", () => {
    fc.assert(
      fc.property(arrival, ({ activities, batches, reload }) => {
        let page = new ProfilePage();
        let accepted = 0;
        for (const batch of batches) {
          accepted += page.record(batch, NOW).outcomes.filter((outcome) => outcome === "accepted").length;
          if (reload) page = ProfilePage.decode(bytesOf((writer) => page.write(writer)));
        }
        expect(accepted).toBe(activities.length);
      }),
      { numRuns: 100 },
    );
  });

  describe("[UP10] an order is what all that was told of it comes to, in whatever order", () => {
    const tell = (kind: ActivityKind, minutes: number, more: Partial<Activity> = {}): Activity => ({
      messageId: `${kind} ${minutes}`,
      at: NOW - 60 * 60_000 + minutes * 60_000,
      kind,
      name: kind,
      orderId: "o",
      currency: "EUR",
      lines: [],
      ...more,
    });
    const line = (productId: string, quantity: number, price?: number) => ({
      productId,
      sku: productId,
      quantity,
      ...(price !== undefined && { price }),
    });
    const completed = tell("ordered", 0, { lines: [line("a", 2, 10), line("b", 1, 5)], value: 30 });
    test.each<[string, Activity[], [orders: number, units: number, amount: number, bought: string[]]]>([
      ["completed", [completed], [1, 3, 30, ["a", "b"]]],
      [
        "completed by browser and server",
        [completed, { ...completed, messageId: "s" }],
        [1, 3, 30, ["a", "b"]],
      ],
      [
        "updated",
        [completed, tell("order_updated", 5, { lines: [line("a", 1, 10)], value: 12 })],
        [1, 1, 12, ["a"]],
      ],
      [
        "only known by its update",
        [tell("order_updated", 5, { lines: [line("a", 1, 10)] })],
        [1, 1, 10, ["a"]],
      ],
      [
        "completed by a browser, and by a server that names no products",
        [completed, tell("ordered", 5, { value: 29 })],
        [1, 3, 29, ["a", "b"]],
      ],
      [
        "a new value after new products",
        [
          completed,
          tell("order_updated", 5, { lines: [line("a", 1, 10)], value: 12 }),
          tell("order_updated", 6, { value: 11 }),
        ],
        [1, 1, 11, ["a"]],
      ],
      [
        "updated, as Shopify's webhooks tell it, without the value",
        [
          tell("ordered", 0, { lines: [line("a", 2, 10)], value: 18 }),
          tell("order_updated", 5, { lines: [line("a", 2, 10)] }),
        ],
        [1, 2, 18, ["a"]],
      ],
      ["on its way", [completed, tell("order_updated", 5)], [1, 3, 30, ["a", "b"]]],
      [
        "refunded in part after it was sent",
        [completed, tell("order_updated", 5), tell("refunded", 6, { lines: [line("b", 1)] })],
        [1, 2, 25, ["a"]],
      ],
      ["refunded whole", [completed, tell("refunded", 5)], [1, 0, 0, []]],
      ["refunded whole by its total", [completed, tell("refunded", 5, { value: -30 })], [1, 0, 0, []]],
      ["refunded in money alone", [completed, tell("refunded", 5, { value: 4 })], [1, 3, 26, ["a", "b"]]],
      [
        "refunded in part, priced by the order",
        [completed, tell("refunded", 5, { lines: [line("a", 1)] })],
        [1, 2, 20, ["a", "b"]],
      ],
      [
        "refunded twice",
        [
          completed,
          tell("refunded", 5, { lines: [line("a", 1)] }),
          tell("refunded", 6, { lines: [line("a", 1)] }),
        ],
        [1, 1, 10, ["b"]],
      ],
      ["refunded more than it cost", [completed, tell("refunded", 5, { value: 99 })], [1, 0, 0, []]],
      ["cancelled by its id", [completed, tell("cancelled", 5)], [0, 0, 0, []]],
      [
        "cancelled, naming its products",
        [completed, tell("cancelled", 5, { lines: [line("a", 2, 10)], value: 30 })],
        [0, 0, 0, []],
      ],
      [
        "refunded and cancelled",
        [completed, tell("refunded", 5, { value: 4 }), tell("cancelled", 6)],
        [0, 0, 0, []],
      ],
      ["refunded without ever having been told", [tell("refunded", 5, { value: 4 })], [0, 0, 0, []]],
    ])("%s", (_, told, [orders, units, amount, bought]) => {
      for (const order of [told, [...told].reverse()]) {
        let page = new ProfilePage();
        for (const activity of order) {
          page.record([activity], NOW);
          page = ProfilePage.decode(bytesOf((writer) => page.write(writer)));
        }
        const { counts, value } = viewOf(page.profile, NOW);
        expect([counts.orders, counts.purchases]).toEqual([orders, units]);
        expect(value.monetary.reduce((sum, one) => sum + one.amount, 0)).toBe(amount);
        expect(value.recency_days).toBe(orders > 0 ? 0 : null);
        expect(
          readContext(contextText(page.profile), NOW)
            .purchased.map(({ productId }) => productId)
            .sort(),
        ).toEqual(bought);
      }
    });

    test("the orders heard of longest ago are closed: they stay as they are", () => {
      const page = new ProfilePage();
      for (let n = 0; n <= PROFILE_ORDERS_MAX; n++) {
        page.record([{ ...completed, at: completed.at + n, messageId: `m${n}`, orderId: `o${n}` }], NOW);
      }
      expect(viewOf(page.profile, NOW).counts.orders).toBe(PROFILE_ORDERS_MAX + 1);
      page.record([tell("cancelled", 5, { orderId: "o0" }), tell("cancelled", 6, { orderId: "o9" })], NOW);
      expect(viewOf(page.profile, NOW).counts.orders).toBe(PROFILE_ORDERS_MAX);
    });

    const linesOf = (name: string, count: number, characters = 0) =>
      Array.from({ length: count }, (_, i) => line(`${name}-${i}`.padEnd(characters, "x"), 1));

    test("an order as long as one may be closes no other", () => {
      const page = new ProfilePage();
      const long = tell("ordered", 1, { orderId: "long", lines: linesOf("p", EVENT_PRODUCTS_MAX) });
      page.record([completed, long, tell("cancelled", 2)], NOW);
      expect(viewOf(page.profile, NOW).counts.orders).toBe(1);
    });

    test.each<[ActivityKind, orders: number]>([
      ["order_updated", 1],
      ["refunded", PROFILE_ORDERS_MAX],
    ])("[UP14] however often they are %s, and of however much, their page stays a row", (kind, orders) => {
      const page = new ProfilePage();
      for (let n = 0; n < 100; n++) {
        page.record([tell(kind, n, { orderId: `o${n % orders}`, lines: linesOf(`${n}`, 60, 500) })], NOW);
        page.acknowledge(page.unsent.map(({ sequence }) => sequence));
        if (page.wantsSegment) page.cutSegment();
      }
      expect(bytesOf((writer) => page.write(writer)).length).toBeLessThan(1_000_000);
    });
  });

  test("[UP2] a page reads back as it was written", () => {
    fc.assert(
      fc.property(arrival, ({ batches }) => {
        const { page } = recordAll(batches, false);
        const bytes = bytesOf((writer) => page.write(writer));
        const again = ProfilePage.decode(bytes);
        expect(bytesOf((writer) => again.write(writer))).toEqual(bytes);
        expect(viewOf(again.profile, NOW)).toEqual(viewOf(page.profile, NOW));
        expect(contextText(again.profile)).toBe(contextText(page.profile));
        expect(again.inlineActivities()).toEqual(page.inlineActivities());
      }),
      { numRuns: 100 },
    );
    expect(() => ProfilePage.decode(Uint8Array.of(99))).toThrow(RangeError);
  });

  test("[UP13] recommendations read what the profile holds, interests as of the time they are asked for", () => {
    fc.assert(
      fc.property(arrival, fc.nat(30), ({ batches }, days) => {
        const { profile } = recordAll(batches, false).page;
        const now = NOW + days * DAY_MS;
        const read = readContext(contextText(profile), now);
        expect(read.recent).toEqual(
          profile.recents.ranked().map(({ productId, lastAt, views, touch }) => ({
            productId,
            at: lastAt,
            views,
            kind: TOUCHES[touch],
          })),
        );
        expect(read.cart).toEqual(profile.cart.lines().map(({ productId }) => productId));
        expect(read.purchased).toEqual(
          profile.purchased
            .ranked()
            .map(({ productId, lastAt, count }) => ({ productId, at: lastAt, count })),
        );
        expect(read.categories).toEqual(
          profile.categories.ranked().map(({ name, grown }) => ({
            category: name,
            affinity: expect.closeTo(affinityOf(grown, now), 6),
          })),
        );
        expect(read.brands).toEqual(
          profile.brands.ranked().map(({ name, grown }) => ({
            brand: name,
            affinity: expect.closeTo(affinityOf(grown, now), 6),
          })),
        );
        expect(read.prices).toEqual(profile.prices.ranked());
      }),
      { numRuns: 100 },
    );
  });

  test("[UP13] ids and names are told apart whatever is in them", () => {
    const page = new ProfilePage();
    const ids = ["a", "\ud83d", "\ude00", 'b,\n"', "ü", "a-longer-one-0123456789"];
    page.record(
      ids.map((productId, i) => ({
        messageId: `m${i}`,
        at: NOW - i,
        kind: "viewed" as const,
        name: "",
        lines: [{ productId, sku: productId, quantity: 1, category: `${productId}!` }],
      })),
      NOW,
    );
    const { recent, categories } = readContext(contextText(page.profile), NOW);
    expect(recent.map(({ productId }) => productId)).toEqual(ids);
    expect(new Set(categories.map(({ category }) => category))).toEqual(new Set(ids.map((id) => `${id}!`)));
  });

  test("[UP13] what a profile of another version tells is taken as nothing", () => {
    for (const text of ["[]", "[0]", '[[["p1",1,1,0]],[],[],[],[],[]]']) {
      expect(readContext(text, NOW)).toBe(NOBODY);
    }
  });

  test("[UP4] lists are bounded, and hold what is strongest and newest", () => {
    const page = new ProfilePage();
    const many = Array.from({ length: 400 }, (_, i) => ({
      messageId: `m${i}`,
      at: NOW - (400 - i) * 60_000,
      kind: "added" as const,
      name: "",
      lines: [{ productId: `p${i}`, sku: "", quantity: 1, category: `c${i}`, brand: `b${i}`, price: i + 1 }],
      currency: "EUR",
    }));
    page.record(many, NOW);
    const view = viewOf(page.profile, NOW);
    expect(view.categories).toHaveLength(PROFILE_CATEGORIES_MAX);
    expect(view.brands).toHaveLength(PROFILE_BRANDS_MAX);
    expect(view.recent.map(({ product_id }) => product_id)).toEqual(
      Array.from({ length: RECENTS_MAX }, (_, i) => `p${399 - i}`),
    );
    expect(view.cart).toHaveLength(CART_CHANGES_MAX);
    expect(view.categories[0]?.category).toBe("c399");
    expect(bytesOf((writer) => page.write(writer)).length).toBeLessThan(200_000);
  });

  test("[UP7] what is older than 90 days teaches and is demand, but is not in the profile", () => {
    const page = new ProfilePage();
    const old: Activity = {
      messageId: "old",
      at: NOW - 120 * DAY_MS,
      kind: "ordered",
      name: "",
      orderId: "o",
      lines: [{ productId: "p", sku: "s", quantity: 2, price: 3 }],
    };
    const { outcomes, unsent } = page.record([old], NOW);
    expect(outcomes).toEqual(["accepted"]);
    expect(unsent?.demand).toEqual([{ orderId: "o", sku: "s", units: 2, at: old.at, price: 3 }]);
    expect(decodeSignals(unsent!.signals).counts).toMatchObject([{ kind: "purchase", amount: 1 }]);
    expect(page.profile.isEmpty).toBe(true);
    expect(page.record([old], NOW).outcomes).toEqual(["duplicate"]);
  });

  test("[UP6] erased, a page knows what not to take again, and begins anew", () => {
    const page = new ProfilePage();
    const view = (messageId: string, at: number): Activity => ({
      messageId,
      at,
      kind: "viewed",
      name: "",
      lines: [{ productId: "p", sku: "p", quantity: 1 }],
    });
    page.record([view("a", NOW - 5_000)], NOW);
    const erased = ProfilePage.decode(bytesOf((writer) => page.erased(NOW).write(writer)));
    expect(erased.profile.isEmpty).toBe(true);
    const later = NOW + 60_000;
    expect(erased.record([view("a", later), view("b", NOW - 1), view("c", later)], later).outcomes).toEqual([
      "duplicate",
      "duplicate",
      "accepted",
    ]);
    expect(viewOf(erased.profile, later).counts.views).toBe(1);
  });
});

describe("messages that were taken", () => {
  test("[UP4] are known, the latest so many, through rows", () => {
    // Low bits alike: they stand in each other's way.
    const hash = fc.integer({ min: 0, max: 60 }).map((n) => (n % 8) + Math.floor(n / 8) * 2 ** 20);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.tuple(hash, fc.boolean())), (max, told) => {
        let ring = new MessageRing(max);
        let known: number[] = [];
        for (const [one, reload] of told) {
          expect(ring.has(one)).toBe(known.includes(one));
          if (!known.includes(one)) {
            ring.add(one);
            known = [...known, one].slice(-max);
          }
          if (reload) {
            const bytes = bytesOf((writer) => ring.write(writer));
            ring = new MessageRing(max);
            ring.read(new ByteReader(bytes));
          }
          expect(ring.values()).toEqual(known);
        }
        for (const one of known) expect(ring.has(one)).toBe(true);
      }),
    );
  });
});

describe("sessions", () => {
  test("[SG1] transitions told in all are those of the events in the order of their times", () => {
    fc.assert(
      fc.property(arrival, ({ activities, batches, reload }) => {
        const { sums } = recordAll(batches, reload);
        const told = transitionsIn(sums.drain());
        const wanted = referenceTransitions(activities, NOW);
        for (const key of new Set([...told.keys(), ...wanted.keys()])) {
          expect([key, told.get(key) ?? 0]).toEqual([key, expect.closeTo(wanted.get(key) ?? 0, 6)]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
