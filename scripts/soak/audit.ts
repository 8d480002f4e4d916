// The service's counters beside the books: over HTTP what it tells, and the model's own from its stored pages.
import { setTimeout as sleep } from "node:timers/promises";
import { DAY_MS } from "../../domain/limits.ts";
import { objectsPerSecond } from "../server/index.ts";
import type { Books } from "./books.ts";
import type { Target } from "./crew.ts";
import { PRODUCTS, skuOf } from "./shop.ts";

const REQUESTS_AT_ONCE = 16;
const FILES_OF_OTHERS = 2_000;
/** Who is erased may have joined another. */
const OBJECTS_PER_VISITOR = 2;
/** Behind an answer things go on: combiners merge every two seconds and try again after five. */
const SETTLE_SECONDS_MAX = 90;

/** Compares each visitor's profile. @returns differences in words. */
export async function auditVisitors(target: Target, books: Books): Promise<string[]> {
  const wrong: string[] = [];
  await each(
    [...books.visitors.keys()],
    async (visitor) => {
      const expected = books.countsOf(visitor);
      const profile = (await get(target, `/v1/users/${visitor}`)) as { counts?: unknown } | undefined;
      const told = JSON.stringify(profile?.counts);
      if (told !== JSON.stringify(expected)) {
        wrong.push(`${visitor}: counts ${told}, not ${JSON.stringify(expected)}`);
      }
    },
    objectsPerSecond(FILES_OF_OTHERS) / OBJECTS_PER_VISITOR,
  );
  return wrong;
}

/**
 * Erases every visitor: what a profile had not handed over when the service was killed it hands over now, so that
 * nobody has to wait for the end of its session, and what products were told stays told.
 */
export async function eraseVisitors(target: Target, books: Books): Promise<string[]> {
  const wrong: string[] = [];
  await each(
    [...books.visitors.keys(), ...books.joined],
    async (visitor) => {
      const answer = await call(target, "DELETE", `/v1/users/${visitor}`);
      if (answer.status !== 204)
        wrong.push(`DELETE ${visitor}: ${answer.status} ${answer.text.slice(0, 200)}`);
    },
    objectsPerSecond(FILES_OF_OTHERS) / OBJECTS_PER_VISITOR,
  );
  return wrong;
}

/** Compares demand, behaviour and stock of every SKU, until nothing differs or it has taken too long. */
export async function auditProducts(target: Target, books: Books): Promise<string[]> {
  const deadline = Date.now() + SETTLE_SECONDS_MAX * 1000;
  let open = Array.from({ length: PRODUCTS }, (_, product) => skuOf(product));
  for (;;) {
    const wrong: string[] = [];
    const differing: string[] = [];
    await each(open, async (sku) => {
      const found = await differencesOf(target, books, sku);
      if (found.length > 0) differing.push(sku);
      wrong.push(...found);
    });
    if (wrong.length === 0 || Date.now() > deadline) return wrong;
    open = differing;
    await sleep(2_000);
  }
}

async function differencesOf(target: Target, books: Books, sku: string): Promise<string[]> {
  const wrong: string[] = [];
  const stock = (await get(target, `/v1/inventory/${sku}`)) as { on_hand: number } | undefined;
  if (stock?.on_hand !== books.stock.get(sku)) {
    wrong.push(`${sku}: on_hand ${stock?.on_hand}, not ${books.stock.get(sku)}`);
  }
  const forecast = (await get(target, `/v1/inventory/${sku}/forecast?horizon=1`)) as
    | { history: { date: string; units: number; views?: number; carts?: number }[] }
    | undefined;
  const expected = new Map(books.products.get(sku));
  for (const { date, units, views = 0, carts = 0 } of forecast?.history ?? []) {
    const number = Date.parse(date) / DAY_MS;
    const day = expected.get(number) ?? { view: 0, cart: 0, purchase: 0 };
    expected.delete(number);
    if (units !== day.purchase || views !== day.view || carts !== day.cart) {
      wrong.push(
        `${sku} on ${date}: ${units} units, ${views} views, ${carts} carts, not ${day.purchase}, ${day.view}, ${day.cart}`,
      );
    }
  }
  // A planner knows days from the first that anything was sold on.
  for (const [number, day] of expected) {
    if (number < books.firstSaleDay) continue;
    wrong.push(`${sku} on day ${number}: nothing, not ${JSON.stringify(day)}`);
  }
  return wrong;
}

async function get(target: Target, path: string): Promise<unknown> {
  const { status, text } = await call(target, "GET", path);
  return status === 200 ? JSON.parse(text) : undefined;
}

async function call(target: Target, method: string, path: string): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${target.secretKey}` };
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(target.url + path, { method, headers });
    const text = await response.text();
    if (response.status < 500 || attempt === 5) return { status: response.status, text };
    await sleep(500 * 2 ** attempt);
  }
}

/** @param perSecond how many are begun at most. */
async function each<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  perSecond = Number.POSITIVE_INFINITY,
): Promise<void> {
  const waiting = [...items];
  const began = Date.now();
  let begun = 0;
  const worker = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
      const early = began + (begun++ * 1000) / perSecond - Date.now();
      if (early > 0) await sleep(early);
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, worker));
}
