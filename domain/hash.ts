// Hashes of texts, for spreading work and for remembering what was seen in few bytes. Values are stored: never change.

/** Finalizer that spreads every input bit over the word. */
export function avalanche(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 bits over the UTF-16 units of a text. */
export function hash32(text: string, seed = 0): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return avalanche(h);
}

/**
 * 53 bits as a safe integer: 1,000,000 texts share a value with a chance of 1 in 18,000, two given ones with
 * 1 in 9e15.
 */
export function hash53(text: string): number {
  let low = 0x2545f491;
  let high = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    high ^= high >>> 13;
  }
  const a = avalanche(low ^ text.length);
  const b = avalanche(high ^ a);
  return (b & 0x1fffff) * 2 ** 32 + a;
}
