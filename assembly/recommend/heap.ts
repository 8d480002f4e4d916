// A heap of candidates' ordinals, the best on top.
import * as candidates from "./candidates";
import { word } from "./memory";

function at(place: u32): usize {
  return word(candidates.HEAP, place);
}

function above(a: u32, b: u32): bool {
  return candidates.before(a, candidates.score(a), b, candidates.score(b));
}

function sink(place: u32, size: u32): void {
  const ordinal = load<u32>(at(place));
  for (;;) {
    let child: u32 = 2 * place + 1;
    if (child >= size) break;
    let other = load<u32>(at(child));
    if (child + 1 < size) {
      const right = load<u32>(at(child + 1));
      if (above(right, other)) {
        other = right;
        child++;
      }
    }
    if (!above(other, ordinal)) break;
    store<u32>(at(place), other);
    place = child;
  }
  store<u32>(at(place), ordinal);
}

export function heapify(size: u32): void {
  for (let place: u32 = size >> 1; place > 0; place--) sink(place - 1, size);
}

/** Best ordinal; the heap has one. */
export function top(): u32 {
  return load<u32>(at(0));
}

/** Removes the top; `size` counts it. */
export function pop(size: u32): void {
  store<u32>(at(0), load<u32>(at(size - 1)));
  if (size > 1) sink(0, size - 1);
}

/** The top's score fell. */
export function settle(size: u32): void {
  sink(0, size);
}
