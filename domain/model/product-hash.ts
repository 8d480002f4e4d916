import { avalanche } from "../hash.ts";

/** Two independent 32-bit halves; 200,000 ids collide in both with a chance of one in a billion. */
export interface ProductHash {
  low: number;
  high: number;
}

/**
 * Hash of a product id over its UTF-16 code units, into `into`, so that a lookup allocates nothing. Published
 * models and stored pages hold these values: a change of the function is a change of both formats.
 */
export function productHash(id: string, into: ProductHash): ProductHash {
  let low = 0x9e3779b9 ^ id.length;
  let high = 0x85ebca6b ^ id.length;
  for (let i = 0; i < id.length; i++) {
    const unit = id.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    low ^= low >>> 13;
    high = Math.imul(high + unit, 0xcc9e2d51);
    high = (high << 15) | (high >>> 17);
  }
  into.low = avalanche(low);
  into.high = avalanche(high ^ Math.imul(low, 0x1b873593));
  return into;
}
