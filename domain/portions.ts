/** Items in their order, in portions of at most so much; one that is larger has a portion of its own. */
export function* portions<T>(
  items: readonly T[],
  sizeOf: (item: T) => number,
  max: number,
): Generator<readonly T[]> {
  if (items.length === 1) {
    yield items;
    return;
  }
  let from = 0;
  let size = 0;
  for (const [i, item] of items.entries()) {
    const own = sizeOf(item);
    if (i > from && size + own > max) {
      yield items.slice(from, i);
      from = i;
      size = 0;
    }
    size += own;
  }
  if (from < items.length) yield items.slice(from);
}
