/**
 * `first ? a : b` without a branch. V8 makes one of `select<f32>`, as x64 moves no floats by condition, and asc makes
 * `select<f32>` of the same over integers.
 */
export function either(a: f32, b: f32, first: bool): f32 {
  const mask = -u32(first);
  return reinterpret<f32>((reinterpret<u32>(a) & mask) | (reinterpret<u32>(b) & ~mask));
}
