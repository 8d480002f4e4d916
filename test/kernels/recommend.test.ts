import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CatalogueRecord, newRecord, patch } from "../../domain/model/catalogue.ts";
import { withLiking } from "../../domain/model/liking.ts";
import { ModelTables } from "../../domain/model/tables.ts";
import { encodeText, encodeTextPage, TEXT_PAGE_PRODUCTS } from "../../domain/model/text.ts";
import { PLACEMENT_WEIGHTS } from "../../domain/model/weights.ts";
import { PLACEMENTS, type RecommendationQuery, STRATEGIES } from "../../domain/recommendation.ts";
import { LINK_KINDS, type LinkKind, type Signals } from "../../domain/signal.ts";
import { NOBODY } from "../../domain/visitor.ts";
import { ModelImage } from "../../kernels/model-image.ts";
import { createRecommender, type Recommender } from "../../kernels/recommend.ts";
import { recommendPlainly } from "../reference/recommend.ts";
import { readImage } from "../reference/recommend-model.ts";

const NOW = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;
const KERNEL = new WebAssembly.Module(readFileSync(new URL("../../build/recommend.wasm", import.meta.url)));

interface ShopProduct {
  readonly category: number;
  readonly brand: number;
  readonly price: number;
  readonly state: "shown" | "hidden" | "deleted" | "sold out";
}

interface Shop {
  readonly products: readonly ShopProduct[];
  readonly views: readonly {
    product: number;
    hoursAgo: number;
    kind: "view" | "cart" | "purchase" | "again" | "return";
  }[];
  readonly links: readonly { from: number; to: number; kind: LinkKind; weight: number }[];
}

const id = (product: number) => `p${product}`;
const name = (kind: string, number: number) => (number === 0 ? undefined : `${kind}${number}`);

/** Their memory is large, so one serves all shops in turn; the other proves that only the state counts. */
const RECOMMENDERS = [createRecommender(KERNEL), createRecommender(KERNEL)] as const;

/** A model of the shop, made by the tables and the image that serve. It holds until the next is made. */
function modelOf(shop: Shop, recommender = RECOMMENDERS[0]): { recommender: Recommender; image: Uint8Array } {
  const records = new Map<string, CatalogueRecord>();
  const soldOut = new Set(shop.products.flatMap(({ state }, at) => (state === "sold out" ? [id(at)] : [])));
  const tables = new ModelTables(
    {
      catalogue: {
        get: (productId) => records.get(productId),
        put: (productId, record) => void records.set(productId, record),
        soldOut: (productId) => soldOut.has(productId),
      },
      readViewed: () => undefined,
      readBought: () => undefined,
    },
    NOW - 90 * 24 * HOUR_MS,
  );
  const signals: Signals = {
    products: shop.products.map((_, at) => id(at)),
    facts: [],
    counts: shop.views.map(({ product, hoursAgo, kind }) => ({
      product,
      kind,
      at: NOW - hoursAgo * HOUR_MS,
      amount: 1,
    })),
    links: shop.links.map((link) => ({ ...link, at: NOW })),
  };
  tables.apply(signals, NOW);
  shop.products.forEach(({ category, brand, price, state }, at) => {
    const record = newRecord(NOW);
    const set = { price, currency: "EUR" };
    patch(record, { ...set, category: name("c", category) ?? null, brand: name("b", brand) ?? null }, NOW);
    tables.place(id(at), { ...record, hidden: state === "hidden", deleted: state === "deleted" });
  });
  const image = new ModelImage(tables).build({ version: 1, now: NOW, viewedPages: [], boughtPages: [] });
  const { categories, brands, currencies } = tables.dictionaries;
  const named = new Map([...records.keys()].map((productId) => [tables.slotOf(productId), productId]));
  const texts = Array.from({ length: Math.ceil(tables.columns.size / TEXT_PAGE_PRODUCTS) }, (_, page) =>
    encodeTextPage(TEXT_PAGE_PRODUCTS, undefined, (row) => {
      const productId = named.get(page * TEXT_PAGE_PRODUCTS + row);
      return productId === undefined ? undefined : encodeText({ productId, name: `"${productId}"` }, 900);
    }),
  );
  recommender.load({
    version: 1,
    image: ModelImage.parts(image),
    names: {
      categories: categories.toArray(),
      brands: brands.toArray(),
      currencies: currencies.toArray(),
    },
    texts,
  });
  return { recommender, image: image.slice() };
}

const shops = fc.integer({ min: 1, max: 40 }).chain((size) => {
  const product = fc.integer({ min: 0, max: size - 1 });
  return fc.record({
    products: fc.array(
      fc.record({
        category: fc.integer({ min: 0, max: 4 }),
        brand: fc.integer({ min: 0, max: 3 }),
        price: fc.constantFrom(0, 1, 5, 9.99, 20, 1000),
        state: fc.constantFrom<ShopProduct["state"][]>(
          ...(["shown", "shown", "shown", "shown", "hidden", "deleted", "sold out"] as const),
        ),
      }),
      { minLength: size, maxLength: size },
    ),
    views: fc.array(
      fc.record({
        product,
        hoursAgo: fc.integer({ min: 0, max: 100 }),
        kind: fc.constantFrom(
          "view" as const,
          "cart" as const,
          "purchase" as const,
          "again" as const,
          "return" as const,
        ),
      }),
      { maxLength: 80 },
    ),
    links: fc.array(
      fc.record({
        from: product,
        to: product,
        kind: fc.constantFrom(...LINK_KINDS),
        weight: fc.constantFrom(0.25, 0.5, 1, 2, 5),
      }),
      { maxLength: 150 },
    ),
  });
});

/** Product ids, some of which no model knows. */
const ids = (max: number) => fc.array(fc.integer({ min: 0, max: 45 }).map(id), { maxLength: max });
const distinctIds = (max: number) =>
  fc.uniqueArray(fc.integer({ min: 0, max: 45 }).map(id), { maxLength: max });
const unit = fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100);

const queries: fc.Arbitrary<RecommendationQuery> = fc
  .record({
    placement: fc.constantFrom(...PLACEMENTS),
    recent: distinctIds(14),
    cart: distinctIds(4),
    purchased: fc.uniqueArray(
      fc.record({
        productId: fc.integer({ min: 0, max: 45 }).map(id),
        at: fc.integer({ min: 0, max: 60 }).map((days) => NOW - days * 24 * HOUR_MS),
        count: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: 14, selector: ({ productId }) => productId },
    ),
    categories: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }),
    brands: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
    affinities: fc.array(unit, { minLength: 9, maxLength: 9 }),
    prices: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
    productId: fc.option(fc.integer({ min: 0, max: 45 }).map(id), { nil: undefined }),
    limit: fc.integer({ min: 1, max: 30 }),
    category: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 3 }),
    exclude: ids(5),
    strategies: fc.subarray([...STRATEGIES]),
    pauses: fc.array(fc.constantFrom(60_000, 60_000, 60_000, 2 * HOUR_MS), { minLength: 14, maxLength: 14 }),
  })
  .map(
    ({
      recent,
      cart,
      purchased,
      categories,
      brands,
      affinities,
      prices,
      productId,
      category,
      pauses,
      ...rest
    }) => {
      let at = NOW;
      return {
        ...rest,
        visitor: {
          recent: recent.map((seen, position) => {
            at -= pauses[position]!;
            return { productId: seen, at, views: 1 + (position % 3), kind: "viewed" as const };
          }),
          cart,
          purchased,
          categories: categories.map((number, at) => ({ category: `c${number}`, affinity: affinities[at]! })),
          brands: brands.map((number, at) => ({ brand: `b${number}`, affinity: affinities[at + 4]! })),
          prices: prices.map((number) => ({
            category: `c${number}`,
            currency: "EUR",
            p10: 4,
            p50: 6,
            p90: 12,
          })),
        },
        ...(productId === undefined ? {} : { productId }),
        ...(category === undefined ? {} : { category: `c${category}` }),
        now: NOW,
      };
    },
  );

/** Products that a list may name under a placement's own rules, whatever their score. */
function eligibleFor(shop: Shop, query: RecommendationQuery): Set<string> {
  const { blockPage, blockCart, blockPurchased } = PLACEMENT_WEIGHTS[query.placement];
  const left = new Set([
    ...query.exclude,
    ...(blockPage && query.productId !== undefined ? [query.productId] : []),
    ...(blockCart ? query.visitor.cart : []),
    ...(blockPurchased ? query.visitor.purchased.map(({ productId }) => productId) : []),
  ]);
  return new Set(
    shop.products.flatMap(({ state, category }, at) =>
      state === "shown" && !left.has(id(at)) && (query.category ?? `c${category}`) === `c${category}`
        ? [id(at)]
        : [],
    ),
  );
}

describe("recommend kernel", () => {
  test("[RC1] it answers what the plain reference answers, to the bit", () => {
    fc.assert(
      fc.property(shops, fc.array(queries, { minLength: 1, maxLength: 4 }), (shop, asked) => {
        const { recommender, image } = modelOf(shop);
        const model = readImage(image);
        const indexes = {
          product: (productId: string) => recommender.indexOf(productId),
          category: (wanted: string) => recommender.nameIndex("category", wanted),
          brand: (wanted: string) => recommender.nameIndex("brand", wanted),
          currency: (wanted: string) => recommender.nameIndex("currency", wanted),
        };
        for (const query of asked) {
          const { recent } = query.visitor;
          const visitor = withLiking(
            query.visitor,
            (position, kind) => recommender.product(recent[position]!.productId)?.[kind],
          );
          const weights = PLACEMENT_WEIGHTS[query.placement];
          const expected = recommendPlainly(model, indexes, { ...query, visitor }, weights);
          const answered = recommender.recommend(query);
          const known = query.category === undefined || indexes.category(query.category) > 0;
          expect(
            answered.map(({ productId, score, strategy, because }) => ({
              productId,
              score,
              strategy,
              because,
            })),
          ).toEqual(
            (known ? expected : []).map(({ index, score, strategy, because }) => ({
              productId: idOf(recommender, shop, index),
              score,
              strategy,
              because: because === undefined ? undefined : idOf(recommender, shop, because),
            })),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test("[RC2] never hidden, deleted, sold out, excluded or repeated; never short; scores finite and falling", () => {
    fc.assert(
      fc.property(shops, queries, (shop, query) => {
        const { recommender } = modelOf(shop);
        const items = recommender.recommend(query);
        const named = items.map(({ productId }) => productId);
        expect(new Set(named).size).toBe(named.length);
        for (const productId of named) {
          expect(query.exclude).not.toContain(productId);
          const { state, category } = shop.products[Number(productId.slice(1))]!;
          expect(state).toBe("shown");
          if (query.category !== undefined) expect(`c${category}`).toBe(query.category);
        }
        items.forEach(({ score }, at) => {
          expect(Number.isFinite(score)).toBe(true);
          if (at > 0) expect(score).toBeLessThanOrEqual(items[at - 1]!.score);
        });
        if (query.strategies.length > 0 && !query.strategies.includes("trending")) return;
        const eligible = eligibleFor(shop, query);
        expect(items.length).toBeGreaterThanOrEqual(Math.min(query.limit, eligible.size));
      }),
      { numRuns: 300 },
    );
  });

  test("[RC3] equal states answer equally, whatever was asked in between", () => {
    fc.assert(
      fc.property(shops, queries, queries, (shop, query, other) => {
        const { recommender } = modelOf(shop);
        const first = recommender.recommend(query);
        recommender.recommend(other);
        expect(recommender.recommend(query)).toEqual(first);
        expect(modelOf(shop, RECOMMENDERS[1]).recommender.recommend(query)).toEqual(first);
      }),
      { numRuns: 100 },
    );
  });

  test("[RC13] home shows what is bought again, beside the few recent products that it remembers", () => {
    const { recommender } = modelOf({
      products: Array.from({ length: 40 }, (_, at) => ({ category: at, brand: 0, price: 5, state: "shown" })),
      views: [],
      links: [],
    });
    const home = (count: number) => {
      const history = Array.from({ length: 10 }, (_, n) => ({
        productId: id(n),
        at: NOW - (n + 1) * 24 * HOUR_MS,
      }));
      const recent = history.map((seen) => ({ ...seen, views: 0, kind: "bought" as const }));
      const purchased = history.map((seen) => ({ ...seen, count }));
      const visitor = { ...NOBODY, recent, purchased };
      const query = { placement: "home" as const, visitor, limit: 10, exclude: [], strategies: [], now: NOW };
      const had = new Set(history.map(({ productId }) => productId));
      return recommender.recommend(query).filter(({ productId }) => had.has(productId));
    };
    expect(home(2).map(({ strategy }) => strategy)).toEqual(Array.from({ length: 10 }, () => "recent"));
    expect(home(1)).toEqual([]);
  });

  test("[RC12] its text says of each product what the model says, also when others were shown in between", () => {
    const shop: Shop = {
      products: Array.from({ length: 9_000 }, (_, at) => ({
        category: at % 3_000,
        brand: at % 2,
        price: at % 7,
        state: "shown",
      })),
      views: [],
      links: [],
    };
    const { recommender } = modelOf(shop);
    const trending = (category: number) =>
      recommender.trending({ category: `c${category}`, limit: 3, now: NOW });
    for (const product of [1, 2_999, 8_001, 1]) {
      // More than are kept as they were shown.
      for (let category = 1; category < 3_000; category++) trending(category);
      const items = trending(product % 3_000);
      expect(items.map(({ productId }) => productId)).toContain(id(product));
      for (const { productId, score, strategy, text } of items) {
        const { category, brand } = shop.products[Number(productId.slice(1))]!;
        expect(JSON.parse(text)).toEqual({
          product_id: productId,
          score,
          strategy,
          product: {
            product_id: productId,
            name: `"${productId}"`,
            category: name("c", category),
            ...(brand > 0 && { brand: name("b", brand) }),
            currency: "EUR",
          },
        });
      }
    }
  });

  test("[RC4] without a model, without products and for unknown products there is an empty list, not an error", () => {
    const query: RecommendationQuery = {
      placement: "home",
      visitor: NOBODY,
      limit: 10,
      exclude: [],
      strategies: [],
      now: NOW,
    };
    expect(createRecommender(KERNEL).recommend(query)).toEqual([]);
    const { recommender } = modelOf({ products: [], views: [], links: [] });
    expect(recommender.recommend(query)).toEqual([]);
    expect(recommender.related({ productId: "nothing", kind: "viewed", limit: 5, now: NOW })).toEqual([]);
    expect(recommender.trending({ category: "no such", limit: 5, now: NOW })).toEqual([]);
  });
});

function idOf(recommender: Recommender, shop: Shop, index: number): string {
  return id(shop.products.findIndex((_, at) => recommender.indexOf(id(at)) === index));
}
