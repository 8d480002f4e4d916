// Runs random operations against the book and the plain reference, and says where they differ.
import { Calendar } from "../../domain/calendar.ts";
import {
  adjustStock,
  commit,
  etagOf,
  hold,
  pin,
  release,
  restock,
  type StockRefusal,
  setStock,
  settle,
} from "../../domain/stock/decisions.ts";
import { type LedgerEntry, movesOf } from "../../domain/stock/ledger.ts";
import { bookOf, snapshotOf } from "../../domain/stock/snapshot.ts";
import { StockBook } from "../../domain/stock/stock-book.ts";
import { PlainStock } from "./stock.ts";
import { type StockOperation, stockSteps } from "./stock-operations.ts";

export const SKU = "sku";
export const BEGIN = Date.parse("2026-11-24T12:00:00Z");
const utc = new Calendar("UTC");
/** Steps between two restarts of the book from what is stored, and between two looks at the whole ledger. */
const RESTART_STEPS = 37;
const LEDGER_STEPS = 20_000;
/** Reservations whose end is compared at such a look. */
const COMPARED_RESERVATIONS = 100;

/** What an operation comes to, as one word. */
export function plainly(plain: PlainStock, operation: StockOperation): string {
  switch (operation.do) {
    case "set":
      return plain.set(operation.location, operation.onHand, operation.fresh);
    case "plan":
      return plain.plan(operation.location, operation.backorders, operation.incoming);
    case "adjust":
      return plain.adjust(operation.location, operation.delta, operation.reason);
    case "hold": {
      const { id, wants, ttlMs, request, replaces } = operation;
      return plain.hold(id, wants, plain.now + ttlMs, request, replaces);
    }
    case "settle":
      plain.settle(operation.id);
      return "ok";
    case "pin":
      return plain.pin(operation.id);
    case "commit":
      return plain.commit(operation.id);
    case "release":
      return plain.release(operation.id, operation.ahead);
    case "restock":
      return plain.restock(operation.key, partsOf(plain, operation.id), operation.cancelled);
  }
}

/** What a committed reservation took; something else's units come back to where they never were. */
export function partsOf(plain: PlainStock, id: string) {
  const found = plain.find(id);
  if (found?.status === "committed") return structuredClone(found.parts);
  return plain.locations.slice(0, 1).map(({ location }) => ({ location, units: 1, backordered: 0 }));
}

function decide(book: StockBook, plain: PlainStock, operation: StockOperation, at: number): string {
  const on = { sku: SKU, book, at };
  const word = (refusal: StockRefusal | undefined) => refusal?.problem ?? "ok";
  const status = (answer: { reservation: { status: string } } | StockRefusal) =>
    "problem" in answer ? answer.problem : answer.reservation.status;
  switch (operation.do) {
    case "set": {
      const ifMatch = operation.fresh ? etagOf(book) : '"0"';
      const { location, onHand } = operation;
      return word(setStock(on, { location, onHand, policy: {}, ...(book.exists && { ifMatch }) }));
    }
    case "plan": {
      const { location, backorders, incoming } = operation;
      const policy = backorders === undefined ? {} : { backorders };
      return word(setStock(on, { location, incoming, policy, ...(book.exists && { ifMatch: "*" }) }));
    }
    case "adjust":
      return word(adjustStock(on, operation));
    case "hold": {
      const { ttlMs, request, ...asked } = operation;
      const expiresAt = ttlMs === Number.POSITIVE_INFINITY ? {} : { expiresAt: at + ttlMs };
      const requested = request === undefined ? {} : { request };
      return status(hold(on, { ...asked, ...expiresAt, ...requested }));
    }
    case "settle":
      settle(on, operation.id);
      return "ok";
    case "pin":
      return status(pin(on, operation.id));
    case "commit":
      return status(commit(on, operation.id, { orderId: operation.id }));
    case "release":
      return status(release(on, operation.id, operation));
    case "restock": {
      const { key, id, cancelled } = operation;
      const parts = partsOf(plain, id);
      return word(restock(on, { key, parts, reason: cancelled ? "cancel" : "return" }));
    }
  }
}

/** The numbers of each location as the ledger alone gives them. */
export class LedgerSums {
  readonly levels: {
    location: string;
    onHand: number;
    reserved: number;
    backordered: number;
    incoming: unknown;
  }[] = [];

  add(entry: LedgerEntry): void {
    for (const { location, onHand = 0, reserved = 0, backordered = 0 } of movesOf(entry)) {
      const level = this.level(location);
      level.onHand += onHand;
      level.reserved += reserved;
      level.backordered += backordered;
    }
    if (!("incoming" in entry) || entry.incoming === undefined) return;
    const location = entry.what === "plan" ? entry.location : entry.moves[0]?.location;
    this.level(location!).incoming = entry.incoming;
  }

  private level(location: string) {
    const known = this.levels.find((one) => one.location === location);
    if (known !== undefined) return known;
    const made = { location, onHand: 0, reserved: 0, backordered: 0, incoming: [] };
    this.levels.push(made);
    return made;
  }
}

/** @throws at the first difference, with its step. */
export function runStock(operations: number, seed: number): { refused: number; entries: number } {
  let book = new StockBook(utc);
  const plain = new PlainStock();
  const sums = new LedgerSums();
  // A whole run lies within the day that is recalled: an operation may come back to a hold that ended long before.
  const ledger: LedgerEntry[] = [];
  const steps = stockSteps(seed);
  let now = BEGIN;
  let refused = 0;
  for (let step = 0; step < operations; step++) {
    const { ms, operation } = steps.next().value!;
    now += ms;
    const at = book.begin(now);
    plain.goOn(now);
    const before = book.version;
    const reading = plain.locations.length === 0 && operation.do === "restock" ? "unknown_sku" : undefined;
    const outcome = reading ?? decide(book, plain, operation, at);
    const expected = plainly(plain, operation);
    const where = `seed ${seed}, step ${step}: ${JSON.stringify(operation)}`;
    if (outcome !== expected) throw new Error(`${where} gives ${outcome}, not ${expected}`);
    if (outcome.includes("_")) {
      refused++;
      if (book.version !== before && operation.do !== "commit" && operation.do !== "pin") {
        throw new Error(`${where} was refused and changed something`);
      }
    }
    same(where, book.locations, plain.levels());
    for (const entry of JSON.parse(JSON.stringify(book.drain())) as LedgerEntry[]) {
      sums.add(entry);
      ledger.push(entry);
    }
    if (step % RESTART_STEPS === 0) {
      book = bookOf(JSON.parse(JSON.stringify(snapshotOf(book))), utc);
      book.recall(ledger);
    }
    if (step % LEDGER_STEPS === 0 || step === operations - 1) {
      same(`${where}, ledger`, sums.levels, plain.levels());
      for (const id of [...plain.all.keys()].slice(-COMPARED_RESERVATIONS)) {
        same(`${where}, reservation ${id}`, book.reservation(id)?.status, plain.find(id)!.status);
      }
    }
  }
  return { refused, entries: ledger.length };
}

export function same(where: string, given: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(given), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${where}\n  gives  ${a}\n  not    ${b}`);
}
