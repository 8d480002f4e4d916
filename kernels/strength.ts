import * as L from "../assembly/layout.ts";

const EXPONENT_BASE = L.STRENGTH_EXPONENT_SHIFT << L.STRENGTH_MANTISSA_BITS;
const DROPPED_BITS = 23 - L.STRENGTH_MANTISSA_BITS;
const CODE_MAX = 2 ** (32 - L.NEIGHBOUR_INDEX_BITS) - 1;
const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** A strength in 14 bits, within 0.1 % of it; too small is 1, the least that is not nothing. */
export function encodeStrength(strength: number): number {
  if (!(strength > 0)) return 0;
  float[0] = strength;
  const code = Math.round(word[0]! / 2 ** DROPPED_BITS) - EXPONENT_BASE;
  return Math.min(CODE_MAX, Math.max(1, code));
}

export function decodeStrength(code: number): number {
  if (code === 0) return 0;
  word[0] = (code + EXPONENT_BASE) * 2 ** DROPPED_BITS;
  return float[0]!;
}
