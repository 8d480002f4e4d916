import type { Calendar } from "../domain/calendar.ts";
import type { BehaviourCount, CancelledLine, DemandLine, StockPosition } from "../domain/demand.ts";
import type { DemandSeries } from "../domain/forecast.ts";
import {
  CANCELLED_SEARCH_DAYS,
  DAY_MS,
  DEMAND_DAYS_MAX,
  ORDER_DAYS_APART_MAX,
  PLANNER_BLOCK_DAYS,
  PLANNER_CHANGED_BLOCKS_MAX,
  PLANNER_KEYS_IN_MEMORY_MAX,
  PLANNER_KEYS_SINCE_MAX,
  PLANNER_PAGE_SKUS,
  PLANNER_SKUS_MAX,
  PLANNER_STORED_BLOCKS_MAX,
} from "../domain/limits.ts";
import { blockOf, type DemandBlock } from "../domain/planner/block.ts";
import type { BehaviourDelta, JournalEntry } from "../domain/planner/journal.ts";
import { OrderKeys } from "../domain/planner/order-keys.ts";
import type { SkuState } from "../domain/planner/sku-states.ts";
import { dayMs, outageDays } from "../domain/stock/outages.ts";
import { type Counters, type DemandPlannerStore, placeOf } from "./demand-planner-store.ts";

const WEEK_MS = 7 * DAY_MS;
/** Least exposure of a day that has only begun. */
const BEGUN_SHARE_MIN = 0.05;

interface CachedBlock {
  readonly page: number;
  readonly block: number;
  readonly body: DemandBlock;
  dirty: boolean;
}

/** One SKU on one day, for people. */
export interface HistoryDay {
  readonly day: number;
  readonly units: number;
  readonly inStock: number;
  readonly views: number;
  readonly carts: number;
}

/** A planner's demand in memory: pages as far as they are in use, and what is not yet stored. */
export class PlannerBooks {
  readonly counters: Counters;
  /** Grow with what forecasts look at or with the position: what was computed from a page is stale. */
  readonly versions: number[] = [];
  private readonly store: DemandPlannerStore;
  private readonly calendar: Calendar;
  private readonly names: string[];
  private readonly ids = new Map<string, number>();
  private readonly fresh = new Map<number, string>();
  private readonly blocks = new Map<string, CachedBlock>();
  private changedBlocks = 0;
  private readonly states = new Map<number, (SkuState | undefined)[]>();
  private readonly dirtyStates = new Set<number>();
  private readonly keys: OrderKeys;

  constructor(store: DemandPlannerStore, calendar: Calendar) {
    this.store = store;
    this.calendar = calendar;
    this.counters = store.counters();
    this.names = store.skus();
    for (const [id, name] of this.names.entries()) this.ids.set(name, id);
    this.keys = new OrderKeys((day) => store.keys(day), {
      daysApart: ORDER_DAYS_APART_MAX,
      keysMax: PLANNER_KEYS_IN_MEMORY_MAX,
      keysSinceMax: PLANNER_KEYS_SINCE_MAX,
    });
  }

  get skus(): number {
    return this.names.length;
  }

  get pages(): number {
    return Math.ceil(this.names.length / PLANNER_PAGE_SKUS);
  }

  /** Changed blocks are held until they are stored: time to flush. */
  get isFull(): boolean {
    return this.changedBlocks > PLANNER_CHANGED_BLOCKS_MAX;
  }

  idOf(sku: string): number | undefined {
    return this.ids.get(sku);
  }

  nameOf(id: number): string {
    return this.names[id]!;
  }

  state(id: number): SkuState | undefined {
    const { page, slot } = placeOf(id);
    return this.page(page)[slot];
  }

  /**
   * Counts an entry into the pages. Returns how many lines were new, or taken back; both ways count a repeat once.
   */
  apply(entry: JournalEntry, now: number): { counted: number; duplicates: number } {
    const today = this.calendar.dayOf(now);
    if (entry.kind === "behaviour") this.behave(entry.delta, today);
    if (entry.kind === "position") this.position(entry.position, today);
    const result = { counted: 0, duplicates: 0 };
    if (entry.kind === "cancelled") {
      const taken = this.takeBack(entry.lines, today);
      return { counted: taken, duplicates: entry.lines.length - taken };
    }
    if (entry.kind !== "lines") return result;
    for (const line of entry.lines) {
      const outcome = this.count(line, today);
      if (outcome !== undefined) result[outcome]++;
    }
    return result;
  }

  /** Whether an entry would change anything: what would not needs no row. */
  isNews(entry: JournalEntry): boolean {
    if (entry.kind === "behaviour") {
      return (this.counters.sequences.get(entry.delta.shard) ?? 0) < entry.delta.sequence;
    }
    if (entry.kind !== "position") return true;
    const id = this.ids.get(entry.position.sku);
    return id === undefined || (this.state(id)?.position?.version ?? 0) < entry.position.version;
  }

  /** A page's closed days; before the first has closed, today as far as it has gone, in the place of yesterday. */
  series(page: number, now: number): DemandSeries[] {
    const today = this.calendar.dayOf(now);
    const first = Math.min(Math.max(this.counters.firstDay, today - DEMAND_DAYS_MAX), today);
    const begun = first === today;
    const days = begun ? 1 : today - first;
    const dayStart = this.calendar.startOf(today);
    const share = Math.max(BEGUN_SHARE_MIN, (now - dayStart) / dayMs(today, this.calendar));
    const states = this.page(page);
    const count = Math.min(PLANNER_PAGE_SKUS, this.names.length - page * PLANNER_PAGE_SKUS);
    const blocks: { body: DemandBlock; from: number; to: number }[] = [];
    for (let block = blockOf(first); block <= blockOf(first + days - 1); block++) {
      const body = this.block(page, block).body;
      const from = Math.max(first, block * PLANNER_BLOCK_DAYS);
      blocks.push({ body, from, to: Math.min(first + days, (block + 1) * PLANNER_BLOCK_DAYS) });
    }
    const behaviour = blocks.some(({ body }) => body.has("views") || body.has("carts"));
    const missing = begun || blocks.some(({ body }) => body.has("missing"));
    return Array.from({ length: count }, (_, slot) => {
      const demand = new Float32Array(days);
      const views = behaviour ? new Float32Array(days) : undefined;
      const carts = behaviour ? new Float32Array(days) : undefined;
      const outSince = states[slot]?.position?.outSince;
      const inStock = missing || outSince !== undefined ? new Float32Array(days).fill(1) : undefined;
      for (const { body, from, to } of blocks) {
        for (let day = from; day < to; day++) {
          const at = day - first;
          demand[at] = body.units(slot, day);
          if (inStock !== undefined) inStock[at] = body.inStock(slot, day);
          if (views !== undefined) views[at] = body.views(slot, day);
          if (carts !== undefined) carts[at] = body.carts(slot, day);
        }
      }
      if (inStock !== undefined && outSince !== undefined) {
        for (const { day, ms } of outageDays(outSince, now, this.calendar)) {
          const at = day - first;
          if (at >= 0 && at < days) inStock[at] = Math.max(0, inStock[at]! - ms / dayMs(day, this.calendar));
        }
      }
      if (inStock !== undefined && begun) inStock[0] = share;
      return {
        id: this.names[page * PLANNER_PAGE_SKUS + slot]!,
        // Forecasts begin after the last day told: at today, also on a shop's first.
        startDay: begun ? first - 1 : first,
        demand,
        ...(inStock !== undefined && { inStock }),
        ...(views !== undefined && { views }),
        ...(carts !== undefined && { carts }),
      };
    });
  }

  /** A SKU's days up to today, which is not over. */
  history(id: number, now: number): HistoryDay[] {
    const today = this.calendar.dayOf(now);
    const { page, slot } = placeOf(id);
    const first = Math.max(this.counters.firstDay, today - DEMAND_DAYS_MAX);
    const outSince = this.state(id)?.position?.outSince;
    const out = new Map(
      outSince === undefined ? [] : outageDays(outSince, now, this.calendar).map(({ day, ms }) => [day, ms]),
    );
    const days: HistoryDay[] = [];
    for (let day = first; day <= today; day++) {
      const { body } = this.block(page, blockOf(day));
      const gone = (out.get(day) ?? 0) / dayMs(day, this.calendar);
      days.push({
        day,
        units: body.units(slot, day),
        inStock: Math.max(0, body.inStock(slot, day) - gone),
        views: body.views(slot, day),
        carts: body.carts(slot, day),
      });
    }
    return days;
  }

  /** Stores what has changed; call within one transaction. */
  flush(): void {
    const dirty = [...this.blocks.values()].filter((cached) => cached.dirty);
    this.store.fold({
      skus: this.fresh,
      blocks: dirty,
      states: [...this.dirtyStates].map((page) => ({ page, body: this.page(page) })),
      keys: this.keys.unsaved(),
      counters: this.counters,
    });
    this.fresh.clear();
    this.dirtyStates.clear();
    this.keys.saved();
    for (const cached of dirty) cached.dirty = false;
    this.changedBlocks = 0;
    this.trim();
  }

  private count(line: DemandLine, today: number): "counted" | "duplicates" | undefined {
    const day = Math.min(today, this.calendar.dayOf(line.at));
    if (day <= today - DEMAND_DAYS_MAX) return undefined;
    const id = this.idFor(line.sku);
    if (id === undefined) return undefined;
    if (!this.keys.takeLine(line.orderId, line.sku, day, line.units)) return "duplicates";
    const { counters } = this;
    if (this.keys.takeOrder(line.orderId, day)) counters.orders++;
    counters.lines++;
    counters.units += line.units;
    counters.firstDay = Math.min(counters.firstDay, day);
    const { page, slot } = placeOf(id);
    this.changing(page, day).add("units", slot, day, line.units);
    this.demandChanged(page, day, today);
    // What is given away says nothing of the price.
    if (line.price !== undefined && line.price > 0) this.paid(page, slot, line.price, line.at);
    return "counted";
  }

  /** Lines come in any order, as an import tells them: the price is that of the latest. */
  private paid(page: number, slot: number, price: number, at: number): void {
    const state = this.stateFor(page, slot);
    const { paidAt = 0 } = state;
    if (paidAt > at) return;
    const isAnother = state.price !== price;
    Object.assign(state, { price, paidAt: at });
    // That it was paid again is stored once a week, else with whatever changes beside it: few rows are spent on it.
    if (isAnother || Math.floor(at / WEEK_MS) > Math.floor(paidAt / WEEK_MS)) this.dirtyStates.add(page);
    if (isAnother) this.changed(page);
  }

  /** Returns how many lines there were to take back. */
  private takeBack(lines: readonly CancelledLine[], today: number): number {
    const dated = lines
      .map((line) => ({ ...line, day: Math.min(today, this.calendar.dayOf(line.at)) }))
      .filter(({ day }) => day > today - DEMAND_DAYS_MAX);
    let count = 0;
    for (const [i, found] of this.keys.takeBack(dated, CANCELLED_SEARCH_DAYS).entries()) {
      const { sku, units } = dated[i]!;
      const id = this.ids.get(sku);
      if (found === undefined || id === undefined) continue;
      const taken = Math.min(found.units, units ?? found.units);
      const { page, slot } = placeOf(id);
      this.changing(page, found.day).add("units", slot, found.day, -taken);
      this.demandChanged(page, found.day, today);
      this.counters.units -= taken;
      if (taken === found.units) this.counters.lines--;
      count++;
    }
    return count;
  }

  private behave({ shard, sequence, counts }: BehaviourDelta, today: number): void {
    if ((this.counters.sequences.get(shard) ?? 0) >= sequence) return;
    this.counters.sequences.set(shard, sequence);
    for (const count of counts) this.look(count, today);
  }

  /** Views of what is neither sold nor stocked are nobody's demand. West of UTC its day begins before the shop's. */
  private look({ sku, day: utcDay, views, carts }: BehaviourCount, today: number): void {
    const id = this.ids.get(sku);
    const day = Math.min(utcDay, today);
    if (id === undefined || day <= today - DEMAND_DAYS_MAX) return;
    const { page, slot } = placeOf(id);
    const body = this.changing(page, day);
    if (views !== 0) body.add("views", slot, day, views);
    if (carts !== 0) body.add("carts", slot, day, carts);
    this.demandChanged(page, day, today);
  }

  private position({ sku, inStock, ...position }: StockPosition, today: number): void {
    const id = this.idFor(sku);
    if (id === undefined) return;
    const { page, slot } = placeOf(id);
    const state = this.stateFor(page, slot);
    if ((state.position?.version ?? 0) >= position.version) return;
    state.position = position;
    this.dirtyStates.add(page);
    for (const { day, fraction } of inStock) {
      if (day > today || day <= today - DEMAND_DAYS_MAX) continue;
      const { body } = this.block(page, blockOf(day));
      if (Math.abs(body.inStock(slot, day) - fraction) > 0.004)
        this.changing(page, day).setInStock(slot, day, fraction);
    }
    this.changed(page);
  }

  private idFor(sku: string): number | undefined {
    const known = this.ids.get(sku);
    if (known !== undefined) return known;
    if (this.names.length >= PLANNER_SKUS_MAX) return undefined;
    const id = this.names.length;
    this.names.push(sku);
    this.ids.set(sku, id);
    this.fresh.set(id, sku);
    this.changed(placeOf(id).page);
    return id;
  }

  /** Forecasts do not look at today, but on a shop's first day. */
  private demandChanged(page: number, day: number, today: number): void {
    if (day < today || this.counters.firstDay >= today) this.changed(page);
  }

  private changed(page: number): void {
    this.versions[page] = (this.versions[page] ?? 0) + 1;
  }

  private page(page: number): (SkuState | undefined)[] {
    let states = this.states.get(page);
    if (states === undefined) {
      states = this.store.states(page);
      this.states.set(page, states);
    }
    return states;
  }

  private stateFor(page: number, slot: number): SkuState {
    const states = this.page(page);
    while (states.length <= slot) states.push({});
    states[slot] ??= {};
    return states[slot];
  }

  private changing(page: number, day: number): DemandBlock {
    const cached = this.block(page, blockOf(day));
    if (!cached.dirty) this.changedBlocks++;
    cached.dirty = true;
    return cached.body;
  }

  private block(page: number, block: number): CachedBlock {
    const key = `${page} ${block}`;
    let cached = this.blocks.get(key);
    if (cached === undefined) {
      cached = { page, block, body: this.store.block(page, block), dirty: false };
      this.trim();
    } else {
      this.blocks.delete(key);
    }
    // Last in the order of use.
    this.blocks.set(key, cached);
    return cached;
  }

  private trim(): void {
    for (const [key, cached] of this.blocks) {
      if (this.blocks.size - this.changedBlocks <= PLANNER_STORED_BLOCKS_MAX) break;
      if (!cached.dirty) this.blocks.delete(key);
    }
  }
}
