import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { StockRefusal } from "../../domain/stock/decisions.ts";
import type { LedgerPage } from "../../durable-objects/inventory-store.ts";
import { PlainStock } from "../reference/stock.ts";
import { type StockOperation, stockSteps } from "../reference/stock-operations.ts";
import { LedgerSums, partsOf, plainly, same } from "../reference/stock-run.ts";

const bindings = env as unknown as { STOCK_OPERATIONS?: string; STOCK_SEED?: string };
const OPERATIONS = Number(bindings.STOCK_OPERATIONS ?? 1_500);
const SEED = Number(bindings.STOCK_SEED ?? 1);
/** Operations sent together, for one commit. */
const TOGETHER = 20;
/** Operations between two restarts, and on one SKU. */
const EVICT_STEPS = 60;
const SKU_STEPS = 5_000;

type Stock = ReturnType<typeof env.INVENTORY.getByName>;

/** What an operation comes to, as the reference says it. */
async function ask(stock: Stock, plain: PlainStock, operation: StockOperation, now: number): Promise<string> {
  const word = (refusal: StockRefusal | object | undefined) =>
    refusal !== undefined && "problem" in refusal ? refusal.problem : "ok";
  const status = (answer: { reservation: { status: string } } | StockRefusal) =>
    "problem" in answer ? answer.problem : answer.reservation.status;
  const exists = plain.locations.length > 0;
  switch (operation.do) {
    case "set": {
      const { location, onHand, fresh } = operation;
      const ifMatch = fresh ? "*" : '"0"';
      return word(await stock.put({ location, onHand, policy: {}, now, ...(exists && { ifMatch }) }));
    }
    case "plan": {
      const { location, backorders, incoming } = operation;
      const policy = backorders === undefined ? {} : { backorders };
      return word(await stock.put({ location, incoming, policy, now, ...(exists && { ifMatch: "*" }) }));
    }
    case "adjust":
      return word(await stock.adjust({ ...operation, now }));
    case "hold": {
      const { ttlMs, do: _, ...asked } = operation;
      const expiresAt = ttlMs === Number.POSITIVE_INFINITY ? {} : { expiresAt: now + ttlMs };
      return status(await stock.hold({ ...asked, ...expiresAt }, now));
    }
    case "settle":
      await stock.settle(operation.id, now);
      return "ok";
    case "pin":
      return status(await stock.pin(operation.id, now));
    case "commit":
      return status(await stock.commit(operation.id, {}, now));
    case "release":
      return status(await stock.release(operation.id, operation, now));
    case "restock": {
      const { key, id, cancelled } = operation;
      const parts = partsOf(plain, id);
      return word(await stock.restock({ key, parts, reason: cancelled ? "cancel" : "return" }, now));
    }
  }
}

async function verify(where: string, stock: Stock, plain: PlainStock, now: number): Promise<void> {
  const view = await stock.read(now);
  if ("problem" in view) throw new Error(`${where}: ${view.detail}`);
  const levels = view.locations.map(({ location, on_hand, reserved, backordered, incoming }) => ({
    location,
    onHand: on_hand,
    reserved,
    backordered,
    incoming,
  }));
  same(where, levels, plain.levels());
}

/** The numbers by the ledger alone. */
async function rebuilt(stock: Stock): Promise<LedgerSums> {
  const entries = [];
  for (let before: number | undefined = Number.MAX_SAFE_INTEGER; before !== undefined; ) {
    const { rows, next }: LedgerPage = await stock.ledger(before, 500);
    for (const row of rows) entries.push(...row.entries.toReversed());
    before = next;
  }
  const sums = new LedgerSums();
  for (const entry of entries.reverse()) sums.add(entry);
  return sums;
}

test("[ST14] objects that are evicted between operations come to what a plain reference comes to", async () => {
  // Ahead of the clock, so that the test alone says what time it is.
  let now = Date.now() + 1_000_000_000;
  let refused = 0;
  for (let done = 0; done < OPERATIONS; done += SKU_STEPS) {
    const seed = SEED + done / SKU_STEPS;
    const stock = env.INVENTORY.getByName(`s:operations-${seed}`);
    const plain = new PlainStock();
    const steps = stockSteps(seed);
    const count = Math.min(SKU_STEPS, OPERATIONS - done);
    await ask(stock, plain, { do: "set", location: "east", onHand: 9, fresh: true }, now);
    plain.goOn(now);
    plain.set("east", 9, true);
    for (let step = 0; step < count; step += TOGETHER) {
      const where = `seed ${seed}, step ${step}`;
      const asked: Promise<string>[] = [];
      const expected: string[] = [];
      for (let i = 0; i < TOGETHER; i++) {
        const { ms, operation } = steps.next().value!;
        now += ms;
        plain.goOn(now);
        asked.push(ask(stock, plain, operation, now));
        expected.push(plainly(plain, operation));
      }
      const given = await Promise.all(asked);
      same(where, given, expected);
      refused += given.filter((word) => word.includes("_")).length;
      await verify(where, stock, plain, now);
      if (step % EVICT_STEPS === 0) await evictDurableObject(stock);
    }
    same(`seed ${seed}, ledger`, (await rebuilt(stock)).levels, plain.levels());
  }
  expect(refused).toBeGreaterThan(OPERATIONS / 20);
}, 7_200_000);
