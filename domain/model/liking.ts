import { affinityOfWeight } from "../profile/interests.ts";
import { TOUCH_INTEREST, type VisitorContext } from "../visitor.ts";

/** Recent products that tell; an older one says little of today. */
const TELLING_MAX = 10;

/** What a model says of a product. */
export interface ProductGroups {
  readonly category?: string;
  readonly brand?: string;
}

/**
 * A visitor of whom no category is known, or no brand, likes those of their recent products, as the model has them:
 * events need not say what the catalogue knows, and visitors given in a request have no profile.
 */
export function withLiking(
  visitor: VisitorContext,
  groupsOf: (productId: string) => ProductGroups | undefined,
): VisitorContext {
  const { recent, categories, brands } = visitor;
  if (recent.length === 0 || (categories.length > 0 && brands.length > 0)) return visitor;
  const told = recent.slice(0, TELLING_MAX).map(({ productId, views, kind }) => ({
    groups: groupsOf(productId) ?? {},
    weight: Math.max(views, TOUCH_INTEREST[kind]),
  }));
  const liked = (name: keyof ProductGroups) => {
    const weights = new Map<string, number>();
    for (const { groups, weight } of told) {
      const group = groups[name];
      if (group !== undefined) weights.set(group, (weights.get(group) ?? 0) + weight);
    }
    return [...weights]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .map(([group, weight]) => ({ group, affinity: affinityOfWeight(weight) }));
  };
  return {
    ...visitor,
    ...(categories.length === 0 && {
      categories: liked("category").map(({ group, affinity }) => ({ category: group, affinity })),
    }),
    ...(brands.length === 0 && {
      brands: liked("brand").map(({ group, affinity }) => ({ brand: group, affinity })),
    }),
  };
}
