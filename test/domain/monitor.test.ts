import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Activity } from "../../domain/activity.ts";
import { ByteReader, ByteWriter } from "../../domain/bytes.ts";
import { Calendar } from "../../domain/calendar.ts";
import { hash53 } from "../../domain/hash.ts";
import { LIVE_EVENTS_PER_SECOND_MAX, RECENT_EVENTS_MAX } from "../../domain/limits.ts";
import { Gathering, type SeenEvent } from "../../domain/monitor/gathering.ts";
import { clip, type LiveEvent, sampleOf } from "../../domain/monitor/live-event.ts";
import { Monitor } from "../../domain/monitor/monitor.ts";
import { VisitorSketch } from "../../domain/monitor/visitor-sketch.ts";

/** 00:30 of 25 November in Berlin, still the 24th in UTC. */
const NOW = Date.parse("2026-11-24T23:30:00Z");
const BERLIN = new Calendar("Europe/Berlin");
const HOUR = 3_600_000;

const activity = (more: Partial<Activity> = {}): Activity => ({
  messageId: "m",
  at: NOW,
  kind: "viewed",
  name: "Product Viewed",
  lines: [],
  ...more,
});
const seen = (more: Partial<SeenEvent> = {}): SeenEvent => ({
  receivedAt: NOW,
  message: { messageId: "m" },
  type: "track",
  activity: activity(),
  visitor: "v",
  outcome: "accepted",
  bot: false,
  ...more,
});
const order = (id: string, value: number, more: Partial<Activity> = {}) =>
  activity({ messageId: `${id}-${value}`, kind: "ordered", orderId: id, currency: "EUR", value, ...more });

function told(events: readonly SeenEvent[], monitor = new Monitor(BERLIN), now = NOW): Monitor {
  const gathering = new Gathering();
  for (const event of events) gathering.event(event, BERLIN, 0.5);
  monitor.observe(gathering.drain(now, BERLIN), now);
  return monitor;
}

describe("visitors", () => {
  test("[MO4] are estimated within four standard errors, whatever their number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.string(), (visitors, salt) => {
        const sketch = new VisitorSketch();
        for (let i = 0; i < visitors; i++) sketch.add(hash53(`${salt}${i}`));
        expect(Math.abs(sketch.estimate() - visitors)).toBeLessThanOrEqual(
          Math.max(2, visitors * 4 * 0.01625),
        );
      }),
      {
        numRuns: 60,
        examples: [
          [0, ""],
          [1, ""],
          [4_096, ""],
          [12_000, ""],
          [60_000, ""],
        ],
      },
    );
  });

  test("[MO4] order, repetition and grouping change nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(300))), (groups) => {
        const whole = new VisitorSketch();
        for (const visitor of groups.flat().sort()) whole.add(hash53(`a:${visitor}`));
        const merged = new VisitorSketch();
        for (const group of groups) {
          const part = new VisitorSketch();
          for (const visitor of [...group, ...group]) part.add(hash53(`a:${visitor}`));
          merged.merge(new VisitorSketch(part.bytes()));
        }
        expect(merged.bytes()).toEqual(whole.bytes());
      }),
    );
  });

  test("[MO4] the rank of a hash is the place of its first set bit", () => {
    // By hand: 12 bits of register, 41 of rank.
    const sketch = new VisitorSketch();
    sketch.add(5 * 2 ** 41 + 2 ** 40);
    sketch.add(6 * 2 ** 41 + 2 ** 31);
    sketch.add(7 * 2 ** 41 + 1);
    sketch.add(8 * 2 ** 41);
    expect([...sketch.bytes().slice(5, 9)]).toEqual([1, 10, 41, 42]);
  });
});

describe("what a sample shows", () => {
  test("[MO10] a message is cut to its bound, its context first", () => {
    const json = fc.jsonValue({ maxDepth: 5 });
    fc.assert(
      fc.property(json, fc.integer({ min: 64, max: 512 }), (value, bytesMax) => {
        const { value: kept, cut } = clip(value, bytesMax);
        expect(new TextEncoder().encode(JSON.stringify(kept)).length).toBeLessThanOrEqual(bytesMax);
        // What was not cut is what came; 2 bytes a field are its colon and comma.
        if (!cut) expect(kept).toEqual(value);
      }),
    );
    const { value, cut } = clip({ context: { page: "x".repeat(90) }, event: "E", n: 1 }, 64);
    expect(value).toMatchObject({ event: "E", n: 1 });
    expect(cut).toBe(true);
  });

  test("[MO10] it tells type, name, visitor, library and outcome, of whatever was sent", () => {
    const message = {
      type: "track",
      event: "Product Viewed",
      messageId: "m1",
      userId: 7,
      anonymousId: "a",
      context: { library: { name: "analytics.js" } },
    };
    const sampled = { receivedAt: NOW, kind: "viewed", outcome: "accepted", bot: false } as const;
    const sample = sampleOf({ ...sampled, message });
    expect(JSON.parse(sample.json)).toEqual({
      received_at: "2026-11-24T23:30:00.000Z",
      message_id: "m1",
      type: "track",
      event: "Product Viewed",
      visitor: { user_id: "7", anonymous_id: "a" },
      kind: "viewed",
      outcome: "accepted",
      bot: false,
      library: "analytics.js",
      message,
    } satisfies LiveEvent);
    expect(sample.ids).toEqual(["7", "a"]);
    fc.assert(
      fc.property(fc.anything(), (junk) => {
        const shown = JSON.parse(sampleOf({ ...sampled, message: junk }).json);
        expect(shown.outcome).toBe("accepted");
      }),
    );
  });

  test("[MO11] every event of a busy second has the same chance", () => {
    const counts = new Array<number>(100).fill(0);
    let state = 1;
    const chance = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const rounds = 4_000;
    for (let round = 0; round < rounds; round++) {
      const gathering = new Gathering();
      for (let i = 0; i < 100; i++)
        gathering.event(seen({ message: { messageId: String(i) } }), BERLIN, chance());
      const { samples, seen: all } = gathering.drain(NOW, BERLIN);
      expect([samples.length, all]).toEqual([LIVE_EVENTS_PER_SECOND_MAX, 100]);
      for (const { json } of samples) counts[Number(JSON.parse(json).message_id)]!++;
    }
    // Binomial with p = 0.2: five standard deviations.
    const spread = 5 * Math.sqrt(rounds * 0.2 * 0.8);
    for (const count of counts) expect(Math.abs(count - rounds * 0.2)).toBeLessThan(spread);
  });

  test("[MO11] a rejected event finds a place in a second that others have filled; five do", () => {
    const monitor = new Monitor(BERLIN);
    monitor.frames(NOW);
    told(
      Array.from({ length: 30 }, (_, i) => seen({ message: { messageId: String(i) } })),
      monitor,
    );
    const refused = (id: string) =>
      sampleOf({
        receivedAt: NOW,
        message: { messageId: id },
        kind: "other",
        outcome: "rejected",
        bot: false,
      });
    for (const id of "abcdefg") monitor.reject(1, [refused(id)], NOW + 500);
    const [frame] = monitor.frames(NOW + 900);
    expect(frame!.events).toHaveLength(25);
    const shown = frame!.events.map((json) => JSON.parse(json).message_id);
    expect(shown.slice(-5)).toEqual([..."abcde"]);
    expect(frame!.skipped).toBe(12);
  });
});

describe("counts", () => {
  test("[MO1] an hour of minutes, oldest first, gaps as zeros", () => {
    const monitor = told([seen(), seen(), seen({ outcome: "duplicate" })], undefined, NOW - 5 * 60_000);
    told([seen()], monitor, NOW - 61 * 60_000);
    monitor.reject(3, [], NOW);
    const { minutes, now } = monitor.counts(NOW);
    expect(now).toBe("2026-11-24T23:30:00.000Z");
    expect(minutes).toHaveLength(60);
    expect(minutes[0]).toEqual({
      minute: "2026-11-24T22:31:00.000Z",
      events: 0,
      rejected: 0,
      orders: 0,
      recommendations: 0,
    });
    expect(minutes[54]).toMatchObject({ minute: "2026-11-24T23:25:00.000Z", events: 2 });
    expect(minutes[59]).toMatchObject({ minute: "2026-11-24T23:30:00.000Z", events: 0, rejected: 3 });
  });

  test("[MO2] today begins at the shop's midnight; what happened before is traffic, not today", () => {
    const yesterday = activity({ at: NOW - HOUR });
    const monitor = told([
      seen(),
      seen({ activity: yesterday, visitor: "old" }),
      seen({ activity: order("o-1", 10) }),
      seen({ activity: order("o-2", 99, { at: NOW - HOUR }) }),
    ]);
    const { today, minutes } = monitor.counts(NOW);
    expect(minutes.at(-1)).toMatchObject({ events: 4, orders: 2 });
    expect(today).toMatchObject({
      events: 2,
      visitors: 1,
      orders: 1,
      revenue: [{ currency: "EUR", amount: 10 }],
    });
    const midnight = BERLIN.startOf(BERLIN.dayOf(NOW) + 1);
    expect(monitor.counts(midnight - 1).today.events).toBe(2);
    expect(monitor.counts(midnight).today).toEqual({
      events: 0,
      visitors: 0,
      orders: 0,
      revenue: [],
      recommendations: 0,
      rejected: 0,
    });
    // Gathered before midnight, told after it.
    const gathering = new Gathering();
    const late = midnight - 500;
    gathering.event(seen({ receivedAt: late, activity: order("o-3", 5, { at: late }) }), BERLIN, 0);
    monitor.observe(gathering.drain(midnight + 100, BERLIN), midnight + 100);
    expect(monitor.counts(midnight + 100).today).toMatchObject({ events: 0, orders: 0, revenue: [] });
  });

  test("[MO3] a repeat and a second report of an order count once; totals by currency, the highest first", () => {
    const monitor = told([
      seen({ activity: order("o-1", 10) }),
      seen({ activity: order("o-1", 10), outcome: "duplicate" }),
      seen({ activity: order("o-1", 12) }),
      // What is told of an order may be an update alone; without its id that tells of none.
      seen({ activity: { ...order("o-2", 5), messageId: "v", kind: "order_updated" } }),
      seen({ activity: activity({ messageId: "w", kind: "order_updated", value: 7 }) }),
    ]);
    const lines = [{ productId: "p", sku: "p", quantity: 3, price: 20 }];
    told(
      [
        seen({ activity: order("o-1", 10) }),
        seen({ activity: { ...activity({ messageId: "x", kind: "ordered", lines }), currency: "GBP" } }),
        seen({ activity: activity({ messageId: "y", kind: "ordered", value: 0.1 }) }),
        seen({ activity: activity({ messageId: "z", kind: "ordered", value: 0.2 }) }),
      ],
      monitor,
    );
    expect(monitor.counts(NOW).today).toMatchObject({
      orders: 5,
      revenue: [
        { currency: "GBP", amount: 60 },
        { currency: "EUR", amount: 15 },
        { currency: null, amount: 0.3 },
      ],
    });
  });

  test("[MO5] a bot is traffic, not a visitor, and buys nothing", () => {
    const monitor = told([seen({ bot: true }), seen({ bot: true, activity: order("o", 5) })]);
    expect(monitor.counts(NOW).today).toMatchObject({ events: 2, visitors: 0, orders: 0, revenue: [] });
  });

  test("[MO6] counts read back as they were written", () => {
    const monitor = told([seen(), seen({ visitor: "w", activity: order("o-1", 7.5) })]);
    monitor.reject(2, [], NOW);
    const writer = new ByteWriter();
    monitor.write(writer);
    const copy = new Monitor(BERLIN);
    copy.read(new ByteReader(writer.bytes()));
    expect(copy.counts(NOW)).toEqual(monitor.counts(NOW));
    told([seen({ activity: order("o-1", 7.5) })], copy);
    expect(copy.counts(NOW).today.orders).toBe(1);
  });
});

describe("the last events", () => {
  const named = (id: string) => seen({ message: { messageId: id, anonymousId: `a-${id}` } });
  const ids = (texts: readonly string[]) => texts.map((text) => JSON.parse(text).message_id);

  test("[MO10] the newest 500, newest first", () => {
    const monitor = new Monitor(BERLIN);
    for (let i = 0; i < RECENT_EVENTS_MAX + 20; i++) told([named(String(i))], monitor, NOW + i * 100);
    const recent = ids(monitor.recent());
    expect([recent.length, recent[0], recent.at(-1)]).toEqual([500, "519", "20"]);
  });

  test("[MO21] a frame tells what came since the last one, at most 20 a second, and how many are not shown", () => {
    const monitor = new Monitor(BERLIN);
    told([named("a"), named("b")], monitor);
    const [first, ...none] = monitor.frames(NOW);
    expect(none).toEqual([]);
    expect(ids(first!.events)).toEqual(["a", "b"]);
    expect(first).toMatchObject({ skipped: 0, minute: { events: 2 }, today: { events: 2 } });
    expect(monitor.frames(NOW)).toEqual([]);
    told(
      Array.from({ length: 70 }, (_, i) => named(String(i))),
      monitor,
      NOW + 1_000,
    );
    told(
      Array.from({ length: 30 }, (_, i) => named(String(i))),
      monitor,
      NOW + 1_500,
    );
    const [busy] = monitor.frames(NOW + 2_000);
    expect(busy!.events).toHaveLength(20);
    expect(busy!.skipped).toBe(80);
    // At the turn of a minute the one before is told to its end.
    told([named("x")], monitor, NOW + 59_900);
    told([named("y")], monitor, NOW + 60_100);
    const turn = monitor.frames(NOW + 60_200);
    expect(turn.map(({ minute }) => minute.events)).toEqual([103, 1]);
    expect(ids(turn[1]!.events)).toEqual(["x", "y"]);
  });

  test("[MO40] forgetting removes who is named, and what is still on its way", () => {
    const monitor = told([named("a"), named("b")]);
    const recommended = { messageId: "c", userId: "u", previousId: "a-a" };
    told([seen({ message: recommended })], monitor);
    expect(monitor.forget(new Set(["a-a"]), NOW + 10)).toBe(true);
    expect(ids(monitor.recent())).toEqual(["b"]);
    told([named("a"), named("d")], monitor, NOW + 900);
    expect(ids(monitor.recent())).toEqual(["d", "b"]);
    // Whoever comes again afterwards is seen again.
    told([seen({ ...named("a"), receivedAt: NOW + 2_000 })], monitor, NOW + 3_000);
    expect(ids(monitor.recent())).toEqual(["a", "d", "b"]);
    expect(monitor.counts(NOW).today.events).toBe(6);
  });
});
