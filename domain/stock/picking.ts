// Where units are taken from.
import type { Part } from "./ledger.ts";

/** Units asked for, at a location or wherever they are. */
export interface Want {
  readonly quantity: number;
  readonly location?: string;
}

/** Units that may be taken at a location. */
export interface Free {
  readonly location: string;
  readonly units: number;
}

/** `left`: what there was for those that are short, after the others. */
export type Picked =
  | { readonly parts: readonly Part[] }
  | { readonly short: readonly Want[]; readonly left: readonly Free[] };

/**
 * Units asked for at a location come from there. The others come from the first location that has them all, in the
 * order the locations were made; where none has, from several in that order. What is missing is backordered where it
 * was asked for, else at the first location, if that is allowed.
 *
 * @returns the parts, or what could not be had.
 */
export function pick(free: readonly Free[], wants: readonly Want[], backorders: boolean): Picked {
  if (wants.length === 1) {
    // Nearly always, and in a quarter of the time.
    const { quantity, location } = wants[0]!;
    const from = free.find((at) => at.units >= quantity && (location ?? at.location) === at.location);
    if (from !== undefined) return { parts: [{ location: from.location, units: quantity }] };
  }
  const left = new Map(free.map(({ location, units }) => [location, units]));
  const taken = new Map<string, { units: number; backordered: number }>();
  const take = (location: string, units: number, backordered: number) => {
    const before = taken.get(location) ?? { units: 0, backordered: 0 };
    taken.set(location, { units: before.units + units, backordered: before.backordered + backordered });
    left.set(location, left.get(location)! - units);
  };
  const short: Want[] = [];
  const located = wants.filter(({ location }) => location !== undefined);
  for (const want of [...located, ...wants.filter(({ location }) => location === undefined)]) {
    let missing = want.quantity;
    const found: [location: string, units: number][] = [];
    for (const location of sources(left, want)) {
      const units = Math.min(missing, left.get(location) ?? 0);
      if (units > 0) found.push([location, units]);
      missing -= units;
    }
    const where = want.location ?? free[0]!.location;
    if (missing > 0 && !(backorders && left.has(where))) {
      short.push(want);
      continue;
    }
    for (const [location, units] of found) take(location, units, 0);
    if (missing > 0) take(where, 0, missing);
  }
  if (short.length > 0) return { short, left: [...left].map(([location, units]) => ({ location, units })) };
  return {
    parts: [...taken].map(([location, { units, backordered }]) => ({
      location,
      units,
      ...(backordered > 0 && { backordered }),
    })),
  };
}

function sources(left: ReadonlyMap<string, number>, { quantity, location }: Want): readonly string[] {
  if (location !== undefined) return [location];
  for (const [name, units] of left) if (units >= quantity) return [name];
  return [...left.keys()];
}

/** What is asked for at the same place, as one. */
export function summed(wants: readonly Want[]): Want[] {
  const sums = new Map<string | undefined, number>();
  for (const { location, quantity } of wants) sums.set(location, (sums.get(location) ?? 0) + quantity);
  return [...sums].map(([location, quantity]) => ({ quantity, ...(location !== undefined && { location }) }));
}
