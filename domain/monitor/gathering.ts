import { type Activity, tellsOfOrder } from "../activity.ts";
import type { Calendar } from "../calendar.ts";
import { hash53 } from "../hash.ts";
import { GATHERED_ORDERS_MAX, LIVE_EVENTS_PER_SECOND_MAX } from "../limits.ts";
import { type Sample, type SampledEvent, sampleOf } from "./live-event.ts";
import { VisitorSketch } from "./visitor-sketch.ts";

/** A local day of the shop, and the time it takes, Unix ms: from <= t < until. */
export interface LocalDay {
  readonly day: number;
  readonly from: number;
  readonly until: number;
}

export function localDay(calendar: Calendar, now: number): LocalDay {
  const day = calendar.dayOf(now);
  return { day, from: calendar.startOf(day), until: calendar.startOf(day + 1) };
}

/** An order that an event told of. */
export interface SeenOrder {
  /** `hash53` of its id: an order told by several events counts once. */
  readonly key: number;
  /** Whether it was made on the day of the tally. */
  readonly today: boolean;
  readonly currency: string | null;
  readonly amount: number;
}

/** What one isolate saw since it last told. */
export interface Observed {
  /** Day number of `eventsToday` and `visitors`. */
  readonly day: number;
  /** Accepted, whenever they happened. */
  readonly events: number;
  readonly eventsToday: number;
  readonly recommendations: number;
  readonly orders: readonly SeenOrder[];
  /** Registers of a VisitorSketch of who did the events of today; absent when nobody did. */
  readonly visitors?: Uint8Array;
  /** Events that the samples were drawn from. */
  readonly seen: number;
  readonly samples: readonly Sample[];
}

/** An event on its way to the monitor. */
export interface SeenEvent {
  readonly receivedAt: number;
  /** As sent. */
  readonly message: unknown;
  readonly type: string;
  readonly activity: Activity;
  /** One id of who did it; absent for visitors who are counted without. */
  readonly visitor?: string;
  readonly outcome: "accepted" | "duplicate";
  readonly bot: boolean;
}

/** Adds up in an isolate what it will tell the monitor, and draws a sample of events evenly (reservoir sampling). */
export class Gathering {
  /** Samples to draw until the next telling: the monitor says how many it wants of each isolate. */
  samplesMax = LIVE_EVENTS_PER_SECOND_MAX;
  private events = 0;
  private eventsToday = 0;
  private recommendations = 0;
  private orders: SeenOrder[] = [];
  private visitors: VisitorSketch | undefined;
  private lastVisitor: string | undefined;
  private seen = 0;
  private drawn: SampledEvent[] = [];
  private day: LocalDay | undefined;

  get isEmpty(): boolean {
    return this.seen === 0 && this.recommendations === 0;
  }

  /** Whether it should be told without waiting for its time. */
  get isFull(): boolean {
    return this.orders.length >= GATHERED_ORDERS_MAX;
  }

  /** @param chance 0 <= chance < 1, drawn for this event. */
  event(event: SeenEvent, calendar: Calendar, chance: number): void {
    this.seen++;
    if (event.outcome === "accepted") this.count(event, this.dayAt(event.receivedAt, calendar));
    const place = this.drawn.length < this.samplesMax ? this.drawn.length : Math.floor(chance * this.seen);
    if (place >= this.samplesMax) return;
    const { receivedAt, message, type, activity, outcome, bot } = event;
    this.drawn[place] = { receivedAt, message, type, kind: activity.kind, outcome, bot };
  }

  recommended(): void {
    this.recommendations++;
  }

  /** Takes out what was gathered. */
  drain(now: number, calendar: Calendar): Observed {
    const observed: Observed = {
      day: this.dayAt(now, calendar).day,
      events: this.events,
      eventsToday: this.eventsToday,
      recommendations: this.recommendations,
      orders: this.orders,
      ...(this.visitors !== undefined && { visitors: this.visitors.bytes() }),
      seen: this.seen,
      samples: this.drawn.sort((a, b) => a.receivedAt - b.receivedAt).map(sampleOf),
    };
    this.events = 0;
    this.recommendations = 0;
    this.orders = [];
    this.seen = 0;
    this.drawn = [];
    this.forgetDay();
    return observed;
  }

  private count({ activity, visitor, bot }: SeenEvent, { from, until }: LocalDay): void {
    this.events++;
    const today = activity.at >= from && activity.at < until;
    if (today) this.eventsToday++;
    if (bot) return;
    if (today && visitor !== undefined && visitor !== this.lastVisitor) {
      this.lastVisitor = visitor;
      this.visitors ??= new VisitorSketch();
      this.visitors.add(hash53(visitor));
    }
    if (tellsOfOrder(activity)) this.orders.push(orderOf(activity, today));
  }

  /** At midnight what was gathered of the day before is left out of the new one. */
  private dayAt(now: number, calendar: Calendar): LocalDay {
    if (this.day === undefined || now < this.day.from || now >= this.day.until) {
      this.day = localDay(calendar, now);
      this.forgetDay();
      this.orders = this.orders.map((order) => ({ ...order, today: false }));
    }
    return this.day;
  }

  private forgetDay(): void {
    this.eventsToday = 0;
    this.visitors = undefined;
    this.lastVisitor = undefined;
  }
}

/** The total as told, else that of its lines. */
function orderOf({ messageId, orderId, currency, value, lines }: Activity, today: boolean): SeenOrder {
  const ofLines = () => lines.reduce((sum, { price = 0, quantity }) => sum + price * quantity, 0);
  return {
    key: hash53(orderId ?? messageId),
    today,
    currency: currency ?? null,
    amount: value ?? ofLines(),
  };
}
