import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, newest, publish, viewed, WRITE } from "./call.ts";

const GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const CHROME =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36";
const library = (name: string) => ({ library: { name, version: "1" } });

const isBot = async (more: object, userAgent?: string) => {
  const { json } = await call("POST", "/v1/validate", {
    key: WRITE,
    body: { ...viewed("bots", "p"), ...more },
    headers: userAgent === undefined ? {} : { "user-agent": userAgent },
  });
  return json.events[0].bot as boolean;
};

test("[HT40] bots are known by what the visitor's browser calls itself", async () => {
  expect(await isBot({ context: { ...library("analytics.js"), userAgent: GOOGLEBOT } })).toBe(true);
  expect(await isBot({ context: { ...library("RudderLabs JavaScript SDK"), userAgent: GOOGLEBOT } })).toBe(
    true,
  );
  expect(await isBot({ channel: "browser", context: { userAgent: GOOGLEBOT } })).toBe(true);
  expect(await isBot({ context: { channel: "web", userAgent: "curl/8.5.0" } })).toBe(true);
  expect(await isBot({ context: { userAgent: GOOGLEBOT } })).toBe(true);
  expect(await isBot({ context: { ...library("analytics.js"), userAgent: CHROME } }, GOOGLEBOT)).toBe(false);
  // Where the message names none it is the request's.
  expect(await isBot({ context: library("analytics.js") }, GOOGLEBOT)).toBe(true);
  expect(await isBot({ context: { page: { path: "/" } } }, GOOGLEBOT)).toBe(true);
  expect(await isBot({ context: library("analytics.js") }, CHROME)).toBe(false);
  expect(await isBot({ context: library("analytics.js") })).toBe(false);
});

test("[HT40] what a server's or an app's library calls itself makes no bot", async () => {
  for (const name of ["@segment/analytics-node", "analytics-python", "RudderLabs Node", "analytics-ios"]) {
    expect(await isBot({ context: { ...library(name), userAgent: "curl/8.5.0" } }, GOOGLEBOT)).toBe(false);
  }
  expect(await isBot({ channel: "server", context: { userAgent: GOOGLEBOT } })).toBe(false);
  expect(await isBot({ channel: "mobile", context: library("analytics.js") }, GOOGLEBOT)).toBe(false);
  // A plugin of the shop's server, which tells on which page the visitor was.
  for (const agent of [
    "WordPress/6.8; https://shop.example",
    "GuzzleHttp/7",
    "python-requests/2.32.3",
    "node",
  ]) {
    expect(await isBot({ context: { page: { url: "https://shop.example/" } } }, agent)).toBe(false);
  }
  // Sent by hand, without a word about a browser.
  expect(await isBot({}, "curl/8.5.0")).toBe(false);
  expect(await isBot({ context: null }, "curl/8.5.0")).toBe(false);
  expect(await isBot({ context: { userAgent: 7, library: [], channel: {} } }, CHROME)).toBe(false);
});

test("[HT40] what bots do is stored, and teaches nothing: no product, no trend, no demand", async () => {
  const context = { ...library("analytics.js"), userAgent: GOOGLEBOT };
  const order = {
    type: "track",
    messageId: "bot-order",
    event: "Order Completed",
    anonymousId: "bot",
    properties: {
      order_id: "bot-o",
      products: [{ product_id: "bot-sku", sku: "bot-sku", quantity: 2, price: 5 }],
    },
    context,
  };
  const batch = [{ ...viewed("bot", "bot-product"), context }, order, viewed("human", "human-product")];
  expect((await call("POST", "/v1/batch", { key: WRITE, body: { batch } })).json.accepted).toBe(3);
  const { activities } = (await call("GET", "/v1/users/bot/export")).json;
  expect(activities.map(({ kind }: { kind: string }) => kind).sort()).toEqual(["ordered", "viewed"]);
  await publish();
  await newest();
  const { items } = (await call("GET", "/v1/trending?limit=100")).json;
  const products = items.map(({ product_id }: { product_id: string }) => product_id);
  expect(products).toContain("human-product");
  expect(products).not.toContain("bot-product");
  expect((await call("GET", "/v1/products/bot-product")).status).toBe(404);
  expect((await call("GET", "/v1/inventory/bot-sku/forecast")).status).toBe(404);
  expect((await env.DEMAND_PLANNER.getByName("planner").totals()).orders).toBe(0);
  const shown = (await call("GET", "/v1/monitor")).json;
  expect(shown.today).toMatchObject({ events: 3, visitors: 1, orders: 0 });
  expect(shown.recent.filter(({ bot }: { bot: boolean }) => bot)).toHaveLength(2);
});
