// The API seen by a real Chromium: its reference page, and its statuses from a page of another origin.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oneKey } from "../../scripts/keys.ts";
import { type Server, startServer } from "../../scripts/server/index.ts";
import { launch } from "./browser.ts";
import { startLimited } from "./limited-service.ts";

const DOCUMENT = resolve(import.meta.dirname, "../../public/openapi.json");

let dir: string;
let service: Server;
let browser: Browser;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-api-"));
  service = await startServer({ port: 0, dir });
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await service?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** What the browser complains of: the console, errors, requests that fail or leave this service. */
function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) found.push(message.text());
  });
  page.on("pageerror", (error) => found.push(error.message));
  page.on("requestfailed", (request) => found.push(`${request.url()} failed`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(service.url) && !url.startsWith("data:")) found.push(`${url} was asked for`);
  });
  return found;
}

describe("the reference page", () => {
  const { paths } = JSON.parse(readFileSync(DOCUMENT, "utf8")) as { paths: Record<string, object> };
  const operations = Object.values(paths).flatMap((methods) => Object.keys(methods)).length;

  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
  ] as const)("[OA6] shows every operation, %s and %i pixels wide", async (colorScheme, width) => {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 844 } });
    const found = complaints(page);
    await page.goto(`${service.url}/docs`);
    await page.waitForSelector(".opblock");
    expect(await page.locator(".opblock").count()).toBe(operations);
    await page.click("#operations-Recommendations-recommend .opblock-summary-control");
    await page.waitForSelector("text=Hex HMAC-SHA-256 of the user id");
    const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(ground === "rgb(28, 32, 34)").toBe(colorScheme === "dark");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(found).toEqual([]);
    await page.close();
  });

  test("[OA6] a call is tried out from the page", async () => {
    const page = await browser.newPage();
    await page.goto(`${service.url}/docs`);
    const health = page.locator("#operations-Service-getHealth");
    await health.locator(".opblock-summary-control").click();
    await health.getByRole("button", { name: "Try it out" }).click();
    await health.getByRole("button", { name: "Execute" }).click();
    await health.locator(".live-responses-table").waitFor();
    expect(await health.locator(".live-responses-table").textContent()).toContain('"status": "ok"');
    await page.close();
  });
});

describe("from another origin", () => {
  let shop: HttpServer;

  beforeAll(async () => {
    shop = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>A shop</title>");
    });
    await new Promise<void>((done) => shop.listen(0, "127.0.0.1", done));
  });

  afterAll(() => new Promise((done) => shop.close(done)));

  /** Statuses as a page of the shop sees them; 0 where the browser shows none. */
  async function seen(target: string, calls: readonly (readonly [string, string, string, string?])[]) {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(shop.address() as AddressInfo).port}/`);
    const statuses = await page.evaluate(
      async ({ target, calls }) => {
        const found: { status: number; retryAfter: string | null; code: unknown }[] = [];
        for (const [method, path, key, body] of calls) {
          try {
            const answer = await fetch(target + path, {
              method,
              headers: {
                authorization: `Basic ${btoa(`${key}:`)}`,
                "content-type": "application/json",
                "x-retry-count": "1",
              },
              ...(body !== undefined && { body: body === "large" ? "x".repeat(1_100_000) : body }),
            });
            const text = await answer.text();
            const code = answer.ok ? undefined : JSON.parse(text).code;
            found.push({ status: answer.status, retryAfter: answer.headers.get("retry-after"), code });
          } catch {
            found.push({ status: 0, retryAfter: null, code: undefined });
          }
        }
        return found;
      },
      { target, calls },
    );
    await page.close();
    return statuses;
  }

  test("[HT5] a page sees every status as itself, after the preflight its headers need", async () => {
    const write = oneKey(service.keys.writeKey);
    const secret = oneKey(service.keys.secretKey);
    const event = JSON.stringify({
      event: "Product Viewed",
      anonymousId: "b",
      properties: { product_id: "p" },
    });
    const statuses = await seen(service.url, [
      ["POST", "/v1/track", write, event],
      ["DELETE", "/v1/users/nobody", secret],
      ["POST", "/v1/track", write, "{"],
      ["POST", "/v1/track", "wrong", event],
      ["GET", "/v1/products", write],
      ["GET", "/v1/nothing", write],
      ["POST", "/v1/batch", write, "large"],
    ]);
    expect(statuses.map(({ status, code }) => [status, code])).toEqual([
      [200, undefined],
      [204, undefined],
      [400, "invalid_json"],
      [401, "unauthorized"],
      [403, "forbidden"],
      [404, "not_found"],
      [413, "too_large"],
    ]);
  });

  test("[HT5] a page sees 429 and 503 as themselves, and when to come again", async () => {
    const limited = await startLimited(1);
    const closed = await startServer({
      port: 0,
      dir: join(dir, "closed"),
      keys: { writeKey: "", secretKey: "" },
    });
    try {
      const event = JSON.stringify({ event: "Product Viewed", anonymousId: "b", properties: {} });
      // Of three one is beyond the limit, even where a minute ends between them.
      const calls = Array.from({ length: 3 }, () => ["POST", "/v1/track", limited.writeKey, event] as const);
      const limitedCalls = await seen(limited.url, calls);
      expect(limitedCalls[0]).toMatchObject({ status: 200 });
      const refused = limitedCalls.find(({ status }) => status !== 200);
      expect(refused).toMatchObject({ status: 429, code: "rate_limited" });
      expect(Number(refused!.retryAfter)).toBeGreaterThan(0);
      const [unset] = await seen(closed.url, [["POST", "/v1/track", "any", event]]);
      expect(unset).toMatchObject({ status: 503, code: "not_configured" });
      expect(Number(unset!.retryAfter)).toBeGreaterThan(0);
    } finally {
      await limited.stop();
      await closed.stop();
    }
  });
});
