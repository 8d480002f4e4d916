import type { ModelWeights, PlacementWeights } from "../../domain/model/weights.ts";

/** Everything that a list depends on. */
export type Setting = ModelWeights & PlacementWeights;
/** A weight that is a number. */
export type WeightName = { [K in keyof Setting]: Setting[K] extends number ? K : never }[keyof Setting];

/** Less is luck. */
const GAIN_MIN = 1e-4;
/** First step of each weight, as a share of it; halved when neither way gains, until the last. */
const STEP_FIRST = 0.25;
const STEP_LAST = 0.06;
const WHOLE: ReadonlySet<WeightName> = new Set(["context", "fan", "fanThird"]);
/** Above these a query would cost more than it gains, or a discount would be a bonus. */
const MOST: Partial<Record<WeightName, number>> = {
  context: 10,
  fan: 60,
  fanThird: 30,
  categoryDiscount: 1,
  brandDiscount: 1,
};

/** One weight after the other, up or down as long as it gains, with steps that grow finer. */
export function climb(
  start: Setting,
  names: readonly WeightName[],
  judge: (setting: Setting) => number,
  firstStep = STEP_FIRST,
): Setting {
  let best = start;
  let greatest = judge(best);
  console.error(`before: ${greatest.toFixed(4)}`);
  for (let step = firstStep; step >= STEP_LAST; step /= 2) {
    for (const name of names) {
      for (const factor of [1 + step, 1 / (1 + step)]) {
        const moved = { ...best, [name]: rounded(name, best[name] * factor) };
        if (moved[name] === best[name]) continue;
        const reached = judge(moved);
        if (reached < greatest + GAIN_MIN) continue;
        greatest = reached;
        best = moved;
        console.error(`${name} ${moved[name]}: ${greatest.toFixed(4)}`);
        break;
      }
    }
  }
  return best;
}

function rounded(name: WeightName, value: number): number {
  const most = Math.min(MOST[name] ?? Number.POSITIVE_INFINITY, value);
  return WHOLE.has(name) ? Math.max(1, Math.round(most)) : Number(most.toPrecision(2));
}
