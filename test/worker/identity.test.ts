import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, call, newest, publish, SECRET, viewed, WRITE } from "./call.ts";

const post = (batch: object[], key = WRITE) => call("POST", "/v1/batch", { key, body: { batch } });
const user = (id: string) => call("GET", `/v1/users/${id}`);
const profile = (name: string) => env.USER_PROFILE.getByName(name);

async function tokenOf(userId: string): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(SECRET),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const digest = await crypto.subtle.sign("HMAC", key, encoder.encode(userId));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const asked = (query: string, key = WRITE) =>
  call("GET", `/v1/recommendations?${query}&limit=50&placement=session&strategies=collaborative`, { key });
/** Products that recommendations are made because of: each has a product that follows it alone. */
const about = ({ json }: Answer): string[] =>
  [
    ...new Set<string>(
      json.items
        .filter(({ product_id }: { product_id: string }) => product_id.startsWith("after-"))
        .map(({ because }: { because: { product_id: string } }) => because.product_id),
    ),
  ].sort();

let messages = 0;
const message = (more: object) => ({ messageId: `identity-${messages++}`, ...more });
const identify = (userId: string, anonymousId: string) => message({ type: "identify", userId, anonymousId });
const alias = (userId: string, previousId: string) => message({ type: "alias", userId, previousId });

beforeAll(async () => {
  for (let i = 0; i < 10; i++) {
    for (let n = 0; n < 5; n++)
      await post([viewed(`stock-${i}-${n}`, `p${i}`), viewed(`stock-${i}-${n}`, `after-p${i}`)]);
  }
  await publish();
  await newest();
}, 60_000);

describe("an anonymous visitor who becomes known", () => {
  test.each([
    ["identify", (u: string, x: string) => [identify(u, x)]],
    ["alias", (u: string, x: string) => [alias(u, x)]],
    ["an event with both ids", (u: string, x: string) => [viewed(x, "p3", { userId: u })]],
  ])("[ID1] joins the user by %s: what was done by both ids is one profile", async (how, join) => {
    const [u, x] = [`u ${how}`, `x ${how}`];
    await post([viewed(x, "p1"), viewed(x, "p2")]);
    await post([{ ...viewed("-", "p1"), anonymousId: null, userId: u }]);
    const events = join(u, x);
    await post(events);
    const views = 3 + (how === "an event with both ids" ? 1 : 0);
    for (const id of [u, x]) {
      const { json } = await user(id);
      expect(json.counts.views).toBe(views);
      expect(json).toMatchObject({ user_ids: [u], anonymous_ids: [x] });
    }
    // [ID4] Later events that carry only the old id.
    await post([viewed(x, "p4")]);
    expect((await user(u)).json.counts.views).toBe(views + 1);
    await post([viewed(x, "p5")]);
    expect((await user(u)).json.counts.views).toBe(views + 2);
    // Everything once more: nothing changes.
    await post(events);
    expect((await user(u)).json.counts.views).toBe(views + 2);
  });

  test("[ID4] is reached by the old id: events, profile, export and the secret key's recommendations", async () => {
    await post([viewed("x-old", "p1"), identify("u-old", "x-old"), viewed("x-old", "p2")]);
    await post([{ ...viewed("-", "p3"), anonymousId: null, userId: "u-old" }]);
    const { json } = await call("GET", "/v1/users/x-old/export");
    expect(json).toMatchObject({
      anonymous_id: "x-old",
      user_ids: ["u-old"],
      profile: { counts: { views: 3 } },
    });
    expect(
      json.activities.filter(({ anonymous_id }: { anonymous_id?: string }) => anonymous_id === "x-old"),
    ).toHaveLength(3);
    expect(about(await asked("anonymous_id=x-old", SECRET))).toEqual(["p1", "p2", "p3"]);
  });

  test("[ID9] sees the very next recommendations change, by the user and by what the browser itself did", async () => {
    const token = await tokenOf("u-next");
    await post([viewed("x-next", "p1")]);
    await post([viewed("x-next", "p2", { userId: "u-next" })]);
    await post([{ ...viewed("-", "p6"), anonymousId: null, userId: "u-next" }]);
    expect(about(await asked(`user_id=u-next&user_token=${token}`))).toEqual(["p1", "p2", "p6"]);
    expect(about(await asked("anonymous_id=x-next"))).toEqual(["p1", "p2"]);
    await post([viewed("x-next", "p3", { userId: "u-next" })]);
    expect(about(await asked(`user_id=u-next&user_token=${token}`))).toEqual(["p1", "p2", "p3", "p6"]);
    expect(about(await asked("anonymous_id=x-next"))).toEqual(["p1", "p2", "p3"]);
    await evictDurableObject(profile("u:u-next"));
    expect(about(await asked("anonymous_id=x-next"))).toEqual(["p1", "p2", "p3"]);
  });
});

describe("what a public key may see", () => {
  test("[ID5] a forged event that joins a victim to the attacker's id shows neither anything of the other", async () => {
    await post([viewed("x-victim", "p1", { userId: "u-victim" })]);
    await post([{ ...viewed("-", "p2"), anonymousId: null, userId: "u-victim" }]);
    await post([viewed("x-attacker", "p9")]);
    for (const forged of [
      identify("u-victim", "x-attacker"),
      alias("u-victim", "x-attacker"),
      viewed("x-attacker", "p8", { userId: "u-victim" }),
    ]) {
      await post([forged]);
      await post([viewed("x-victim", "p3", { userId: "u-victim" })]);
      const own = about(await asked("anonymous_id=x-attacker"));
      expect(own.filter((product) => !["p8", "p9"].includes(product))).toEqual([]);
      expect(about(await asked("anonymous_id=x-victim")).sort()).toEqual(["p1", "p3"]);
    }
    expect(about(await asked("anonymous_id=x-attacker"))).toEqual(["p8", "p9"]);
    expect((await asked("user_id=u-victim")).status).toBe(403);
  });

  test("[ID5] [ID7] a public alias takes no user's profile along", async () => {
    await post([{ ...viewed("-", "p1"), anonymousId: null, userId: "u-rich" }]);
    await post([alias("u-thief", "u-rich")]);
    const token = await tokenOf("u-thief");
    expect(about(await asked(`user_id=u-thief&user_token=${token}`))).toEqual([]);
    expect((await user("u-thief")).json.counts.views).toBe(0);
  });
});

describe("several users", () => {
  test("[ID6] an anonymous id stays with the first; what it does with another's id is the other's", async () => {
    await post([viewed("x-shared", "p1"), identify("u-first", "x-shared")]);
    await post([viewed("x-shared", "p2", { userId: "u-second" })]);
    await post([viewed("x-shared", "p3")]);
    expect((await user("u-first")).json).toMatchObject({ counts: { views: 2 }, anonymous_ids: ["x-shared"] });
    expect((await user("u-second")).json).toMatchObject({ counts: { views: 1 }, anonymous_ids: [] });
    expect(about(await asked("anonymous_id=x-shared"))).toEqual(["p1", "p3"]);
  });

  test("[ID6] of a batch, with the first in it", async () => {
    await post([viewed("x-batch", "p1", { userId: "u-one" }), viewed("x-batch", "p2", { userId: "u-two" })]);
    expect((await user("u-one")).json).toMatchObject({ anonymous_ids: ["x-batch"] });
    expect((await user("u-two")).json).toMatchObject({ counts: { views: 1 }, anonymous_ids: [] });
  });

  test.each([
    [
      "forwards",
      [
        ["b", "a"],
        ["c", "b"],
        ["d", "c"],
      ],
    ],
    [
      "backwards",
      [
        ["d", "c"],
        ["c", "b"],
        ["b", "a"],
      ],
    ],
    [
      "in a circle",
      [
        ["b", "a"],
        ["c", "b"],
        ["d", "c"],
        ["a", "d"],
        ["a", "a"],
      ],
    ],
  ])("[ID7] aliases by the secret key make one profile of users, %s", async (how, pairs) => {
    const id = (name: string) => `${how} ${name}`;
    for (const name of ["a", "b", "c", "d"]) {
      await post([viewed(`x ${id(name)}`, "p1", { userId: id(name) }), viewed(`x ${id(name)}`, "p2")]);
    }
    for (const [to, from] of pairs) {
      expect((await post([alias(id(to!), id(from!))], SECRET)).json.accepted).toBe(1);
    }
    for (const name of ["a", "b", "c", "d"]) {
      const { json } = await user(id(name));
      expect(json.counts.views).toBe(8);
      expect(json.user_ids.sort()).toEqual(["a", "b", "c", "d"].map(id));
      expect(json.anonymous_ids).toEqual(
        expect.arrayContaining(["a", "b", "c", "d"].map((n) => `x ${id(n)}`)),
      );
    }
    for (const name of ["a", "b", "c", "d"]) {
      await post([viewed(`x ${id(name)}`, "p3", { userId: id(name) })]);
    }
    expect((await user(id("a"))).json.counts.views).toBe(12);
    expect(about(await asked(`anonymous_id=${encodeURIComponent(`x ${id("c")}`)}`))).toEqual([
      "p1",
      "p2",
      "p3",
    ]);
  });

  test("[ID7] aliases that meet each other make one profile", async () => {
    const ids = Array.from({ length: 5 }, (_, i) => `meet ${i}`);
    for (const id of ids) await post([{ ...viewed("-", "p1"), anonymousId: null, userId: id }]);
    const circle = ids.map((id, i) => alias(id, ids[(i + 1) % ids.length]!));
    await Promise.all(circle.map((one) => post([one], SECRET)));
    // Whatever was in the way of another is finished by the alarms.
    for (let round = 0; round < 3; round++) {
      for (const id of ids) await runDurableObjectAlarm(profile(`u:${id}`));
    }
    for (const id of ids) expect((await user(id)).json.counts.views).toBe(5);
  });
});

describe("what a join costs", () => {
  const rows = (name: string) => runInDurableObject(profile(name), (object) => object.rowsWritten());

  test("[ID8] once joined, a batch with both ids is one call and at most two rows, as that of any visitor", async () => {
    await post([viewed("x-cost", "p1")]);
    const alone = await rows("a:x-cost");
    await post([viewed("x-cost", "p1", { userId: "u-cost" })]);
    // The join, once: the user's page before and after, the anonymous one's moved and settled; and an alarm each way.
    await runDurableObjectAlarm(profile("u:u-cost"));
    expect((await rows("u:u-cost")) + (await rows("a:x-cost")) - alone).toBeLessThanOrEqual(5);
    const before = [await rows("u:u-cost"), await rows("a:x-cost")];
    let calls = 0;
    const counting = {
      getByName: (name: string) =>
        new Proxy(profile(name), {
          get:
            (target, method) =>
            (...args: unknown[]) => {
              calls++;
              return (target as unknown as Record<string, (...args: unknown[]) => unknown>)[
                method as string
              ]!(...args);
            },
        }),
    } as unknown as typeof env.USER_PROFILE;
    const batch = Array.from({ length: 20 }, (_, i) => viewed("x-cost", `p${i}`, { userId: "u-cost" }));
    await call("POST", "/v1/batch", { key: WRITE, body: { batch }, env: { USER_PROFILE: counting } });
    expect(calls).toBe(1);
    expect((await rows("u:u-cost")) - before[0]!).toBeLessThanOrEqual(2);
    expect((await rows("a:x-cost")) - before[1]!).toBe(0);
    // Also by the old id alone, once this isolate knows where it went.
    await post([viewed("x-cost", "p1")]);
    calls = 0;
    await call("POST", "/v1/batch", {
      key: WRITE,
      body: { batch: [viewed("x-cost", "p2")] },
      env: { USER_PROFILE: counting },
    });
    expect(calls).toBe(1);
  });
});
