// Addresses in the columns.

/** Of the f32x4 with this index. */
export function row(base: usize, index: i32): usize {
  return base + ((<usize>index) << 4);
}

/** Of the f32 with this index. */
export function word(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** Of the f64 with this index. */
export function double(base: usize, index: i32): usize {
  return base + ((<usize>index) << 3);
}
