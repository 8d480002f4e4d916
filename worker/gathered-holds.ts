// Reservations of one SKU come in crowds. An isolate has one call of them on its way to a SKU's stock; what comes
// meanwhile goes together with the next. So a hot SKU's object, which takes about a thousand calls a second, is asked by
// each isolate no faster than it answers. Who comes alone does not wait. With a second call on its way the crowds were
// half as large, and a third fewer reservations were held in a second.
//
// Promises that another request settles are made by `Promise.withResolvers` and by nothing else: the runtime marks whose
// each promise is and goes on there, but of `new Promise` and async functions the mark is lost once V8 has optimized
// them, and a request would go on in the other one's place, where it can answer nothing. It also costs less than to wait
// for a promise that another request made.

import { GATHERED_HOLDS_MAX, GATHERED_SKUS_MAX } from "../domain/limits.ts";
import { stockName } from "../domain/object-names.ts";
import { pack, unpack } from "../domain/packed-json.ts";
import type { HoldRequest } from "../domain/stock/decisions.ts";
import type { Env } from "../durable-objects/env.ts";
import type { ReservationAnswer } from "../durable-objects/rpc.ts";

/** After so long whoever was to ask is taken for gone: a request may end at any time. */
const LATE_MS = 5_000;

type Answers = readonly ReservationAnswer[];

/** What waits for the call that is on its way. */
interface Crowd {
  readonly holds: HoldRequest[];
  /** The one who came first asks for all, when it is its turn. */
  readonly turn: PromiseWithResolvers<true | undefined>;
  readonly others: Member[];
}

/** One who is asked for by another. */
interface Member {
  /** Where its holds begin and end in the crowd's. */
  readonly from: number;
  readonly to: number;
  resolve(answers: Answers): void;
  reject(error: unknown): void;
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
): Promise<Answers> {
  const ask = async (all: readonly HoldRequest[]) =>
    unpack(await env.INVENTORY.getByName(stockName(sku)).holdAll(pack(all), now));
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
    const { promise, resolve, reject } = Promise.withResolvers<Answers | undefined>();
    last.others.push({ from, to: from + holds.length, resolve, reject });
    giveUpAfter(2 * LATE_MS, resolve);
    return (await promise) ?? ask(holds);
  }
  const own: Crowd = {
    holds: [...holds],
    turn: Promise.withResolvers(),
    others: [],
  };
  crowds.push(own);
  const askForAll = async () => {
    giveUpAfter(LATE_MS, own.turn.resolve);
    if ((await own.turn.promise) === undefined) {
      // Who was to tell has gone.
      const place = crowds.indexOf(own);
      if (place >= 0) crowds.splice(place, 1);
    }
    try {
      const answers = await thenNext(sku, crowds, ask(own.holds));
      for (const { from, to, resolve } of own.others) resolve(answers.slice(from, to));
      return answers;
    } catch (error) {
      for (const { reject } of own.others) reject(error);
      throw error;
    }
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

/**
 * Without a timer the runtime takes a request that only waits for another one for hung. One costs a sixth of
 * `scheduler.wait`, and with the request it ends by itself.
 */
function giveUpAfter(ms: number, resolve: (nothing: undefined) => void): void {
  setTimeout(resolve, ms);
}
