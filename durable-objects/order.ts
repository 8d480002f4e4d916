import { DurableObject } from "cloudflare:workers";
import { DAY_MS, ORDER_RETURN_PARTS_MAX, ORDER_RETURNS_MAX } from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import { stockName } from "../domain/object-names.ts";
import {
  type Basket,
  type CallOutcome,
  type Committed,
  type Held,
  type OrderReturn,
  refusalOf,
  type StockCall,
  todo,
  undone,
} from "../domain/order/basket.ts";
import { drive } from "../domain/order/drive.ts";
import {
  advanced,
  type BasketRequest,
  basketOf,
  begun,
  EMPTY_PAGE,
  type OrderPage,
  repeatOf,
  returnable,
  returned,
  statusOf,
  withReturn,
} from "../domain/order/order-page.ts";
import type { StockRefusal } from "../domain/stock/decisions.ts";
import { unitsOf } from "../domain/stock/ledger.ts";
import type { Env } from "./env.ts";
import { OrderStore } from "./order-store.ts";
import type { BasketAnswer, BasketView, OrderRpc, ReturnRequest } from "./rpc.ts";

/** What a request has not finished by then the alarm finishes. */
const UNFINISHED_MS = 10_000;

/**
 * One order (`o:<order id>`), a reservation of several SKUs (`r:<id>`), or the reservations of one owner
 * (`w:<owner>`), each replacing the one before. One request at a time; the alarm finishes or undoes what a crash cut
 * off.
 */
export class Order extends DurableObject<Env> implements OrderRpc {
  private readonly store: OrderStore;
  private page: OrderPage;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new OrderStore(ctx.storage.sql);
    this.page = this.store.read();
  }

  place(asked: BasketRequest, now: number): Promise<BasketAnswer> {
    return this.inTurn(now, async () => {
      const known = repeatOf(this.page, asked, this.name.startsWith("w:"));
      if (known !== undefined) {
        if (known.request === asked.request) return { basket: viewOf(known, now), repeated: true };
        return asked.orderId === undefined
          ? refused("idempotency_key_reused", "Idempotency-Key: was sent with another reservation before.")
          : refused("order_exists", `order_id: ${asked.orderId} is another order.`);
      }
      if (this.isUnfinished) return unfinished();
      this.wake(now + UNFINISHED_MS);
      this.keep(begun(this.page, this.name, asked, now));
      const { attempt } = this.page.current!;
      const { refusals } = await this.goOn(now);
      const basket = basketOf(this.page, attempt);
      const status = basket === undefined ? "refused" : statusOf(basket, now);
      if (basket !== undefined && status !== "refused") {
        return { basket: viewOf(basket, now), repeated: false };
      }
      return refusalOf(refusals) ?? unfinished();
    });
  }

  commit(attempt: number | undefined, orderId: string | undefined, now: number): Promise<BasketAnswer> {
    return this.inTurn(now, async () => {
      const basket = basketOf(this.page, attempt);
      if (basket === undefined) return refused("reservation_unknown", "There is no such reservation.");
      const status = statusOf(basket, now);
      if (status === "committed") return { basket: viewOf(basket, now), repeated: true };
      if (this.isUnfinished) return unfinished();
      if (basket.state !== "held" || status !== "held") return closed(basket, now);
      this.save({ ...basket, state: "pinning", ...(orderId !== undefined && { orderId }) }, now);
      this.wake(now + UNFINISHED_MS);
      const { rests } = await this.goOn(now);
      const next = basketOf(this.page, attempt)!;
      if (next.state === "committed") return { basket: viewOf(next, now), repeated: false };
      return rests ? closed(next, now) : unfinished();
    });
  }

  release(attempt: number | undefined, now: number): Promise<BasketAnswer> {
    return this.inTurn(now, async () => {
      const basket = basketOf(this.page, attempt);
      if (basket === undefined) return refused("reservation_unknown", "There is no such reservation.");
      const status = statusOf(basket, now);
      if (status === "committed" || status === "cancelled") return closed(basket, now);
      if (this.isUnfinished) return unfinished();
      if (basket.state !== "held") return { basket: viewOf(basket, now), repeated: true };
      this.save(ending(basket, status === "expired" ? "expired" : "released", now), now);
      this.wake(now + UNFINISHED_MS);
      const { rests } = await this.goOn(now);
      if (!rests) return unfinished();
      return { basket: viewOf(basketOf(this.page, attempt)!, now), repeated: false };
    });
  }

  cancel(now: number): Promise<BasketAnswer> {
    return this.inTurn(now, async () => {
      const { current } = this.page;
      if (current?.state === "cancelled") return { basket: viewOf(current, now), repeated: true };
      if (this.isUnfinished) return unfinished();
      if (current?.state !== "committed") return refused("order_unknown", "There is no such order.");
      if (current.returns.length > 0) {
        return refused("order_closed", "Something of the order has come back: return the rest as well.");
      }
      const { returns: _, settled: __, ...rest } = current;
      this.save({ ...rest, state: "cancelling", cancelledAt: now }, now);
      this.wake(now + UNFINISHED_MS);
      if (!(await this.goOn(now)).rests) return unfinished();
      return { basket: viewOf(this.page.current!, now), repeated: false };
    });
  }

  giveBack(asked: ReturnRequest, now: number): Promise<BasketAnswer> {
    return this.inTurn(now, async () => {
      const { current } = this.page;
      if (current?.state === "cancelled" || current?.state === "cancelling") {
        return refused("order_closed", "The order is cancelled.");
      }
      if (current?.state !== "committed") return refused("order_unknown", "There is no such order.");
      const known = current.returns.find(({ key }) => key === asked.key);
      if (known !== undefined) {
        if (known.request === asked.request) return { basket: viewOf(current, now), repeated: true };
        return refused("idempotency_key_reused", "Idempotency-Key: was sent with another return before.");
      }
      const answer = withReturned(current, asked, now);
      if ("problem" in answer) return answer;
      this.save(answer, now);
      this.wake(now + UNFINISHED_MS);
      // It is decided: a stock that could not be reached hears of it by the alarm, and one without a key counts once.
      await this.goOn(now);
      return { basket: viewOf(this.page.current!, now), repeated: false };
    });
  }

  read(attempt: number | undefined, now: number): Promise<BasketView | undefined> {
    return this.inTurn(now, async () => {
      const basket = basketOf(this.page, attempt);
      return basket === undefined || statusOf(basket, now) === "refused" ? undefined : viewOf(basket, now);
    });
  }

  /** Finishes what was cut off; a reservation is forgotten a day after its end. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    await this.inTurn(now, async () => {
      const { current } = this.page;
      if (current === undefined) return;
      if (this.isUnfinished) {
        this.wake(Date.now() + UNFINISHED_MS);
        return;
      }
      this.store.write(this.page);
      if (this.name.startsWith("o:")) return;
      const end = Math.max(current.madeAt, current.expiresAt ?? 0) + DAY_MS;
      if (end > Date.now()) {
        this.wake(end);
        return;
      }
      await this.ctx.storage.deleteAll();
      this.store.forget();
      this.page = EMPTY_PAGE;
    });
  }

  /** Rows written since the object woke; for tests that count them. */
  rowsWritten(): number {
    return this.store.rowsWritten;
  }

  /** One after another, each after what an earlier one left unfinished. */
  private async inTurn<T>(now: number, work: () => Promise<T>): Promise<T> {
    const before = this.turn;
    let done = () => {};
    this.turn = new Promise<void>((settled) => {
      done = settled;
    });
    await before;
    try {
      const { current } = this.page;
      if (current !== undefined && this.isUnfinished) {
        if (current.state === "holding") this.save(undone(current, now), now);
        await this.goOn(now);
      }
      return await work();
    } finally {
      done();
    }
  }

  /** Calls that were lost: until they have been made nothing else is decided, which would take their place. */
  private get isUnfinished(): boolean {
    const { current } = this.page;
    return current !== undefined && todo(current).length > 0;
  }

  private async goOn(now: number): Promise<{ refusals: readonly StockRefusal[]; rests: boolean }> {
    return drive(this.page.current!, now, {
      call: (call, at) => this.call(call, at),
      save: (basket) => this.save(basket, now),
    });
  }

  private save(basket: Basket, now: number): void {
    const before = this.page.current;
    const next = advanced(this.page, basket, now);
    // That every stock knows is written by the alarm: telling them again changes nothing.
    if (before?.state === "committed" && basket.state === "committed" && basket.settled && !before.settled) {
      this.page = next;
    } else this.keep(next);
  }

  /** Stored first: what could not be is not gone on from. */
  private keep(page: OrderPage): void {
    this.store.write(page);
    this.page = page;
  }

  private async call(call: StockCall, now: number): Promise<CallOutcome> {
    try {
      return await this.ask(call, now);
    } catch {
      try {
        // A stub whose call failed stays broken: the second try takes a fresh one. Every call may be repeated.
        return await this.ask(call, now);
      } catch (error) {
        console.warn(logEntry("a stock could not be reached", error, { sku: call.sku }));
        return { kind: "lost" };
      }
    }
  }

  private async ask(call: StockCall, now: number): Promise<CallOutcome> {
    const stock = this.env.INVENTORY.getByName(stockName(call.sku));
    switch (call.do) {
      case "hold": {
        const { do: _, sku: __, ...request } = call;
        const answer = await stock.hold(request, now);
        if ("problem" in answer) return { kind: "refused", refusal: answer };
        const { status, parts } = answer.reservation;
        if (status === "held" || status === "pinned") return { kind: "done", parts };
        return { kind: "refused", refusal: refused("reservation_closed", `The hold is ${status}.`) };
      }
      case "settle":
        await stock.settle(call.id, now);
        return { kind: "done", parts: [] };
      case "pin": {
        const answer = await stock.pin(call.id, now);
        if ("problem" in answer) return { kind: "refused", refusal: answer };
        return { kind: "done", parts: answer.reservation.parts };
      }
      case "commit":
        // A pinned hold can only have been committed: unknown means long ago.
        await stock.commit(call.id, call.sale, now);
        return { kind: "done", parts: [] };
      case "release":
        await stock.release(call.id, { ahead: true }, now);
        return { kind: "done", parts: [] };
      case "restock":
        await stock.restock(call.restocking, now);
        return { kind: "done", parts: [] };
    }
  }

  private wake(at: number): void {
    void this.ctx.storage.setAlarm(at);
  }

  private get name(): string {
    return this.ctx.id.name ?? "";
  }
}

function ending({ parts: _, ...basket }: Held, as: "released" | "expired", at: number): Basket {
  return { ...basket, state: "ending", as, at };
}

function withReturned(basket: Committed, asked: ReturnRequest, now: number): Committed | StockRefusal {
  if (basket.returns.length >= ORDER_RETURNS_MAX) {
    return refused("order_closed", `The order has ${ORDER_RETURNS_MAX} returns already.`);
  }
  const short = asked.items
    .map(({ sku, quantity }) => ({ sku, requested: quantity, available: returnable(basket, sku) }))
    .filter(({ requested, available }) => requested > available);
  if (short.length > 0) {
    const { sku, requested, available } = short[0]!;
    const detail = `The order has ${available} of ${sku} that may come back, not ${requested}.`;
    return { ...refused("not_returnable", detail), items: short };
  }
  const { key, request, restock } = asked;
  const items = asked.items.map(({ sku, quantity }) => ({ sku, parts: returned(basket, sku, quantity)! }));
  if (partsOf([...basket.returns, { items }]) > ORDER_RETURN_PARTS_MAX) {
    const detail = `The order's returns would go back to ${ORDER_RETURN_PARTS_MAX} places and more.`;
    return refused("order_closed", detail);
  }
  return withReturn(basket, { key, request, restock, at: now, items, settled: !restock });
}

function partsOf(returns: readonly Pick<OrderReturn, "items">[]): number {
  return returns.reduce((sum, { items }) => items.reduce((all, { parts }) => all + parts.length, sum), 0);
}

function refused(problem: StockRefusal["problem"], detail: string): StockRefusal {
  return { problem, detail };
}

function unfinished(): StockRefusal {
  return refused(
    "unfinished",
    "Not every stock could be reached; send the request again, nothing counts twice.",
  );
}

function closed(basket: Basket, now: number): BasketAnswer {
  const status = statusOf(basket, now);
  return { ...refused("reservation_closed", `The reservation is ${status}.`), status };
}

function viewOf(basket: Basket, now: number): BasketView {
  const { attempt, madeAt, expiresAt, orderId, lines } = basket;
  return {
    attempt,
    status: statusOf(basket, now),
    madeAt,
    items: lines.map(({ sku, wants, price }, i) => ({
      sku,
      quantity: wants.reduce((sum, { quantity }) => sum + quantity, 0),
      parts: "parts" in basket ? basket.parts[i]! : [],
      ...(price !== undefined && { price }),
    })),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(orderId !== undefined && { orderId }),
    ...(basket.state === "committed" && {
      returns: basket.returns.map(({ at, restock, items }) => ({
        at,
        restock,
        items: items.map(({ sku, parts }) => ({ sku, quantity: unitsOf(parts) })),
      })),
    }),
    ...("cancelledAt" in basket && { cancelledAt: basket.cancelledAt }),
  };
}
