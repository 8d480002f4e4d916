import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { unpack } from "../../domain/packed-json.ts";
import type { Env } from "../../durable-objects/env.ts";
import { call } from "./call.ts";

const BUYERS = 40;
const UNITS = 25;

/** Stock that notes how many holds each call asks for, and fails where it is told to. */
function noting(fails: (call: number) => boolean): { bindings: Partial<Env>; calls: number[] } {
  const calls: number[] = [];
  const getByName = (name: string) => ({
    holdAll: async (...[holds, now]: Parameters<ReturnType<Env["INVENTORY"]["getByName"]>["holdAll"]>) => {
      const number = calls.push(unpack(holds).length);
      if (fails(number)) throw new Error("out of reach");
      return env.INVENTORY.getByName(name).holdAll(holds, now);
    },
  });
  return { bindings: { INVENTORY: { getByName } } as unknown as Partial<Env>, calls };
}

const reserve = (sku: string, key: string, bindings: Partial<Env>) =>
  call("POST", "/v1/reservations", {
    body: { items: [{ sku, quantity: 1 }] },
    headers: { "idempotency-key": key },
    env: bindings,
  });

test.each([
  ["", 0],
  [", also when a call they share is lost", 2],
])(
  "[ST30] what is asked of one SKU at once shares calls, and each is answered for itself%s",
  async (what, lost) => {
    const sku = `crowd${what.length}`;
    await call("PUT", `/v1/inventory/${sku}`, { body: { on_hand: UNITS } });
    const { bindings, calls } = noting((number) => number === lost);
    const keys = Array.from({ length: BUYERS }, (_, i) => `${sku}-${i}`);
    // Each comes twice, as a client that lost patience.
    const answers = await Promise.all([...keys, ...keys].map((key) => reserve(sku, key, bindings)));

    const held = new Map<string, string>();
    answers.forEach(({ status, json }, i) => {
      const key = keys[i % BUYERS]!;
      expect([200, 201, 409]).toContain(status);
      if (status === 409) return;
      expect(held.get(key) ?? json.reservation_id).toBe(json.reservation_id);
      held.set(key, json.reservation_id);
    });
    expect(held.size).toBe(UNITS);
    expect(new Set(held.values()).size).toBe(UNITS);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(
      lost === 0 ? UNITS : 1,
    );
    const { json } = await call("GET", `/v1/inventory/${sku}`);
    expect([json.reserved, json.available]).toEqual([UNITS, 0]);
    expect(calls.slice(0, 2)).toEqual([1, 2 * BUYERS - 1]);
    // All of a call that was lost ask once more.
    expect(calls.length).toBeLessThanOrEqual(lost === 0 ? 2 : 5);
  },
);

test("[ST30] who comes alone is asked for at once", async () => {
  await call("PUT", "/v1/inventory/quiet", { body: { on_hand: 3 } });
  const { bindings, calls } = noting(() => false);
  for (const key of ["a", "b", "c"]) expect((await reserve("quiet", key, bindings)).status).toBe(201);
  expect(calls).toEqual([1, 1, 1]);
});
