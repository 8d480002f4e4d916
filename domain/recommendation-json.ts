import type { PublishedProduct, Recommendation } from "./recommendation.ts";

/** A product as lists of recommendations show it. */
export function productView({ productId, imageUrl, ...rest }: PublishedProduct): Record<string, unknown> {
  return { product_id: productId, ...rest, ...(imageUrl !== undefined && { image_url: imageUrl }) };
}

/** What lists tell of a product, as JSON: popular ones are shown again and again, so it is written once. */
export interface ProductText {
  readonly productId: string;
  /** The id as JSON. */
  readonly id: string;
  /** `productView` as JSON. */
  readonly view: string;
}

export function productText(product: PublishedProduct): ProductText {
  const { productId } = product;
  return { productId, id: JSON.stringify(productId), view: JSON.stringify(productView(product)) };
}

/** A recommendation, its text put together of those of its products: writing objects took three times as long. */
export function recommendationOf(
  product: ProductText,
  score: number,
  strategy: Recommendation["strategy"],
  because: string | undefined,
): Recommendation {
  const { productId, id, view } = product;
  const cause = because === undefined ? "" : `,"because":{"product_id":${JSON.stringify(because)}}`;
  return {
    productId,
    score,
    strategy,
    ...(because === undefined ? {} : { because }),
    text: `{"product_id":${id},"score":${score},"strategy":"${strategy}"${cause},"product":${view}}`,
  };
}

/** An answer with a list: what it says of the list, of which there is something, then the items. */
export function listText(about: object, items: readonly Recommendation[]): string {
  return `${JSON.stringify(about).slice(0, -1)},"items":[${items.map(({ text }) => text).join(",")}]}`;
}
