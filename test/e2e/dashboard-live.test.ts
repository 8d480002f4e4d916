import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LONG_TASK_MS, longestTask, openShop, type Shop, settled, visit } from "./dashboard-shop.ts";

const EVENTS_KEPT = 500;
const EVENTS_PER_SECOND = 20;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.close());

const rows = (page: Page) => page.locator("ol.feed > li:visible");
const rowOf = (page: Page, text: string) => rows(page).filter({ hasText: text });

let sent = 0;
/** One event of its own; returns its message id. */
async function send(event: Record<string, unknown>): Promise<string> {
  const messageId = `live-${++sent}`;
  await shop.api("POST", "/v1/track", {
    messageId,
    anonymousId: "somebody",
    event: "Product Viewed",
    ...event,
  });
  return messageId;
}

async function open(page: Page, row: Locator): Promise<void> {
  await row.locator("summary").click();
  await row.locator("details[open] .event-body").waitFor();
  await page.getByRole("button", { name: /^Resume/ }).waitFor();
}

test("[DB15] an event is there within seconds, says what it is, and opens to its whole body", () =>
  visit(shop, { at: "#/live" }, async (page) => {
    await page.getByText("Live", { exact: true }).nth(2).waitFor();
    const id = await send({
      anonymousId: "live-visitor",
      properties: { product_id: shop.sku, name: "A lamp", colour: "green as grass" },
      context: { library: { name: "a-library", version: "1" } },
    });
    const row = rowOf(page, "A lamp");
    await row.waitFor();
    expect(await row.locator("summary").textContent()).toMatch(
      /Product Viewed[\s\S]*live-visitor[\s\S]*accepted/,
    );
    expect(await rows(page).first().textContent()).toContain("A lamp");
    await open(page, row);
    const body = JSON.parse((await row.getByRole("region", { name: "Body" }).textContent())!);
    expect(body).toMatchObject({ messageId: id, properties: { colour: "green as grass" } });
    expect(await row.textContent()).toContain("a-library");
    await row.getByRole("link", { name: "live-visitor" }).click();
    await page.getByRole("heading", { name: "Visitors" }).waitFor();
  }));

test("[DB16] the feed is filtered by type, kind, outcome, bots and text; its address leads back to all of it", () =>
  visit(shop, { at: "#/live" }, async (page) => {
    await send({ anonymousId: "filtered", properties: { product_id: "red-lamp" } });
    await send({ anonymousId: "filtered", event: "Product Added", properties: { product_id: "blue-lamp" } });
    await send({ anonymousId: "filtered", event: "" });
    await shop.api("POST", "/v1/page", {
      messageId: "filtered-page",
      anonymousId: "filtered",
      name: "A page",
    });
    const repeat = { messageId: "filtered-twice", anonymousId: "filtered", event: "Said twice" };
    for (let n = 0; n < 2; n++) await shop.api("POST", "/v1/track", repeat);
    await page.getByLabel("Search").fill("filtered");
    await expect.poll(() => rows(page).count(), { timeout: 15_000 }).toBe(6);
    const shown = async (label: string, value: string) => {
      await page.getByLabel(label).selectOption(value);
      const texts = await rows(page).locator("strong").allTextContents();
      await page.getByLabel(label).selectOption("");
      return texts.sort();
    };
    expect(await shown("Type", "page")).toEqual(["A page"]);
    expect(await shown("Kind", "added")).toEqual(["Product Added"]);
    expect(await shown("Outcome", "duplicate")).toEqual(["Said twice"]);
    expect(await shown("Outcome", "rejected")).toEqual(["track"]);
    expect(await shown("Bots", "only")).toEqual([]);
    await page.getByText("No event matches.").waitFor({ state: "hidden" });
    expect(await shown("Bots", "without")).toHaveLength(6);

    await page.getByLabel("Type").selectOption("track");
    await page.getByLabel("Search").fill("blue-lamp");
    expect(await rows(page).count()).toBe(1);
    await open(page, rows(page).first());
    expect(page.url()).toMatch(/#\/live\/event\/live-\d+\?search=blue-lamp&type=track$/);
    await page.reload();
    await rows(page).locator("details[open]").getByText('"blue-lamp"').waitFor();
    expect(await rows(page).count()).toBe(1);
    expect(await page.getByLabel("Type").inputValue()).toBe("track");
    await page.goto(`${shop.url}/#/live/event/long-gone`);
    await page.getByText("long-gone is not among the last events").waitFor();
  }));

test("[DB17] paused, nothing moves, and what came is told and shown afterwards; an open event holds the feed", () =>
  visit(shop, { at: "#/live?search=paused" }, async (page) => {
    await send({ anonymousId: "paused", properties: { product_id: "first" } });
    await rowOf(page, "first").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await send({ anonymousId: "paused", properties: { product_id: "second" } });
    await page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
    expect(await rows(page).count()).toBe(1);
    await page.getByRole("button", { name: "Resume (1 new)" }).click();
    await rowOf(page, "second").waitFor();
    expect(await rows(page).locator(".subject").allTextContents()).toEqual(["second", "first"]);

    await open(page, rowOf(page, "second"));
    await send({ anonymousId: "paused", properties: { product_id: "third" } });
    await page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
    await rowOf(page, "second").locator("summary").click();
    await rowOf(page, "third").waitFor();
    await page.getByRole("button", { name: "Pause" }).waitFor();
  }));

test("[DB18] rejected events are told with their reason, replayed as they were or corrected, or dropped", () =>
  visit(shop, { at: "#/live?outcome=rejected" }, async (page) => {
    const mistaken = { anonymousId: "mistaken", event: "", properties: { product_id: shop.sku } };
    const first = await send(mistaken);
    const row = rowOf(page, "is required of a track call").first();
    await row.waitFor();
    await open(page, row);
    await row.getByRole("button", { name: "Replay" }).click();
    await row.getByText("Still rejected: event is required of a track call").waitFor();
    await row.getByLabel("Message").fill("{");
    await row.getByRole("button", { name: "Replay" }).click();
    await row.getByText("The message is not JSON").waitFor();
    await row
      .getByLabel("Message")
      .fill(JSON.stringify({ ...mistaken, messageId: first, event: "Product Viewed" }));
    await row.getByRole("button", { name: "Replay" }).click();
    await row.getByText("Taken.").waitFor();
    const { json } = await shop.api("GET", "/v1/users/mistaken/export");
    expect(json.activities.map(({ message_id }: { message_id: string }) => message_id)).toEqual([first]);

    const ids = [await send(mistaken), await send(mistaken), await send(mistaken)];
    await page.getByRole("link", { name: "Rejected", exact: true }).click();
    for (const id of ids) await rowOf(page, id).waitFor();
    expect(await rowOf(page, first).count()).toBe(0);
    await rowOf(page, ids[0]!).locator("summary").click();
    await page.waitForURL(/#\/live\/rejected\/\d+-\d+$/);
    await page.reload();
    const one = rowOf(page, ids[0]!);
    await one.getByRole("button", { name: "Drop" }).click();
    await one.getByText("Dropped.").waitFor();
    const kept = await shop.api("GET", "/v1/rejected?limit=500");
    const left = kept.json.items.map(({ message_id }: { message_id: string }) => message_id);
    expect(left).not.toContain(ids[0]);
    expect(left).toContain(ids[1]);
    await page.getByRole("button", { name: "Replay all" }).click();
    await page.getByText(`0 taken, 0 known already, ${left.length} still rejected.`).waitFor();
  }));

test("[DB19] a feed that breaks says so, tries again, and shows what came meanwhile", () =>
  visit(
    shop,
    {
      at: "#/live?search=meanwhile",
      expected: /WebSocket/,
      prepare: async (page) => {
        const state = { down: false, close: () => {} };
        await page.routeWebSocket("**/v1/live**", (socket) => {
          if (state.down) return void socket.close({ code: 1011 });
          const server = socket.connectToServer();
          state.close = () => {
            state.down = true;
            void server.close();
            void socket.close({ code: 1012 });
          };
        });
        await page.exposeFunction("breakFeed", () => state.close());
        await page.exposeFunction("mendFeed", () => {
          state.down = false;
        });
      },
    },
    async (page) => {
      const sign = page.locator(".sign");
      await sign.getByText("Live").waitFor();
      await page.evaluate("breakFeed()");
      await sign.getByText(/Connection lost, trying again at/).waitFor();
      await send({ anonymousId: "meanwhile", properties: { product_id: "come-meanwhile" } });
      await page.evaluate("mendFeed()");
      await page.getByRole("button", { name: "Try now" }).click();
      await sign.getByText("Live").waitFor();
      await rowOf(page, "come-meanwhile").waitFor();
      // And by itself.
      await page.evaluate("breakFeed()");
      await sign.getByText(/Connection lost/).waitFor();
      await page.evaluate("mendFeed()");
      await sign.getByText("Live").waitFor();
      expect(await rowOf(page, "come-meanwhile").count()).toBe(1);
    },
  ));

describe("[DB33] a tab that nobody looks at", () => {
  const MINUTE_MS = 60_000;

  test("keeps its feed while its clock ticks but once a minute", () =>
    visit(
      shop,
      {
        at: "#/live",
        prepare: async (page) => {
          await page.clock.install();
          // As browsers do with hidden tabs.
          await page.addInitScript((shortest) => {
            const usual = setInterval;
            Object.assign(globalThis, {
              setInterval: (act: () => void, ms: number) => usual(act, Math.max(ms, shortest)),
            });
          }, MINUTE_MS);
        },
      },
      async (page) => {
        const sign = page.locator(".sign");
        await sign.getByText("Live").waitFor();
        const opened: string[] = [];
        page.on("websocket", (socket) => opened.push(socket.url()));
        page.on("request", (request) => opened.push(request.url()));
        for (let minute = 0; minute < 4; minute++) {
          await page.clock.runFor(MINUTE_MS);
          await page.waitForTimeout(300); // of the real clock: the pong comes
        }
        await sign.getByText("Live").waitFor();
        expect(opened).toEqual([]);
      },
    ));

  test("asks at once when somebody looks again whether its feed still lives", () =>
    visit(
      shop,
      {
        at: "#/live",
        expected: /WebSocket/,
        prepare: async (page) => {
          const state = { deaf: false, tries: 0 };
          await page.clock.install();
          await page.routeWebSocket("**/v1/live**", (socket) => {
            state.tries++;
            const server = socket.connectToServer();
            const deaf = state.tries === 1;
            socket.onMessage((text) => !(deaf && state.deaf) && server.send(text));
          });
          await page.exposeFunction("deafen", () => {
            state.deaf = true;
          });
          await page.exposeFunction("tries", () => state.tries);
        },
      },
      async (page) => {
        await page.locator(".sign").getByText("Live").waitFor();
        await page.evaluate("deafen()");
        await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
        await page.clock.runFor(8_000);
        await expect.poll(() => page.evaluate("tries()"), { timeout: 5_000 }).toBe(2);
        await page.locator(".sign").getByText("Live").waitFor();
      },
    ));
});

test("[DB30] 500 events in the feed and 20 more a second: nothing holds up the page for 50 ms", () =>
  visit(shop, { at: "#/live" }, async (page) => {
    await settled(page);
    const wave = (n: number) =>
      shop.api("POST", "/v1/batch", {
        batch: Array.from({ length: EVENTS_PER_SECOND }, (_, i) => ({
          type: "track",
          messageId: `wave-${n}-${i}`,
          anonymousId: `wave-${i}`,
          event: i % 2 === 0 ? "Product Viewed" : "Product Added",
          properties: { product_id: `p-${n}`, name: `Product ${n} of wave ${i}`, note: "x".repeat(500) },
        })),
      });
    let n = 0;
    const timer = setInterval(() => void wave(n++), 1000);
    try {
      const filling = await longestTask(page, () =>
        page.getByText(`${EVENTS_KEPT} of the last ${EVENTS_KEPT} events`).waitFor({ timeout: 60_000 }),
      );
      const using = await longestTask(page, async () => {
        await page.getByLabel("Search").fill("wave");
        await page.waitForTimeout(2_000);
        await page.getByLabel("Search").fill("of wave 7");
        await page.getByLabel("Kind").selectOption("added");
        await page.waitForTimeout(2_000);
        await page.getByLabel("Kind").selectOption("");
        await page.getByLabel("Search").fill("");
        await page.locator("ol.feed summary").first().click();
        await page.waitForTimeout(2_000);
        await page.getByRole("button", { name: /^Resume/ }).click();
        await page.waitForTimeout(1_000);
      });
      console.log(`longest task: ${filling} ms while 500 events come, ${using} ms while they are searched`);
      expect(filling).toBeLessThan(LONG_TASK_MS);
      expect(using).toBeLessThan(LONG_TASK_MS);
      expect(await rows(page).count()).toBe(EVENTS_KEPT);
    } finally {
      clearInterval(timer);
    }
  }));
