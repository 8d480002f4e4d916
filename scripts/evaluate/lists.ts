// How well the lists that pages show meet what is ordered, beside item-kNN and popularity; and fits their weights.
import { MODEL_WEIGHTS, PLACEMENT_WEIGHTS } from "../../domain/model/weights.ts";
import type { Placement } from "../../domain/recommendation.ts";
import { climb, type Setting, type WeightName } from "./climb.ts";
import { ask, LIST_LENGTH, type ListQuery, type Page, type Purchase, readPurchases } from "./orders.ts";
import type { OfflineShop } from "./shop.ts";

/** Shares of the purchases: the last tenth is the test, the one before it what weights are fitted on. */
const VALIDATION_FROM = 0.8;
const TEST_FROM = 0.9;
export const LAST_TENTH = 10;
const HALF = LIST_LENGTH / 2;
const PAGES = ["home", "home, new", "first look", "product", "cart"] as const satisfies readonly Page[];
/** A point of reciprocal rank is worth half a point of recall. */
const RANK_WORTH = 0.5;
/** Weights of these lists have not been near their best before: begin with larger steps. */
const STEP_FIRST = 1;

/** What each placement's list can be fitted in; diversity is wanted for itself. */
const FITTED: Record<"home" | "product" | "cart", readonly WeightName[]> = {
  home: ["bought", "walkBought", "rebuy", "fitCategory", "fitPrice", "category", "trend", "popularity"],
  product: [
    "contextPower",
    "bought",
    "pageBought",
    "walkBought",
    "fitCategory",
    "category",
    "trend",
    "popularity",
  ],
  cart: [
    "bought",
    "cartBought",
    "support",
    "fan",
    "walkBought",
    "fitCategory",
    "category",
    "trend",
    "popularity",
  ],
};

/** Means over queries. */
interface Figures {
  /** Lists with something that was ordered. */
  readonly hitRate: number;
  /** Share of what was ordered that the list has, and its first half, at most as much as it can hold. */
  readonly recall: number;
  readonly recall10: number;
  /** Gain of the first half, discounted by the logarithm of the place, as a share of the greatest there is. */
  readonly gain10: number;
  /** Of the first that was ordered. */
  readonly reciprocalRank: number;
}

type Lister = (query: ListQuery) => readonly string[];

/** Prints what lists hold of what was ordered, by page. @param tenth 2..10, of the orders: those before are known. */
export function evaluateLists(tenth: number): void {
  const purchases = readPurchases();
  const [from, to] = [tenth - 1, tenth].map((end) => Math.floor((purchases.length * end) / LAST_TENTH)) as [
    number,
    number,
  ];
  const { shop, queries } = ask(purchases, from, to);
  const before = basketsOf(purchases.slice(0, from));
  printLists(`orders of the sample shop: ${from} purchases`, shop, queries, before);
}

/** Prints a table, a line a page and peer. @param baskets what was bought or viewed together before. */
export function printLists(
  title: string,
  shop: OfflineShop,
  queries: readonly ListQuery[],
  baskets: readonly (readonly string[])[],
): void {
  console.log(`\n### ${title}, ${queries.length} queries, lists of ${LIST_LENGTH}\n`);
  console.log("| page | | queries | HR@20 | recall@10 | recall@20 | MRR@20 | nDCG@10 |");
  console.log("|---|---|---|---|---|---|---|---|");
  const listers: [string, Lister][] = [
    ["Shelfwise", own(shop)],
    ["item-kNN", itemKnn(baskets)],
    ["popularity", popularity(baskets)],
  ];
  for (const page of PAGES) {
    const of = queries.filter((query) => query.page === page);
    if (of.length === 0) continue;
    for (const [name, lister] of listers) {
      const { hitRate, recall10, recall, reciprocalRank, gain10 } = figuresOf(lister, of);
      const cells = [hitRate, recall10, recall, reciprocalRank, gain10].map((share) => share.toFixed(4));
      console.log(`| ${[page, name, of.length, ...cells].join(" | ")} |`);
    }
  }
}

/** Fits each placement on the validation's queries, then prints what that gains there and on the test. */
export function fitLists(): void {
  const purchases = readPurchases();
  const [validation, test] = [VALIDATION_FROM, TEST_FROM].map((share) =>
    Math.floor(purchases.length * share),
  );
  const { shop, queries } = ask(purchases, validation!, test!);
  const final = ask(purchases, test!, purchases.length);
  for (const placement of ["home", "product", "cart"] as const) {
    const asked = (of: readonly ListQuery[]) => of.filter(({ query }) => query.placement === placement);
    const before: Setting = { ...MODEL_WEIGHTS, ...PLACEMENT_WEIGHTS[placement] };
    const worth = (setting: Setting) => worthOf(figuresOf(own(shop, setting), asked(queries)));
    const after = climb(before, FITTED[placement], worth, STEP_FIRST);
    console.log(`\n| ${placement} | before | fitted |\n|---|---|---|`);
    for (const name of FITTED[placement]) console.log(`| ${name} | ${before[name]} | ${after[name]} |`);
    for (const [split, judged, of] of [
      ["validation", shop, queries],
      ["test", final.shop, final.queries],
    ] as const) {
      const [old, fitted] = [before, after].map((setting) => figuresOf(own(judged, setting), asked(of)));
      console.log(`| recall@20, ${split} | ${old!.recall.toFixed(4)} | ${fitted!.recall.toFixed(4)} |`);
      console.log(
        `| MRR@20, ${split} | ${old!.reciprocalRank.toFixed(4)} | ${fitted!.reciprocalRank.toFixed(4)} |`,
      );
    }
  }
}

function worthOf({ recall, reciprocalRank }: Figures): number {
  return recall + RANK_WORTH * reciprocalRank;
}

function figuresOf(lister: Lister, queries: readonly ListQuery[]): Figures {
  const sums = { hitRate: 0, recall: 0, recall10: 0, gain10: 0, reciprocalRank: 0 };
  for (const query of queries) {
    const { wanted } = query;
    const places = lister(query).flatMap((productId, at) => (wanted.has(productId) ? [at + 1] : []));
    const [first] = places;
    if (first === undefined) continue;
    const early = places.filter((place) => place <= HALF);
    const most = Array.from({ length: Math.min(HALF, wanted.size) }, (_, at) => at + 1);
    sums.hitRate++;
    sums.reciprocalRank += 1 / first;
    sums.recall += places.length / Math.min(LIST_LENGTH, wanted.size);
    sums.recall10 += early.length / most.length;
    sums.gain10 += gainOf(early) / gainOf(most);
  }
  return {
    hitRate: sums.hitRate / queries.length,
    recall: sums.recall / queries.length,
    recall10: sums.recall10 / queries.length,
    gain10: sums.gain10 / queries.length,
    reciprocalRank: sums.reciprocalRank / queries.length,
  };
}

function gainOf(places: readonly number[]): number {
  return places.reduce((sum, place) => sum + 1 / Math.log2(place + 1), 0);
}

/** The code that serves. @param setting instead of the placement's own. */
function own(shop: OfflineShop, setting?: Setting): Lister {
  const recommender = shop.publish(setting);
  return ({ query }) => {
    const length = recommender.rank(query, setting ?? PLACEMENT_WEIGHTS[query.placement]);
    return Array.from({ length }, (_, at) => recommender.rankedId(at));
  };
}

function basketsOf(purchases: readonly Purchase[]): string[][] {
  return purchases
    .filter(({ activity }) => activity.kind === "ordered")
    .map(({ activity }) => [...new Set(activity.lines.map(({ productId }) => productId))]);
}

/** Products that no list of the query's page shows; `home` shows what is bought again. */
function leftOut({ query: { placement, visitor, productId, exclude } }: ListQuery): Set<string> {
  const left = new Set(exclude);
  if (placement !== "home") for (const bought of visitor.purchased) left.add(bought.productId);
  if (placement === "cart") for (const inCart of visitor.cart) left.add(inCart);
  if (productId !== undefined) left.add(productId);
  return left;
}

/** The products that stand in most baskets. */
function popularity(baskets: readonly (readonly string[])[]): Lister {
  const orders = new Map<string, number>();
  for (const products of baskets) {
    for (const product of products) orders.set(product, (orders.get(product) ?? 0) + 1);
  }
  const ranked = [...orders].sort((a, b) => b[1] - a[1]).map(([product]) => product);
  return (query) => {
    const left = leftOut(query);
    const list: string[] = [];
    for (const product of ranked) {
      if (list.length === LIST_LENGTH) break;
      if (!left.has(product)) list.push(product);
    }
    return list;
  };
}

/** Cosine of the orders of two products, summed over the cart, the page or the last twenty products. Sarwar et al. 2001. */
function itemKnn(baskets: readonly (readonly string[])[]): Lister {
  const orders = new Map<string, number>();
  const together = new Map<string, Map<string, number>>();
  for (const products of baskets) {
    for (const a of products) {
      orders.set(a, (orders.get(a) ?? 0) + 1);
      const others = together.get(a) ?? new Map<string, number>();
      together.set(a, others);
      for (const b of products) if (a !== b) others.set(b, (others.get(b) ?? 0) + 1);
    }
  }
  const sourcesOf: Record<Placement, (query: ListQuery["query"]) => readonly string[]> = {
    home: ({ visitor }) => visitor.recent.slice(0, 20).map(({ productId }) => productId),
    session: ({ visitor }) => visitor.recent.slice(0, 20).map(({ productId }) => productId),
    product: ({ productId }) => (productId === undefined ? [] : [productId]),
    cart: ({ visitor }) => visitor.cart,
  };
  return (query) => {
    const left = leftOut(query);
    const scores = new Map<string, number>();
    for (const source of sourcesOf[query.query.placement](query.query)) {
      for (const [other, times] of together.get(source) ?? []) {
        if (left.has(other)) continue;
        const cosine = times / Math.sqrt(orders.get(source)! * orders.get(other)!);
        scores.set(other, (scores.get(other) ?? 0) + cosine);
      }
    }
    const ranked = [...scores].sort((a, b) => b[1] - a[1]);
    return ranked.slice(0, LIST_LENGTH).map(([product]) => product);
  };
}
