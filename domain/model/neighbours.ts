import { NEIGHBOURS_PUBLISHED_MAX } from "../limits.ts";
import type { ModelWeights } from "./weights.ts";

/** What strength is computed from: links with both ends' sums, all forward-decayed; `grown` is the growth now. */
export interface LinkSums {
  readonly targets: Uint32Array;
  readonly weights: Float32Array;
  readonly from: number;
  readonly length: number;
  /** Denominator's count of the source. */
  readonly source: number;
  /** Counts of the targets, by slot. */
  readonly counts: Float32Array;
  readonly grown: number;
  /** Added to the source's count. */
  readonly shrinkage: number;
  /** Power of the target's count that divides. */
  readonly exponent: number;
}

/** Room for the published neighbours of one product; reused for the next. */
export class NeighbourList {
  readonly targets = new Uint32Array(NEIGHBOURS_PUBLISHED_MAX);
  readonly strengths = new Float32Array(NEIGHBOURS_PUBLISHED_MAX);
  length = 0;
  private readonly model: ModelWeights;

  constructor(model: ModelWeights) {
    this.model = model;
  }

  /**
   * The strongest `max` links, strongest first, ties by slot:
   * `strength = weight / ((count(source) + shrinkage) * count(target)^popularity exponent)`.
   * Shrinkage doubts what was seldom seen, the exponent holds back what everybody sees anyway.
   */
  select(links: LinkSums, eligible: (slot: number) => boolean, max: number): void {
    this.length = 0;
    const scale = 1 / links.grown;
    const doubt = links.source * scale + links.shrinkage;
    for (let at = links.from; at < links.from + links.length; at++) {
      const target = links.targets[at]!;
      if (!eligible(target)) continue;
      const count = Math.max(links.counts[target]! * scale, this.model.countFloor);
      const strength = Math.fround((links.weights[at]! * scale) / (doubt * count ** links.exponent));
      this.insert(target, strength, max);
    }
  }

  private insert(target: number, strength: number, max: number): void {
    const { targets, strengths } = this;
    let at = this.length;
    if (at === max) {
      const last = at - 1;
      if (strength < strengths[last]! || (strength === strengths[last]! && target > targets[last]!)) return;
      at = last;
    } else this.length++;
    while (
      at > 0 &&
      (strengths[at - 1]! < strength || (strengths[at - 1] === strength && targets[at - 1]! > target))
    ) {
      targets[at] = targets[at - 1]!;
      strengths[at] = strengths[at - 1]!;
      at--;
    }
    targets[at] = target;
    strengths[at] = strength;
  }
}
