import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { Order } from "../../durable-objects/order.ts";

const NOW = Date.now();
const stockOf = (sku: string) => env.INVENTORY.getByName(`s:${sku}`);
const orderOf = (id: string) => env.ORDER.getByName(`o:${id}`);
const put = (sku: string, onHand: number) => stockOf(sku).put({ onHand, policy: {}, now: NOW });
const linesOf = (skus: readonly string[], quantity = 1) =>
  skus.map((sku) => ({ sku, wants: [{ quantity }], price: 3 }));

async function numbers(skus: readonly string[]) {
  return Promise.all(
    skus.map(async (sku) => {
      const view = await stockOf(sku).read(NOW);
      return "problem" in view ? undefined : [view.on_hand, view.reserved];
    }),
  );
}

/** Calls to stocks, one of which does not come back: before or after it has arrived. */
function hangAt(order: Order, at: number, arrived: boolean): Promise<void> {
  let calls = 0;
  return new Promise((reached) => {
    const asked = order["ask"].bind(order);
    order["ask"] = async (...call) => {
      if (calls++ !== at) return asked(...call);
      if (arrived) await asked(...call);
      reached();
      return new Promise(() => {});
    };
  });
}

describe("orders", () => {
  test("[OR2] a crash at each call of a three-line order leaves all sold or none held, by its alarm alone", async () => {
    const outcomes = new Set<string>();
    // Three holds and three sales.
    for (let at = 0; at < 6; at++) {
      for (const arrived of [false, true]) {
        const id = `crash-${at}-${arrived}`;
        const skus = ["x", "y", "z"].map((sku) => `${id}-${sku}`);
        await Promise.all(skus.map((sku) => put(sku, 2)));
        const order = orderOf(id);
        const reached = await runInDurableObject(order, (one) => ({ done: hangAt(one, at, arrived) }));
        const answer = order.place({ lines: linesOf(skus), request: 1, orderId: id }, NOW).then(
          () => "answered",
          () => "cut off",
        );
        await reached.done;
        await abortAllDurableObjects();
        expect(await answer).toBe("cut off");
        expect(await runDurableObjectAlarm(orderOf(id))).toBe(true);
        const sold = (await orderOf(id).read(undefined, NOW))?.status === "committed";
        outcomes.add(sold ? "sold" : "undone");
        const expected = sold ? [1, 0] : [2, 0];
        expect(await numbers(skus)).toEqual([expected, expected, expected]);
        // Whoever sends it again gets it, once.
        expect(await orderOf(id).place({ lines: linesOf(skus), request: 1, orderId: id }, NOW)).toMatchObject(
          {
            basket: { status: "committed" },
          },
        );
        expect(await numbers(skus)).toEqual([
          [1, 0],
          [1, 0],
          [1, 0],
        ]);
      }
    }
    expect([...outcomes].sort()).toEqual(["sold", "undone"]);
  }, 60_000);

  test("[OR2] a stock that cannot be reached leaves no hold behind, and an order that can be sent again", async () => {
    const skus = ["there", "away"];
    await Promise.all(skus.map((sku) => put(sku, 1)));
    const order = orderOf("unreachable");
    await runInDurableObject(order, (one) => {
      const asked = one["ask"].bind(one);
      let fails = 4;
      one["ask"] = async (call, now) => {
        if (call.sku === "away" && fails-- > 0) throw new Error("no way there");
        return asked(call, now);
      };
    });
    const asked = { lines: linesOf(skus), request: 1, orderId: "unreachable" };
    expect(await order.place(asked, NOW)).toMatchObject({ problem: "unfinished" });
    await runDurableObjectAlarm(order);
    expect(await numbers(skus)).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(await order.place(asked, NOW)).toMatchObject({ basket: { status: "committed" } });
    expect(await numbers(skus)).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  /** So many calls of these kinds to a stock are lost: on their way back where they `arrive`, else on their way there. */
  const lose = (
    order: ReturnType<typeof orderOf>,
    sku: string,
    calls: { readonly count: number; readonly kinds: readonly string[]; readonly arrive?: string },
  ) =>
    runInDurableObject(order, (one) => {
      const asked = one["ask"].bind(one);
      let left = calls.count;
      one["ask"] = async (call, now) => {
        if (call.sku !== sku || !calls.kinds.includes(call.do) || left === 0) return asked(call, now);
        left--;
        if (call.do === calls.arrive) await asked(call, now);
        throw new Error("lost");
      };
    });

  test("[OR9] an order sent again before its undoing is through waits for it", async () => {
    const skus = ["undo-a", "undo-b"];
    await Promise.all(skus.map((sku) => put(sku, 5)));
    const order = orderOf("undo");
    await lose(order, "undo-b", { count: 6, kinds: ["hold", "release"], arrive: "hold" });
    const asked = { lines: linesOf(skus), request: 1, orderId: "undo" };
    expect(await order.place(asked, NOW)).toMatchObject({ problem: "unfinished" });
    expect(await order.place(asked, NOW + 1)).toMatchObject({ problem: "unfinished" });
    await runDurableObjectAlarm(order);
    expect(await numbers(skus)).toEqual([
      [5, 0],
      [5, 0],
    ]);
    expect(await order.place(asked, NOW + 2)).toMatchObject({ basket: { status: "committed" } });
    expect(await numbers(skus)).toEqual([
      [4, 0],
      [4, 0],
    ]);
  });

  test("[OR9] a commit that is decided goes on, whatever its owner asks meanwhile", async () => {
    const skus = ["decided-a", "decided-b"];
    await Promise.all(skus.map((sku) => put(sku, 5)));
    const order = env.ORDER.getByName("w:decided");
    await lose(order, "decided-b", { count: 8, kinds: ["pin"] });
    const asked = { lines: linesOf(skus), request: 1, expiresAt: NOW + 60_000 };
    const made = (await order.place(asked, NOW)) as { basket: { attempt: number } };
    const { attempt } = made.basket;
    for (const answer of [
      await order.commit(attempt, "decided", NOW),
      await order.commit(attempt, "decided", NOW + 1),
      await order.place({ ...asked, lines: linesOf(["decided-a"]), request: 2 }, NOW + 1),
      await order.release(attempt, NOW + 1),
    ]) {
      expect(answer).toMatchObject({ problem: "unfinished" });
    }
    await runDurableObjectAlarm(order);
    expect((await order.read(attempt, NOW))?.status).toBe("committed");
    expect(await numbers(skus)).toEqual([
      [4, 0],
      [4, 0],
    ]);
  });

  test("[OR9] an order that not every stock knows as sold is not cancelled before all do", async () => {
    const skus = ["sold-a", "sold-b"];
    await Promise.all(skus.map((sku) => put(sku, 5)));
    const order = orderOf("half-told");
    await lose(order, "sold-b", { count: 4, kinds: ["commit"] });
    const asked = { lines: linesOf(skus), request: 1, orderId: "half-told" };
    expect(await order.place(asked, NOW)).toMatchObject({ basket: { status: "committed" } });
    expect(await order.cancel(NOW + 1)).toMatchObject({ problem: "unfinished" });
    await runDurableObjectAlarm(order);
    expect(await order.cancel(NOW + 2)).toMatchObject({ basket: { status: "cancelled" } });
    expect(await numbers(skus)).toEqual([
      [5, 0],
      [5, 0],
    ]);
  });

  test("[OR7] a return is answered when it is decided, for without a key nobody knows it again", async () => {
    await put("back", 5);
    const order = orderOf("back");
    await order.place({ lines: linesOf(["back"], 4), request: 1, orderId: "back" }, NOW);
    await lose(order, "back", { count: 2, kinds: ["restock"] });
    const asked = { key: "any", items: [{ sku: "back", quantity: 1 }], restock: true, request: 5 };
    expect(await order.giveBack(asked, NOW)).toMatchObject({ basket: { returns: [{ restock: true }] } });
    expect(await numbers(["back"])).toEqual([[1, 0]]);
    await runDurableObjectAlarm(order);
    expect(await numbers(["back"])).toEqual([[2, 0]]);
  });

  test("[OR6] [OR7] what has gone back is not brought back again while another stock is away for days", async () => {
    for (const what of ["cancel", "return"]) {
      const skus = ["here", "away"].map((sku) => `${what}-${sku}`);
      await Promise.all(skus.map((sku) => put(sku, 5)));
      const order = orderOf(`days-${what}`);
      await order.place({ lines: linesOf(skus, 2), request: 1, orderId: `days-${what}` }, NOW);
      await runDurableObjectAlarm(order);
      await lose(order, skus[1]!, { count: 6, kinds: ["restock"] });
      const items = skus.map((sku) => ({ sku, quantity: 2 }));
      if (what === "cancel") await order.cancel(NOW);
      else await order.giveBack({ key: "k", items, restock: true, request: 2 }, NOW);
      for (const days of [1, 2, 3]) {
        vi.setSystemTime(NOW + days * 25 * 3_600_000);
        try {
          await runDurableObjectAlarm(order);
        } finally {
          vi.useRealTimers();
        }
      }
      expect([what, ...(await numbers(skus))]).toEqual([what, [5, 0], [5, 0]]);
      expect(await order.read(undefined, NOW)).toMatchObject({
        status: what === "cancel" ? "cancelled" : "committed",
      });
    }
  });

  test("[ST23] an owner begins anew a day after the last hold, under ids that were never given out", async () => {
    await put("again", 5);
    const order = env.ORDER.getByName("w:again");
    const asked = { lines: linesOf(["again"]), request: 1, expiresAt: NOW + 60_000 };
    const first = (await order.place(asked, NOW)) as { basket: { attempt: number } };
    await order.release(first.basket.attempt, NOW);
    const late = NOW + 26 * 3_600_000;
    vi.setSystemTime(late);
    try {
      await runDurableObjectAlarm(order);
      expect(await order.read(first.basket.attempt, late)).toBeUndefined();
      const second = await order.place({ ...asked, request: 2, expiresAt: late + 60_000 }, late);
      expect(second).toMatchObject({ basket: { status: "held" } });
      expect((second as typeof first).basket.attempt).toBeGreaterThan(first.basket.attempt);
    } finally {
      vi.useRealTimers();
    }
  });

  test("[OR3] requests for one order that come together make one order", async () => {
    await put("together", 5);
    const asked = { lines: linesOf(["together"], 2), request: 1, orderId: "together" };
    const answers = await Promise.all(Array.from({ length: 5 }, () => orderOf("together").place(asked, NOW)));
    expect(answers.filter((answer) => !("problem" in answer) && !answer.repeated)).toHaveLength(1);
    expect(await numbers(["together"])).toEqual([[3, 0]]);
  });

  test("[OR5] an order costs four rows in its object, and its lines a ledger row for each of two decisions", async () => {
    const skus = ["row-1", "row-2", "row-3"];
    await Promise.all(skus.map((sku) => put(sku, 5)));
    const order = orderOf("rows");
    await order.place({ lines: linesOf(skus), request: 1, orderId: "rows" }, NOW);
    await runDurableObjectAlarm(order);
    // The fourth row is the alarm.
    expect(await runInDurableObject(order, (one) => one.rowsWritten())).toBe(3);
    const rows = await runInDurableObject(stockOf("row-1"), (one) => one.rowsWritten());
    expect(rows).toBe(3);
    expect(await runDurableObjectAlarm(order)).toBe(false);
  });

  test("[OR8] an order is demand once, by whichever ways it is told, and taken back once by its cancellation", async () => {
    const planner = env.DEMAND_PLANNER.getByName("planner");
    const demand = async (sku: string) => {
      const known = await planner.forecast({ sku, horizon: 1, now: Date.now() });
      return known?.history.reduce((sum, { units }) => sum + units, 0);
    };
    await put("wanted", 9);
    await planner.record([{ orderId: "both", sku: "wanted", units: 2, at: NOW }]);
    const order = orderOf("both");
    await order.place({ lines: linesOf(["wanted"], 2), request: 1, orderId: "both" }, NOW);
    await evictDurableObject(stockOf("wanted"));
    await runDurableObjectAlarm(stockOf("wanted"));
    expect(await demand("wanted")).toBe(2);
    await orderOf("api").place({ lines: linesOf(["wanted"], 3), request: 1, orderId: "api" }, NOW);
    await runDurableObjectAlarm(stockOf("wanted"));
    await planner.record([{ orderId: "api", sku: "wanted", units: 3, at: NOW }]);
    expect(await demand("wanted")).toBe(5);
    for (let repeat = 0; repeat < 2; repeat++) await order.cancel(NOW);
    await runDurableObjectAlarm(stockOf("wanted"));
    expect(await demand("wanted")).toBe(3);
    expect(await numbers(["wanted"])).toEqual([[6, 0]]);
  });
});
