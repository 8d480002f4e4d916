import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { call, SECRET, viewed, WRITE } from "./call.ts";

const post = (batch: object[], key = WRITE) => call("POST", "/v1/batch", { key, body: { batch } });
const user = (id: string) => call("GET", `/v1/users/${id}`);
const erase = (id: string) => call("DELETE", `/v1/users/${id}`);
const profile = (name: string) => env.USER_PROFILE.getByName(name);
/** Erasures and events of one instant are told apart by nobody. */
const later = () => new Promise((done) => setTimeout(done, 5));

/** Everything that objects have stored of some visitors, as text. */
async function stored(names: readonly string[]): Promise<string> {
  const texts: string[] = [];
  for (const name of names) {
    texts.push(
      ...(await runInDurableObject(profile(name), (_, state) => {
        const hasTable =
          state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'page'").toArray().length > 0;
        if (!hasTable) return [];
        return state.storage.sql
          .exec<{ body: ArrayBuffer }>("SELECT body FROM page")
          .toArray()
          .map(({ body }) => new TextDecoder("latin1").decode(body));
      })),
    );
  }
  return texts.join();
}

/** A visitor with two browsers, one of them joined by an alias, and a second user id. */
async function arrive(id: string): Promise<object[]> {
  const told = [
    viewed(`x1 ${id}`, `secret-product ${id}`),
    viewed(`x1 ${id}`, "p2", { userId: `u ${id}` }),
    viewed(`x1 ${id}`, "p3"),
    viewed(`x2 ${id}`, "p4"),
    { type: "alias", messageId: `alias ${id}`, userId: `u ${id}`, previousId: `x2 ${id}` },
    viewed(`x2 ${id}`, "p5"),
    { ...viewed("-", "p6"), anonymousId: null, userId: `v ${id}` },
  ];
  for (const one of told) await post([one]);
  const merge = { type: "alias", messageId: `merge ${id}`, userId: `u ${id}`, previousId: `v ${id}` };
  await post([merge], SECRET);
  return [...told, merge];
}

const namesOf = (id: string) => [`u:u ${id}`, `u:v ${id}`, `a:x1 ${id}`, `a:x2 ${id}`];

describe("an erased visitor", () => {
  test.each(["u", "v", "x1", "x2"])(
    "[ER1] [ER2] is gone under all ids, erased by %s, and late retries change nothing",
    async (by) => {
      const id = `by-${by}`;
      const told = await arrive(id);
      const ids = ["u", "v", "x1", "x2"].map((one) => `${one} ${id}`);
      for (const one of ids) expect((await user(one)).json.counts.views).toBe(6);
      await later();
      expect((await erase(`${by} ${id}`)).status).toBe(204);
      await later();
      for (const one of ids) expect((await user(one)).status).toBe(404);
      expect(await stored(namesOf(id))).not.toMatch(/secret-product|p\d|x\d by-|[uv] by-/);
      // Their times were not told: a retry seems to happen now.
      expect((await post(told, SECRET)).json.accepted).toBe(0);
      for (const name of namesOf(id)) await evictDurableObject(profile(name));
      for (const one of told) expect((await post([one], SECRET)).json.accepted).toBe(0);
      for (const one of ids) expect((await user(one)).status).toBe(404);
      expect((await erase(`${by} ${id}`)).status).toBe(204);
    },
  );

  test("[ER2] what happened before is refused by its time, whatever the sender's clock says", async () => {
    const id = "clocks";
    await arrive(id);
    await later();
    await erase(`u ${id}`);
    await later();
    const hour = 3_600_000;
    const now = Date.now();
    const iso = (at: number) => new Date(at).toISOString();
    const late = [
      // Never arrived before: a client's queue of an hour ago, its clock right, two hours ahead, two hours behind.
      viewed(`x1 ${id}`, "p", { timestamp: iso(now - hour) }),
      viewed(`x2 ${id}`, "p", { originalTimestamp: iso(now + hour), sentAt: iso(now + 2 * hour) }),
      viewed(`x1 ${id}`, "p", {
        userId: `u ${id}`,
        originalTimestamp: iso(now - 3 * hour),
        sentAt: iso(now - 2 * hour),
      }),
    ];
    expect((await post(late)).json.accepted).toBe(0);
    expect((await user(`u ${id}`)).status).toBe(404);
  });

  test("[ER3] begins anew under each id, and joins again only when an event says so", async () => {
    const id = "anew";
    await arrive(id);
    await later();
    await erase(`u ${id}`);
    await later();
    await post([viewed(`x1 ${id}`, "q1"), { ...viewed("-", "q2"), anonymousId: null, userId: `u ${id}` }]);
    expect((await user(`x1 ${id}`)).json).toMatchObject({ counts: { views: 1 }, user_ids: [] });
    expect((await user(`u ${id}`)).json).toMatchObject({ counts: { views: 1 }, anonymous_ids: [] });
    await post([viewed(`x1 ${id}`, "q3", { userId: `u ${id}` })]);
    for (const one of ["u", "x1"]) {
      expect((await user(`${one} ${id}`)).json).toMatchObject({
        counts: { views: 3 },
        anonymous_ids: [`x1 ${id}`],
      });
    }
    expect((await user(`v ${id}`)).status).toBe(404);
  });

  test("[ER6] a user whose id has joined another one as an anonymous id is erased, and the other one stays", async () => {
    for (const one of ["victim", "mallory"]) {
      await post([{ ...viewed("-", `${one}-p`), anonymousId: null, userId: one }]);
    }
    await post([viewed("mallory", "p", { userId: "victim" })]);
    await later();
    for (let times = 0; times < 2; times++) {
      expect((await erase("mallory")).status).toBe(204);
      expect((await user("victim")).json).toMatchObject({ counts: { views: 2 } });
    }
    expect(await stored(["u:mallory"])).not.toContain("mallory-p");
    // Under another id of its own the other one is erased as before.
    expect((await erase("victim")).status).toBe(204);
    expect((await user("victim")).status).toBe(404);
  });

  test("[ER1] also where a join had not finished", async () => {
    await post([viewed("x unfinished", "secret-product")]);
    const home = profile("u:u unfinished");
    const broken = { getByName: () => ({ handOver: async () => Promise.reject(new Error("not reached")) }) };
    await runInDurableObject(home, (object) => {
      (object["joins"] as unknown as { env: object }).env = { USER_PROFILE: broken };
    });
    await post([viewed("x unfinished", "p", { userId: "u unfinished" })]);
    expect((await user("x unfinished")).json.counts.views).toBe(1);
    await evictDurableObject(home);
    expect((await erase("u unfinished")).status).toBe(204);
    expect((await user("x unfinished")).status).toBe(404);
    expect(await stored(["u:u unfinished", "a:x unfinished"])).not.toContain("secret-product");
  });

  test("[ER4] an erasure that could not reach all is 503, and goes on: by its repetition, or by the alarm", async () => {
    for (const how of ["repeated", "alarm"]) {
      const id = `halted ${how}`;
      await arrive(id);
      const root = (await profile(`u:u ${id}`).view({ now: Date.now() })).movedTo ?? `u:u ${id}`;
      const broken = { getByName: () => ({ forget: async () => Promise.reject(new Error("not reached")) }) };
      await runInDurableObject(profile(root), (object) => {
        (object["joins"] as unknown as { env: object }).env = { USER_PROFILE: broken };
      });
      await later();
      const halted = await erase(`x1 ${id}`);
      expect(halted.status).toBe(503);
      expect(halted.headers.has("retry-after")).toBe(true);
      await evictDurableObject(profile(root));
      if (how === "repeated") expect((await erase(`x1 ${id}`)).status).toBe(204);
      else await runDurableObjectAlarm(profile(root));
      expect(await stored(namesOf(id))).not.toMatch(/secret-product|x\d halted|[uv] halted/);
      await later();
      await post([viewed(`x2 ${id}`, "q")]);
      expect((await user(`x2 ${id}`)).json.counts.views).toBe(1);
    }
  });
});

test("[ER1] what combiners and planner hold of a visitor names nobody", async () => {
  const order = {
    type: "track",
    messageId: "named-order",
    event: "Order Completed",
    userId: "named-visitor",
    anonymousId: "named-browser",
    properties: { order_id: "named-order-id", products: [{ product_id: "named-p", quantity: 1 }] },
  };
  await post([viewed("named-browser", "named-p"), order]);
  const planner = env.DEMAND_PLANNER.getByName("planner");
  await runDurableObjectAlarm(planner);
  const texts: string[] = [];
  const dump = (state: DurableObjectState) => {
    const tables = state.storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .toArray();
    for (const { name } of tables) {
      for (const row of state.storage.sql.exec(`SELECT * FROM ${name}`).toArray()) {
        texts.push(
          ...Object.values(row).map((value) =>
            value instanceof ArrayBuffer ? new TextDecoder("latin1").decode(value) : String(value),
          ),
        );
      }
    }
  };
  await runInDurableObject(planner, (_, state) => dump(state));
  for (let shard = 0; shard < 16; shard++) {
    await runInDurableObject(env.SIGNAL_COMBINER.getByName(`c:${shard}`), (_, state) => dump(state));
  }
  expect(texts.join()).toContain("named-p");
  expect(texts.join()).not.toMatch(/named-visitor|named-browser|named-order/);
});

test("[ER5] an export has all ids, the profile, what other objects hold, and every activity with where it came by", async () => {
  const id = "exported";
  await arrive(id);
  const { json } = await call("GET", `/v1/users/${encodeURIComponent(`x2 ${id}`)}/export`);
  expect(json.user_ids.sort()).toEqual([`u ${id}`, `v ${id}`]);
  // An alias names an id that may be of either kind.
  expect(json.anonymous_ids.sort()).toEqual([`v ${id}`, `x1 ${id}`, `x2 ${id}`]);
  expect(json.profile.counts.views).toBe(6);
  expect(json.activities).toHaveLength(8);
  const by = (source?: string) =>
    json.activities.filter(({ anonymous_id }: { anonymous_id?: string }) => anonymous_id === source).length;
  expect([by(`x1 ${id}`), by(`x2 ${id}`), by()]).toEqual([3, 2, 3]);
  expect(json.held).toEqual({
    message_hashes: 8,
    packets_on_their_way: expect.any(Number),
    order_lines_on_their_way: 0,
  });
});
