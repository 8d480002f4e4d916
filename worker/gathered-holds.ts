// Reservations of one SKU come in crowds. An isolate has one call of them on its way to a SKU's stock; what comes
// meanwhile goes together with the next. So a hot SKU's object, which takes about a thousand calls a second, is asked by
// each isolate no faster than it answers. Who comes alone does not wait. With a second call on its way the crowds were
// half as large, and a third fewer reservations were held in a second.

import { GATHERED_HOLDS_MAX, GATHERED_SKUS_MAX } from "../domain/limits.ts";
import { stockName } from "../domain/object-names.ts";
import type { HoldRequest } from "../domain/stock/decisions.ts";
import type { Env } from "../durable-objects/env.ts";
import type { ReservationAnswer } from "../durable-objects/rpc.ts";

/** After so long whoever was to ask is taken for gone: a request may end at any time. */
const LATE_MS = 5_000;

/** What waits for the call that is on its way. */
interface Crowd {
  readonly holds: HoldRequest[];
  /** The one who came first asks for all, when it is its turn. */
  readonly turn: PromiseWithResolvers<true>;
  readonly answers: PromiseWithResolvers<readonly ReservationAnswer[]>;
}

/** Who goes next, of each SKU that is asked now. */
const asked = new Map<string, Crowd[]>();

/**
 * Holds, in the order given, when they are stored. Called again with the same holds it gives the same answers.
 *
 * @throws what the call throws, to all who shared it.
 */
export async function holdTogether(
  sku: string,
  holds: readonly HoldRequest[],
  { env, ctx, now }: { env: Env; ctx: { waitUntil(promise: Promise<unknown>): void }; now: number },
): Promise<readonly ReservationAnswer[]> {
  const ask = (all: readonly HoldRequest[]) => env.INVENTORY.getByName(stockName(sku)).hold(all, now);
  const crowds = asked.get(sku);
  if (crowds === undefined) {
    if (asked.size >= GATHERED_SKUS_MAX) return ask(holds);
    const first = ask(holds);
    const none: Crowd[] = [];
    asked.set(sku, none);
    return evenIfLeft(thenNext(sku, none, first), ctx);
  }
  const last = crowds.at(-1);
  if (last !== undefined && last.holds.length + holds.length <= GATHERED_HOLDS_MAX) {
    const from = last.holds.length;
    last.holds.push(...holds);
    // With a timer of its own: the runtime takes a request that only waits for another one for hung.
    const answers = await within(2 * LATE_MS, last.answers.promise);
    return answers?.slice(from, from + holds.length) ?? ask(holds);
  }
  const own: Crowd = {
    holds: [...holds],
    turn: Promise.withResolvers(),
    answers: Promise.withResolvers(),
  };
  crowds.push(own);
  const askForAll = async () => {
    const isTurn = await within(LATE_MS, own.turn.promise);
    if (isTurn !== true) {
      // Who was to tell has gone.
      const place = crowds.indexOf(own);
      if (place >= 0) crowds.splice(place, 1);
    }
    thenNext(sku, crowds, ask(own.holds)).then(own.answers.resolve, own.answers.reject);
    return own.answers.promise;
  };
  return (await evenIfLeft(askForAll(), ctx)).slice(0, holds.length);
}

/** When it is answered, it is the next crowd's turn. */
function thenNext<T>(sku: string, crowds: Crowd[], answers: Promise<T>): Promise<T> {
  return answers.finally(() => {
    const next = crowds.shift();
    if (next !== undefined) next.turn.resolve(true);
    else if (asked.get(sku) === crowds) asked.delete(sku);
  });
}

/** Others wait for it, also when this request's client has left. */
function evenIfLeft<T>(work: Promise<T>, ctx: { waitUntil(promise: Promise<unknown>): void }): Promise<T> {
  ctx.waitUntil(work.catch(() => {}));
  return work;
}

/** What the promise gives, or undefined after so long. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    // Costs a sixth of `scheduler.wait`, every one of a crowd has one, and with the request it ends by itself.
    setTimeout(resolve, ms);
    promise.then(resolve, reject);
  });
}
