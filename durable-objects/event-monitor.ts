import { DurableObject } from "cloudflare:workers";
import { Calendar } from "../domain/calendar.ts";
import { DAY_MS, LIVE_EVENTS_PER_SECOND_MAX, LIVE_FEEDS_MAX, RECENT_EVENTS_MAX } from "../domain/limits.ts";
import type { Observed } from "../domain/monitor/gathering.ts";
import { Monitor } from "../domain/monitor/monitor.ts";
import type { KeptRejection } from "../domain/monitor/rejected.ts";
import type { Env } from "./env.ts";
import { RejectedStore } from "./event-monitor-rejected.ts";
import { EventMonitorStore } from "./event-monitor-store.ts";
import type { EventMonitorRpc, Forgotten, RejectedArrival } from "./rpc.ts";

/** How long a group commit of rejected events gathers calls: their senders wait for it. */
const GATHER_MS = 5;
/** How often counts and samples are saved while they change, and told to open feeds. */
const SAVE_MS = 10_000;
const FEED_MS = 1_000;
/** Subprotocol of the live feed. */
const PROTOCOL = "shelfwise.v1";
const PING = '{"type":"ping"}';
const PONG = '{"type":"pong"}';

type Timer = ReturnType<typeof setTimeout> | undefined;

interface Waiting {
  readonly arrival: RejectedArrival;
  readonly done: (ids: string[]) => void;
}

/** What a shop sees of its traffic: counts, the last events, the rejected ones, a live feed. Named `monitor`. */
export class EventMonitor extends DurableObject<Env> implements EventMonitorRpc {
  private readonly store: EventMonitorStore;
  private readonly rejections: RejectedStore;
  private readonly monitor: Monitor;
  private waiting: Waiting[] = [];
  private savedAt = 0;
  private savedTo: number;
  private saver: Timer;
  private fedAt = 0;
  private feeder: Timer;
  /** Whether old rejected events will be dropped; undefined until it was looked up. */
  private willExpire: boolean | undefined;
  /** Tellings of isolates in the second before, and in this one: each gets its share of the samples. */
  private tellings = { second: 0, before: 1, count: 0 };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new EventMonitorStore(ctx.storage.sql);
    this.rejections = new RejectedStore(ctx.storage.sql);
    this.monitor = new Monitor(new Calendar(env.SHOP_TIME_ZONE ?? "UTC"));
    this.store.read(this.monitor);
    this.savedTo = this.monitor.newestSample;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  async observe(observed: Observed): Promise<{ samples: number }> {
    this.monitor.observe(observed, Date.now());
    this.changed();
    return { samples: this.share() };
  }

  /** One row for all calls that came meanwhile; none is answered before it is written. */
  async reject(arrival: RejectedArrival): Promise<string[]> {
    if (this.waiting.length === 0) void this.gather();
    return new Promise((done) => this.waiting.push({ arrival, done }));
  }

  private async gather(): Promise<void> {
    await scheduler.wait(GATHER_MS);
    const { waiting } = this;
    this.waiting = [];
    const now = Date.now();
    const events = waiting.flatMap(({ arrival }) => arrival.events);
    let ids: string[];
    try {
      ids = this.ctx.storage.transactionSync(() => this.rejections.append(events, now));
    } catch (error) {
      this.ctx.abort(`rejected events could not be written: ${error}`);
      return;
    }
    let from = 0;
    for (const { arrival, done } of waiting) {
      const own = ids.slice(from, from + arrival.events.length);
      from += own.length;
      const samples = arrival.samples.map((sample, i) => {
        const { code, path, detail } = arrival.events[i]!;
        const rejected = JSON.stringify({ id: own[i], code, path, detail });
        return { ...sample, json: `${sample.json.slice(0, -1)},"rejected":${rejected}}` };
      });
      this.monitor.reject(own.length, samples, now);
      done(own);
    }
    this.changed();
    if (this.willExpire !== true) await this.expireLater(now);
  }

  /** What was rejected goes after 30 days, also when no other comes. */
  override async alarm(): Promise<void> {
    this.willExpire = false;
    const now = Date.now();
    this.ctx.storage.transactionSync(() => this.rejections.expire(now));
    await this.expireLater(now);
  }

  /** Once a day at most, so that a page is not written again for each. */
  private async expireLater(now: number): Promise<void> {
    this.willExpire ??= (await this.ctx.storage.getAlarm()) !== null;
    const next = this.rejections.nextExpiry;
    if (this.willExpire || next === undefined) return;
    this.willExpire = true;
    await this.ctx.storage.setAlarm(Math.max(next, now + DAY_MS));
  }

  async view(recent?: number): Promise<string> {
    return this.viewAt(Date.now(), recent);
  }

  async rejected(limit: number, cursor?: string): Promise<{ items: KeptRejection[]; cursor?: string }> {
    return this.rejections.list(limit, cursor);
  }

  async rejectedById(ids: readonly string[]): Promise<KeptRejection[]> {
    return this.rejections.find(ids);
  }

  async oldestRejected(limit: number, cursor?: string): Promise<{ items: KeptRejection[]; cursor?: string }> {
    return this.rejections.oldest(limit, cursor);
  }

  async dropRejected(ids: readonly string[]): Promise<{ dropped: number }> {
    return { dropped: this.rejections.drop(ids) };
  }

  async forget({ userIds, anonymousIds }: Forgotten): Promise<void> {
    const ids = new Set([...userIds, ...anonymousIds]);
    this.rejections.forget(ids);
    if (!this.monitor.forget(ids, Date.now())) return;
    this.store.replaceSamples(this.monitor.samplesAfter(0));
    this.savedTo = this.monitor.newestSample;
  }

  /** The live feed; the Worker has asked for the key, and checked how many of the last events are wanted. */
  override async fetch(request: Request): Promise<Response> {
    if (this.ctx.getWebSockets().length >= LIVE_FEEDS_MAX) return new Response(null, { status: 503 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const recent = Number(new URL(request.url).searchParams.get("recent") ?? RECENT_EVENTS_MAX);
    server.send(`{"type":"hello",${this.viewAt(Date.now(), recent).slice(1)}`);
    // A client that offered none must not be told one.
    const offered = request.headers.get("sec-websocket-protocol")?.split(",") ?? [];
    const speaks = offered.some((protocol) => protocol.trim() === PROTOCOL);
    return new Response(null, {
      status: 101,
      webSocket: client,
      ...(speaks && { headers: { "sec-websocket-protocol": PROTOCOL } }),
    });
  }

  /** A ping that is written another way than the one answered without waking anybody. */
  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    if (typeof message === "string" && /^\s*\{\s*"type"\s*:\s*"ping"\s*\}\s*$/.test(message))
      socket.send(PONG);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    // 1005 and 1006 say that there was no code; they cannot be sent.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  private viewAt(now: number, recent?: number): string {
    const counts = JSON.stringify(this.monitor.counts(now));
    return `${counts.slice(0, -1)},"recent":[${this.monitor.recent(recent).join(",")}]}`;
  }

  /** Saves and tells the feeds, now or when it is time again. */
  private changed(): void {
    const now = Date.now();
    this.saver ??= soon(this.savedAt + SAVE_MS - now, () => this.save());
    if (this.ctx.getWebSockets().length === 0) this.monitor.framed();
    else this.feeder ??= soon(this.fedAt + FEED_MS - now, () => this.feed());
  }

  private save(): void {
    clearTimeout(this.saver ?? null);
    this.saver = undefined;
    this.savedAt = Date.now();
    this.store.writeCounts(this.monitor);
    this.store.appendSamples(this.monitor.samplesAfter(this.savedTo));
    this.savedTo = this.monitor.newestSample;
  }

  private feed(): void {
    this.feeder = undefined;
    this.fedAt = Date.now();
    const sockets = this.ctx.getWebSockets();
    for (const { minute, today, events, skipped } of this.monitor.frames(this.fedAt)) {
      const counts = JSON.stringify({ type: "events", minute, today, ...(skipped > 0 && { skipped }) });
      const frame = `${counts.slice(0, -1)},"events":[${events.join(",")}]}`;
      for (const socket of sockets) {
        try {
          socket.send(frame);
        } catch {
          // It is closing: there is nobody to tell.
        }
      }
    }
  }

  /** Samples that an isolate's next telling should bring, so that all together bring about a second's worth. */
  private share(): number {
    const second = Math.floor(Date.now() / 1000);
    const { tellings } = this;
    if (second !== tellings.second) {
      this.tellings = { second, before: second === tellings.second + 1 ? tellings.count : 1, count: 0 };
    }
    this.tellings.count++;
    return Math.max(1, Math.floor(LIVE_EVENTS_PER_SECOND_MAX / Math.max(1, this.tellings.before)));
  }
}

/** Does it now when its time has come, else then. Returns the timer that is to fire. */
function soon(ms: number, work: () => void): Timer {
  if (ms > 0) return setTimeout(work, ms);
  work();
  return undefined;
}
