// Reservations of one SKU come in crowds. An isolate has two calls of them on their way to a SKU's stock; what
// comes meanwhile goes together with the next. So a hot SKU's object, which takes about a thousand calls a second, is asked by
// each isolate no faster than it answers. Who comes alone does not wait.

import { GATHERED_HOLDS_MAX, GATHERED_SKUS_MAX } from "../domain/limits.ts";
import { stockName } from "../domain/object-names.ts";
import type { HoldRequest } from "../domain/stock/decisions.ts";
import type { Env } from "../durable-objects/env.ts";
import type { ReservationAnswer } from "../durable-objects/rpc.ts";

/** After so long whoever was to ask is taken for gone: a request may end at any time. */
const LATE_MS = 5_000;
/** One is answered while the other gathers. */
const CALLS_AT_ONCE_MAX = 2;

/** What waits for the call that is on its way. */
interface Crowd {
  readonly holds: HoldRequest[];
  /** The one who came first asks for all, when it is its turn. */
  readonly turn: PromiseWithResolvers<true>;
  readonly answers: PromiseWithResolvers<readonly ReservationAnswer[]>;
}

/** A SKU that is asked now. */
interface Asked {
  /** Calls on their way. */
  calls: number;
  /** Who goes next. */
  readonly crowds: Crowd[];
}

const asked = new Map<string, Asked>();

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
  let one = asked.get(sku);
  if (one === undefined) {
    if (asked.size >= GATHERED_SKUS_MAX) return ask(holds);
    one = { calls: 0, crowds: [] };
    asked.set(sku, one);
  }
  const { crowds } = one;
  if (one.calls < CALLS_AT_ONCE_MAX && crowds.length === 0) return asking(sku, one, ask(holds), ctx);
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
  const isTurn = await within(LATE_MS, own.turn.promise);
  if (isTurn !== true) {
    // Who was to tell has gone, and will not take back its call.
    one.calls = 0;
    const place = crowds.indexOf(own);
    if (place >= 0) crowds.splice(place, 1);
  }
  asking(sku, one, ask(own.holds), ctx).then(own.answers.resolve, own.answers.reject);
  return (await own.answers.promise).slice(0, holds.length);
}

/** Whose turn it is next is told also when this request's client has gone. */
async function asking<T>(
  sku: string,
  one: Asked,
  answers: Promise<T>,
  ctx: { waitUntil(promise: Promise<unknown>): void },
): Promise<T> {
  one.calls++;
  const done = answers.finally(() => {
    one.calls = Math.max(0, one.calls - 1);
    one.crowds.shift()?.turn.resolve(true);
    if (one.calls === 0 && one.crowds.length === 0) asked.delete(sku);
  });
  ctx.waitUntil(done.catch(() => {}));
  return done;
}

/** What the promise gives, or undefined after so long. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    // Costs a sixth of `scheduler.wait`, every one of a crowd has one, and with the request it ends by itself.
    setTimeout(resolve, ms);
    promise.then(resolve, reject);
  });
}
