import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Calendar } from "../../domain/calendar.ts";
import {
  type Basket,
  type CallOutcome,
  refusalOf,
  type StockCall,
  todo,
  undone,
} from "../../domain/order/basket.ts";
import { drive } from "../../domain/order/drive.ts";
import {
  advanced,
  type BasketRequest,
  begun,
  EMPTY_PAGE,
  type OrderPage,
  returnable,
  returned,
} from "../../domain/order/order-page.ts";
import { commit, hold, pin, release, restock, setStock, settle } from "../../domain/stock/decisions.ts";
import { StockBook } from "../../domain/stock/stock-book.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const utc = new Calendar("UTC");
class Crash extends Error {}

/** Stocks that keep what they were told, an object that loses its memory, and a world that fails where it is told to. */
class World {
  readonly books = new Map<string, StockBook>();
  stored: OrderPage = EMPTY_PAGE;
  now = NOW;
  private steps = 0;
  private failsAt: number;
  private lose: boolean;

  constructor(stock: Record<string, number>, failsAt = Number.POSITIVE_INFINITY, lose = false) {
    this.failsAt = failsAt;
    this.lose = lose;
    for (const [sku, onHand] of Object.entries(stock)) {
      const book = new StockBook(utc);
      setStock({ sku, book, at: book.begin(NOW) }, { onHand, policy: {} });
      this.books.set(sku, book);
    }
  }

  get failed(): boolean {
    return this.steps >= this.failsAt;
  }

  private step(): boolean {
    return this.steps++ === this.failsAt;
  }

  async call(call: StockCall): Promise<CallOutcome> {
    // Each call can fail before it arrives, or after it was done.
    for (const arrived of [false, true]) {
      const outcome = arrived ? this.answer(call) : undefined;
      if (this.step()) {
        if (!this.lose) throw new Crash();
        return { kind: "lost" };
      }
      if (outcome !== undefined) return outcome;
    }
    throw new Error("unreachable");
  }

  save(basket: Basket): void {
    if (this.step() && !this.lose) throw new Crash();
    this.stored = JSON.parse(JSON.stringify(advanced(this.stored, basket, this.now)));
    if (this.step() && !this.lose) throw new Crash();
  }

  private answer(call: StockCall): CallOutcome {
    const book = this.books.get(call.sku)!;
    const on = { sku: call.sku, book, at: book.begin(this.now) };
    const done: CallOutcome = { kind: "done", parts: [] };
    if (call.do === "hold") {
      const answer = hold(on, call);
      if ("problem" in answer) return { kind: "refused", refusal: answer };
      const { status, parts } = answer.reservation;
      const refusal = { problem: "reservation_closed", detail: status } as const;
      return status === "held" || status === "pinned"
        ? { kind: "done", parts }
        : { kind: "refused", refusal };
    }
    if (call.do === "pin") {
      const answer = pin(on, call.id);
      if ("problem" in answer) return { kind: "refused", refusal: answer };
      return { kind: "done", parts: answer.reservation.parts };
    }
    if (call.do === "settle") settle(on, call.id);
    if (call.do === "commit") commit(on, call.id, call.sale);
    if (call.do === "release") release(on, call.id, { ahead: true });
    if (call.do === "restock") restock(on, call.restocking);
    return done;
  }

  /** What a request does, or the alarm after a crash. */
  async run(start: () => Basket | undefined): Promise<void> {
    try {
      const basket = start();
      if (basket !== undefined) await drive(basket, this.now, this);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }

  place(asked: BasketRequest): Promise<void> {
    return this.run(() => {
      this.stored = begun(this.stored, "o", asked, this.now);
      return this.stored.current;
    });
  }

  /** As the object's alarm does. */
  async recover(): Promise<void> {
    for (let tries = 0; tries < 3 && todo(this.stored.current!).length > 0; tries++) {
      await this.run(() => {
        const current = this.stored.current!;
        if (current.state === "holding") this.save(undone(current, this.now));
        return this.stored.current;
      });
    }
    expect(todo(this.stored.current!)).toEqual([]);
  }

  numbers() {
    return Object.fromEntries(
      [...this.books].map(([sku, { totals }]) => [sku, [totals.onHand, totals.reserved]]),
    );
  }
}

const lines = (quantities: Record<string, number>) =>
  Object.entries(quantities).map(([sku, quantity]) => ({ sku, wants: [{ quantity }] }));
const ORDER = { lines: lines({ a: 2, b: 1, c: 3 }), request: 1, orderId: "o" };
const STOCK = { a: 5, b: 1, c: 4 };
const ALL = { a: [3, 0], b: [0, 0], c: [1, 0] };
const NONE = { a: [5, 0], b: [1, 0], c: [4, 0] };

/** Every step at which a run can fail, by the steps a whole one takes. */
async function eachStep(run: (world: World) => Promise<void>, verify: (world: World) => void, stock = STOCK) {
  for (const lose of [false, true]) {
    let steps = 0;
    for (let failsAt = 0; ; failsAt++) {
      const world = new World(stock, failsAt, lose);
      await run(world);
      if (!world.failed) break;
      steps++;
      await world.recover();
      verify(world);
    }
    expect(steps).toBeGreaterThan(6);
  }
}

describe("an order of three lines", () => {
  test("[OR2] is sold whole or not at all, whatever fails at whichever step", async () => {
    const seen = new Set<string>();
    await eachStep(
      (world) => world.place(ORDER),
      (world) => {
        const sold = world.stored.current!.state === "committed";
        seen.add(world.stored.current!.state);
        expect(world.numbers()).toEqual(sold ? ALL : NONE);
      },
    );
    expect([...seen].sort()).toEqual(["committed", "ended"]);
  });

  test("[OR2] that is short holds nothing, whatever fails", async () => {
    await eachStep(
      (world) => world.place({ ...ORDER, lines: lines({ a: 2, b: 2, c: 3 }) }),
      (world) => {
        expect(world.numbers()).toEqual(NONE);
        expect(world.stored.current!.state).toBe("ended");
      },
    );
  });

  test("[OR2] is cancelled once, whatever fails", async () => {
    await eachStep(
      async (world) => {
        await world.place(ORDER);
        if (world.failed) return;
        await world.run(() => {
          const current = world.stored.current!;
          if (current.state !== "committed") throw new Error("not sold");
          const { settled: _, returns: __, ...rest } = current;
          world.save({ ...rest, state: "cancelling", cancelledAt: NOW });
          return world.stored.current;
        });
      },
      (world) => {
        expect(world.numbers()).toEqual(world.stored.current!.state === "committed" ? ALL : NONE);
      },
    );
  });
});

describe("a reservation of three lines", () => {
  const HELD = { ...ORDER, expiresAt: NOW + 60_000, orderId: undefined } as unknown as BasketRequest;
  const commitIt = (world: World) =>
    world.run(() => {
      const { current } = world.stored;
      if (current?.state !== "held") return undefined;
      world.save({ ...current, state: "pinning" });
      return world.stored.current;
    });

  test("[OR2] is held and sold whole or not at all, whatever fails", async () => {
    await eachStep(
      async (world) => {
        await world.place(HELD);
        if (!world.failed) await commitIt(world);
      },
      (world) => {
        const { state } = world.stored.current!;
        const held = { a: [5, 2], b: [1, 1], c: [4, 3] };
        expect(world.numbers()).toEqual(state === "committed" ? ALL : state === "held" ? held : NONE);
        // What is still held ends by itself.
        world.now = HELD.expiresAt!;
        for (const book of world.books.values()) book.begin(world.now);
        expect(world.numbers()).toEqual(state === "committed" ? ALL : NONE);
      },
    );
  });

  test("[OR4] of which a line has expired is not sold at all", async () => {
    const world = new World(STOCK);
    await world.place(HELD);
    world.books.get("b")!.begin(HELD.expiresAt!);
    await commitIt(world);
    expect(world.stored.current).toMatchObject({ state: "ended", as: "expired" });
    expect(world.numbers()).toEqual(NONE);
  });

  test("[OR2] takes the place of the owner's earlier one or leaves it, whatever fails", async () => {
    await eachStep(
      async (world) => {
        await world.place({ ...HELD, lines: lines({ a: 1, b: 1 }) });
        if (!world.failed) await world.place({ ...HELD, lines: lines({ b: 1, c: 4 }) });
      },
      (world) => {
        const { current } = world.stored;
        const first = { a: [5, 1], b: [1, 1], c: [4, 0] };
        const second = { a: [5, 0], b: [1, 1], c: [4, 4] };
        const isFirst = current!.lines.some(({ sku }) => sku === "a");
        const expected = current!.state === "ended" ? NONE : isFirst ? first : second;
        expect(world.numbers()).toEqual(expected);
      },
    );
  });

  test("[OR2] of many owners and orders at a time sells no unit twice, with crashes anywhere", async () => {
    const step = fc.record({
      failsAt: fc.nat(30),
      lose: fc.boolean(),
      a: fc.nat(3),
      b: fc.nat(3),
      c: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const shared = new World({ a: 6, b: 6, c: 6 });
        let expected = { a: 6, b: 6, c: 6 };
        for (const [i, { failsAt, lose, ...wanted }] of steps.entries()) {
          const asked = lines(
            Object.fromEntries(Object.entries(wanted).filter(([, quantity]) => quantity > 0)),
          );
          if (asked.length === 0) continue;
          const world = new World({}, failsAt, lose);
          for (const [sku, book] of shared.books) world.books.set(sku, book);
          world.stored = { ...EMPTY_PAGE, attempts: i };
          await world.place({ ...ORDER, lines: asked });
          await world.recover();
          if (world.stored.current!.state !== "committed") continue;
          const { a, b, c } = wanted;
          expected = { a: expected.a - a, b: expected.b - b, c: expected.c - c };
        }
        expect(shared.numbers()).toEqual({ a: [expected.a, 0], b: [expected.b, 0], c: [expected.c, 0] });
        for (const units of Object.values(expected)) expect(units).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 100 },
    );
  });
});

test("[OR1] a refusal tells every line that is short, and of an unknown SKU before all", () => {
  const short = (sku: string) => ({ sku, requested: 2, available: 1 });
  const one = { problem: "insufficient_stock", detail: "one", items: [short("a")] } as const;
  const two = { problem: "unknown_sku", detail: "two", items: [short("b")] } as const;
  expect(refusalOf([])).toBeUndefined();
  expect(refusalOf([one, { ...one, items: [short("c")] }])?.items).toEqual([short("a"), short("c")]);
  expect(refusalOf([one, two])).toEqual({ ...two, items: [short("a"), short("b")] });
});

test("[OR7] what comes back goes where it was taken from, in that order", () => {
  const parts = [
    { location: "a", units: 2 },
    { location: "b", units: 1, backordered: 1 },
  ];
  const sold = {
    state: "committed" as const,
    holdId: "o#1",
    attempt: 1,
    lines: lines({ s: 4 }),
    parts: [parts],
    request: 1,
    madeAt: NOW,
    at: NOW,
    settled: true,
    returns: [
      {
        key: "k",
        request: 1,
        at: NOW,
        restock: true,
        settled: true,
        items: [{ sku: "s", parts: [{ location: "a", units: 1 }] }],
      },
    ],
  };
  expect(returnable(sold, "s")).toBe(3);
  expect(returned(sold, "s", 2)).toEqual([
    { location: "a", units: 1 },
    { location: "b", units: 1 },
  ]);
  expect(returned(sold, "s", 4)).toBeUndefined();
  expect(returnable(sold, "other")).toBe(0);
});
