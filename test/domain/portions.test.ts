import fc from "fast-check";
import { expect, test } from "vitest";
import { portions } from "../../domain/portions.ts";

test("[DP3] portions hold all items in their order, as many as fit, one at least", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 30 }), (sizes, max) => {
      const sum = (some: readonly number[]) => some.reduce((total, size) => total + size, 0);
      const found = [...portions(sizes, (size) => size, max)];
      expect(found.flat()).toEqual(sizes);
      found.forEach((portion, i) => {
        expect(portion.length === 1 || (portion.length > 1 && sum(portion) <= max)).toBe(true);
        const next = found[i + 1]?.[0];
        if (next !== undefined) expect(sum(portion) + next).toBeGreaterThan(max);
      });
    }),
  );
});
