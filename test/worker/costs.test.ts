import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { COMBINER_SHARDS } from "../../domain/limits.ts";
import type { Env } from "../../durable-objects/env.ts";
import { call, viewed, WRITE } from "./call.ts";

/** List prices, US dollars for a million: docs/costs.md. */
const PRICES = { workerRequests: 0.3, objectRequests: 0.15, rowsWritten: 1 };
const VISITORS = 120;

const counted = [
  "USER_PROFILE",
  "SIGNAL_COMBINER",
  "MODEL_BUILDER",
  "DEMAND_PLANNER",
  "INVENTORY",
  "EVENT_MONITOR",
] as const;
type Counted = (typeof counted)[number];

/** The bindings, counting each call of an object's method. */
function counting(): { env: Partial<Env>; calls: Record<Counted, number> } {
  const calls = Object.fromEntries(counted.map((name) => [name, 0])) as Record<Counted, number>;
  const wrapped = counted.map((name) => {
    const namespace = env[name] as unknown as { getByName(of: string): Record<string, unknown> };
    const getByName = (of: string) => {
      const stub = namespace.getByName(of);
      return new Proxy(stub, {
        // Called on the stub itself: methods of a stub cannot be taken off it.
        get:
          (target, method) =>
          (...args: unknown[]) => {
            calls[name]++;
            return (target as Record<string, (...args: unknown[]) => unknown>)[method as string]!(...args);
          },
      });
    };
    return [name, { getByName }];
  });
  return { env: Object.fromEntries(wrapped) as Partial<Env>, calls };
}

const rowsOf = {
  profiles: async (names: readonly string[]) => {
    // All at once: an object that has slept meanwhile has forgotten its count.
    const rows = await Promise.all(
      names.map((name) =>
        runInDurableObject(env.USER_PROFILE.getByName(name), async (object, state) => {
          // The alarm of its session is a row as well, once.
          const alarm = (await state.storage.getAlarm()) === null ? 0 : 1;
          return object.rowsWritten() + alarm;
        }),
      ),
    );
    return rows.reduce((sum, own) => sum + own, 0);
  },
  /** Each is written, and written again when it goes with the next merge. */
  journals: async () => {
    let rows = 0;
    for (let shard = 0; shard < COMBINER_SHARDS; shard++) {
      rows += await runInDurableObject(
        env.SIGNAL_COMBINER.getByName(`c:${shard}`),
        (_, state) => 2 * state.storage.sql.exec("SELECT * FROM journal").toArray().length,
      );
    }
    return rows;
  },
};

test.each([1, 5, 50])("[UP3] calls, rows and dollars of batches of %i events", async (size) => {
  const { env: objectBindings, calls } = counting();
  // As deployed: an isolate tells the monitor once a second, and hands over four times.
  const bindings = { ...objectBindings, MONITOR_GATHER_SECONDS: "1", HANDOVER_GATHER_SECONDS: "0.25" };
  const began = Date.now();
  const names = Array.from({ length: VISITORS }, (_, i) => `cost-${size}-${i}`);
  // What earlier batches left in the journals is not theirs.
  for (let shard = 0; shard < COMBINER_SHARDS; shard++)
    await env.SIGNAL_COMBINER.getByName(`c:${shard}`).flush();
  // All at once, as a shop's traffic comes: what visitors share is shared.
  const answers = await Promise.all(
    names.map((name) => {
      const batch = Array.from({ length: size }, (_, i) => viewed(name, `p${i % 20}`));
      return call("POST", "/v1/batch", { key: WRITE, body: { batch }, env: bindings });
    }),
  );
  const events = VISITORS * size;
  expect(answers.reduce((sum, { json }) => sum + json.accepted, 0)).toBe(events);
  const rows = (await rowsOf.profiles(names.map((name) => `a:${name}`))) + (await rowsOf.journals());
  const objects = counted.reduce((sum, name) => sum + calls[name], 0);
  const dollars =
    (VISITORS * PRICES.workerRequests + objects * PRICES.objectRequests + rows * PRICES.rowsWritten) / events;
  console.log(
    `batches of ${size}: ${(objects / VISITORS).toFixed(2)} object calls and ${(rows / VISITORS).toFixed(2)} rows a batch, ` +
      `$${dollars.toFixed(2)} a million events`,
  );
  expect(calls.USER_PROFILE).toBe(VISITORS);
  // All shards at once at first, and after each quarter of a second; what is heavy goes before its time.
  expect(calls.SIGNAL_COMBINER).toBeLessThanOrEqual(
    Math.min(VISITORS, COMBINER_SHARDS * ((Date.now() - began) / 250 + 2)),
  );
  expect(calls.EVENT_MONITOR).toBeLessThanOrEqual((Date.now() - began) / 1000 + 1);
  // Page and alarm, and a share of the journals.
  expect(rows).toBeGreaterThanOrEqual(VISITORS);
  expect(rows).toBeLessThanOrEqual(3 * VISITORS);
  if (size === 5) expect(dollars).toBeLessThanOrEqual(0.6);
});
