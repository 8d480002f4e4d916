import fc from "fast-check";
import { expect, test } from "vitest";
import { type PublishedProduct, STRATEGIES } from "../../domain/recommendation.ts";
import {
  listText,
  productText,
  productView,
  recommendationOf,
  shownScore,
} from "../../domain/recommendation-json.ts";

/** Any UTF-16: quotes, controls, other scripts, halves of characters. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 })
    .map((units) => String.fromCharCode(...units)),
);
const product: fc.Arbitrary<PublishedProduct> = fc
  .record(
    {
      productId: anyText,
      name: anyText,
      category: anyText,
      brand: anyText,
      price: fc.double({ noNaN: true, noDefaultInfinity: true }),
      currency: fc.constantFrom("EUR", "GBP"),
      imageUrl: anyText,
      url: fc.webUrl(),
    },
    { requiredKeys: ["productId"] },
  )
  .map((given) => ({ ...given }));
const item = fc.record({
  product,
  score: fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1e21, 1e-7, 5e-324),
  ),
  strategy: fc.constantFrom(...STRATEGIES),
  because: fc.option(anyText, { nil: undefined }),
});

test("[RC12] a score is told to a millionth, and a greater one never as less", () => {
  const score = fc.float({
    noNaN: true,
    noDefaultInfinity: true,
    min: Math.fround(-1e6),
    max: Math.fround(1e6),
  });
  fc.assert(
    fc.property(score, score, (a, b) => {
      expect(Math.abs(shownScore(a) - a)).toBeLessThanOrEqual(0.51e-6);
      if (a > b) expect(shownScore(a)).toBeGreaterThanOrEqual(shownScore(b));
    }),
  );
});

test("[RC12] a list's text is that of its items as objects, whatever their texts hold", () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 5 }), anyText, (given, about) => {
      const items = given.map(({ product, score, strategy, because }) =>
        recommendationOf(productText(product), score, strategy, because),
      );
      const expected = given.map(({ product, score, strategy, because }) => ({
        product_id: product.productId,
        score: shownScore(score),
        strategy,
        ...(because !== undefined && { because: { product_id: because } }),
        product: productView(product),
      }));
      expect(listText({ about }, items)).toBe(JSON.stringify({ about, items: expected }));
      expect(items.map(({ productId, because }) => [productId, because])).toEqual(
        given.map(({ product, because }) => [product.productId, because]),
      );
    }),
    { numRuns: 500 },
  );
});
