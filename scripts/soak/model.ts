// The model's own counters, read from the stored pages of its builder once the service has stopped.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DAY_MS } from "../../domain/limits.ts";
import { growth } from "../../domain/model/decay.ts";
import { ModelTables } from "../../domain/model/tables.ts";
import type { Books, Kind } from "./books.ts";

const COLUMN: Record<Kind, "views" | "carts" | "purchases"> = {
  view: "views",
  cart: "carts",
  purchase: "purchases",
};
/** Pages of columns have the first numbers. */
const COLUMN_PAGES_MAX = 2 ** 24;
/** Columns are f32, and each of many additions rounds. */
const ROUNDING = 1e-4;

/**
 * Compares each product's decayed counts. The model takes a day's events of one merge at the time of the latest of
 * them, so a count lies between those at the events' own times and those at the end of their days: 1.2 % apart at
 * most, which tells one event of eighty.
 *
 * @param storage of the stopped service.
 */
export function auditModel(storage: string, books: Books): string[] {
  const tables = readTables(storage);
  const wrong: string[] = [];
  for (const [product, moments] of books.moments) {
    const slot = tables.slotOf(product);
    for (const kind of ["view", "cart", "purchase"] as const) {
      let low = 0;
      let high = 0;
      for (const moment of moments) {
        if (moment.kind !== kind) continue;
        low += growth(moment.at, tables.landmark);
        const endOfDay = (Math.floor(moment.at / DAY_MS) + 1) * DAY_MS;
        high += growth(endOfDay, tables.landmark);
      }
      const told = slot < 0 ? 0 : tables.columns[COLUMN[kind]][slot]!;
      if (told < low * (1 - ROUNDING) || told > high * (1 + ROUNDING)) {
        wrong.push(`${product}: the model counts ${told} ${COLUMN[kind]}, not ${low} to ${high}`);
      }
    }
  }
  return wrong;
}

/** Columns and journal as docs/storage.md has them. */
function readTables(storage: string): ModelTables {
  const folder = readdirSync(storage).find((name) => name.endsWith("ModelBuilder"))!;
  const file = readdirSync(join(storage, folder)).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))!;
  const db = new DatabaseSync(join(storage, folder, file));
  try {
    const json = <T>(key: string): T | undefined => {
      const row = db.prepare("SELECT json FROM state WHERE key = ?").get(key);
      return row === undefined ? undefined : (JSON.parse(String(row["json"])) as T);
    };
    const nothing = { get: () => undefined, put: () => {}, soldOut: () => false };
    const unread = () => undefined;
    const tables = new ModelTables(
      { catalogue: nothing, readViewed: unread, readBought: unread },
      json<{ landmark: number }>("builder")?.landmark ?? Date.now(),
    );
    const pages = db.prepare("SELECT number, bytes FROM page WHERE number < ? ORDER BY number");
    tables.restore(
      pages.all(COLUMN_PAGES_MAX).map(({ number, bytes }) => [Number(number), bytes as Uint8Array] as const),
      json<string[][]>("names") ?? [],
    );
    const journal = db.prepare("SELECT at, bytes FROM journal WHERE shard >= 0 ORDER BY ordinal");
    for (const { at, bytes } of journal.all()) {
      tables.applyBytes(bytes as Uint8Array, Number(at));
    }
    return tables;
  } finally {
    db.close();
  }
}
