// A large shop for measuring: products, what follows what, and visitors, the same in every run.
import { DatabaseSync } from "node:sqlite";
import { ModelTables } from "../domain/model/tables.ts";
import { encodeText, encodeTextPage, TEXT_PAGE_PRODUCTS, textShare } from "../domain/model/text.ts";
import type { RecommendationQuery } from "../domain/recommendation.ts";
import type { Signals } from "../domain/signal.ts";
import type { ModelImage } from "../kernels/model-image.ts";
import type { PublishedModel } from "../kernels/recommend.ts";

export const NOW = Date.UTC(2026, 10, 24);
const DAY_MS = 86_400_000;
const CATEGORIES = 400;
const BRANDS = 2_000;
const LINKS = 30;
const PAIRS = 10;
const POPULAR = 4_096;
const SOLD_OUT_SHARE = 0.05;
const LIMIT = 20;
/** Products of one batch of signals. */
const BATCH = 1_000;

/** A number in 0..1 that looks random, the same in every run. */
function random(seed: number): number {
  let x = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

export const id = (product: number) => `product-${product}`;
const categoryOf = (product: number) => Math.floor(random(product) * CATEGORIES);
const brandOf = (product: number) => Math.floor(random(product + 1e7) * BRANDS);

/** Half of what follows a product is like it (neighbours by number), half is popular anywhere. */
function followerOf(product: number, n: number, products: number): number {
  const u = random(product * 131 + n);
  return n % 2 === 0
    ? (product + 1 + Math.floor(u * 300)) % products
    : Math.floor(Math.min(POPULAR, products) ** u) - 1;
}

function signalsOf(from: number, to: number, products: number): Signals {
  const indexes = new Map<number, number>();
  const index = (product: number) => {
    const known = indexes.get(product) ?? indexes.size;
    indexes.set(product, known);
    return known;
  };
  const counts: Signals["counts"][number][] = [];
  const links: Signals["links"][number][] = [];
  const facts: Signals["facts"][number][] = [];
  for (let product = from; product < to; product++) {
    const at = NOW - Math.floor(random(product + 3e7) * 30 * DAY_MS);
    facts.push({
      productId: id(product),
      at,
      category: `c${categoryOf(product)}`,
      brand: `b${brandOf(product)}`,
      price: 1 + random(product + 2e7) * 200,
      currency: "EUR",
    });
    const amount = 1 + Math.floor(2_000 / (product + 1) + random(product + 4e7) * 20);
    counts.push({ product: index(product), kind: "view", at, amount });
    counts.push({ product: index(product), kind: "return", at, amount: amount / 5 });
    for (let n = 0; n < LINKS + PAIRS; n++) {
      const to = followerOf(product, n, products);
      const kind = n < LINKS ? ("one_way" as const) : ("pairing" as const);
      if (to !== product) links.push({ from: index(product), to: index(to), kind, at, weight: 1 + (n % 5) });
    }
  }
  return { products: [...indexes.keys()].map(id), facts, counts, links };
}

/** Tables that learnt a whole shop. Changed neighbours are stored when they fill their memory, as their builder does. */
export function tablesOf(products: number): ModelTables {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE page (kind TEXT, number INTEGER, bytes BLOB, PRIMARY KEY (kind, number))");
  const select = database.prepare("SELECT bytes FROM page WHERE kind = ? AND number = ?");
  const insert = database.prepare("INSERT OR REPLACE INTO page VALUES (?, ?, ?)");
  const reader = (kind: string) => (page: number) =>
    select.get(kind, page)?.["bytes"] as Uint8Array | undefined;
  const catalogue = {
    get: () => undefined,
    put: () => {},
    soldOut: (productId: string) => random(Number(productId.slice(8)) + 6e7) < SOLD_OUT_SHARE,
  };
  const store = { catalogue, readViewed: reader("viewed"), readBought: reader("bought") };
  const tables = new ModelTables(store, NOW - 30 * DAY_MS);
  for (let from = 0; from < products; from += BATCH) {
    tables.apply(signalsOf(from, Math.min(products, from + BATCH), products), NOW);
    if (!tables.isFull && from + BATCH < products) continue;
    for (const kind of ["viewed", "bought"] as const) {
      for (const { page, bytes } of tables[kind].takeDirty()) insert.run(kind, page, bytes);
    }
  }
  return tables;
}

export interface LargeModel extends PublishedModel {
  readonly bytes: Uint8Array;
}

export function publish(tables: ModelTables, image: ModelImage): LargeModel {
  const bytes = image.build({ version: 1, now: NOW, viewedPages: [], boughtPages: [] });
  const { categories, brands, currencies } = tables.dictionaries;
  const names = {
    categories: categories.toArray(),
    brands: brands.toArray(),
    currencies: currencies.toArray(),
  };
  return { version: 1, image: [bytes], names, texts: textsOf(tables), bytes };
}

/** Pages of texts as long as they may be. */
function textsOf({ columns, changedTexts }: ModelTables): Uint8Array[] {
  const share = textShare(columns.size);
  return Array.from({ length: Math.ceil(columns.size / TEXT_PAGE_PRODUCTS) }, (_, page) => {
    const first = page * TEXT_PAGE_PRODUCTS;
    return encodeTextPage(Math.min(TEXT_PAGE_PRODUCTS, columns.size - first), undefined, (row) => {
      const productId = changedTexts.get(first + row);
      const name = `${productId}, which has a name that goes on and on `.repeat(20);
      return productId === undefined ? undefined : encodeText({ productId, name, price: 9.5 }, share);
    });
  });
}

/** Ten recents around one place of the shop, with what a profile tells of such a visitor. */
export function queryOf(visitor: number, products: number): RecommendationQuery {
  const around = Math.floor(random(visitor + 5e7) * products);
  const near = (n: number) => (around + Math.floor(random(visitor * 37 + n) * 400)) % products;
  const recent = [...new Set(Array.from({ length: 10 }, (_, n) => near(n)))];
  const liked = recent.map((product, at) => ({ product, affinity: 1 / (at + 1) }));
  const distinct = <T>(list: readonly T[], key: (one: T) => string) => [
    ...new Map(list.map((one) => [key(one), one])).values(),
  ];
  return {
    placement: "home",
    visitor: {
      recent: recent.map((product, at) => ({
        productId: id(product),
        at: NOW - at * 60_000,
        views: 1 + (at % 2),
        kind: "viewed",
      })),
      cart: [],
      purchased: Array.from({ length: 5 }, (_, n) => ({
        productId: id(near(20 + n)),
        at: NOW - DAY_MS,
        count: 1,
      })),
      categories: distinct(
        liked.map(({ product, affinity }) => ({ category: `c${categoryOf(product)}`, affinity })),
        ({ category }) => category,
      ),
      brands: distinct(
        liked.map(({ product, affinity }) => ({ brand: `b${brandOf(product)}`, affinity })),
        ({ brand }) => brand,
      ),
      prices: distinct(
        recent.slice(0, 4).map((product) => ({
          category: `c${categoryOf(product)}`,
          currency: "EUR",
          p10: 5,
          p50: 30,
          p90: 120,
        })),
        ({ category }) => category,
      ),
    },
    limit: LIMIT,
    exclude: [30, 31, 32].map((n) => id(near(n))),
    strategies: [],
    now: NOW,
  };
}
