import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Activity } from "../../domain/activity.ts";
import { SignalSink } from "../../domain/activity-signals.ts";
import { toActivity } from "../../domain/ecommerce.ts";
import type { Signals } from "../../domain/signal.ts";
import { decodeSignals } from "../../domain/signal-codec.ts";
import { SignalAccumulator } from "../../domain/signal-merge.ts";
import type { Env } from "../../durable-objects/env.ts";
import { referenceTransitions, referenceView } from "../reference/profile.ts";
import { countsIn, expectSame, expectSums, transitionsIn } from "../reference/profile-compare.ts";
import { call, SECRET } from "./call.ts";

const RUNS = 12;
const MINUTE_MS = 60_000;

/** What combiners told the model, each delta once. */
const told = new Map<string, Signals>();

/** Combiners tell this test instead of the model; to be said again before they could have been evicted. */
async function listen(): Promise<void> {
  for (let shard = 0; shard < 16; shard++) {
    await runInDurableObject(env.SIGNAL_COMBINER.getByName(`c:${shard}`), (object) => {
      const merge = async (delta: { sequence: number; bytes: Uint8Array }) => {
        told.set(`${shard} ${delta.sequence}`, decodeSignals(delta.bytes));
      };
      (object as unknown as { env: object }).env = {
        MODEL_BUILDER: { getByName: () => ({ merge }) },
        DEMAND_PLANNER: { getByName: () => ({ behave: async () => undefined }) },
      };
    });
  }
}

/** A message, and how it comes: `joined` with the user's id beside the anonymous one. */
interface Doing {
  readonly person: number;
  /** Index of the person's anonymous id, or none: then by the user's id alone. */
  readonly anonymous: number | undefined;
  readonly joined: boolean;
  readonly event:
    | "Product Viewed"
    | "Product Added"
    | "Order Completed"
    | "Order Cancelled"
    | "identify"
    | "alias";
  readonly products: readonly number[];
  readonly step: number;
}

const doing: fc.Arbitrary<Doing> = fc.record({
  person: fc.nat(1),
  anonymous: fc.constantFrom(0, 0, 1, undefined),
  joined: fc.boolean(),
  event: fc.constantFrom(
    "Product Viewed",
    "Product Viewed",
    "Product Viewed",
    "Product Added",
    "Order Completed",
    "Order Completed",
    "Order Cancelled",
    "identify",
    "alias",
  ),
  products: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 2 }),
  step: fc.constantFrom(1, 2, 29, 31, 300),
});

/** What is done with what was sent meanwhile, between two waves of requests. */
const trouble = fc.record({
  evicted: fc.array(fc.nat(5), { maxLength: 3 }),
  alarm: fc.array(fc.nat(5), { maxLength: 3 }),
  faults: fc.constantFrom(0, 0.2, 0.5),
});

const scene = fc.array(doing, { minLength: 4, maxLength: 30 }).chain((doings) =>
  fc.record({
    doings: fc.constant(doings),
    // Each once, some twice: of these one may come without the user's id, as before the login.
    order: fc.shuffledSubarray(
      doings.flatMap((_, i) => [i, -i - 1]),
      { minLength: doings.length },
    ),
    sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 60, maxLength: 60 }),
    width: fc.integer({ min: 1, max: 4 }),
    troubles: fc.array(trouble, { minLength: 6, maxLength: 6 }),
    // Both are one person: an alias of the second user to the first.
    merged: fc.boolean(),
    seed: fc.nat(),
  }),
);

let runs = 0;

function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) / 0x7fffff;
  };
}

/** Calls that fail before they arrive, or after they have committed. */
function faulty<T extends object>(namespace: T, share: () => number, random: () => number): T {
  const { getByName } = namespace as unknown as { getByName(name: string): object };
  return {
    getByName: (name: string) =>
      new Proxy(getByName.call(namespace, name), {
        get:
          (target, method) =>
          async (...args: unknown[]) => {
            const late = random() < 0.7;
            const fails = random() < share();
            if (fails && !late) throw new Error("lost on the way there");
            const answer = await (target as Record<string, (...args: unknown[]) => unknown>)[
              method as string
            ]!(...args);
            if (fails) throw new Error("lost on the way back");
            return answer;
          },
      }),
  } as unknown as T;
}

test("[UP9] [ID3] whatever comes in whatever order, company and trouble: each message counts once, all equals the oracle", {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(scene, async ({ doings, order, sizes, width, troubles, merged, seed }) => {
      const run = `${seed}-${runs++}`;
      const random = randomOf(seed);
      let share = 0;
      const userId = (person: number) => `u${person}-${run}`;
      const anonymousId = (person: number, n: number) => `x${person}${n}-${run}`;
      const base = Date.now() - (doings.reduce((sum, { step }) => sum + step, 0) + 10) * MINUTE_MS;
      let at = base;
      const lastOrder = (person: number, before: number) =>
        doings.findLastIndex(
          (one, i) => i < before && one.person === person && one.event === "Order Completed",
        );
      const messages = doings.map(({ person, anonymous, joined, event, products, step }, i) => {
        at += step * MINUTE_MS;
        const track = event !== "identify" && event !== "alias";
        return {
          messageId: `m${i}-${run}`,
          timestamp: new Date(at).toISOString(),
          ...(track ? { type: "track", event } : { type: event }),
          ...((joined || anonymous === undefined || !track) && { userId: userId(person) }),
          ...(anonymous !== undefined &&
            event !== "alias" && { anonymousId: anonymousId(person, anonymous) }),
          ...(event === "alias" && { previousId: anonymousId(person, anonymous ?? 0) }),
          ...(track && {
            properties: {
              ...(event === "Order Completed" && { order_id: `o${i}-${run}` }),
              // Of the order that the person completed last before it, by its id alone.
              ...(event === "Order Cancelled" && { order_id: `o${lastOrder(person, i)}-${run}` }),
              currency: "EUR",
              products: products
                .slice(0, event === "Order Completed" ? 2 : event === "Order Cancelled" ? 0 : 1)
                .map((p) => ({
                  product_id: `p${p}-${run}`,
                  price: 10,
                  category: `c${p % 2}`,
                  quantity: p + 1,
                })),
            },
          }),
        };
      });
      type Message = (typeof messages)[number];
      const all: Message[] = [...messages];
      if (merged) {
        all.push({
          messageId: `merge-${run}`,
          timestamp: new Date(at + MINUTE_MS).toISOString(),
          type: "alias",
          userId: userId(0),
          previousId: userId(1),
        });
      }
      // Every other repeat comes without the user's id where there is another.
      const sent: Message[] = order.map((n) => {
        if (n >= 0) return messages[n]!;
        const { userId: user, ...rest } = messages[-n - 1]!;
        return rest.anonymousId !== undefined && rest.type === "track"
          ? rest
          : { ...rest, ...(user && { userId: user }) };
      });
      for (const one of all) if (!sent.includes(one)) sent.push(one);

      const names = [0, 1].flatMap((person) => [
        `u:${userId(person)}`,
        `a:${anonymousId(person, 0)}`,
        `a:${anonymousId(person, 1)}`,
      ]);
      const profileOf = (name: string) => env.USER_PROFILE.getByName(name);
      const evict = async (name: string) => {
        // Only what runs can be evicted.
        await profileOf(name).view({ now: Date.now() });
        await evictDurableObject(profileOf(name));
      };
      const injectFaults = (name: string) =>
        runInDurableObject(profileOf(name), (object) => {
          const joins = object["joins"] as unknown as { env: Env };
          joins.env = {
            ...env,
            USER_PROFILE: faulty(env.USER_PROFILE, () => share, random),
          } as unknown as Env;
        });
      const bindings = {
        USER_PROFILE: faulty(env.USER_PROFILE, () => share / 2, random),
        SIGNAL_COMBINER: faulty(env.SIGNAL_COMBINER, () => share, random),
        DEMAND_PLANNER: faulty(env.DEMAND_PLANNER, () => share, random),
      };
      const post = (batch: readonly Message[]) =>
        call("POST", "/v1/batch", { key: SECRET, body: { batch }, env: bindings });

      const waiting: Message[][] = [];
      let size = 0;
      for (let from = 0; from < sent.length; ) {
        const count = sizes[size++ % sizes.length]!;
        waiting.push(sent.slice(from, from + count));
        from += count;
      }
      for (let wave = 0; waiting.length > 0; wave++) {
        const { evicted, alarm, faults } = troubles[wave] ?? { evicted: [], alarm: [], faults: 0 };
        share = faults;
        await listen();
        for (const name of names) await injectFaults(name);
        const batches = waiting.splice(0, width);
        const answers = await Promise.all(batches.map(post));
        answers.forEach(({ status }, i) => {
          if (status === 503) waiting.push(batches[i]!);
          else expect(status).toBe(200);
        });
        for (const n of evicted) await evict(names[n]!);
        for (const n of alarm) await runDurableObjectAlarm(profileOf(names[n]!));
      }
      share = 0;
      await listen();
      for (let round = 0; round < 4; round++) {
        for (const name of names) {
          if (round > 0) await evict(name);
          await runDurableObjectAlarm(profileOf(name));
        }
      }
      // Everything once more, now that all is settled.
      expect((await post(all)).json).toMatchObject({ accepted: 0, duplicates: all.length });

      const activityOf = (message: Message): Activity =>
        toActivity({
          type: message.type as "track",
          messageId: message.messageId,
          name: ("event" in message && message.event) || "",
          at: Date.parse(message.timestamp),
          properties: ("properties" in message && message.properties) || {},
          bot: false,
        });
      const person = (message: Message) => {
        if (message.userId !== undefined) return userId(message.userId === userId(0) ? 0 : 1);
        return message.anonymousId!;
      };
      // Ids that some message says are one.
      const groups = new Map<string, string>();
      const rootOf = (id: string): string => {
        const up = groups.get(id);
        return up === undefined ? id : rootOf(up);
      };
      for (const { userId: user, anonymousId: anonymous, ...rest } of all) {
        const previous = "previousId" in rest ? rest.previousId : undefined;
        for (const other of [anonymous, previous]) {
          if (user === undefined || other === undefined) continue;
          if (rootOf(user) !== rootOf(other)) groups.set(rootOf(other), rootOf(user));
        }
      }
      const now = Date.now();
      const activities = all.map((message) => ({
        message,
        root: rootOf(person(message)),
        activity: activityOf(message),
      }));
      const transitions = new Map<string, number>();
      for (const root of new Set(activities.map((one) => one.root))) {
        const own = activities.filter((one) => one.root === root).map(({ activity }) => activity);
        for (const [key, weight] of referenceTransitions(own, now)) {
          transitions.set(key, (transitions.get(key) ?? 0) + weight);
        }
      }
      for (const { message, root } of activities) {
        for (const id of [message.userId, message.anonymousId]) {
          if (id === undefined) continue;
          const { status, json } = await call("GET", `/v1/users/${id}`);
          expect(status).toBe(200);
          const mine = activities.filter((one) => one.root === root).map(({ activity }) => activity);
          expectSame(json, referenceView(mine, now));
          const stored = await call("GET", `/v1/users/${id}/export`);
          expect(stored.json.activities.map((one: { message_id: string }) => one.message_id).sort()).toEqual(
            mine.map(({ messageId }) => messageId).sort(),
          );
        }
      }
      // What combiners counted, and what the planner did.
      await listen();
      for (let shard = 0; shard < 16; shard++) await env.SIGNAL_COMBINER.getByName(`c:${shard}`).flush();
      const deltas = [...told.values()].map((signals) => only(signals, run));
      expectSums(transitionsIn(deltas), transitions);
      const once = new SignalAccumulator();
      for (const { activity } of activities) {
        const sink = new SignalSink();
        sink.activity(activity);
        once.add(sink.signals());
      }
      const counts = countsIn(deltas);
      for (const key of counts.keys()) if (/^(again|return) /.test(key)) counts.delete(key);
      expectSums(counts, countsIn(once.drain()));
      const isCancelled = ({ orderId }: Activity, root: string) =>
        activities.some(
          (one) => one.root === root && one.activity.kind === "cancelled" && one.activity.orderId === orderId,
        );
      for (let p = 0; p < 5; p++) {
        const wanted = activities
          .filter(({ activity, root }) => activity.kind === "ordered" && !isCancelled(activity, root))
          .flatMap(({ activity }) => activity.lines.filter(({ sku }) => sku === `p${p}-${run}`))
          .reduce((sum, { quantity }) => sum + quantity, 0);
        const units = await runInDurableObject(env.DEMAND_PLANNER.getByName("planner"), (object) => {
          const books = object["books"];
          const id = books.idOf(`p${p}-${run}`);
          return id === undefined ? 0 : books.history(id, now).reduce((sum, day) => sum + day.units, 0);
        });
        expect([p, units]).toEqual([p, wanted]);
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

/** The part about products of one run. */
function only({ products, facts, counts, links }: Signals, run: string): Signals {
  const mine = (product: number) => products[product]!.endsWith(`-${run}`);
  return {
    products,
    facts,
    counts: counts.filter(({ product }) => mine(product)),
    links: links.filter(({ from }) => mine(from)),
  };
}
