import { DurableObject } from "cloudflare:workers";
import { Calendar } from "../domain/calendar.ts";
import type { CancelledLine, DemandLine } from "../domain/demand.ts";
import { DEMAND_LINES_PER_CALL_MAX } from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import { MODEL_NAME } from "../domain/object-names.ts";
import { type PackedJson, pack, unpack } from "../domain/packed-json.ts";
import { plannerOf } from "../domain/planner/shards.ts";
import {
  adjustStock,
  commit,
  type Decision,
  etagOf,
  type HoldRequest,
  hold,
  pin,
  type Restocking,
  release,
  restock,
  type Sale,
  type StockRefusal,
  setStock,
  settle,
} from "../domain/stock/decisions.ts";
import { cancelledLine, soldLine } from "../domain/stock/ledger.ts";
import { positionOf } from "../domain/stock/position.ts";
import type { Reservation } from "../domain/stock/reservation.ts";
import type { StockBook } from "../domain/stock/stock-book.ts";
import type { Env } from "./env.ts";
import { InventoryStore, type LedgerPage } from "./inventory-store.ts";
import type { InventoryRpc, ReservationAnswer, StockAdjustment, StockPut, StockView } from "./rpc.ts";

/** How long a group commit gathers calls at most. */
const GATHER_MS_MAX = 8;
/** Changes of so long are told together. */
const TELL_MS = 2_000;
const RETRY_MS = 10_000;

interface Waiting {
  readonly now: number;
  readonly decide: (decision: Decision) => void;
}

/** Stock of one SKU. Named `s:<sku>`. */
export class Inventory extends DurableObject<Env> implements InventoryRpc {
  private readonly store: InventoryStore;
  private readonly calendar: Calendar;
  private readonly book: StockBook;
  private remembers = false;
  private waiting: Waiting[] = [];
  private group: Promise<void> | undefined;
  private alarmAt: number | undefined;
  /** Something was recorded since planner and model were told. */
  private untold = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new InventoryStore(ctx.storage.sql);
    this.calendar = new Calendar(env.SHOP_TIME_ZONE ?? "UTC");
    this.book = this.store.read(this.calendar);
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAt = (await ctx.storage.getAlarm()) ?? undefined;
    });
  }

  async read(now: number): Promise<StockView | StockRefusal> {
    this.catchUp(now);
    if (!this.book.exists) return { problem: "unknown_sku", detail: `${this.sku} has no stock yet.` };
    return viewOf(this.sku, this.book);
  }

  put({ now, ...setting }: StockPut): Promise<{ created: boolean; stock: StockView } | StockRefusal> {
    return this.decide(now, (decision) => {
      const created = !this.book.exists;
      return setStock(decision, setting) ?? { created, stock: viewOf(this.sku, this.book) };
    });
  }

  adjust({
    idempotencyKey,
    now,
    ...adjustment
  }: StockAdjustment): Promise<{ repeated: boolean; stock: StockView } | StockRefusal> {
    const { delta, reason, location } = adjustment;
    const request = JSON.stringify([delta, reason, location]);
    return this.decide(now, (decision) => {
      const answered =
        idempotencyKey === undefined ? undefined : this.store.answered(idempotencyKey, decision.at);
      if (answered?.request === request) return { repeated: true, stock: JSON.parse(answered.answer) };
      if (answered !== undefined) {
        const detail = "Idempotency-Key: was sent with another adjustment before.";
        return { problem: "idempotency_key_reused", detail };
      }
      const refusal = adjustStock(decision, adjustment);
      if (refusal !== undefined) return refusal;
      const stock = viewOf(this.sku, this.book);
      if (idempotencyKey !== undefined) {
        this.store.keepAnswer(idempotencyKey, decision.at, { request, answer: JSON.stringify(stock) });
      }
      return { repeated: false, stock };
    });
  }

  hold(request: HoldRequest, now: number): Promise<ReservationAnswer> {
    return this.decide(now, (decision) => hold(decision, request));
  }

  async holdAll(
    requests: PackedJson<readonly HoldRequest[]>,
    now: number,
  ): Promise<PackedJson<readonly ReservationAnswer[]>> {
    const all = unpack(requests);
    const decide = (decision: Decision) => all.map((request) => hold(decision, request));
    return pack(await this.decide(now, decide, all.length > 1));
  }

  settle(reservationId: string, now: number): Promise<void> {
    return this.decide(now, (decision) => settle(decision, reservationId));
  }

  pin(reservationId: string, now: number): Promise<{ reservation: Reservation } | StockRefusal> {
    return this.decide(now, (decision) => pin(decision, reservationId));
  }

  commit(reservationId: string, sale: Sale, now: number): Promise<ReservationAnswer> {
    return this.decide(now, (decision) => commit(decision, reservationId, sale));
  }

  release(
    reservationId: string,
    how: { ahead: boolean },
    now: number,
  ): Promise<{ reservation: Reservation } | StockRefusal> {
    return this.decide(now, (decision) => release(decision, reservationId, how));
  }

  restock(restocking: Restocking, now: number): Promise<StockRefusal | undefined> {
    return this.decide(now, (decision) => restock(decision, restocking));
  }

  async reservation(reservationId: string, now: number): Promise<Reservation | undefined> {
    this.remember(now);
    this.catchUp(now);
    return this.book.reservation(reservationId);
  }

  async ledger(before: number, limit: number): Promise<LedgerPage> {
    return this.store.pageBefore(before, limit);
  }

  /** Expires what is due; tells planner and model where the stock stands and what was sold. What fails is told again. */
  override async alarm(): Promise<void> {
    this.alarmAt = undefined;
    const now = Date.now();
    this.expire(now);
    try {
      await this.tell();
      this.store.fold(now, this.calendar);
    } catch (error) {
      console.warn(logEntry("a stock position waits for the next try", error, { sku: this.sku }));
      this.wake(Date.now() + RETRY_MS);
      return;
    }
    this.wakeToTell();
    const { nextExpiry } = this.book;
    if (nextExpiry !== undefined) this.wake(Math.max(nextExpiry, Date.now() + TELL_MS));
  }

  /** Rows written since the object woke; for tests that count them. */
  rowsWritten(): number {
    return this.store.rowsWritten;
  }

  /** Answers when what was decided is stored. @param isCrowd the caller has gathered: nobody else is waited for. */
  private async decide<T>(now: number, decision: (decision: Decision) => T, isCrowd = false): Promise<T> {
    const call: { outcome?: T } = {};
    this.waiting.push({
      now,
      decide: (at) => {
        call.outcome = decision(at);
      },
    });
    this.group ??= this.gather(isCrowd);
    await this.group;
    return call.outcome as T;
  }

  /** One row for all calls that came meanwhile, decided one after another; none is answered before it is written. */
  private async gather(isCrowd: boolean): Promise<void> {
    // Never at once: whoever began it has yet to note that there is a group.
    if (isCrowd) await Promise.resolve();
    else await this.untilNobodyComes();
    const { waiting, book } = this;
    this.waiting = [];
    this.group = undefined;
    try {
      this.ctx.storage.transactionSync(() => {
        if (!this.store.isCurrent()) throw new Error("another instance has written");
        const clock = Date.now();
        this.remember(clock);
        for (const { now, decide } of waiting) {
          decide({ sku: this.sku, book, at: book.begin(Math.max(now, clock)) });
        }
        this.save();
      });
    } catch (error) {
      // Memory is ahead of what is stored: start again from there.
      this.ctx.abort(`decisions on stock could not be stored: ${error}`);
      throw error;
    }
    this.wakeToTell();
  }

  /** As long as further calls keep coming, and no longer. */
  private async untilNobodyComes(): Promise<void> {
    for (let waited = 0, seen = 0; waited < GATHER_MS_MAX && this.waiting.length > seen; waited++) {
      seen = this.waiting.length;
      await scheduler.wait(1);
    }
  }

  private catchUp(now: number): void {
    this.expire(now);
    this.wakeToTell();
  }

  /** What has expired is stored as such. */
  private expire(now: number): void {
    try {
      this.book.begin(Math.max(now, Date.now()));
      this.save();
    } catch (error) {
      this.ctx.abort(`expired holds could not be stored: ${error}`);
    }
  }

  /** Stores what was recorded. */
  private save(): void {
    const entries = this.book.drain();
    if (entries.length === 0) return;
    this.store.append(entries);
    this.untold = true;
    if (this.store.wantsState(this.book)) this.store.writeState(this.book);
  }

  /** Reads what closed in the last day, once in a lifetime. */
  private remember(now: number): void {
    if (this.remembers) return;
    this.remembers = true;
    this.book.recall(this.store.recent(now));
  }

  private async tell(): Promise<void> {
    const { sku, book, env } = this;
    this.untold = false;
    const before = this.store.told();
    if (before.version >= book.version) return;
    const planner = plannerOf(env, sku);
    const { version, sellable } = book;
    const sent: Promise<unknown>[] = [planner.position(positionOf(sku, book, this.calendar))];
    let demand = before.demand;
    let lines: DemandLine[] = [];
    let cancelled: CancelledLine[] = [];
    const send = () => {
      if (lines.length > 0) sent.push(planner.record(lines));
      if (cancelled.length > 0) sent.push(planner.cancel(cancelled));
      lines = [];
      cancelled = [];
    };
    for (const { id, entries } of this.store.rowsAfter(before.demand)) {
      for (const entry of entries) {
        const line = soldLine(sku, entry);
        if (line !== undefined) lines.push(line);
        const back = cancelledLine(sku, entry);
        if (back !== undefined) cancelled.push(back);
      }
      demand = id;
      if (lines.length + cancelled.length >= DEMAND_LINES_PER_CALL_MAX) send();
    }
    send();
    if (sellable !== before.available) {
      // Whether it hears is not known until all have answered: else it is told again, whatever was told last.
      const { available: _, ...unsure } = before;
      this.store.writeTold(unsure);
      sent.push(env.MODEL_BUILDER.getByName(MODEL_NAME).availability({ sku, available: sellable, version }));
    }
    await Promise.all(sent);
    this.store.writeTold({ version, available: sellable, demand });
  }

  private wakeToTell(): void {
    if (this.untold) this.wake(Date.now() + TELL_MS);
  }

  private wake(at: number): void {
    if (this.alarmAt !== undefined && this.alarmAt <= at) return;
    this.alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  private get sku(): string {
    return this.ctx.id.name?.slice("s:".length) ?? "";
  }
}

function viewOf(sku: string, book: StockBook): StockView {
  const { onHand, reserved, available, backordered } = book.totals;
  return {
    sku,
    etag: etagOf(book),
    on_hand: onHand,
    reserved,
    available,
    backordered,
    incoming: book.locations.flatMap(({ incoming }) => [...incoming]),
    locations: book.locations.map((location) => ({
      location: location.location,
      on_hand: location.onHand,
      reserved: location.reserved,
      available: location.onHand - location.reserved,
      backordered: location.backordered,
      incoming: [...location.incoming],
    })),
    policy: book.policy,
    sellable: book.sellable,
    updated_at: new Date(book.updatedAt).toISOString(),
  };
}
