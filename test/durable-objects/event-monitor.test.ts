import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { REJECTED_EVENTS_MAX } from "../../domain/limits.ts";
import { sampleOf } from "../../domain/monitor/live-event.ts";
import { keptMessage, type RejectedEvent } from "../../domain/monitor/rejected.ts";

const NOW = Date.now();

const rejected = (messageId: string, more: object = {}): RejectedEvent => ({
  receivedAt: NOW,
  code: "invalid_event",
  path: "timestamp",
  detail: "must be a time",
  messageId,
  ...keptMessage({ messageId, anonymousId: `a-${messageId}`, ...more }),
  history: false,
  trusted: false,
});
const sample = (messageId: string) =>
  sampleOf({
    receivedAt: NOW,
    message: { messageId, anonymousId: `a-${messageId}` },
    kind: "other",
    outcome: "accepted",
    bot: false,
  });
const observed = (messageId: string) => ({
  day: Math.floor(NOW / 86_400_000),
  events: 1,
  eventsToday: 1,
  recommendations: 2,
  orders: [],
  seen: 1,
  samples: [sample(messageId)],
});
const monitorOf = (name: string) => env.EVENT_MONITOR.getByName(name);
type MonitorStub = ReturnType<typeof monitorOf>;
const view = async (monitor: MonitorStub) => JSON.parse(await monitor.view());
const rowsOf = (monitor: MonitorStub, table: string) =>
  runInDurableObject(
    monitor,
    (_, state) => state.storage.sql.exec(`SELECT * FROM ${table}`).toArray().length,
  );

/** Saves what waits for its time; an object with a timer does not sleep. */
const save = (monitor: MonitorStub) => runInDurableObject(monitor, (object) => object["save"]());

test("[MO6] counts and the last events survive a restart", async () => {
  const monitor = monitorOf("restart");
  await monitor.observe(observed("one"));
  await monitor.reject({ events: [rejected("two")], samples: [sample("two")] });
  await save(monitor);
  const before = await view(monitor);
  expect(before.today).toMatchObject({ events: 1, recommendations: 2, rejected: 1 });
  await evictDurableObject(monitor);
  const after = await view(monitor);
  expect({ ...after, now: 0 }).toEqual({ ...before, now: 0 });
  expect(after.recent.map(({ message_id }: { message_id: string }) => message_id)).toEqual(["two", "one"]);
});

test("[MO31] rejected events that come together are one row, numbered in order", async () => {
  const monitor = monitorOf("together");
  const arrivals = Array.from({ length: 40 }, (_, n) =>
    monitor.reject({ events: [rejected(`${n}.0`), rejected(`${n}.1`)], samples: [] }),
  );
  const ids = await Promise.all(arrivals);
  expect(new Set(ids.flat()).size).toBe(80);
  expect(await rowsOf(monitor, "rejected")).toBe(1);
  await evictDurableObject(monitor);
  for (const [n, [first, second]] of ids.entries()) {
    const found = await monitor.rejectedById([second!, first!]);
    expect(found.map(({ messageId }) => messageId)).toEqual([`${n}.1`, `${n}.0`]);
  }
});

test("[MO31] what is 30 days old goes by itself, also from among younger ones, and when no other comes", async () => {
  const DAY = 86_400_000;
  const monitor = monitorOf("aged");
  const alarmAt = () => runInDurableObject(monitor, (_, state) => state.storage.getAlarm());
  const old = { ...rejected("old"), receivedAt: NOW - 31 * DAY };
  const young = { ...rejected("young"), receivedAt: NOW - 28 * DAY };
  await monitor.reject({ events: [old, young], samples: [] });
  const first = await alarmAt();
  expect(first! - NOW).toBeGreaterThanOrEqual(DAY);
  expect(first! - NOW).toBeLessThan(DAY + 60_000);
  // Another one does not put it off.
  await monitor.reject({ events: [rejected("new")], samples: [] });
  expect(await alarmAt()).toBe(first);
  await save(monitor);
  await evictDurableObject(monitor);
  expect(await runDurableObjectAlarm(monitor)).toBe(true);
  const left = (await monitor.rejected(10)).items.map(({ messageId }) => messageId);
  expect(left).toEqual(["new", "young"]);
  expect((await alarmAt())! - NOW).toBeGreaterThan(2 * DAY - 60_000);
  await monitor.dropRejected((await monitor.rejected(10)).items.map(({ id }) => id));
  await runDurableObjectAlarm(monitor);
  expect(await alarmAt()).toBe(null);
});

test("[MO31] at most so many are kept; the oldest fall out, and no id is used twice", async () => {
  const monitor = monitorOf("bounded");
  const [first] = await monitor.reject({ events: [rejected("first")], samples: [] });
  const many = Array.from({ length: 2_500 }, (_, n) => rejected(String(n)));
  for (let kept = 0; kept < REJECTED_EVENTS_MAX; kept += many.length) {
    await monitor.reject({ events: many, samples: [] });
  }
  expect(await monitor.rejectedById([first!])).toEqual([]);
  const count = await runInDurableObject(monitor, (object) => object["rejections"].count);
  expect(count).toBeLessThanOrEqual(REJECTED_EVENTS_MAX);
  expect(count).toBeGreaterThan(REJECTED_EVENTS_MAX - 1_000);
  const { items } = await monitor.rejected(1);
  expect(items[0]?.messageId).toBe("2499");
  while ((await monitor.rejected(1)).items.length > 0) {
    await monitor.dropRejected((await monitor.rejected(500)).items.map(({ id }) => id));
  }
  const [again] = await monitor.reject({ events: [rejected("again")], samples: [] });
  await save(monitor);
  await evictDurableObject(monitor);
  expect((await monitor.rejectedById([again!]))[0]?.messageId).toBe("again");
});

test("[MO30] lists go from the newest back, portions from the oldest on, each once", async () => {
  const monitor = monitorOf("lists");
  // Over several pages.
  const text = "x".repeat(3_000);
  for (let n = 0; n < 150; n += 10) {
    const events = Array.from({ length: 10 }, (_, i) => rejected(String(n + i), { text }));
    await monitor.reject({ events, samples: [] });
  }
  expect(await rowsOf(monitor, "rejected")).toBeGreaterThan(2);
  for (const method of ["rejected", "oldestRejected"] as const) {
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await monitor[method](7, cursor);
      listed.push(...page.items.map(({ messageId }) => messageId!));
      cursor = page.cursor;
    } while (cursor !== undefined);
    const expected = Array.from({ length: 150 }, (_, n) => String(n));
    expect(listed).toEqual(method === "rejected" ? expected.reverse() : expected);
  }
});

test("[MO40] forgetting removes samples and rejected events, also from storage", async () => {
  const monitor = monitorOf("forget");
  await monitor.observe(observed("keep"));
  await monitor.observe(observed("gone"));
  const events = [rejected("keep"), rejected("gone"), rejected("gone-too", { userId: "u-1" })];
  await monitor.reject({ events, samples: events.map(({ messageId }) => sample(messageId!)) });
  await save(monitor);
  await monitor.forget({ userIds: ["u-1"], anonymousIds: ["a-gone", "a-gone-too"] });
  await evictDurableObject(monitor);
  const stored = await runInDurableObject(monitor, (_, state) =>
    ["sample", "rejected"].map((table) =>
      state.storage.sql
        .exec<{ body: string | ArrayBuffer }>(`SELECT body FROM ${table}`)
        .toArray()
        .map(({ body }) => (typeof body === "string" ? body : new TextDecoder().decode(body)))
        .join(""),
    ),
  );
  for (const text of stored) {
    expect(text).toContain("a-keep");
    expect(text).not.toContain("gone");
  }
  expect((await view(monitor)).today.rejected).toBe(3);
});

test("[MO22] a feed is told of what comes after the object slept", async () => {
  const monitor = monitorOf("sleep");
  const { webSocket } = await monitor.fetch("https://shop.test/v1/live", {
    headers: { upgrade: "websocket" },
  });
  const frames: { type: string; events?: { message_id: string }[] }[] = [];
  webSocket!.accept();
  webSocket!.addEventListener("message", ({ data }) => {
    frames.push(JSON.parse(data as string));
  });
  const until = async (done: () => boolean) => {
    for (let tries = 0; tries < 300 && !done(); tries++) await scheduler.wait(50);
    expect(done()).toBe(true);
  };
  await until(() => frames.length === 1);
  expect(frames[0]).toMatchObject({ type: "hello", recent: [] });
  await evictDurableObject(monitor, { webSockets: "hibernate" });
  await monitor.observe(observed("after"));
  await until(() => frames.length === 2);
  expect(frames[1]).toMatchObject({ type: "events", events: [{ message_id: "after" }] });
  webSocket!.send('{"type":"ping"}');
  webSocket!.send('{ "type": "ping" }');
  await until(() => frames.length === 4);
  expect(frames.slice(2)).toEqual([{ type: "pong" }, { type: "pong" }]);
  webSocket!.close();
});
