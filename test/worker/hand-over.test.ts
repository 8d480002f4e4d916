import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Env } from "../../durable-objects/env.ts";
import { call, viewed, WRITE } from "./call.ts";

const VISITORS = 20;
const GATHER_MS = 500;

interface Added {
  readonly at: number;
  readonly shard: string;
  readonly packets: number;
}

/** Combiners that note how they are called. */
function noting(fails = () => false): { bindings: Partial<Env>; added: Added[] } {
  const added: Added[] = [];
  const getByName = (shard: string) => ({
    add: async (packets: unknown[]) => {
      added.push({ at: Date.now(), shard, packets: packets.length });
      if (fails()) throw new Error("out of reach");
      return { accepted: packets.length, isNew: packets.map(() => true) };
    },
  });
  const bindings = {
    SIGNAL_COMBINER: { getByName },
    HANDOVER_GATHER_SECONDS: String(GATHER_MS / 1000),
  } as unknown as Partial<Env>;
  return { bindings, added };
}

const told = (visitor: string, bindings: Partial<Env>) =>
  call("POST", "/v1/batch", { key: WRITE, body: { batch: [viewed(visitor, "p")] }, env: bindings });
const unsentOf = (visitor: string) =>
  runInDurableObject(env.USER_PROFILE.getByName(`a:${visitor}`), (object) =>
    object.holdings().then(({ packets }) => packets),
  );
const pause = () => scheduler.wait(GATHER_MS + 50);

test("[SG6] alone it is handed over at once, with others in one call a shard, and profiles let go of it with their next batch", async () => {
  const { bindings, added } = noting();
  await told("alone", bindings);
  expect(added.map(({ packets }) => packets)).toEqual([1]);

  const names = Array.from({ length: VISITORS }, (_, i) => `together-${i}`);
  await Promise.all(names.map((name) => told(name, bindings)));
  const together = added.slice(1);
  expect(together.reduce((sum, { packets }) => sum + packets, 0)).toBe(VISITORS);
  // On a slow machine the last ones come when it has been handed over, and are the next time's.
  let time = 0;
  const calls = together.map(({ at, shard }, i) => {
    if (i > 0 && at - together[i - 1]!.at > GATHER_MS / 2) time++;
    return `${time} ${shard}`;
  });
  expect(new Set(calls).size).toBe(calls.length);
  expect(together[0]!.at - added[0]!.at).toBeGreaterThanOrEqual(GATHER_MS - 50);

  expect(await unsentOf(names[0]!)).toBe(1);
  await pause();
  await told(names[0]!, bindings);
  expect(await unsentOf(names[0]!)).toBe(1);
});

test("[SG6] what could not be handed over stays with its profile", async () => {
  await pause();
  let isDown = true;
  const { bindings, added } = noting(() => isDown);
  await Promise.all([told("kept", bindings), told("kept-too", bindings)]);
  expect(added.length).toBeGreaterThan(0);
  isDown = false;
  await pause();
  await told("kept", bindings);
  expect(await unsentOf("kept")).toBe(2);
});
