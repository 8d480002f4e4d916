// What docs/bringing-a-shop.md tells to do, by its own scripts.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiClient, dataOf } from "../../scripts/client.ts";
import { oneKey } from "../../scripts/keys.ts";
import { type Server, startServer } from "../../scripts/server/index.ts";

const PAGE = readFileSync(resolve(import.meta.dirname, "../../docs/bringing-a-shop.md"), "utf8");
const DAY_MS = 86_400_000;
const DAYS = 60;

let dir: string;
let service: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-bringing-"));
  service = await startServer({ port: 0, dir });
});

afterAll(async () => {
  await service?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs the page's script whose first line names it. */
async function run(name: string, data: string, text: string): Promise<{ stdout: string; stderr: string }> {
  const scripts = [...PAGE.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!);
  const script = scripts.find((code) => code.startsWith(`// node ${name} `))!;
  writeFileSync(join(dir, name), script);
  writeFileSync(join(dir, data), text);
  const env = { ...process.env, SECRET_KEY: oneKey(service.keys.secretKey) };
  return promisify(execFile)(process.execPath, [join(dir, name), join(dir, data), service.url], { env });
}

test("[SS26] a table of orders and one of stock are brought to the board, twice as once", async () => {
  const rows = Array.from({ length: DAYS }, (_, day) => {
    const date = new Date(Date.now() - (day + 1) * DAY_MS).toISOString();
    return [
      `O${day},${day % 3 ? `customer-${day % 7}` : ""},${date},MUG,2,9.5`,
      `O${day},,${date},A/B 1,1,3`,
    ];
  });
  const orders = [
    "order_id,customer,date,sku,quantity,price",
    ...rows.flat(),
    "late,,02.03.2026,MUG,1,1",
    "",
  ];
  const stock = (onHand: number) =>
    JSON.stringify(
      ["MUG", "A/B 1"].map((sku) => ({ sku, on_hand: onHand, lead_time_days: 14, pack_size: 6 })),
    );
  const { GET } = apiClient(service.url, oneKey(service.keys.secretKey));
  const countsOfOne = async () =>
    dataOf(await GET("/v1/users/{id}", { params: { path: { id: "customer-1" } } }), "profile").counts;

  const first = await run("history.mjs", "orders.csv", orders.join("\r\n"));
  expect(first.stdout).toContain(`${DAYS + 1} of ${DAYS + 1} orders`);
  expect(first.stderr).toMatch(/^order \d+: timestamp must be a time \(ISO 8601\)\n$/);
  const counts = await countsOfOne();
  expect(counts.orders).toBeGreaterThan(0);
  await run("history.mjs", "orders.csv", orders.join("\r\n"));
  expect(await countsOfOne()).toEqual(counts);

  expect(await run("stock.mjs", "stock.json", stock(500))).toEqual({ stdout: "", stderr: "" });
  expect(await run("stock.mjs", "stock.json", stock(4))).toEqual({ stdout: "", stderr: "" });
  await expect
    .poll(
      async () => {
        const board = dataOf(
          await GET("/v1/replenishment", { params: { query: { sort: "sku" } } }),
          "the board",
        );
        return board.items.map(({ sku, status, on_hand, lead_time_days }) => [
          sku,
          status,
          on_hand,
          lead_time_days,
        ]);
      },
      { timeout: 20_000 },
    )
    .toEqual([
      ["A/B 1", "order_now", 4, 14],
      ["MUG", "order_now", 4, 14],
    ]);
}, 60_000);
