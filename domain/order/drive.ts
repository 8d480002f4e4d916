import { SKUS_AT_ONCE_MAX } from "../limits.ts";
import type { StockRefusal } from "../stock/decisions.ts";
import { after, type Basket, type CallOutcome, noted, type StockCall, todo } from "./basket.ts";

/** What a basket needs of the world. */
export interface Ports {
  /** Never throws: what cannot be known is `lost`. */
  call(call: StockCall, now: number): Promise<CallOutcome>;
  /** Durable when it returns. */
  save(basket: Basket): void;
}

/**
 * Goes on until the basket rests, or calls are lost. What is stored is ahead of what is asked of the stocks, so that
 * whoever finds it after a crash can go on from there.
 *
 * @returns where it stands, why lines were refused, and whether it rests.
 */
export async function drive(
  start: Basket,
  now: number,
  ports: Ports,
): Promise<{ basket: Basket; refusals: readonly StockRefusal[]; rests: boolean }> {
  let basket = start;
  const refusals: StockRefusal[] = [];
  for (let calls = todo(basket); calls.length > 0; calls = todo(basket)) {
    const outcomes: CallOutcome[] = [];
    for (let from = 0; from < calls.length; from += SKUS_AT_ONCE_MAX) {
      const part = calls.slice(from, from + SKUS_AT_ONCE_MAX);
      outcomes.push(...(await Promise.all(part.map((call) => ports.call(call, now)))));
    }
    for (const outcome of outcomes) if (outcome.kind === "refused") refusals.push(outcome.refusal);
    const next = after(basket, outcomes, now);
    if (next === undefined) {
      const left = noted(basket, calls, outcomes);
      if (left !== basket) ports.save(left);
      return { basket: left, refusals, rests: false };
    }
    ports.save(next);
    basket = next;
  }
  return { basket, refusals, rests: true };
}
