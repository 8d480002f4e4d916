import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY } from "../../domain/demand.ts";
import { plannerOf, planners } from "../../domain/planner/shards.ts";
import type { Env } from "../../durable-objects/env.ts";
import { call } from "./call.ts";

const DAY_MS = 86_400_000;
const sharded = { ...env, PLANNER_SHARDS: "3" } as unknown as Env;

describe("several planners", () => {
  test("[DP12] SKUs are spread over the planners, and the board is one list over them", async () => {
    const skus = Array.from({ length: 24 }, (_, i) => `s${String(i).padStart(2, "0")}`);
    const messages = skus.flatMap((sku, i) =>
      Array.from({ length: 40 }, (_, ago) => ({
        type: "track",
        event: "Order Completed",
        messageId: `spread-${sku}-${ago}`,
        userId: `buyer-${ago % 3}`,
        timestamp: new Date(Date.now() - (ago + 1) * DAY_MS).toISOString(),
        properties: {
          order_id: `${sku}-${ago}`,
          products: [{ product_id: sku, sku, quantity: 2 + (i % 5), price: 3 }],
        },
      })),
    );
    await call("POST", "/v1/import", { body: messages, env: sharded });
    for (const [i, sku] of skus.entries()) {
      await plannerOf(sharded, sku).position({
        sku,
        version: 1,
        onHand: i * 7,
        reserved: 0,
        incoming: [],
        policy: DEFAULT_POLICY,
        inStock: [],
      });
    }
    const known = await Promise.all(planners(sharded).map((planner) => planner.totals()));
    expect(known.reduce((sum, { lines }) => sum + lines, 0)).toBe(skus.length * 40);
    expect(known.every(({ skus: some }) => some > 0 && some < skus.length)).toBe(true);
    const { json: one } = await call("GET", `/v1/inventory/${skus[5]}/forecast`, { env: sharded });
    expect(one).toMatchObject({ sku: skus[5], replenishment: { on_hand: 35 } });

    for (const [sort, limit] of [
      ["revenue_at_risk", 5],
      ["days_of_cover", 1],
      ["sku", 8],
      ["order_by", 24],
    ] as const) {
      const whole = await call("GET", `/v1/replenishment?sort=${sort}&limit=500`, { env: sharded });
      expect(whole.json.items).toHaveLength(skus.length);
      expect(whole.json.next_cursor).toBeUndefined();
      const seen: string[] = [];
      for (let path = `/v1/replenishment?sort=${sort}&limit=${limit}`; path !== ""; ) {
        const { json } = await call("GET", path, { env: sharded });
        seen.push(...json.items.map(({ sku }: { sku: string }) => sku));
        expect(json.totals).toEqual(whole.json.totals);
        path =
          json.next_cursor === undefined
            ? ""
            : `/v1/replenishment?sort=${sort}&limit=${limit}&cursor=${encodeURIComponent(json.next_cursor)}`;
      }
      expect(seen).toEqual(whole.json.items.map(({ sku }: { sku: string }) => sku));
    }
    const { json } = await call("GET", "/v1/replenishment?limit=1", { env: sharded });
    const counted = Object.values(json.totals as Record<string, { skus: number }>);
    expect(counted.reduce((sum, { skus: some }) => sum + some, 0)).toBe(skus.length);
    expect(json.totals.out_of_stock.skus).toBe(1);
  });
});
