import { type PublishedProduct, type Recommendation, STRATEGIES, type Strategy } from "./recommendation.ts";

/** A product as lists of recommendations show it. */
export function productView({ productId, imageUrl, ...rest }: PublishedProduct): Record<string, unknown> {
  return { product_id: productId, ...rest, ...(imageUrl !== undefined && { image_url: imageUrl }) };
}

/** What lists tell of a product, as JSON around what is said of it there: written once, for popular ones come again. */
export interface ProductText {
  readonly productId: string;
  /** Up to the score. */
  readonly head: string;
  /** From `productView` on. */
  readonly tail: string;
}

export function productText(product: PublishedProduct): ProductText {
  const { productId } = product;
  return {
    productId,
    head: `{"product_id":${JSON.stringify(productId)},"score":`,
    tail: `,"product":${JSON.stringify(productView(product))}}`,
  };
}

const STRATEGY_TEXTS = Object.fromEntries(
  STRATEGIES.map((strategy) => [strategy, `,"strategy":"${strategy}"`]),
) as Record<Strategy, string>;

const SCORE_STEPS = 1e6;
const SMALL_SCORE = 1e-3;

/** In steps of a millionth, small ones as they are: writing all digits of ten took 2 us. */
export function shownScore(score: number): number {
  return score < SMALL_SCORE ? score : Math.round(score * SCORE_STEPS) / SCORE_STEPS;
}

/** A recommendation, its text put together of those of its products: writing objects took three times as long. */
export function recommendationOf(
  { productId, head, tail }: ProductText,
  score: number,
  strategy: Strategy,
  because: string | undefined,
): Recommendation {
  const shown = head + shownScore(score) + STRATEGY_TEXTS[strategy];
  if (because === undefined) return { productId, score, strategy, text: shown + tail };
  const cause = `,"because":{"product_id":${JSON.stringify(because)}}`;
  return { productId, score, strategy, because, text: shown + cause + tail };
}

/** An answer with a list: what it says of the list, of which there is something, then the items. */
export function listText(about: object, items: readonly Recommendation[]): string {
  return `${JSON.stringify(about).slice(0, -1)},"items":[${items.map(({ text }) => text).join(",")}]}`;
}
