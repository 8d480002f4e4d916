import { readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openShop, type Shop, settled, visit } from "./dashboard-shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop?.close());

const heading = (page: Page, name: string, level = 1) =>
  page.getByRole("heading", { name, level, exact: true });
const section = (page: Page, name: string) => page.locator("section").filter({ has: heading(page, name, 2) });
const figure = (root: Page | Locator, name: string) =>
  root.locator(".tile").filter({ hasText: name }).locator("dd").first().textContent();
/** Of a table whose first column names its rows. */
const cellsOf = async (row: Locator) => row.locator("th, td").allTextContents();

describe("signing in", () => {
  test("[DB1] a wrong key is refused in words, the right one opens the view of the address and outlives no tab", () =>
    visit(shop, { at: "#/products", signedIn: false, expected: /status of (401|403)/ }, async (page) => {
      await heading(page, "Sign in").waitFor();
      for (const [wrong, words] of [
        ["nonsense", "This key is not valid."],
        [shop.writeKey, "This is the write key"],
        ["schlüssel€", "This key is not valid."],
      ] as const) {
        await page.getByLabel("Secret key").fill(wrong);
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByRole("alert").getByText(words).waitFor();
        expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
      }
      await page.getByLabel("Secret key").fill(shop.secretKey);
      await page.keyboard.press("Enter");
      await heading(page, "Products").waitFor();
      await settled(page);
      const kept = await page.evaluate(() =>
        JSON.stringify([{ ...localStorage }, document.cookie, location.href]),
      );
      expect(kept).not.toContain(shop.secretKey);
      await page.getByRole("button", { name: "Sign out" }).click();
      await heading(page, "Sign in").waitFor();
      expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    }));

  test("[DB2] a key that is refused later leads back to signing in", () =>
    visit(shop, { at: "#/products", expected: /status of 401/ }, async (page) => {
      await settled(page);
      await page.evaluate(() => sessionStorage.setItem("shelfwise.secret_key", "revoked"));
      await page.getByRole("link", { name: "Replenishment" }).click();
      await page.getByText("The key was refused").waitFor();
    }));
});

test("[DB3] every view has an address: it opens, is named in the title and marked in the navigation", () =>
  visit(shop, { at: "#/overview" }, async (page) => {
    const views = [
      ["Live", "live/rejected"],
      ["Visitors", `visitors/${shop.customer}`],
      ["Products", `products/${shop.sku}`],
      ["Replenishment", `replenishment/${shop.sku}`],
      ["Shop window", "shop/cart"],
    ];
    for (const [name, path] of views) {
      await page.goto(`${shop.url}/#/${path}`);
      await heading(page, name!).waitFor();
      await settled(page);
      expect(await page.title()).toMatch(new RegExp(`^${name}: .* – Shelfwise$`));
      expect(await page.locator("header [aria-current=page]").allTextContents()).toEqual([name]);
      expect(await page.locator("main .failure").count()).toBe(0);
    }
    // The shop window turns its pages itself.
    await page.getByRole("button", { name: "Home" }).click();
    expect(await page.title()).toBe("Shop window – Shelfwise");
    await section(page, "For you").locator("button.link").first().click();
    await expect.poll(() => page.title()).toMatch(/^Shop window: product: .+ – Shelfwise$/);
    await page.goBack();
    await expect.poll(() => page.title()).toBe("Shop window – Shelfwise");
    await page.goto(`${shop.url}/#/replenishment`);
    await heading(page, "Replenishment").waitFor();
    await page.goBack();
    await heading(page, "Shop window").waitFor();
    await page.goto(`${shop.url}/#/no-such-view`);
    await heading(page, "Overview").waitFor();
  }));

test("[DB4] the overview says how the service is, what to order and what is trending", () =>
  visit(shop, { at: "#/overview" }, async (page) => {
    await settled(page);
    expect(await figure(page, "Service")).toBe("ok");
    const today = section(page, "Today");
    expect(await figure(today, "Recommendations")).toMatch(/^\d+$/);
    await section(page, "Events a minute").locator("canvas").waitFor();
    const orders = Number(await figure(today, "Orders"));
    const order = { order_id: "seen", currency: "GBP", total: 12.5, products: [{ product_id: shop.sku }] };
    await shop.api("POST", "/v1/track", { event: "Order Completed", userId: "overview", properties: order });
    await expect.poll(() => figure(today, "Orders"), { timeout: 10_000 }).toBe(String(orders + 1));
    const { json: now } = await shop.api("GET", "/v1/monitor");
    expect(await figure(today, "Visitors")).toBe(String(now.today.visitors));
    expect(await figure(today, "Revenue")).toBe("£12.50");
    await section(page, "Events a minute")
      .getByText(/[1-9]\d* events in the last hour/)
      .waitFor();
    const { json } = await shop.api("GET", "/v1/replenishment?status=order_now&limit=500");
    expect(await figure(page, "To order now")).toBe(String(json.items.length));
    // What is sold out has to be ordered, too.
    const gone = (await shop.api("GET", "/v1/replenishment?status=out_of_stock&limit=500")).json;
    expect(gone.items[0].quantity).toBeGreaterThan(0);
    const wanted = [
      ...json.items,
      ...gone.items.filter(({ quantity }: { quantity: number }) => quantity > 0),
    ];
    expect(await section(page, "Order now").locator("tbody th").allTextContents()).toEqual(
      wanted
        .sort((a, b) => b.revenue_at_risk - a.revenue_at_risk)
        .slice(0, 8)
        .map(({ sku }) => sku),
    );
    const trending = (await shop.api("GET", "/v1/trending?limit=8")).json;
    expect(await section(page, "Trending").locator("li").count()).toBe(trending.items.length);
    await page.getByRole("link", { name: "The whole board" }).click();
    await heading(page, "Replenishment").waitFor();
  }));

test("[DB4] the overview says so when the service stops, and when it is back", () =>
  visit(
    shop,
    { at: "#/overview", expected: /ERR_FAILED/, prepare: (page) => page.clock.install() },
    async (page) => {
      await settled(page);
      const products = await figure(page, "Products in the model");
      await page.route("**/health", (route) => route.abort());
      await page.clock.fastForward("00:10");
      await expect.poll(() => figure(page, "Service")).toBe("not ok");
      await page.getByText("The service cannot be reached.").waitFor();
      expect(await figure(page, "Products in the model")).toBe(products);
      await page.unroute("**/health");
      await page.clock.fastForward("00:10");
      await expect.poll(() => figure(page, "Service")).toBe("ok");
    },
  ));

describe("the board", () => {
  const skus = (page: Page) => page.locator("tbody th").allTextContents();

  test("[DB5] is sorted by any column and filtered, and its address leads back to what was chosen", () =>
    visit(shop, { at: "#/replenishment" }, async (page) => {
      await settled(page);
      const { items } = (await shop.api("GET", "/v1/replenishment?limit=500")).json;
      await page.getByText(`1 to 50 of ${items.length} SKUs`).waitFor();
      await page.getByText("What the words mean").click();
      await page.getByText("expected shortage in the lead time").waitFor();
      expect(await skus(page)).toEqual(items.slice(0, 50).map(({ sku }: { sku: string }) => sku));

      await page.getByRole("button", { name: "SKU" }).click();
      const ascending = items.map(({ sku }: { sku: string }) => sku).sort();
      expect(await skus(page)).toEqual(ascending.slice(0, 50));
      expect(await page.locator("th[aria-sort]").getAttribute("aria-sort")).toBe("ascending");
      await page.getByRole("button", { name: "Next" }).click();
      expect(await skus(page)).toEqual(ascending.slice(50));
      await page.reload();
      await settled(page);
      expect(await skus(page)).toEqual(ascending.slice(50));
      await page.locator("tbody a").first().click();
      await page.getByRole("link", { name: "The board" }).click();
      await expect.poll(() => skus(page)).toEqual(ascending.slice(50));
      await page.getByRole("button", { name: "SKU" }).click();
      expect(await skus(page)).toEqual(ascending.toReversed().slice(0, 50));

      await page.getByLabel("Status").selectOption("order_now");
      const wanted = items.filter(({ status }: { status: string }) => status === "order_now");
      expect((await skus(page)).toSorted()).toEqual(wanted.map(({ sku }: { sku: string }) => sku).sort());
      await page.getByLabel("SKU or name").fill(wanted[0].sku);
      expect(await skus(page)).toEqual([wanted[0].sku]);

      await page.reload();
      await settled(page);
      expect(await skus(page)).toEqual([wanted[0].sku]);
      expect(await page.locator("th[aria-sort]").textContent()).toContain("SKU");
      await page.getByLabel("SKU or name").fill("nothing is called this");
      await page.getByText("Nothing matches").waitFor();
    }));

  test("[DB38] has a SKU that moves while its pages come, and has it once", () =>
    visit(
      shop,
      {
        at: "#/replenishment",
        prepare: async (page) => {
          const { json } = await shop.api("GET", "/v1/replenishment?limit=1");
          const [row] = json.items;
          const none = { skus: 0, revenue_at_risk: 0 };
          const totals = Object.fromEntries(Object.keys(json.totals).map((status) => [status, none]));
          totals[row.status] = { skus: 4, revenue_at_risk: 10 };
          await page.route("**/v1/replenishment?**", (route) => {
            const asked = new URL(route.request().url()).searchParams;
            const isFirst = asked.get("cursor") === null;
            const sold = isFirst ? ["a", "b"] : ["b", "c"];
            const items = (asked.get("sort") === "sku" ? ["a", "b", "c", "d"] : sold).map((sku) => ({
              ...row,
              sku,
            }));
            const hasMore = asked.get("sort") !== "sku" && isFirst;
            return route.fulfill({ json: { items, totals, ...(hasMore && { next_cursor: "b" }) } });
          });
        },
      },
      async (page) => {
        await page.getByText("1 to 4 of 4 SKUs").waitFor();
        expect(await skus(page)).toEqual(["a", "b", "c", "d"]);
      },
    ));

  test("[DB5] turned, shows the first row of the page; [DB34] says what it leaves out of a shop with more SKUs than it shows", () =>
    visit(
      shop,
      {
        at: "#/replenishment",
        prepare: async (page) => {
          const { json } = await shop.api("GET", "/v1/replenishment?limit=1");
          const totals = { ...json.totals, ok: { skus: 12_000, revenue_at_risk: 0 } };
          await page.route("**/v1/replenishment?**", (route) => {
            const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
            const items = Array.from({ length: 500 }, (_, i) => ({
              ...json.items[0],
              sku: `sku-${from + i}`,
            }));
            return route.fulfill({ json: { items, totals, next_cursor: String(from + 500) } });
          });
        },
      },
      async (page) => {
        const among = /, among the 10,000 of 12,\d{3} with the most revenue at risk, as of /;
        await page.getByText(among).waitFor();
        await page.getByRole("button", { name: "Next" }).click();
        expect((await page.locator("tbody tr").first().boundingBox())!.y).toBeGreaterThan(0);
        await page.getByLabel("SKU or name").fill("sku-99999");
        await page.getByText(/^Nothing matches, among the 10,000/).waitFor();
      },
    ));

  test("[DB37] of a tab that was left for a while is read anew, and says of when it is", () =>
    visit(
      shop,
      { at: "#/replenishment", expected: /ERR_FAILED/, prepare: (page) => page.clock.install() },
      async (page) => {
        await settled(page);
        const said = page.getByText(/SKUs, as of /);
        const before = await said.textContent();
        let asked = 0;
        await page.route("**/v1/replenishment?**", (route) =>
          ++asked === 1 ? route.abort() : route.continue(),
        );
        const isHidden = (value: boolean) =>
          page.evaluate((hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
          }, value);
        await isHidden(true);
        await page.clock.fastForward("00:30");
        await isHidden(false);
        expect(asked).toBe(0);
        await isHidden(true);
        await page.clock.fastForward("01:00:00");
        await isHidden(false);
        // The network of a machine that wakes is a little late.
        await expect.poll(() => asked).toBe(1);
        expect(await said.textContent()).toBe(before);
        await page.clock.fastForward("00:10");
        await expect.poll(() => said.textContent()).not.toBe(before);
        expect(await skus(page)).toHaveLength(50);
      },
    ));

  test("[DB6] is downloaded as CSV with the rows that are chosen, in their order, none of them a formula", () =>
    visit(shop, { at: "#/replenishment?sort=quantity&order=descending" }, async (page) => {
      await shop.api("PUT", "/v1/products/formula", { name: '=HYPERLINK("http://evil")' });
      await shop.api("PUT", "/v1/inventory/formula", { on_hand: 3 });
      await expect
        .poll(async () => (await shop.api("GET", "/v1/replenishment?limit=500")).json.items, {
          timeout: 15_000,
        })
        .toContainEqual(expect.objectContaining({ name: expect.stringContaining("HYPERLINK") }));
      await page.reload();
      await settled(page);
      const coming = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download CSV" }).click();
      const file = readFileSync((await (await coming).path())!, "utf8");
      expect(file[0]).toBe("\ufeff");
      const text = file.slice(1);
      const lines = text.trimEnd().split("\r\n");
      const { items } = (await shop.api("GET", "/v1/replenishment?limit=500")).json;
      expect(lines[0]).toBe(
        '"sku","name","status","class","available","on_order","reorder_point","quantity","order_by","days_of_cover","revenue_at_risk"',
      );
      expect(lines).toHaveLength(items.length + 1);
      const quantities = items.map(({ quantity }: { quantity: number }) => quantity);
      const first = items.find(({ quantity }: { quantity: number }) => quantity === Math.max(...quantities));
      expect(lines[1]).toContain(`"${first.sku}"`);
      expect(text).toContain(`"formula","'=HYPERLINK(""http://evil"")"`);
    }));
});

describe("a SKU", () => {
  test("[DB7] opens to history, fan chart, stock ahead, the chance of selling out, experts and accuracy", () =>
    visit(shop, { at: "#/replenishment" }, async (page) => {
      await page.getByLabel("SKU or name").fill(shop.sku);
      await page.getByRole("link", { name: shop.sku, exact: true }).click();
      await settled(page);
      const { json } = await shop.api("GET", `/v1/inventory/${shop.sku}/forecast`);
      expect(await figure(page, "Reorder point")).toBe(
        json.replenishment.reorder_point.toLocaleString("en-GB"),
      );
      for (const name of ["Demand and forecast", "Stock ahead, nothing ordered", "When it is gone"]) {
        await section(page, name).locator("canvas").waitFor();
      }
      expect(await inkOf(section(page, "Demand and forecast").locator("canvas"))).toBeGreaterThan(3);
      expect(await section(page, "Experts and their weights").locator("li").count()).toBeGreaterThan(1);
      expect(await figure(section(page, "Running accuracy"), "Error (RMSSE)")).toBe(
        json.backtest.rmsse.toFixed(2),
      );
      const figuresOf = async (summary: string) => {
        await page.getByText(summary).click();
        const rows = page.locator("details[open]").filter({ hasText: summary }).locator("tbody tr");
        return Promise.all((await rows.all()).map(cellsOf));
      };
      expect(await figuresOf("The forecast in figures")).toHaveLength(28);
      const past = json.history.filter(({ partial }: { partial?: boolean }) => !partial).slice(-120);
      const sold = await figuresOf("What was sold, in figures");
      expect(sold.map(([, units]) => count(units))).toEqual(
        past.toReversed().map(({ units }: { units: number }) => Math.round(units)),
      );
    }));

  test("[DB8] takes a stock adjustment with its reason, once, and shows what follows from it", () =>
    visit(shop, { at: `#/replenishment/${shop.sku}` }, async (page) => {
      await settled(page);
      const before = (await shop.api("GET", `/v1/inventory/${shop.sku}`)).json.on_hand;
      await page.getByLabel("Adjust by").fill("7");
      await page.getByLabel("Reason").selectOption("return");
      await page.getByRole("button", { name: "Adjust" }).dblclick();
      await expect
        .poll(() => figure(section(page, "Stock"), "On hand"))
        .toBe((before + 7).toLocaleString("en-GB"));
      await expect
        .poll(() => figure(page, "Available"), { timeout: 10_000 })
        .toBe((before + 7).toLocaleString("en-GB"));
      expect((await shop.api("GET", `/v1/inventory/${shop.sku}`)).json.on_hand).toBe(before + 7);
    }));

  test("[DB9] a stock adjustment that is not possible is refused in words", () =>
    visit(shop, { at: `#/replenishment/${shop.sku}`, expected: /status of 409/ }, async (page) => {
      await page.getByLabel("Adjust by").fill("-9999999");
      await page.getByRole("button", { name: "Adjust" }).click();
      await expect.poll(() => section(page, "Stock").getByRole("status").textContent()).not.toBe("");
    }));

  test("[DB10] what if: the same policy gives the same levels, another one others; kept, it is the policy", () =>
    visit(shop, { at: `#/replenishment/${shop.sku}` }, async (page) => {
      await settled(page);
      const row = section(page, "What if").getByRole("row", { name: "Reorder point" });
      await page.getByRole("button", { name: "Compute" }).click();
      await expect.poll(async () => (await cellsOf(row))[2]).not.toBe("–");
      const [, today, same] = await cellsOf(row);
      expect(same).toBe(today);
      await page.getByLabel("Lead time, days").fill("60");
      await page.getByLabel("Service level").selectOption("0.99");
      await expect.poll(async () => count((await cellsOf(row))[2])).toBeGreaterThan(count(today));
      const other = (await cellsOf(row))[2]!;
      await page.getByRole("button", { name: "Keep as policy" }).click();
      await expect.poll(() => figure(page, "Reorder point"), { timeout: 10_000 }).toBe(other);
      expect((await shop.api("GET", `/v1/inventory/${shop.sku}`)).json).toMatchObject({
        lead_time_days: 60,
        service_level: 0.99,
      });
    }));
});

test("[DB11] a product shows its facts, neighbours, trend and stock, and is found by its name", () =>
  visit(shop, { at: "#/products" }, async (page) => {
    const { json } = await shop.api("GET", `/v1/products/${shop.sku}`);
    await page.getByLabel("Name or id").fill(json.name.toLowerCase());
    await page.waitForURL(/search=/);
    await page.getByRole("link", { name: shop.sku }).click();
    await page.getByRole("link", { name: "The products found" }).click();
    await page.getByRole("link", { name: shop.sku }).click();
    await heading(page, json.name, 2).waitFor();
    await settled(page);
    expect(await figure(page, "Category")).toBe(json.category);
    const bought = (await shop.api("GET", `/v1/products/${shop.sku}/related?kind=bought&limit=8`)).json;
    expect(await section(page, "Bought with").locator("li a").allTextContents()).toEqual(
      bought.items
        .filter(({ strategy }: { strategy: string }) => strategy === "collaborative")
        .map(({ product }: { product: { name: string } }) => product.name),
    );
    await page.getByRole("img", { name: /units sold a day/ }).waitFor();
    await page.getByRole("link", { name: "Forecast and what to order" }).click();
    await heading(page, "Replenishment").waitFor();
  }));

test("[DB11] a product of yesterday has its day among the sixty", async () => {
  const properties = { order_id: "new", total: 5, products: [{ product_id: "brand-new", price: 5 }] };
  await shop.api("POST", "/v1/track", { event: "Order Completed", userId: "first", properties });
  for (const path of ["/v1/inventory/brand-new/forecast", "/v1/products/brand-new"]) {
    const told = async () => (await shop.api("GET", path)).status;
    await expect.poll(told, { timeout: 15_000 }).toBe(200);
  }
  await visit(shop, { at: "#/products/brand-new", expected: /status of 404/ }, async (page) => {
    const bars = page.getByRole("img", { name: /units sold a day/ }).locator("rect");
    await expect.poll(() => bars.count()).toBe(60);
  });
});

describe("a visitor", () => {
  test("[DB12] is found by id and shows profile, recommendations with reasons, cart and sessions", () =>
    visit(shop, { at: "#/visitors" }, async (page) => {
      await page.getByLabel("User id or anonymous id").fill(shop.customer);
      await page.keyboard.press("Enter");
      await settled(page);
      const { json } = await shop.api("GET", `/v1/users/${shop.customer}`);
      expect(await figure(page, "Orders")).toBe(String(json.counts.orders));
      const categories = section(page, "Favourite categories").locator("progress");
      expect(await categories.first().getAttribute("aria-label")).toBe(json.categories[0].category);
      expect(await page.getByRole("img", { name: /half below/ }).count()).toBe(
        Math.min(10, json.price.length),
      );
      const asked = `/v1/recommendations?user_id=${shop.customer}&placement=home&limit=8`;
      const { items } = (await shop.api("GET", asked)).json;
      expect(await section(page, "Recommended now").locator("li").count()).toBe(items.length);
      expect(await section(page, "Recommended now").locator("li .quiet").first().textContent()).not.toBe("");
      expect(await section(page, "Timeline").getByText("Order Completed").count()).toBeGreaterThan(0);
    }));

  test("[DB36] when a visitor was last seen is told by the clock on the wall, its day, too", async () => {
    const timestamp = "2026-03-04T20:30:00Z";
    const event = { type: "track", event: "Product Viewed", userId: "traveller", timestamp };
    const now = Date.parse("2026-03-05T00:00:00Z");
    const ago = Math.floor((Date.now() - now) / 86_400_000) * 86_400_000;
    const seen = new Date(Date.parse(timestamp) + ago);
    await shop.api("POST", "/v1/import", [{ ...event, timestamp: seen.toISOString() }]);
    const context = { timezoneId: "Pacific/Auckland" };
    await visit(shop, { at: "#/visitors/traveller", context }, async (page) => {
      const there = new Intl.DateTimeFormat("en-GB", {
        dateStyle: "medium",
        timeStyle: "short",
        timeZone: "Pacific/Auckland",
      }).format(seen);
      await expect.poll(() => figure(page, "Last seen")).toBe(there);
      expect(await page.locator(".sessions summary").first().textContent()).toContain(there);
    });
  });

  test("[DB12] under any id: who logged in is the visitor from before, and both ids are told", async () => {
    const view = {
      anonymousId: "before-login",
      event: "Product Viewed",
      properties: { product_id: shop.sku },
    };
    await shop.api("POST", "/v1/track", view);
    await shop.api("POST", "/v1/identify", { userId: "after-login", anonymousId: "before-login" });
    await expect
      .poll(async () => (await shop.api("GET", "/v1/users/before-login")).json.user_ids)
      .toEqual(["after-login"]);
    await visit(shop, { at: "#/visitors/before-login" }, async (page) => {
      await page.getByText("One and the same visitor: after-login").waitFor();
      await section(page, "Recommended now").locator("li").first().waitFor();
      await page.getByLabel("User id or anonymous id").fill("after-login");
      await page.keyboard.press("Enter");
      await page.getByText("One and the same visitor: before-login").waitFor();
      const viewed = section(page, "Timeline").getByText("Product Viewed");
      await viewed.first().waitFor();
      expect(await viewed.count()).toBe(1);
    });
  });

  test("[DB13] is exported whole, and erased when that is confirmed, not before", () =>
    visit(shop, { at: "#/visitors/leaver", expected: /status of 404/ }, async (page) => {
      await shop.api("POST", "/v1/identify", { userId: "leaver" });
      await shop.api("POST", "/v1/track", {
        event: "Product Viewed",
        userId: "leaver",
        messageId: "leaver-1",
        properties: { product_id: shop.sku },
      });
      await page.reload();
      const coming = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export everything" }).click();
      expect(readFileSync((await (await coming).path())!, "utf8")).toContain('"message_id":"leaver-1"');

      await page.getByRole("button", { name: "Erase …" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Keep" }).click();
      await page.getByRole("button", { name: "Erase …" }).click();
      await page.keyboard.press("Escape");
      expect((await shop.api("GET", "/v1/users/leaver")).status).toBe(200);
      await page.getByRole("button", { name: "Erase …" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Erase" }).click();
      await page.getByText("Erased").waitFor();
      expect((await shop.api("GET", "/v1/users/leaver")).status).toBe(404);
      await page.reload();
      await page.getByText("Nothing is known of leaver").waitFor();
    }));
});

test("[DB14] shop window: Segment's library tells of each click, and the very next recommendations know", () =>
  visit(shop, { at: "#/shop" }, async (page) => {
    const wire = page.getByRole("complementary", { name: "Events and answers" });
    const listed = (name: string) => section(page, name).locator("li.item button").allTextContents();
    await settled(page);
    const first = await listed("For you");
    await page.getByLabel("Find a product").fill(shop.sku);
    await page.getByRole("button", { name: "Find", exact: true }).click();
    await section(page, "Found").locator("button.link").first().click();
    await heading(page, "Goes with it", 2).waitFor();
    await settled(page);
    expect(await listed("For you")).not.toEqual(first);
    await wire.getByText("→ Product Viewed").waitFor();
    await wire
      .getByText(/^\d+(\.\d)? ms$/)
      .first()
      .waitFor();

    await page.getByRole("button", { name: "Add to cart" }).click();
    await page.getByRole("button", { name: "Cart (1)" }).waitFor();
    await wire.getByText("← Recommendations: cart").waitFor();
    await settled(page);
    expect(await listed("Before you go")).not.toEqual(first);
    const id = await page.evaluate(() => JSON.parse(localStorage.getItem("ajs_anonymous_id")!));
    await visit(shop, { at: `#/live?search=${id}` }, (tab) =>
      tab.locator("ol.feed").getByText("Product Added").first().waitFor(),
    );
    const { json } = await shop.api("GET", `/v1/users/${id}`);
    expect(json.cart).toEqual([{ product_id: shop.sku, quantity: 1 }]);
    await page.getByRole("button", { name: "Buy" }).click();
    await heading(page, "Thank you", 2).waitFor();
    await settled(page);
    await expect.poll(async () => (await shop.api("GET", `/v1/users/${id}`)).json.counts.orders).toBe(1);
    await page.getByRole("button", { name: "New visitor" }).click();
    await settled(page);
    expect(await page.evaluate(() => JSON.parse(localStorage.getItem("ajs_anonymous_id")!))).not.toBe(id);
  }));

describe("[DB31] the shop window's key", () => {
  test("is a write key: another, and the secret one, is refused in words; it goes with the cart at signing out", () =>
    visit(shop, { at: "#/shop", signedIn: false, expected: /status of 404/ }, async (page) => {
      const addresses: string[] = [];
      page.on("request", (request) => addresses.push(request.url()));
      const signIn = async () => {
        await page.getByLabel("Secret key").fill(shop.secretKey);
        await page.keyboard.press("Enter");
      };
      await signIn();
      for (const [wrong, words] of [
        [shop.secretKey, "This is the secret key"],
        ["nonsense", "not a valid write key"],
        ["schlüssel€", "not a valid write key"],
      ] as const) {
        await page.getByLabel("Write key").fill(wrong);
        await page.getByRole("button", { name: "Enter the shop" }).click();
        await page.getByRole("alert").getByText(words).waitFor();
      }
      expect(addresses.filter((address) => address.includes(shop.secretKey))).toEqual([]);
      await page.getByLabel("Write key").fill(shop.writeKey);
      await page.keyboard.press("Enter");
      await section(page, "For you").locator("button.link").first().click();
      await page.getByRole("button", { name: "Add to cart" }).click();
      await page.getByRole("button", { name: "Cart (1)" }).waitFor();
      await settled(page);

      await page.getByRole("button", { name: "Sign out" }).click();
      expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
      await signIn();
      await page.getByLabel("Write key").fill(shop.writeKey);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Cart (0)" }).waitFor();
    }));

  test("that the tab has kept is tried again: a replaced one is asked for anew", () =>
    visit(
      shop,
      {
        at: "#/shop",
        expected: /status of 404/,
        prepare: (page) =>
          page.addInitScript(() => sessionStorage.setItem("shelfwise.write_key", "replaced-since")),
      },
      async (page) => {
        await page.getByRole("alert").getByText("not a valid write key").waitFor();
        expect(await page.getByLabel("Write key").evaluate((input) => input === document.activeElement)).toBe(
          true,
        );
        await page.getByLabel("Write key").fill(shop.writeKey);
        await page.keyboard.press("Enter");
        await section(page, "For you").locator("li").first().waitFor();
      },
    ));
});

describe("[DB23] the focus goes to where one reads on", () => {
  const focused = (page: Page) =>
    page.evaluate(() => [document.activeElement?.tagName, document.activeElement?.textContent]);
  const press = async (page: Page, button: Locator) => {
    // One that is disabled until an answer comes cannot have the focus yet.
    await expect.poll(() => button.isEnabled()).toBe(true);
    await button.focus();
    await page.keyboard.press("Enter");
  };

  test("in the shop window: to what was opened, the cart and the thanks", () =>
    visit(shop, { at: "#/shop" }, async (page) => {
      const link = section(page, "For you").locator("button.link").first();
      const name = await link.textContent();
      await press(page, link);
      await expect.poll(() => focused(page)).toEqual(["H2", name]);
      await press(page, page.getByRole("button", { name: "Add to cart" }));
      expect(await focused(page)).toEqual(["H2", "Cart"]);
      await press(page, page.getByRole("button", { name: "Buy" }));
      expect(await focused(page)).toEqual(["H2", "Thank you"]);
    }));

  test("of a SKU: to its name, under which it stands what was adjusted or kept", () =>
    visit(shop, { at: `#/replenishment/${shop.sku}`, expected: /status of 409/ }, async (page) => {
      await settled(page);
      const name = await page.locator("main h2").first().textContent();
      await page.getByLabel("Adjust by").fill("-9999999");
      await page.keyboard.press("Enter");
      await expect.poll(() => focused(page)).toEqual(["BUTTON", "Adjust"]);
      await page.getByLabel("Adjust by").fill("3");
      await press(page, page.getByRole("button", { name: "Adjust" }));
      await page.getByText("Stock adjusted by 3: receipt.").waitFor();
      expect(await focused(page)).toEqual(["H2", name]);
      await settled(page);
      await page.getByLabel("Lead time, days").fill("30");
      await page.getByRole("button", { name: "Compute" }).click();
      await page.getByRole("columnheader", { name: "30 days" }).waitFor();
      await press(page, page.getByRole("button", { name: "Keep as policy" }));
      await page.getByText("Kept as the policy: 30 days").waitFor();
      expect(await focused(page)).toEqual(["H2", name]);
    }));

  test("of a list that goes on: to the first row that came", () =>
    visit(shop, { at: "#/products" }, async (page) => {
      await press(page, page.getByRole("button", { name: "Show more" }));
      const product = page.locator("tbody tr").nth(50).locator("a");
      await expect.poll(() => focused(page)).toEqual(["A", await product.textContent()]);

      const batch = Array.from({ length: 51 }, (_, i) => ({
        type: "track",
        event: "",
        userId: `wrong-${i}`,
      }));
      await shop.api("POST", "/v1/batch", { batch });
      await page.goto(`${shop.url}/#/live/rejected`);
      await press(page, page.getByRole("button", { name: "Show more" }));
      const event = page.locator("ol.feed > li").nth(50).locator("summary");
      await expect.poll(() => focused(page)).toEqual(["SUMMARY", await event.textContent()]);
    }));
});

/** Different colours on a canvas, up to ten. */
function inkOf(canvas: Locator): Promise<number> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
    const colours = new Set<number>();
    for (let i = 0; i < data.length && colours.size < 10; i += 4) {
      colours.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
    }
    return colours.size;
  });
}

function count(text: string | undefined): number {
  return Number(text?.replaceAll(",", ""));
}
