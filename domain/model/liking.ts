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
 *
 * @param groupAt What the recent product at a position belongs to.
 */
export function withLiking(
  visitor: VisitorContext,
  groupAt: (position: number, kind: keyof ProductGroups) => string | undefined,
): VisitorContext {
  const { recent, categories, brands } = visitor;
  if (recent.length === 0 || (categories.length > 0 && brands.length > 0)) return visitor;
  const liked = (kind: keyof ProductGroups): readonly (readonly [group: string, weight: number])[] => {
    const weights = new Map<string, number>();
    for (let position = 0; position < Math.min(recent.length, TELLING_MAX); position++) {
      const group = groupAt(position, kind);
      if (group === undefined) continue;
      const { views, kind: touch } = recent[position]!;
      weights.set(group, (weights.get(group) ?? 0) + Math.max(views, TOUCH_INTEREST[touch]));
    }
    return [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  };
  return {
    ...visitor,
    ...(categories.length === 0 && {
      categories: liked("category").map(([category, weight]) => ({
        category,
        affinity: affinityOfWeight(weight),
      })),
    }),
    ...(brands.length === 0 && {
      brands: liked("brand").map(([brand, weight]) => ({ brand, affinity: affinityOfWeight(weight) })),
    }),
  };
}
