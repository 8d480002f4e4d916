import { DurableObject } from "cloudflare:workers";
import type { BehaviourCount } from "../domain/demand.ts";
import { COMBINER_SUMS_MAX, DAY_MS, DELTA_CHARACTERS_MAX, DELTA_SUMS_MAX } from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import type { MessageRing } from "../domain/message-ring.ts";
import { MODEL_NAME } from "../domain/object-names.ts";
import { byPlanner } from "../domain/planner/shards.ts";
import { SeenPackets } from "../domain/seen-packets.ts";
import type { SignalPacket } from "../domain/signal.ts";
import { encodeSignals, readCounts } from "../domain/signal-codec.ts";
import { SignalAccumulator } from "../domain/signal-merge.ts";
import type { Env } from "./env.ts";
import type { SignalCombinerRpc } from "./rpc.ts";
import { SignalCombinerStore, type StoredDelta } from "./signal-combiner-store.ts";

/** How long a group commit gathers calls; nobody waits for it but the Worker, after its answer. */
const GATHER_MS = 10;
const FLUSH_SECONDS_DEFAULT = 2;
const RETRY_MS = 5_000;

/** Adds up what many visitors' batches told about products. Named `c:<shard>`. */
export class SignalCombiner extends DurableObject<Env> implements SignalCombinerRpc {
  private readonly store: SignalCombinerStore;
  private readonly sums = new SignalAccumulator();
  private readonly seen: SeenPackets;
  /** Counted since the last merge. */
  private readonly fresh = new SeenPackets();
  /** Messages that counted by themselves, and those of them since the last merge. */
  private readonly messages: MessageRing;
  private freshMessages: number[] = [];
  private waiting: SignalPacket[] = [];
  /** Whether a packet of the last commits was counted. */
  private readonly counted = new WeakMap<SignalPacket, boolean>();
  private commit: Promise<void> | undefined;
  private packets = 0;
  private oldestAt: number | undefined;
  private hasAlarm = false;
  private sending: Promise<boolean> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new SignalCombinerStore(ctx.storage.sql);
    const { packets, seen, messages } = this.store.read();
    this.seen = seen;
    this.messages = messages;
    for (const packet of packets) this.take(packet, Date.now());
    void ctx.blockConcurrencyWhile(async () => {
      this.hasAlarm = (await ctx.storage.getAlarm()) !== null;
    });
  }

  async add(packets: readonly SignalPacket[]): Promise<{ accepted: number; isNew: boolean[] }> {
    this.waiting.push(...packets);
    this.commit ??= this.gather();
    await this.commit;
    return {
      accepted: packets.length,
      isNew: packets.map((packet) => this.counted.get(packet) === true),
    };
  }

  /** One row for all calls that came meanwhile; none is answered before it is written. */
  private async gather(): Promise<void> {
    await scheduler.wait(GATHER_MS);
    const waiting = this.waiting;
    this.waiting = [];
    this.commit = undefined;
    const now = Date.now();
    const accepted = waiting.filter((packet) => this.take(packet, now));
    for (const packet of accepted) this.counted.set(packet, true);
    if (accepted.length === 0) return;
    try {
      this.store.appendJournal(accepted);
    } catch (error) {
      this.ctx.abort(`the journal could not be written: ${error}`);
    }
    if (!this.hasAlarm) {
      this.hasAlarm = true;
      const seconds = Number(this.env.COMBINER_FLUSH_SECONDS ?? FLUSH_SECONDS_DEFAULT);
      void this.ctx.storage.setAlarm(now + seconds * 1000);
    }
    if (this.sums.size > COMBINER_SUMS_MAX) await this.flush();
  }

  /** Counts a packet unless it was counted before. */
  private take(packet: SignalPacket, now: number): boolean {
    if (packet.sequence === 0) {
      if (this.messages.has(packet.stream)) return false;
      this.messages.add(packet.stream);
      this.freshMessages.push(packet.stream);
    } else {
      const day = Math.floor(now / DAY_MS);
      if (!this.seen.take(packet.stream, packet.sequence, day)) return false;
      this.fresh.take(packet.stream, packet.sequence, day);
    }
    this.sums.addBytes(packet.bytes);
    this.packets++;
    this.oldestAt ??= now;
    return true;
  }

  async flush(): Promise<void> {
    this.merge();
    if (!(await this.send())) throw new Error("not all was merged; the alarm tries again");
  }

  async lag(): Promise<{ packets: number; oldestAt?: number }> {
    return this.oldestAt === undefined
      ? { packets: this.packets }
      : { packets: this.packets, oldestAt: this.oldestAt };
  }

  override async alarm(): Promise<void> {
    this.hasAlarm = false;
    this.merge();
    if (await this.send()) return;
    this.hasAlarm = true;
    await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
  }

  /** What the journal added up to becomes deltas that keep their sequence and bytes until they are acknowledged. */
  private merge(): void {
    if (this.packets === 0) return;
    this.seen.forgetBefore(Math.floor(Date.now() / DAY_MS));
    const deltas = this.sums.drain(DELTA_SUMS_MAX, DELTA_CHARACTERS_MAX).map(encodeSignals);
    try {
      this.ctx.storage.transactionSync(() => {
        this.store.merge(deltas, this.fresh, this.seen);
        this.store.remember(this.freshMessages, this.messages);
      });
    } catch (error) {
      // The journal still holds what memory has let go: start again from it.
      this.ctx.abort(`the merge could not be written: ${error}`);
    }
    this.fresh.clear();
    this.freshMessages = [];
    this.packets = 0;
    this.oldestAt = undefined;
  }

  /** One sender at a time, oldest first. Returns whether all was acknowledged. */
  private async send(): Promise<boolean> {
    while (this.sending !== undefined) await this.sending;
    this.sending = this.sendAll();
    try {
      return await this.sending;
    } finally {
      this.sending = undefined;
    }
  }

  private async sendAll(): Promise<boolean> {
    for (const delta of this.store.deltas()) {
      try {
        await this.sendDelta(delta);
      } catch (error) {
        console.warn(logEntry("a delta waits for the next try", error, { shard: this.shard }));
        return false;
      }
      this.store.deleteDelta(delta.sequence);
    }
    return true;
  }

  private async sendDelta({ sequence, bytes }: StoredDelta): Promise<void> {
    const { shard } = this;
    const counts = behaviourOf(bytes);
    const told = [
      this.env.MODEL_BUILDER.getByName(MODEL_NAME).merge({ shard, sequence, bytes }),
    ] as Promise<unknown>[];
    for (const { planner, items } of byPlanner(this.env, counts)) {
      told.push(planner.behave({ shard, sequence, counts: items }));
    }
    await Promise.all(told);
  }

  private get shard(): number {
    return Number(this.ctx.id.name?.slice("c:".length));
  }
}

/** Views and carts by SKU and UTC day, of encoded signals. */
function behaviourOf(bytes: Uint8Array): BehaviourCount[] {
  const products: string[] = [];
  const skus = new Map<string, string>();
  const sums = new Map<string, { sku: string; day: number; views: number; carts: number }>();
  readCounts(bytes, {
    product: (productId) => void products.push(productId),
    sku: (productId, sku) => void skus.set(productId, sku),
    count: (product, kind, at, amount) => {
      if (kind !== "view" && kind !== "cart") return;
      const productId = products[product]!;
      const sku = skus.get(productId) ?? productId;
      const day = Math.floor(at / DAY_MS);
      const key = `${day} ${sku}`;
      let sum = sums.get(key);
      if (sum === undefined) {
        sum = { sku, day, views: 0, carts: 0 };
        sums.set(key, sum);
      }
      if (kind === "view") sum.views += amount;
      else sum.carts += amount;
    },
  });
  return [...sums.values()];
}
