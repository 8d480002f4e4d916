import type { ByteReader, ByteWriter } from "../bytes.ts";
import type { Calendar } from "../calendar.ts";
import {
  FORGOTTEN_IDS_MAX,
  FORGOTTEN_MS,
  LIVE_EVENTS_PER_SECOND_MAX,
  LIVE_REJECTED_PER_SECOND_EXTRA,
  MINUTE_MS,
  MONITOR_CURRENCIES_MAX,
  MONITOR_MINUTES,
  MONITOR_ORDERS_MAX,
  RECENT_EVENTS_MAX,
} from "../limits.ts";
import type { Observed, SeenOrder } from "./gathering.ts";
import type { Sample } from "./live-event.ts";
import { VisitorSketch } from "./visitor-sketch.ts";

const FRAME_EVENTS_MAX = LIVE_EVENTS_PER_SECOND_MAX + LIVE_REJECTED_PER_SECOND_EXTRA;

/** What arrived in a minute. */
interface MinuteCounts {
  events: number;
  rejected: number;
  orders: number;
  recommendations: number;
}

export interface MinuteView extends Readonly<MinuteCounts> {
  /** When it began, ISO 8601. */
  readonly minute: string;
}

/** What happened on the shop's local day; rejected and recommendations by when they arrived. */
export interface DayView {
  readonly events: number;
  /** An estimate, within about 2 %. */
  readonly visitors: number;
  readonly orders: number;
  /** As ordered, refunds not taken off; `currency` null where the orders told none. */
  readonly revenue: readonly { readonly currency: string | null; readonly amount: number }[];
  readonly recommendations: number;
  readonly rejected: number;
}

/** `GET /v1/monitor` without its recent events, which are JSON already. */
export interface MonitorCounts {
  readonly now: string;
  /** The last 60, oldest first. */
  readonly minutes: readonly MinuteView[];
  readonly today: DayView;
}

/** What came since the last frame. */
export interface Frame {
  readonly minute: MinuteView;
  readonly today: DayView;
  /** JSON, oldest first. */
  readonly events: readonly string[];
  /** Further ones that are not shown. */
  readonly skipped: number;
}

/** Counts per minute and of the day, and a sample of the last events. Knows no clock: `now` is handed in, Unix ms. */
export class Monitor {
  private readonly calendar: Calendar;
  private readonly minutes = new Map<number, MinuteCounts>();
  private day = 0;
  private eventsToday = 0;
  private ordersToday = 0;
  private recommendationsToday = 0;
  private rejectedToday = 0;
  private revenue = new Map<string, number>();
  private visitors = new VisitorSketch();
  /** Hashes of orders counted, in the order they came. */
  private orders = new Set<number>();
  /** The last samples, oldest first, numbered as they came. */
  private samples: (Sample & { readonly number: number })[] = [];
  private lastNumber = 0;
  /** Second of the last sample taken, and how many it has taken. */
  private second = 0;
  private takenInSecond = 0;
  /** Ids that were erased, and when: what is on its way from before is not taken. */
  private readonly forgotten = new Map<string, number>();
  /** What the next frame tells. */
  private touched = new Set<number>();
  private framedTo = 0;
  private skipped = 0;

  constructor(calendar: Calendar) {
    this.calendar = calendar;
  }

  observe(observed: Observed, now: number): void {
    const minute = this.minuteAt(now);
    minute.events += observed.events;
    minute.recommendations += observed.recommendations;
    this.recommendationsToday += observed.recommendations;
    const today = observed.day === this.day;
    if (today) {
      this.eventsToday += observed.eventsToday;
      if (observed.visitors !== undefined) this.visitors.merge(new VisitorSketch(observed.visitors));
    }
    for (const order of observed.orders) this.order(order, minute, today);
    this.take(observed.samples, observed.seen, now, LIVE_EVENTS_PER_SECOND_MAX);
  }

  reject(count: number, samples: readonly Sample[], now: number): void {
    this.minuteAt(now).rejected += count;
    this.rejectedToday += count;
    this.take(samples, count, now, FRAME_EVENTS_MAX);
  }

  counts(now: number): MonitorCounts {
    this.rollOver(now);
    const last = Math.floor(now / MINUTE_MS);
    return {
      now: new Date(now).toISOString(),
      minutes: Array.from({ length: MONITOR_MINUTES }, (_, i) =>
        this.minuteView(last - MONITOR_MINUTES + 1 + i),
      ),
      today: this.dayView(),
    };
  }

  /** The last events as JSON, newest first, at most so many. */
  recent(count = RECENT_EVENTS_MAX): string[] {
    return this.samples
      .slice(Math.max(0, this.samples.length - count))
      .map(({ json }) => json)
      .reverse();
  }

  /** A frame a minute that changed since the last call, oldest first; the last one has the events. */
  frames(now: number): Frame[] {
    this.rollOver(now);
    const touched = [...this.touched].sort((a, b) => a - b);
    const today = this.dayView();
    const frames: Frame[] = touched.map((minute) => ({
      minute: this.minuteView(minute),
      today,
      events: [],
      skipped: 0,
    }));
    const last = frames.pop();
    if (last !== undefined) {
      const events = this.samplesAfter(this.framedTo).map(({ json }) => json);
      const shown = events.slice(-FRAME_EVENTS_MAX);
      frames.push({ ...last, events: shown, skipped: this.skipped + events.length - shown.length });
    }
    this.framed();
    return frames;
  }

  /** Nobody watches: what would be told is let go. */
  framed(): void {
    this.touched.clear();
    this.framedTo = this.lastNumber;
    this.skipped = 0;
  }

  /** Samples that came after the one of this number, oldest first. */
  samplesAfter(number: number): readonly Sample[] {
    return this.samples.filter((sample) => sample.number > number);
  }

  get newestSample(): number {
    return this.lastNumber;
  }

  /** Stored samples, oldest first. */
  restoreSamples(samples: readonly Sample[]): void {
    for (const sample of samples) this.keep(sample);
    this.framedTo = this.lastNumber;
  }

  /** Lets go of every sample that names one of these. Counts know nobody. Returns whether there were any. */
  forget(ids: ReadonlySet<string>, now: number): boolean {
    for (const id of ids) {
      this.forgotten.delete(id);
      this.forgotten.set(id, now);
    }
    for (const [id, at] of this.forgotten) {
      if (this.forgotten.size <= FORGOTTEN_IDS_MAX && at > now - FORGOTTEN_MS) break;
      this.forgotten.delete(id);
    }
    const before = this.samples.length;
    this.samples = this.samples.filter((sample) => !sample.ids.some((id) => ids.has(id)));
    return this.samples.length < before;
  }

  /** Counts, not samples. */
  write(writer: ByteWriter): void {
    writer.varint(this.minutes.size);
    for (const [minute, { events, rejected, orders, recommendations }] of this.minutes) {
      for (const value of [minute, events, rejected, orders, recommendations]) writer.varint(value);
    }
    for (const value of [
      this.day,
      this.eventsToday,
      this.ordersToday,
      this.recommendationsToday,
      this.rejectedToday,
    ]) {
      writer.varint(value);
    }
    writer.varint(this.revenue.size);
    for (const [currency, amount] of this.revenue) {
      writer.text(currency);
      writer.f64(amount);
    }
    writer.blob(this.visitors.bytes());
    writer.varint(this.orders.size);
    for (const key of this.orders) writer.varint(key);
  }

  /** What another one wrote; call on a new one. */
  read(reader: ByteReader): void {
    for (let n = reader.varint(); n > 0; n--) {
      const minute = reader.varint();
      this.minutes.set(minute, {
        events: reader.varint(),
        rejected: reader.varint(),
        orders: reader.varint(),
        recommendations: reader.varint(),
      });
    }
    this.day = reader.varint();
    this.eventsToday = reader.varint();
    this.ordersToday = reader.varint();
    this.recommendationsToday = reader.varint();
    this.rejectedToday = reader.varint();
    for (let n = reader.varint(); n > 0; n--) this.revenue.set(reader.text(), reader.f64());
    this.visitors = new VisitorSketch(reader.blob().slice());
    for (let n = reader.varint(); n > 0; n--) this.orders.add(reader.varint());
  }

  private order({ key, today, currency, amount }: SeenOrder, minute: MinuteCounts, sameDay: boolean): void {
    if (this.orders.has(key)) return;
    this.orders.add(key);
    if (this.orders.size > MONITOR_ORDERS_MAX) this.orders.delete(this.orders.values().next().value!);
    minute.orders++;
    if (!today || !sameDay) return;
    this.ordersToday++;
    const name = currency ?? "";
    const known = this.revenue.get(name);
    if (known === undefined && this.revenue.size >= MONITOR_CURRENCIES_MAX) return;
    this.revenue.set(name, (known ?? 0) + amount);
  }

  /** As many as the second, which shows `most` at most, still has room for. */
  private take(samples: readonly Sample[], seen: number, now: number, most: number): void {
    const second = Math.floor(now / 1000);
    if (second !== this.second) this.takenInSecond = 0;
    this.second = second;
    let taken = 0;
    for (const sample of samples) {
      if (this.takenInSecond >= most) break;
      if (sample.ids.some((id) => sample.receivedAt <= (this.forgotten.get(id) ?? -1))) continue;
      this.keep(sample);
      this.takenInSecond++;
      taken++;
    }
    this.skipped += seen - taken;
  }

  private keep(sample: Sample): void {
    this.samples.push({ ...sample, number: ++this.lastNumber });
    if (this.samples.length > RECENT_EVENTS_MAX) this.samples.shift();
  }

  private minuteAt(now: number): MinuteCounts {
    this.rollOver(now);
    const minute = Math.floor(now / MINUTE_MS);
    this.touched.add(minute);
    let counts = this.minutes.get(minute);
    if (counts === undefined) {
      counts = { events: 0, rejected: 0, orders: 0, recommendations: 0 };
      this.minutes.set(minute, counts);
      for (const known of this.minutes.keys()) {
        if (known <= minute - MONITOR_MINUTES) this.minutes.delete(known);
      }
    }
    return counts;
  }

  private rollOver(now: number): void {
    const day = this.calendar.dayOf(now);
    if (day <= this.day) return;
    this.day = day;
    this.eventsToday = 0;
    this.ordersToday = 0;
    this.recommendationsToday = 0;
    this.rejectedToday = 0;
    this.revenue = new Map();
    this.visitors = new VisitorSketch();
  }

  private minuteView(minute: number): MinuteView {
    const { events, rejected, orders, recommendations } = this.minutes.get(minute) ?? {
      events: 0,
      rejected: 0,
      orders: 0,
      recommendations: 0,
    };
    return { minute: new Date(minute * MINUTE_MS).toISOString(), events, rejected, orders, recommendations };
  }

  private dayView(): DayView {
    return {
      events: this.eventsToday,
      visitors: this.visitors.estimate(),
      orders: this.ordersToday,
      revenue: [...this.revenue]
        .map(([currency, amount]) => ({ currency: currency || null, amount: Math.round(amount * 100) / 100 }))
        .sort((a, b) => b.amount - a.amount),
      recommendations: this.recommendationsToday,
      rejected: this.rejectedToday,
    };
  }
}
