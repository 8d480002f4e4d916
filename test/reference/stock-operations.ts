// Random operations on one SKU's stock, with repeats, late ones and replaced holds: the same from the same seed.
import { avalanche } from "../../domain/hash.ts";

export type StockOperation =
  | { do: "set"; location: string; onHand: number; fresh: boolean }
  | { do: "plan"; location: string; backorders?: boolean; incoming: { quantity: number; eta: string }[] }
  | { do: "adjust"; location: string; delta: number; reason: "receipt" | "return" | "shrinkage" | "count" }
  | {
      do: "hold";
      id: string;
      wants: { location?: string; quantity: number }[];
      ttlMs: number;
      request?: number;
      replaces?: string;
    }
  | { do: "settle" | "pin" | "commit"; id: string }
  | { do: "release"; id: string; ahead: boolean }
  | { do: "restock"; key: string; id: string; cancelled: boolean };

export interface StockStep {
  /** Time since the step before. */
  readonly ms: number;
  readonly operation: StockOperation;
}

const LOCATIONS = ["east", "north", "west"];
/** Ids a step may come back to. */
const RECENT_IDS = 24;

export function* stockSteps(seed: number): Generator<StockStep> {
  let state = seed >>> 0;
  const random = (below: number) => {
    state = (state + 0x9e3779b9) >>> 0;
    return Math.floor((avalanche(state) / 2 ** 32) * below);
  };
  const of = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const ids: string[] = [];
  /** What does not end by itself. */
  const pinned: string[] = [];
  const past: StockOperation[] = [];
  let made = 0;
  const fresh = () => {
    const id = `r${made++}`;
    ids.push(id);
    if (ids.length > RECENT_IDS) ids.shift();
    return id;
  };
  const known = () => (ids.length === 0 || random(40) === 0 ? fresh() : of(ids));
  const ending = () => (pinned.length > 0 && random(3) === 0 ? pinned.shift()! : known());
  const operation = (): StockOperation => {
    const kind = random(100);
    if (kind < 38) {
      const wants = [
        { quantity: 1 + random(5) },
        ...(random(6) === 0 ? [{ quantity: 1, location: of(LOCATIONS) }] : []),
      ];
      const replaces = random(4) === 0 && ids.length > 0 ? of(ids) : undefined;
      const lasts = random(6) === 0 && replaces === undefined;
      const id = fresh();
      if (lasts) pinned.push(id);
      return {
        do: "hold",
        id,
        wants:
          random(12) === 0 ? [{ quantity: 1 + random(4), location: of([...LOCATIONS, "nowhere"]) }] : wants,
        ttlMs: lasts ? Number.POSITIVE_INFINITY : random(400) - 4,
        ...(random(2) === 0 && { request: 1 }),
        ...(replaces !== undefined && { replaces }),
      };
    }
    if (kind < 54) return { do: "commit", id: ending() };
    if (kind < 66) return { do: "release", id: ending(), ahead: random(3) > 0 };
    if (kind < 70) {
      const id = known();
      pinned.push(id);
      return { do: "pin", id };
    }
    if (kind < 75) return { do: "settle", id: known() };
    if (kind < 81)
      return { do: "restock", key: `k${random(60)}-${made >> 6}`, id: known(), cancelled: random(2) === 0 };
    if (kind < 92) {
      const delta = random(4) === 0 ? -1 - random(8) : 1 + random(7);
      return {
        do: "adjust",
        location: of(LOCATIONS),
        delta,
        reason: of(["receipt", "return", "shrinkage", "count"]),
      };
    }
    if (kind < 96) return { do: "set", location: of(LOCATIONS), onHand: random(30), fresh: random(6) > 0 };
    return {
      do: "plan",
      location: of(LOCATIONS),
      ...(random(2) === 0 && { backorders: random(3) === 0 }),
      incoming: Array.from({ length: random(3) }, () => ({
        quantity: 1 + random(9),
        eta: `2030-01-0${1 + random(9)}`,
      })),
    };
  };
  for (;;) {
    // A tenth are sent again, as they were.
    const next = past.length > 0 && random(10) === 0 ? of(past) : operation();
    past.push(next);
    if (past.length > RECENT_IDS) past.shift();
    yield { ms: random(3) === 0 ? random(60) : 0, operation: next };
  }
}
