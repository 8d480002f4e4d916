// Several lines held and sold together or not at all: where a basket stands, and what that asks of each SKU's stock.
import type { Restocking, Sale, Shortage, StockRefusal } from "../stock/decisions.ts";
import type { Part } from "../stock/ledger.ts";
import type { Want } from "../stock/picking.ts";

/** One SKU of a basket: what was asked for several times is summed. */
export interface BasketLine {
  readonly sku: string;
  readonly wants: readonly Want[];
  /** Of one unit. */
  readonly price?: number;
}

export interface OrderReturn {
  readonly key: string;
  /** Hash of what was asked. */
  readonly request: number;
  readonly at: number;
  /** Whether the units can be sold again. */
  readonly restock: boolean;
  readonly items: readonly { readonly sku: string; readonly parts: readonly Part[] }[];
  readonly settled: boolean;
}

interface Common {
  /** Of its holds; another attempt has another one. */
  readonly holdId: string;
  readonly attempt: number;
  readonly lines: readonly BasketLine[];
  /** Hash of what was asked, to tell a repeat from another request. */
  readonly request: number;
  readonly key?: string;
  readonly madeAt: number;
  /** Unix ms; absent: an order, which is sold as soon as it is held. */
  readonly expiresAt?: number;
  readonly orderId?: string;
}

/** What each line has, in the order of the lines. */
interface WithParts extends Common {
  readonly parts: readonly (readonly Part[])[];
}

/** While units go back. */
interface Restocked {
  /** Those calls that were made while others were lost: a day later a stock would not know them as repeats. */
  readonly restocked?: readonly string[];
}

/** Its lines are being held. A crash here undoes it: nobody was told. */
export interface Holding extends Common {
  readonly state: "holding";
  /** The owner's earlier hold, which stands again if this one cannot be had. */
  readonly former?: Held;
}
/** All lines are held; the earlier hold goes. */
export interface Settling extends WithParts {
  readonly state: "settling";
  readonly former: Held;
}
export interface Held extends WithParts {
  readonly state: "held";
}
/** Its lines cease to expire, so that all can be sold. A crash here goes on: whoever asked has made up their mind. */
export interface Pinning extends WithParts {
  readonly state: "pinning";
}
/** Sold: from here on there is no way back but a cancellation. */
export interface Committed extends WithParts, Restocked {
  readonly state: "committed";
  readonly at: number;
  /** Whether every SKU's stock knows. */
  readonly settled: boolean;
  readonly returns: readonly OrderReturn[];
}
/** What it has is given back. */
export interface Ending extends Common {
  readonly state: "ending";
  readonly as: Ended["as"];
  readonly at: number;
  readonly former?: Held;
}
export interface Ended extends Common {
  readonly state: "ended";
  readonly as: "refused" | "released" | "expired";
  readonly at: number;
}
/** Sold units go back to where they came from. */
export interface Cancelling extends WithParts, Restocked {
  readonly state: "cancelling";
  /** When it was committed, and when cancelled. */
  readonly at: number;
  readonly cancelledAt: number;
}
export interface Cancelled extends Omit<Cancelling, "state" | "restocked"> {
  readonly state: "cancelled";
}

export type Basket =
  | Holding
  | Settling
  | Held
  | Pinning
  | Committed
  | Ending
  | Ended
  | Cancelling
  | Cancelled;

/** One call to one SKU's stock; each may be made again. */
export type StockCall = { readonly sku: string } & (
  | {
      readonly do: "hold";
      readonly id: string;
      readonly wants: readonly Want[];
      readonly expiresAt?: number;
      readonly replaces?: string;
    }
  | { readonly do: "settle" | "pin" | "release"; readonly id: string }
  | { readonly do: "commit"; readonly id: string; readonly sale: Sale }
  | { readonly do: "restock"; readonly restocking: Restocking }
);

type Restock = StockCall & { readonly do: "restock" };

/** What came of a call. `lost`: nobody knows whether it was done. */
export type CallOutcome =
  | { readonly kind: "done"; readonly parts: readonly Part[] }
  | { readonly kind: "refused"; readonly refusal: StockRefusal }
  | { readonly kind: "lost" };

/** What has to be done for the basket to go on; nothing when it rests. */
export function todo(basket: Basket): readonly StockCall[] {
  const { lines, holdId, orderId } = basket;
  switch (basket.state) {
    case "holding":
      return lines.map(({ sku, wants }) => ({
        do: "hold",
        sku,
        id: holdId,
        wants,
        ...(basket.expiresAt !== undefined && { expiresAt: basket.expiresAt }),
        ...(hasSku(basket.former, sku) && { replaces: basket.former!.holdId }),
      }));
    case "settling": {
      const { former } = basket;
      const kept = lines.filter(({ sku }) => hasSku(former, sku));
      const dropped = former.lines.filter(({ sku }) => !hasSku(basket, sku));
      return [
        ...kept.map(({ sku }) => ({ do: "settle", sku, id: holdId }) as const),
        ...dropped.map(({ sku }) => ({ do: "release", sku, id: former.holdId }) as const),
      ];
    }
    case "pinning":
      return lines.map(({ sku }) => ({ do: "pin", sku, id: holdId }));
    case "committed":
      if (!basket.settled) {
        return lines.map(({ sku, price }) => ({
          do: "commit",
          sku,
          id: holdId,
          sale: { ...(orderId !== undefined && { orderId }), ...(price !== undefined && { price }) },
        }));
      }
      return stillTo(
        basket,
        basket.returns
          .filter(({ settled }) => !settled)
          .flatMap(({ key, items }) =>
            items.map(({ sku, parts }) => ({
              do: "restock",
              sku,
              restocking: { key: `${holdId}/${key}`, parts, reason: "return" },
            })),
          ),
      );
    case "ending":
      return lines.map(({ sku }) => ({ do: "release", sku, id: holdId }));
    case "cancelling":
      return stillTo(
        basket,
        lines.map(({ sku }, i) => ({
          do: "restock",
          sku,
          restocking: {
            key: `${holdId}/cancel`,
            parts: basket.parts[i]!,
            reason: "cancel",
            ...(orderId !== undefined && { order: { orderId, at: basket.at } }),
          },
        })),
      );
    default:
      return [];
  }
}

/** The basket with those of its calls noted that were made though others were lost; itself where that need not be. */
export function noted(basket: Basket, calls: readonly StockCall[], outcomes: readonly CallOutcome[]): Basket {
  if (basket.state !== "committed" && basket.state !== "cancelling") return basket;
  const made = calls.filter((call, i) => call.do === "restock" && outcomes[i]!.kind !== "lost");
  if (made.length === 0) return basket;
  const names = made.map((call) => nameOf(call as Restock));
  return { ...basket, restocked: [...(basket.restocked ?? []), ...names] };
}

/** Where the basket stands after its calls; undefined: some were lost and have to be made again. */
export function after(basket: Basket, outcomes: readonly CallOutcome[], now: number): Basket | undefined {
  const refused = outcomes.some(({ kind }) => kind === "refused");
  const lost = outcomes.some(({ kind }) => kind === "lost");
  if (basket.state === "holding") {
    if (refused || lost) {
      // What was refused holds nothing; of what was lost nobody knows.
      const lines = basket.lines.filter((_, i) => outcomes[i]!.kind !== "refused");
      const ending = undone({ ...basket, lines }, now);
      return lines.length > 0 ? ending : ended(ending);
    }
    const { former, ...rest } = basket;
    const parts = outcomes.map((outcome) => (outcome as { parts: readonly Part[] }).parts);
    if (former !== undefined) return { ...rest, state: "settling", parts, former };
    if (basket.expiresAt !== undefined) return { ...rest, state: "held", parts };
    return { ...rest, state: "committed", parts, at: now, settled: false, returns: [] };
  }
  if (lost) return undefined;
  switch (basket.state) {
    case "settling": {
      const { former: _, ...rest } = basket;
      return { ...rest, state: "held" };
    }
    case "pinning": {
      const { parts: _, ...rest } = basket;
      if (refused) return { ...rest, state: "ending", as: "expired", at: now };
      const parts = outcomes.map((outcome) => (outcome as { parts: readonly Part[] }).parts);
      return { ...rest, state: "committed", parts, at: now, settled: false, returns: [] };
    }
    case "committed":
      if (!basket.settled) return { ...basket, settled: true };
      return { ...withoutNotes(basket), returns: basket.returns.map((one) => ({ ...one, settled: true })) };
    case "ending":
      return ended(basket);
    case "cancelling":
      return { ...withoutNotes(basket), state: "cancelled" };
    default:
      return basket;
  }
}

/** A basket whose holding was cut off: whatever it has is given back. */
export function undone(basket: Holding, now: number): Ending {
  return { ...basket, state: "ending", as: "refused", at: now };
}

/** Nothing is left of it; an owner's earlier hold stands again. */
function ended({ former, ...basket }: Ending): Held | Ended {
  return former ?? { ...basket, state: "ended" };
}

/** Why lines were refused, as one: what is short of all of them. */
export function refusalOf(refusals: readonly StockRefusal[]): StockRefusal | undefined {
  const [first] = refusals;
  if (first === undefined) return undefined;
  const unknown = refusals.find(({ problem }) => problem === "unknown_sku");
  const items = refusals.flatMap((refusal): readonly Shortage[] => refusal.items ?? []);
  return { ...(unknown ?? first), ...(items.length > 0 && { items }) };
}

function stillTo({ restocked = [] }: Restocked, calls: readonly Restock[]): readonly Restock[] {
  const made = new Set(restocked);
  return calls.filter((call) => !made.has(nameOf(call)));
}

function nameOf({ sku, restocking }: Restock): string {
  return JSON.stringify([restocking.key, sku]);
}

function withoutNotes<T extends Restocked>({ restocked: _, ...basket }: T): Omit<T, "restocked"> {
  return basket;
}

function hasSku(basket: { readonly lines: readonly BasketLine[] } | undefined, sku: string): boolean {
  return basket?.lines.some((line) => line.sku === sku) ?? false;
}
