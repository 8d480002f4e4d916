import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteReader, bytesOf } from "../../domain/bytes.ts";
import { DAY_MS, PRICE_BANDS_MAX, PRICE_STEPS_MAX } from "../../domain/limits.ts";
import { Interests } from "../../domain/profile/interests.ts";
import { Prices } from "../../domain/profile/prices.ts";
import { RowsByName } from "../../domain/profile/rows-by-name.ts";
import { type Step, Steps } from "../../domain/steps.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");

describe("the columns of a profile", () => {
  test("[UP4] rows by name are what a plain map is whose least entry goes, of equals the greatest name", () => {
    const change = fc.record({
      name: fc.constantFrom(..."abcdefghij"),
      amount: fc.integer({ min: -2, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (changes, max) => {
        const rows = new RowsByName(2);
        const plain = new Map<string, [number, number]>();
        for (const { name, amount } of changes) {
          let start = rows.find(name);
          if (start < 0) start = rows.add(name);
          rows.values[start]! += amount;
          rows.values[start + 1]! += 1;
          if (rows.size > max) rows.remove(rows.least(0));

          const [sum, count] = plain.get(name) ?? [0, 0];
          plain.set(name, [sum + amount, count + 1]);
          const least = [...plain].sort((a, b) => a[1][0] - b[1][0] || (a[0] < b[0] ? 1 : -1))[0]!;
          if (plain.size > max) plain.delete(least[0]);
        }
        const found = new Map<string, [number, number]>();
        rows.forEach((name, start) => {
          expect(rows.find(name)).toBe(start);
          found.set(name, [rows.values[start]!, rows.values[start + 1]!]);
        });
        expect(found).toEqual(plain);
        expect(rows.find("unheard of")).toBe(-1);
      }),
    );
  });

  test("[UP4] the interest that is shown least falls out of a full list", () => {
    const interests = new Interests(2);
    interests.add("twice", NOW, 2, 1, 0, 0);
    interests.add("once, long ago", NOW - 60 * DAY_MS, 1, 1, 0, 0);
    interests.add("once", NOW, 1, 1, 0, 0);
    expect(interests.ranked().map(({ name }) => name)).toEqual(["twice", "once"]);
  });

  test("[UP4] price bands are what a plain reference keeps of them, whatever categories and currencies are called", () => {
    const look = fc.record({
      category: fc.constantFrom("c", "c 1", "1 c", "", "ü"),
      currency: fc.constantFrom("GBP", "", "US DOLLAR", "1"),
      price: fc.constantFrom(0, 1, 5, 5.1, 40, 900),
      weight: fc.constantFrom(1, 3),
    });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
        const prices = new Prices();
        const plain = new Map<string, { grown: number; steps: Map<number, number> }>();
        for (const { category, currency, price, weight } of looks) {
          prices.add(category, currency, price, NOW, weight);
          if (price === 0) continue;
          const key = JSON.stringify([category, currency]);
          const band = plain.get(key) ?? { grown: 0, steps: new Map() };
          plain.set(key, band);
          const step = Math.round(Math.log(price) / Math.log(1.08));
          band.grown += weight;
          band.steps.set(step, (band.steps.get(step) ?? 0) + weight);
        }
        const again = new Prices();
        again.read(new ByteReader(bytesOf((writer) => prices.write(writer))));
        expect(again.ranked()).toEqual(prices.ranked());

        // Which of equals falls out of a full list is not told here.
        if (plain.size > PRICE_BANDS_MAX) return;
        const medians = [...plain].map(([key, { grown, steps }]) => {
          const ordered = [...steps].sort((a, b) => a[0] - b[0]);
          let sum = 0;
          const [middle] = ordered.find(([, weight]) => {
            sum += weight;
            return sum >= grown / 2;
          })!;
          return [...(JSON.parse(key) as string[]), Math.round(1.08 ** middle * 100) / 100];
        });
        const order = (a: unknown[], b: unknown[]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
        expect(
          prices
            .ranked()
            .map(({ category, currency, p50 }) => [category, currency, p50])
            .sort(order),
        ).toEqual(medians.sort(order));
      }),
    );
  });

  test("[UP4] the band and the step that are looked at least fall out", () => {
    const prices = new Prices();
    for (let i = 0; i <= PRICE_BANDS_MAX; i++) prices.add(`c${i}`, "EUR", 10, NOW, i === 3 ? 1 : 2);
    for (let i = 0; i <= PRICE_STEPS_MAX; i++) prices.add("c5", "EUR", 100 * 1.08 ** i, NOW, i === 0 ? 1 : 2);
    const ranked = prices.ranked();
    expect(ranked).toHaveLength(PRICE_BANDS_MAX);
    expect(ranked.map(({ category }) => category)).not.toContain("c3");
    // Steps 30 and 61 to 91: of 60 and 92, the one was looked at least, the other is the greatest of equals.
    expect(ranked[0]).toMatchObject({ category: "c5", p10: Math.round(1.08 ** 63 * 100) / 100 });
  });

  test("[SG1] steps lie in the order of their times, the latest so many, in whatever order they come", () => {
    const step: fc.Arbitrary<Step> = fc.record({
      at: fc.integer({ min: NOW, max: NOW + 20 }),
      tie: fc.constantFrom(1, 2, 0xffff_ffff),
      productId: fc.constantFrom("a", "b", "c"),
      viewed: fc.boolean(),
    });
    const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { maxLength: 12 });
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 20 }), (all, max) => {
        const steps = new Steps();
        let plain: Step[] = [];
        for (const batch of all) {
          steps.add(batch);
          steps.keepLast(max);
          plain = [...plain, ...batch]
            .sort(
              (a, b) =>
                a.at - b.at ||
                a.tie - b.tie ||
                (a.productId < b.productId ? -1 : a.productId > b.productId ? 1 : 0),
            )
            .slice(-max);
        }
        expect(steps.list()).toEqual(plain);
        for (const at of [NOW, NOW + 7, NOW + 30]) {
          const first = plain.findIndex((one) => one.at >= at);
          expect(steps.firstFrom(at)).toBe(first < 0 ? plain.length : first);
        }
        const again = new Steps();
        again.read(new ByteReader(bytesOf((writer) => steps.write(writer))));
        expect(again.list()).toEqual(plain);
      }),
    );
  });
});
