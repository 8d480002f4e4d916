import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { PLACEMENTS, STRATEGIES } from "../../domain/recommendation.ts";
import { call, newest, publish, viewed, WRITE } from "./call.ts";

interface Item {
  readonly product_id: string;
  readonly score: number;
  readonly strategy: string;
  readonly because?: { readonly product_id: string };
}

const PRODUCTS = 30;
const HIDDEN = new Set(["p3", "p9"]);
const DELETED = new Set(["p5"]);
const SOLD_OUT = new Set(["p7", "p11"]);
const id = (n: number) => `p${n}`;
const all = Array.from({ length: PRODUCTS }, (_, n) => id(n));
const categoryOf = (productId: string) => `c${Number(productId.slice(1)) % 3}`;
const eligible = all.filter((one) => !HIDDEN.has(one) && !DELETED.has(one) && !SOLD_OUT.has(one));

const ids = (items: readonly Item[]) => items.map(({ product_id }) => product_id);
const ask = async (body: object): Promise<Item[]> => {
  const answer = await call("POST", "/v1/recommendations", { key: WRITE, body });
  expect(answer.status).toBe(200);
  return answer.json.items;
};
const stock = (sku: string, onHand: number) =>
  call("PUT", `/v1/inventory/${sku}`, { body: { on_hand: onHand } });

describe("a shop with one event", () => {
  test("[RC8] it recommends that product to anybody, and the visitor's own view shows at once", async () => {
    await call("POST", "/v1/track", { key: WRITE, body: viewed("first", "only") });
    await publish();
    await newest();
    for (const placement of ["home", "session"]) {
      expect(ids(await ask({ placement }))).toEqual(["only"]);
    }
    const known = await call("GET", "/v1/recommendations?anonymous_id=first&placement=session", {
      key: WRITE,
    });
    expect(known.json.items[0]).toMatchObject({ product_id: "only", strategy: "recent" });
    const unknown = await call("GET", "/v1/recommendations?anonymous_id=nobody", { key: WRITE });
    expect(unknown.json.items[0]).toMatchObject({ product_id: "only", strategy: "trending" });
    expect((await call("DELETE", "/v1/products/only")).status).toBe(204);
  });
});

describe("a shop with history", () => {
  beforeAll(async () => {
    const catalogue = all.map((product_id, n) => ({
      product_id,
      name: `Product ${n}`,
      category: categoryOf(product_id),
      price: 5 + n,
      currency: "EUR",
      hidden: HIDDEN.has(product_id),
    }));
    expect((await call("POST", "/v1/products", { body: catalogue })).status).toBe(200);
    const views = Array.from({ length: 60 }, (_, visitor) =>
      [0, 1, 2, 4].map((step) => {
        const product = id((visitor * 7 + step) % PRODUCTS);
        return viewed(`crowd-${visitor}`, product, { properties: { product_id: product } });
      }),
    ).flat();
    const orders = Array.from({ length: 5 }, (_, visitor) => ({
      type: "track",
      event: "Order Completed",
      messageId: `order-${visitor}`,
      anonymousId: `buyer-${visitor}`,
      properties: {
        order_id: `order-${visitor}`,
        products: [
          { product_id: "p20", sku: "p20-red", quantity: 1, price: 25 },
          { product_id: "p28", sku: "p28-s", quantity: 1, price: 33 },
          { product_id: "p28", sku: "p28-m", quantity: 1, price: 33 },
          { product_id: "p20", sku: "p20-blue", quantity: 1, price: 25 },
        ],
      },
    }));
    await call("POST", "/v1/batch", { key: WRITE, body: { batch: [...views, ...orders] } });
    for (const productId of DELETED) await call("DELETE", `/v1/products/${productId}`);
    // One size of p28 is sold out, the other is not: the product is not.
    const levels = new Map([...SOLD_OUT, "p28-s"].map((sku) => [sku, 0])).set("p28-m", 2);
    for (const [sku, onHand] of levels) {
      expect((await stock(sku, onHand)).status).toBe(201);
      // Stock tells the model at its alarm.
      await runDurableObjectAlarm(env.INVENTORY.getByName(`s:${sku}`));
    }
    await publish();
    await newest();
  }, 60_000);

  test("[RC6] whatever is asked: nothing hidden, deleted, sold out, excluded or twice; never short; the same again", async () => {
    const product = fc.integer({ min: 0, max: PRODUCTS + 2 }).map(id);
    const question = fc.record({
      placement: fc.constantFrom(...PLACEMENTS),
      product_id: product,
      recent: fc.uniqueArray(product, { maxLength: 8 }),
      cart: fc.uniqueArray(product, { maxLength: 3 }),
      exclude: fc.uniqueArray(product, { maxLength: 6 }),
      limit: fc.integer({ min: 1, max: 40 }),
      strategies: fc.subarray([...STRATEGIES]),
      category: fc.option(fc.constantFrom("c0", "c1", "c2"), { nil: undefined, freq: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const items = await ask(asked);
        const named = ids(items);
        expect(new Set(named).size).toBe(named.length);
        for (const one of named) {
          expect(eligible).toContain(one);
          expect(asked.exclude).not.toContain(one);
          if (asked.category !== undefined) expect(categoryOf(one)).toBe(asked.category);
        }
        items.forEach(({ score, strategy }, at) => {
          expect(Number.isFinite(score)).toBe(true);
          if (at > 0) expect(score).toBeLessThanOrEqual(items[at - 1]!.score);
          if (asked.strategies.length > 0) expect(asked.strategies).toContain(strategy);
        });
        expect(await ask(asked)).toEqual(items);
        if (asked.strategies.length > 0 && !asked.strategies.includes("trending")) return;
        const left = new Set(asked.exclude);
        if (asked.placement === "product" || asked.placement === "cart") left.add(asked.product_id);
        if (asked.placement === "cart") for (const one of asked.cart) left.add(one);
        const open = eligible.filter(
          (one) => !left.has(one) && (asked.category ?? categoryOf(one)) === categoryOf(one),
        );
        expect(items.length).toBe(Math.min(asked.limit, open.length));
      }),
      { numRuns: 60 },
    );
  });

  test("[RC5] what is out of stock now is replaced; a product is in stock with any of its SKUs", async () => {
    const wanted = { placement: "session", recent: ["p20"], limit: 6 };
    const first = ids(await ask(wanted));
    const [one, two] = first.filter((productId) => productId !== "p20") as [string, string];
    expect((await stock(one, 0)).status).toBe(201);
    expect((await stock(two, 3)).status).toBe(201);
    expect((await stock("p20-red", 0)).status).toBe(201);
    const fresh = ids(await ask({ ...wanted, fresh_stock: true }));
    expect(fresh).not.toContain(one);
    expect(fresh).toContain(two);
    expect(fresh).toHaveLength(6);
    // Only the red one is kept in stock, and there is none of it; then the blue one comes in.
    const most = async () => new Set(ids(await ask({ ...wanted, limit: 100, fresh_stock: true })));
    const without = (...out: string[]) => new Set(eligible.filter((productId) => !out.includes(productId)));
    expect(await most()).toEqual(without(one, "p20"));
    expect((await stock("p20-blue", 4)).status).toBe(201);
    expect(await most()).toEqual(without(one));
  });

  test("[RC7] related are viewed with or bought with; trending keeps to a category", async () => {
    const related = async (kind: string) =>
      (await call("GET", `/v1/products/p20/related?kind=${kind}&limit=3`, { key: WRITE })).json
        .items as Item[];
    expect((await related("bought"))[0]).toMatchObject({ product_id: "p28", because: { product_id: "p20" } });
    const seen = await related("viewed");
    expect(ids(seen)).not.toContain("p20");
    expect(seen[0]!.because).toEqual({ product_id: "p20" });
    expect(["p19", "p21", "p22", "p24", "p18", "p16"]).toContain(seen[0]!.product_id);
    const trending = await call("GET", "/v1/trending?category=c1&limit=50", { key: WRITE });
    const inCategory = eligible.filter((productId) => categoryOf(productId) === "c1");
    expect(new Set(ids(trending.json.items))).toEqual(new Set(inCategory));
    const anything = await call("GET", "/v1/trending?category=&limit=50", { key: WRITE });
    expect(anything.json.items.length).toBeGreaterThan(inCategory.length);
  });

  test("[RC9] from the body comes what a visitor with that history gets by name", async () => {
    const seen = ["p1", "p2", "p13"];
    for (const product of seen) {
      const body = viewed("twin", product, { properties: { product_id: product } });
      await call("POST", "/v1/track", { key: WRITE, body });
    }
    const query = "anonymous_id=twin&placement=session&limit=12&strategies=collaborative,recent";
    const byName = (await call("GET", `/v1/recommendations?${query}`, { key: WRITE })).json.items as Item[];
    const recent = [...seen].reverse();
    const strategies = ["collaborative", "recent"];
    const byBody = await ask({ placement: "session", recent, limit: 12, strategies });
    expect(ids(byBody)).toEqual(ids(byName));
    expect(byBody.map(({ because }) => because)).toEqual(byName.map(({ because }) => because));
  });
});
