// Who comes back, on data of sessions: the first half of a session is a visit of the day before, the second half is what
// `home` is asked for. No data of views that is at hand says who a session is of.
import { basename } from "node:path";
import { DAY_MS } from "../../domain/limits.ts";
import { printLists } from "./lists.ts";
import { LIST_LENGTH, type ListQuery } from "./orders.ts";
import { readSessions, type Session } from "./sessions.ts";
import { nextQuery, shopOf } from "./shop.ts";

/** Shorter sessions have no half to speak of. */
const PRODUCTS_MIN = 4;

export function evaluateComeback(file: string): void {
  const { train, test } = readSessions(file);
  const long = test.filter(({ products }) => products.length >= PRODUCTS_MIN);
  const baskets = train.map(({ products }) => [...new Set(products)]);
  printLists(
    `${basename(file)}, who comes back: ${train.length} sessions`,
    shopOf(train),
    long.flatMap(queriesOf),
    baskets,
  );
}

function queriesOf(session: Session): ListQuery[] {
  const half = session.products.length >> 1;
  const then = nextQuery(session, half, [], LIST_LENGTH);
  const query = { ...then, placement: "home" as const, now: then.now + DAY_MS };
  const seen = then.visitor.recent.map(({ productId }) => productId);
  const wanted = session.products.slice(half);
  const unseen = wanted.filter((productId) => !seen.includes(productId));
  return [
    { page: "home" as const, query, wanted: new Set(wanted) },
    { page: "home, new" as const, query: { ...query, exclude: seen }, wanted: new Set(unseen) },
  ].filter(({ wanted }) => wanted.size > 0);
}
