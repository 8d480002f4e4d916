import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Activity } from "../../domain/activity.ts";
import { encodeActivities } from "../../domain/activity-codec.ts";
import { readContext } from "../../domain/profile/context.ts";
import { combinerName, combinerShard } from "../../domain/visitor-name.ts";

const NOW = Date.now();
const MINUTE_MS = 60_000;

let messages = 0;

function activity(kind: "viewed" | "ordered", productId: string, more: Partial<Activity> = {}): Activity {
  messages++;
  return {
    messageId: `m${messages}`,
    at: NOW - MINUTE_MS,
    kind,
    name: kind,
    lines: [
      { productId, sku: productId, quantity: 2, name: productId.repeat(40), category: "Shoes", price: 10 },
    ],
    ...(kind === "ordered" && { orderId: `o${messages}` }),
    ...more,
  };
}

const many = (count: number, more: Partial<Activity> = {}) =>
  Array.from({ length: count }, (_, i) => activity("viewed", `p${i % 60}`, more));

const profileOf = (visitor: string) => env.USER_PROFILE.getByName(visitor);
type Profile = ReturnType<typeof profileOf>;

/** Rows that a call wrote, as SQLite counts them: alarms are told by the object. */
async function rowsOf(profile: Profile, work: () => Promise<unknown>): Promise<number> {
  const before = await runInDurableObject(profile, (object) => object.rowsWritten());
  const alarm = await runInDurableObject(profile, (_, state) => state.storage.getAlarm());
  await work();
  const after = await runInDurableObject(profile, (object) => object.rowsWritten());
  const set = await runInDurableObject(profile, (_, state) => state.storage.getAlarm());
  return after - before + (alarm === set ? 0 : 1);
}

async function exported(profile: Profile): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await profile.exportActivities(cursor);
    ids.push(...page.activities.map(({ messageId }) => messageId));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a visitor's batch", () => {
  test.each([1, 5, 50, 500, 2_500])("[UP3] of %i events costs at most two rows", async (size) => {
    const profile = profileOf(`u:rows-${size}`);
    for (let batch = 0; batch < 4; batch++) {
      const rows = await rowsOf(profile, () =>
        profile.record({ now: NOW, activities: encodeActivities(many(size)) }),
      );
      expect(rows).toBeLessThanOrEqual(2);
      expect(rows).toBeGreaterThan(0);
    }
    expect((await profile.view({ now: NOW })).profile?.counts.views).toBe(4 * size);
  });

  test("[UP15] whose session is over costs four rows, and two more when it is 90 days old", async () => {
    const profile = profileOf("u:over");
    for (let batch = 0; batch < 3; batch++) {
      await profile.record({ now: NOW, activities: encodeActivities(many(2)) });
    }
    vi.useFakeTimers({ toFake: ["Date"], now: NOW + 31 * MINUTE_MS });
    expect(await rowsOf(profile, () => runDurableObjectAlarm(profile))).toBe(4);
    vi.setSystemTime(NOW + 91 * 24 * 60 * MINUTE_MS);
    const before = await runInDurableObject(profile, (object) => object.rowsWritten());
    await runDurableObjectAlarm(profile);
    expect((await runInDurableObject(profile, (object) => object.rowsWritten())) - before).toBe(2);
    expect(await runInDurableObject(profile, (_, state) => state.storage.getAlarm())).toBeNull();
  });

  test("[UP3] of what is known already costs nothing", async () => {
    const profile = profileOf("u:known");
    const activities = many(30);
    await profile.record({ now: NOW, activities: encodeActivities(activities) });
    expect(
      await rowsOf(profile, () => profile.record({ now: NOW, activities: encodeActivities(activities) })),
    ).toBe(0);
  });

  test("[UP3] reading costs nothing, also of a visitor nobody knows", async () => {
    const profile = profileOf("a:nobody");
    const rows = await rowsOf(profile, async () => {
      expect((await profile.view({ now: NOW })).profile).toBeUndefined();
      expect(readContext((await profile.context) as string, NOW).recent).toEqual([]);
      expect(await exported(profile)).toEqual([]);
    });
    expect(rows).toBe(0);
    const tables = await runInDurableObject(profile, (_, state) =>
      state.storage.sql
        .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
        .toArray(),
    );
    expect(tables).toEqual([]);
  });
});

describe("batches beside the page", () => {
  const idsOf = (profile: Profile) =>
    runInDurableObject(profile, (_, state) =>
      state.storage.sql
        .exec<{ id: number }>("SELECT id FROM page ORDER BY id")
        .toArray()
        .map(({ id }) => id),
    );
  const pageOf = (profile: Profile) =>
    runInDurableObject(profile, (_, state) =>
      state.storage.sql.exec<{ body: ArrayBuffer }>("SELECT body FROM page WHERE id = 0").toArray(),
    );

  test("[UP12] [UP3] are a row each time, through restarts, and the page is written now and then", async () => {
    const profile = profileOf("u:beside");
    let pages = 0;
    let before: unknown;
    const count = 40;
    for (let n = 1; n <= count; n++) {
      const rows = await rowsOf(profile, () =>
        profile.record({ now: NOW, activities: encodeActivities(many(5)) }),
      );
      expect(rows).toBeLessThanOrEqual(2);
      const page = JSON.stringify((await pageOf(profile)).map(({ body }) => [...new Uint8Array(body)]));
      if (page !== before) pages++;
      before = page;
      if (n % 7 === 0) await evictDurableObject(profile);
      expect((await profile.view({ now: NOW })).profile?.counts.views).toBe(5 * n);
    }
    expect(pages).toBeGreaterThan(1);
    expect(pages).toBeLessThan(count / 2);
  });

  test("[UP12] [UP9] what is sent again after a restart counts once", async () => {
    const profile = profileOf("u:beside-again");
    const batches = [many(5), many(5), many(5)].map(encodeActivities);
    for (const activities of batches) await profile.record({ now: NOW, activities });
    await evictDurableObject(profile);
    for (const activities of batches) {
      const { duplicates } = await profile.record({ now: NOW, activities });
      expect(duplicates).toEqual([0, 1, 2, 3, 4]);
    }
  });

  test("[UP12] [UP5] what no batch tells is stored before them: a stream drawn for nothing new stays the same", async () => {
    const profile = profileOf("u:beside-stream");
    const activities = encodeActivities(many(5));
    const { packet: first } = await profile.record({ now: NOW, activities });
    await profile.record({
      now: NOW,
      activities: encodeActivities(many(1)),
      acknowledged: [first!.sequence],
    });
    await profile.erase({ now: NOW });
    const { duplicates } = await profile.record({ now: NOW, activities });
    expect(duplicates).toEqual([0, 1, 2, 3, 4]);
    const later = { at: NOW + 1 };
    const { packet } = await profile.record({ now: NOW + 2, activities: encodeActivities(many(1, later)) });
    await evictDurableObject(profile);
    expect(await runInDurableObject(profile, (object) => object["page"].stream)).toBe(packet!.stream);
  });

  test("[UP12] none is left at the end of a session, nor of an erased visitor", async () => {
    const ended = profileOf("u:beside-ended");
    const now = NOW - 40 * MINUTE_MS;
    const old = { at: now - MINUTE_MS };
    await ended.record({ now, activities: encodeActivities(many(5, old)) });
    await ended.record({ now, activities: encodeActivities(many(5, old)) });
    expect(await idsOf(ended)).toEqual([-1, 0]);
    await evictDurableObject(ended);
    await runDurableObjectAlarm(ended);
    expect(await idsOf(ended)).toEqual([0, 1]);
    expect(await exported(ended)).toHaveLength(10);

    const erased = profileOf("u:beside-erased");
    await erased.record({ now: NOW, activities: encodeActivities(many(5)) });
    await erased.record({ now: NOW, activities: encodeActivities(many(5)) });
    await erased.erase({ now: NOW });
    expect(await idsOf(erased)).toEqual([0]);
    await evictDurableObject(erased);
    expect((await erased.view({ now: NOW })).profile).toBeUndefined();
  });
});

describe("what a batch teaches", () => {
  test("[UP5] stays until it is acknowledged, through restarts", async () => {
    const profile = profileOf("u:unsent");
    const first = await profile.record({
      now: NOW,
      activities: encodeActivities([activity("ordered", "a")]),
    });
    const second = await profile.record({
      now: NOW,
      activities: encodeActivities([activity("viewed", "b")]),
    });
    expect([first.packet?.sequence, second.packet?.sequence]).toEqual([1, 2]);
    expect(first.demand).toMatchObject([{ sku: "a", units: 2 }]);
    await evictDurableObject(profile);
    const unsent = () =>
      runInDurableObject(profile, (object) => object["page"].unsent.map(({ sequence }) => sequence));
    expect(await unsent()).toEqual([1, 2]);
    await profile.record({
      now: NOW,
      activities: encodeActivities([activity("viewed", "c")]),
      acknowledged: [1],
    });
    await evictDurableObject(profile);
    expect(await unsent()).toEqual([2, 3]);
  });

  test("[UP5] is sent again by the session's alarm, and counts once with what the Worker handed over", async () => {
    const profile = profileOf("u:resend");
    const order = activity("ordered", "resent");
    const { packet, demand } = await profile.record({
      now: NOW - 40 * MINUTE_MS,
      activities: encodeActivities([order]),
    });
    const combiner = env.SIGNAL_COMBINER.getByName(combinerName(combinerShard(packet!.stream)));
    await combiner.add([packet!]);
    const planner = env.DEMAND_PLANNER.getByName("planner");
    await planner.record(demand!);
    const before = await combiner.lag();
    await evictDurableObject(profile);
    expect(await runDurableObjectAlarm(profile)).toBe(true);
    expect(await combiner.lag()).toEqual(before);
    expect(await planner.record(demand!)).toEqual({ counted: 0, duplicates: 1 });
    const unsent = await runInDurableObject(profile, (object) => object["page"].unsent.length);
    expect(unsent).toBe(0);
  });
});

describe("a cancelled order", () => {
  const units = (sku: string) =>
    runInDurableObject(env.DEMAND_PLANNER.getByName("planner"), (object) => {
      const id = object["books"].idOf(sku);
      if (id === undefined) return 0;
      return object["books"].history(id, Date.now()).reduce((sum, day) => sum + day.units, 0);
    });
  const DAY_MS = 86_400_000;
  const at = (days: number) => NOW - days * DAY_MS;

  test.each([
    ["after it", false],
    ["before it", true],
  ])(
    "[UP11] is no demand: a cancellation by its id that comes %s takes its lines back, once",
    async (when, first) => {
      const sku = `cancelled ${when}`;
      const profile = profileOf(`u:cancels ${when}`);
      const orders = [0, 1, 2].map((n) => activity("ordered", sku, { orderId: `${sku} ${n}`, at: at(9) }));
      const cancel: Activity = {
        ...activity("viewed", sku),
        kind: "cancelled",
        lines: [],
        orderId: `${sku} 1`,
        at: at(2),
      };
      for (const batch of first ? [[cancel], orders] : [orders, [cancel]]) {
        await profile.record({ now: NOW, activities: encodeActivities(batch) });
        // Nobody hands it over: the alarm does, and again what was handed over before.
        await evictDurableObject(profile);
        await runDurableObjectAlarm(profile);
      }
      await profile.record({
        now: NOW,
        activities: encodeActivities([{ ...cancel, messageId: `again ${when}` }]),
      });
      await runDurableObjectAlarm(profile);
      expect(await units(sku)).toBe(4);
      // Goods that came back were wanted.
      const refund: Activity = {
        ...cancel,
        kind: "refunded",
        messageId: `refund ${when}`,
        orderId: `${sku} 2`,
      };
      await profile.record({ now: NOW, activities: encodeActivities([refund]) });
      await runDurableObjectAlarm(profile);
      expect(await units(sku)).toBe(4);
      expect((await profile.view({ now: NOW })).profile?.counts).toMatchObject({ orders: 2, purchases: 2 });
    },
  );

  test("[UP11] whose lines the cancellation names is no demand, also when the profile does not know it", async () => {
    const sku = "cancelled elsewhere";
    const buyer = await profileOf("u:buys").record({
      now: NOW,
      activities: encodeActivities([activity("ordered", sku, { orderId: "elsewhere", at: at(5) })]),
    });
    await env.DEMAND_PLANNER.getByName("planner").record(buyer.demand!);
    expect(await units(sku)).toBe(2);
    const cancel: Activity = { ...activity("viewed", sku), kind: "cancelled", orderId: "elsewhere" };
    const { cancelled } = await profileOf("u:support").record({
      now: NOW,
      activities: encodeActivities([cancel]),
    });
    await env.DEMAND_PLANNER.getByName("planner").cancel(cancelled!);
    expect(await units(sku)).toBe(0);
  });
});

describe("a visitor's data", () => {
  test("[UP8] is exported whole, over pages and restarts", async () => {
    const profile = profileOf("u:export");
    const activities = many(2_400);
    for (let from = 0; from < 2_400; from += 600) {
      await profile.record({ now: NOW, activities: encodeActivities(activities.slice(from, from + 600)) });
    }
    await evictDurableObject(profile);
    expect((await exported(profile)).sort()).toEqual(activities.map(({ messageId }) => messageId).sort());
  });

  test("[UP7] leaves when it is older than 90 days", async () => {
    const profile = profileOf("u:old");
    const day = 86_400_000;
    const then = NOW - 91 * day;
    const segments = () =>
      runInDurableObject(
        profile,
        (_, state) => state.storage.sql.exec("SELECT id FROM page WHERE id > 0").toArray().length,
      );
    await profile.record({ now: then, activities: encodeActivities(many(300, { at: then })) });
    await profile.record({ now: then, activities: encodeActivities(many(300, { at: then })) });
    expect(await segments()).toBeGreaterThan(0);
    await runDurableObjectAlarm(profile);
    expect(await segments()).toBe(0);
  });

  test("[UP6] is erased in every row; a retry stays forgotten, a new event begins anew", async () => {
    const profile = profileOf("u:erase");
    const activities = many(900);
    await profile.record({ now: NOW, activities: encodeActivities(activities.slice(0, 450)) });
    await profile.record({ now: NOW, activities: encodeActivities(activities.slice(450)) });
    expect(await profile.erase({ now: NOW })).toEqual({ existed: true, untold: 0 });
    await evictDurableObject(profile);
    expect((await profile.view({ now: NOW })).profile).toBeUndefined();
    expect(await exported(profile)).toEqual([]);
    const bytes = await runInDurableObject(profile, (_, state) =>
      state.storage.sql
        .exec<{ body: ArrayBuffer }>("SELECT body FROM page")
        .toArray()
        .map(({ body }) => new TextDecoder("latin1").decode(body))
        .join(),
    );
    expect(bytes).not.toContain("Shoes");
    const { duplicates } = await profile.record({
      now: NOW + 1,
      activities: encodeActivities(activities.slice(0, 3)),
    });
    expect(duplicates).toEqual([0, 1, 2]);
    await profile.record({
      now: NOW + 5_000,
      activities: encodeActivities([activity("viewed", "new", { at: NOW + 5_000 })]),
    });
    expect((await profile.view({ now: NOW + 5_000 })).profile?.counts.views).toBe(1);
    expect(await profileOf("u:never").erase({ now: NOW })).toEqual({ existed: false, untold: 0 });
  });
});
