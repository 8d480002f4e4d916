import { DurableObject } from "cloudflare:workers";
import { Calendar } from "../domain/calendar.ts";
import { MODEL_NAME } from "../domain/object-names.ts";
import { plannerOf } from "../domain/planner/shards.ts";
import {
  adjustStock,
  etagOf,
  positionOf,
  type Stock,
  type StockChange,
  type StockRefusal,
  setStock,
  totals,
} from "../domain/stock.ts";
import type { Env } from "./env.ts";
import { InventoryStore } from "./inventory-store.ts";
import type { InventoryRpc, StockAdjustment, StockPut, StockView } from "./rpc.ts";

/** Changes of so long are told together. */
const TELL_MS = 2_000;
const RETRY_MS = 10_000;

/** Stock of one SKU. Named `s:<sku>`. */
export class Inventory extends DurableObject<Env> implements InventoryRpc {
  private readonly store: InventoryStore;
  private readonly calendar: Calendar;
  private hasAlarm = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new InventoryStore(ctx.storage.sql);
    this.calendar = new Calendar(env.SHOP_TIME_ZONE ?? "UTC");
    void ctx.blockConcurrencyWhile(async () => {
      this.hasAlarm = (await ctx.storage.getAlarm()) !== null;
    });
  }

  async read(): Promise<StockView | StockRefusal> {
    const stored = this.store.read();
    if (stored === undefined) return { problem: "unknown_sku", detail: `${this.sku} has no stock yet.` };
    return viewOf(stored.stock);
  }

  async put({ on_hand, ...put }: StockPut): Promise<{ created: boolean; stock: StockView } | StockRefusal> {
    const before = this.store.read()?.stock;
    const setting = { ...put, ...(on_hand !== undefined && { onHand: on_hand }) };
    const change = setStock(before, setting, this.calendar);
    if ("problem" in change) return change;
    this.save(change, put.now);
    return { created: before === undefined, stock: viewOf(change.stock) };
  }

  async adjust(adjustment: StockAdjustment): Promise<{ repeated: boolean; stock: StockView } | StockRefusal> {
    const { idempotencyKey, now, sku, delta, reason, location } = adjustment;
    const request = JSON.stringify([delta, reason, location]);
    if (idempotencyKey !== undefined) {
      const answered = this.store.answered(idempotencyKey, now);
      if (answered !== undefined) {
        if (answered.request === request) return { repeated: true, stock: JSON.parse(answered.answer) };
        const detail = "Idempotency-Key: was sent with another adjustment before.";
        return { problem: "idempotency_key_reused", detail };
      }
    }
    const change = adjustStock(this.store.read()?.stock, sku, adjustment, this.calendar);
    if ("problem" in change) return change;
    const stock = viewOf(change.stock);
    this.save(change, now);
    if (idempotencyKey !== undefined) {
      this.store.keepAnswer(idempotencyKey, now, { request, answer: JSON.stringify(stock) });
    }
    return { repeated: false, stock };
  }

  /** Tells planner and model where the stock stands; what fails is told again. */
  override async alarm(): Promise<void> {
    this.hasAlarm = false;
    const stored = this.store.read();
    if (stored === undefined || stored.told >= stored.stock.version) return;
    const { stock, toldAvailable } = stored;
    const { sku, version } = stock;
    const available = totals(stock).available > 0;
    try {
      const told: Promise<unknown>[] = [plannerOf(this.env, sku).position(positionOf(stock, this.calendar))];
      if (available !== (toldAvailable ?? true)) {
        told.push(this.env.MODEL_BUILDER.getByName(MODEL_NAME).availability({ sku, available, version }));
      }
      await Promise.all(told);
    } catch (error) {
      console.warn({ message: "a stock position waits for the next try", sku, error: String(error) });
      this.wake(Date.now() + RETRY_MS);
      return;
    }
    const now = this.store.read();
    if (now !== undefined) this.store.write({ stock: now.stock, told: version, toldAvailable: available });
  }

  /** Rows written since the object woke; for tests that count them. */
  rowsWritten(): number {
    return this.store.rowsWritten;
  }

  private save({ stock, entry }: StockChange, now: number): void {
    const before = this.store.read();
    this.ctx.storage.transactionSync(() => {
      this.store.write({
        stock,
        told: before?.told ?? 0,
        ...(before?.toldAvailable !== undefined && { toldAvailable: before.toldAvailable }),
      });
      if (entry !== undefined) this.store.append(entry);
    });
    if (!this.hasAlarm) this.wake(now + TELL_MS);
  }

  private wake(at: number): void {
    this.hasAlarm = true;
    void this.ctx.storage.setAlarm(at);
  }

  private get sku(): string {
    return this.ctx.id.name?.slice("s:".length) ?? "";
  }
}

function viewOf(stock: Stock): StockView {
  const { onHand, reserved, available } = totals(stock);
  return {
    sku: stock.sku,
    etag: etagOf(stock),
    on_hand: onHand,
    reserved,
    available,
    incoming: stock.locations.flatMap(({ incoming }) => [...incoming]),
    locations: stock.locations.map((location) => ({
      location: location.location,
      on_hand: location.onHand,
      reserved: location.reserved,
      available: location.onHand - location.reserved,
      incoming: [...location.incoming],
    })),
    policy: stock.policy,
    updated_at: new Date(stock.updatedAt).toISOString(),
  };
}
