import { DurableObject } from "cloudflare:workers";
import { Calendar } from "../domain/calendar.ts";
import type { BehaviourCount, CancelledLine, DemandLine, StockPosition } from "../domain/demand.ts";
import { DAY_MS, DEMAND_DAYS_MAX, PLANNER_JOURNAL_BYTES_MAX } from "../domain/limits.ts";
import { blockOf } from "../domain/planner/block.ts";
import type { Board } from "../domain/planner/board.ts";
import type { JournalEntry } from "../domain/planner/journal.ts";
import { forecaster } from "../kernels/forecaster.ts";
import { PlannerBooks } from "./demand-planner-books.ts";
import { type PlannerForecast, PlannerOutlook } from "./demand-planner-outlook.ts";
import { DemandPlannerStore } from "./demand-planner-store.ts";
import type { Env } from "./env.ts";
import type { BoardQuery, DemandPlannerRpc, ForecastQuery, PlannerTotals } from "./rpc.ts";

/** How long a group commit gathers calls. */
const GATHER_MS = 5;
/** The journal becomes pages after this. */
const FLUSH_MS = 15_000;
/** After midnight, so that a clock that is a little early finds the day over. */
const AFTER_MIDNIGHT_MS = 5_000;

interface Waiting {
  readonly entry: JournalEntry;
  readonly done: (result: { counted: number; duplicates: number }) => void;
}

/** Demand, stock positions and forecasts of a shop's SKUs. Named `planner`. */
export class DemandPlanner extends DurableObject<Env> implements DemandPlannerRpc {
  private readonly store: DemandPlannerStore;
  private readonly calendar: Calendar;
  private readonly books: PlannerBooks;
  private readonly outlook: PlannerOutlook;
  private waiting: Waiting[] = [];
  private commit: Promise<void> | undefined;
  private journalBytes = 0;
  private flushAt: number | undefined;
  private closeAt: number | undefined;
  private alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new DemandPlannerStore(ctx.storage.sql);
    this.calendar = new Calendar(env.SHOP_TIME_ZONE ?? "UTC");
    this.books = new PlannerBooks(this.store, this.calendar);
    this.outlook = new PlannerOutlook(this.books, this.calendar, forecaster);
    const now = Date.now();
    for (const entry of this.store.journal()) {
      this.books.apply(entry, now);
      this.flushAt ??= now + FLUSH_MS;
    }
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAt = (await ctx.storage.getAlarm()) ?? undefined;
    });
  }

  async record(lines: readonly DemandLine[]): Promise<{ counted: number; duplicates: number }> {
    return this.add({ kind: "lines", lines });
  }

  async cancel(lines: readonly CancelledLine[]): Promise<{ takenBack: number }> {
    const { counted } = await this.add({ kind: "cancelled", lines });
    return { takenBack: counted };
  }

  async behave(delta: { shard: number; sequence: number; counts: readonly BehaviourCount[] }): Promise<void> {
    await this.add({ kind: "behaviour", delta });
  }

  async position(position: StockPosition): Promise<void> {
    await this.add({ kind: "position", position });
  }

  async forecast({ sku, horizon, now, assumed }: ForecastQuery): Promise<PlannerForecast | undefined> {
    const id = this.books.idOf(sku);
    return id === undefined ? undefined : this.outlook.forecast(id, horizon, now, assumed);
  }

  async board({ now, ...request }: BoardQuery): Promise<Board> {
    return this.outlook.board(request, now);
  }

  async totals(): Promise<PlannerTotals> {
    const { orders, lines, units } = this.books.counters;
    return { skus: this.books.skus, orders, lines, units };
  }

  /** The journal becomes pages; after midnight the day is closed and every page forecast anew. */
  override async alarm(): Promise<void> {
    this.alarmAt = undefined;
    const now = Date.now();
    // One who slept over midnight does not know that a day is to be closed.
    if (this.closeAt === undefined) this.forgetOld(now);
    if (this.flushAt !== undefined) this.flush();
    if (this.closeAt !== undefined && this.closeAt <= now) {
      this.closeAt = undefined;
      await this.closeDay(now);
    }
    this.wake();
  }

  /** Rows written since the object woke; for tests that count them. */
  rowsWritten(): number {
    return this.store.rowsWritten;
  }

  private add(entry: JournalEntry): Promise<{ counted: number; duplicates: number }> {
    const result = new Promise<{ counted: number; duplicates: number }>((done) => {
      this.waiting.push({ entry, done });
    });
    this.commit ??= this.gather();
    return this.commit.then(() => result);
  }

  /** One row for all calls that came meanwhile; none is answered before it is written. */
  private async gather(): Promise<void> {
    await scheduler.wait(GATHER_MS);
    const waiting = this.waiting;
    this.waiting = [];
    this.commit = undefined;
    const now = Date.now();
    const news = waiting.map(({ entry }) => entry).filter((entry) => this.books.isNews(entry));
    try {
      if (news.length > 0) this.journalBytes += this.store.appendJournal(news);
      for (const { entry, done } of waiting) done(this.books.apply(entry, now));
      if (this.books.isFull || this.journalBytes > PLANNER_JOURNAL_BYTES_MAX) this.flush();
    } catch (error) {
      // Memory may be ahead of what is stored: start again from there.
      this.ctx.abort(`the journal could not be written: ${error}`);
    }
    if (news.length > 0) {
      this.flushAt ??= now + FLUSH_MS;
      this.wake();
    }
  }

  private flush(): void {
    try {
      this.ctx.storage.transactionSync(() => this.books.flush());
    } catch (error) {
      this.ctx.abort(`the pages could not be written: ${error}`);
    }
    this.journalBytes = 0;
    this.flushAt = undefined;
  }

  private forgetOld(now: number): void {
    const oldest = this.calendar.dayOf(now) - DEMAND_DAYS_MAX;
    this.store.forgetBefore(oldest, blockOf(oldest));
  }

  private async closeDay(now: number): Promise<void> {
    this.forgetOld(now);
    for (let page = 0; page < this.books.pages; page++) {
      this.outlook.warm(page, now);
      // Whoever waits comes in between two pages.
      await scheduler.wait(0);
    }
  }

  /** One alarm for the flush and for midnight. */
  private wake(): void {
    const now = Date.now();
    this.closeAt ??= this.calendar.startOf(this.calendar.dayOf(now) + 1) + AFTER_MIDNIGHT_MS;
    const at = Math.min(this.closeAt, this.flushAt ?? now + DAY_MS);
    if (this.alarmAt !== undefined && this.alarmAt <= at) return;
    this.alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}
