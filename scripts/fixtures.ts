// The rows of every kind of object as this release writes them, and the answers that go with them: what later releases
// must read. Run once for a release: npm run fixtures
import { createHash, createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { COMBINER_SHARDS, DAY_MS } from "../domain/limits.ts";
import { MODEL_NAME, MONITOR_NAME, plannerName } from "../domain/object-names.ts";
import { combinerName } from "../domain/visitor-name.ts";
import { type Server, startServer } from "./server/index.ts";

const KEYS = { writeKey: "fixture-write", secretKey: "fixture-secret" };
const VISITOR = "fixture-visitor";
const SKU = "fixture-sku";
const ORDER = "fixture-order";
/** Longer than a planner waits before it writes pages. */
const PAGES_SECONDS = 20;

/** Which objects are kept, by binding. */
const OBJECTS: readonly { readonly binding: string; readonly className: string; readonly names: string[] }[] =
  [
    {
      binding: "USER_PROFILE",
      className: "UserProfile",
      names: [`u:${VISITOR}`, "a:fixture-device", "a:fixture-alone"],
    },
    {
      binding: "SIGNAL_COMBINER",
      className: "SignalCombiner",
      names: Array.from({ length: COMBINER_SHARDS }, (_, shard) => combinerName(shard)),
    },
    { binding: "MODEL_BUILDER", className: "ModelBuilder", names: [MODEL_NAME] },
    { binding: "INVENTORY", className: "Inventory", names: [`s:${SKU}`] },
    { binding: "ORDER", className: "Order", names: [`o:${ORDER}`] },
    { binding: "DEMAND_PLANNER", className: "DemandPlanner", names: [plannerName(0, 1)] },
    { binding: "EVENT_MONITOR", className: "EventMonitor", names: [MONITOR_NAME] },
  ];

/** What a later release is asked. */
const QUESTIONS = [
  `/v1/users/${VISITOR}`,
  `/v1/users/${VISITOR}/export`,
  "/v1/users/fixture-alone",
  `/v1/products/${SKU}`,
  `/v1/inventory/${SKU}`,
  `/v1/orders/${ORDER}`,
  `/v1/inventory/${SKU}/forecast?horizon=1`,
  "/v1/rejected",
];

async function send(server: Server, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${KEYS.secretKey}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

let messages = 0;

function track(ids: object, event: string, at: number, properties: object): object {
  const timestamp = new Date(at).toISOString();
  return { type: "track", event, ...ids, messageId: `fixture-${messages++}`, timestamp, properties };
}

const facts = (product: string) => ({
  product_id: product,
  name: `Product ${product}`,
  category: "Lamps",
  brand: "Ours",
  price: 12.5,
  currency: "EUR",
});

/** Some days of one visitor on two devices, another one who stays unknown, a product, a stock, an order. */
async function firstDays(server: Server, now: number): Promise<void> {
  await send(server, "PUT", `/v1/products/${SKU}`, { ...facts(SKU), product_id: undefined });
  await send(server, "PUT", `/v1/inventory/${SKU}`, { on_hand: 20, lead_time_days: 5, unit_price: 12.5 });
  const device = { anonymousId: "fixture-device" };
  const user = { userId: VISITOR };
  const batch = [
    ...[1, 2, 3].map((day) => track(device, "Product Viewed", now - day * DAY_MS, facts(SKU))),
    track(device, "Product Added", now - DAY_MS, { ...facts("fixture-other"), quantity: 2 }),
    { type: "identify", ...device, ...user, messageId: `fixture-${messages++}`, traits: {} },
    track(user, "Order Completed", now - 2 * DAY_MS, {
      order_id: "fixture-past",
      currency: "EUR",
      products: [{ ...facts(SKU), quantity: 2 }],
    }),
    track({ anonymousId: "fixture-alone" }, "Product Viewed", now - DAY_MS, facts("fixture-other")),
    // Refused, and kept: it is nobody's.
    track({}, "Product Viewed", now - DAY_MS, facts(SKU)),
  ];
  await send(server, "POST", "/v1/batch", { batch });
  await send(server, "POST", "/v1/orders", { order_id: ORDER, items: [{ sku: SKU, quantity: 3 }] });
}

/** What is only journalled when the service stops. */
async function lastMinutes(server: Server, now: number): Promise<void> {
  const batch = [
    track({ userId: VISITOR }, "Product Viewed", now - 60_000, facts("fixture-other")),
    track({ userId: VISITOR }, "Product Viewed", now - 30_000, facts(SKU)),
  ];
  await send(server, "POST", "/v1/batch", { batch });
  await send(server, "POST", `/v1/inventory/${SKU}/adjustments`, { delta: 4, reason: "receipt" });
  await send(server, "PUT", `/v1/products/${SKU}`, { ...facts(SKU), product_id: undefined, price: 13 });
}

/** Database file of a named object: the platform's ids are keyed hashes of class and name. */
function fileOf(storage: string, className: string, name: string): string {
  const unique = `shelfwise-${className}`;
  const key = createHash("sha256").update(unique).digest();
  const mac = (bytes: Buffer | string) => createHmac("sha256", key).update(bytes).digest().subarray(0, 16);
  const head = mac(name);
  return join(storage, unique, `${Buffer.concat([head, mac(head)]).toString("hex")}.sqlite`);
}

function tablesOf(file: string) {
  const db = new DatabaseSync(file);
  try {
    const tables = db.prepare(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
    );
    return tables.all().map(({ name, sql }) => ({
      name: String(name),
      sql: String(sql),
      rows: db
        .prepare(`SELECT * FROM ${name}`)
        .all()
        .map((row) => Object.values(row).map(kept)),
    }));
  } finally {
    db.close();
  }
}

/** Bytes as gzip in base64, all else as it is. */
function kept(value: unknown): unknown {
  return value instanceof Uint8Array ? { gzip: gzipSync(value).toString("base64") } : value;
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-fixtures-"));
  try {
    const quick = { COMBINER_FLUSH_SECONDS: "1", MODEL_PUBLISH_SECONDS: "1" };
    let server = await startServer({ port: 0, dir, keys: KEYS, vars: quick });
    await firstDays(server, Date.now());
    await sleep(PAGES_SECONDS * 1000);
    await server.stop();
    const slow = { COMBINER_FLUSH_SECONDS: "3600", MODEL_PUBLISH_SECONDS: "3600" };
    server = await startServer({ port: 0, dir, keys: KEYS, vars: slow });
    await lastMinutes(server, Date.now());
    await sleep(1_000);
    const answers = [];
    for (const path of QUESTIONS) {
      answers.push({ path, at: Date.now(), json: await send(server, "GET", path) });
    }
    const { lag } = (await send(server, "GET", "/health")) as { lag: { packets: number } };
    await server.stop();
    const storage = join(dir, "storage");
    const objects = OBJECTS.flatMap(({ binding, className, names }) =>
      names
        .map((name) => ({ binding, name, file: fileOf(storage, className, name) }))
        .filter(({ file }) => existsSync(file))
        .map(({ file, ...object }) => ({ ...object, tables: tablesOf(file) }))
        .filter(({ tables }) => tables.some(({ rows }) => rows.length > 0)),
    );
    const missing = OBJECTS.filter(({ binding }) => !objects.some((object) => object.binding === binding));
    if (missing.length > 0) throw new Error(`nothing stored by ${missing.map(({ className }) => className)}`);
    const folder = join(import.meta.dirname, "../test/fixtures/storage");
    mkdirSync(folder, { recursive: true });
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"));
    const fixture = { version, packets: lag.packets, objects, answers };
    const file = join(folder, `${version}.json`);
    writeFileSync(file, `${JSON.stringify(fixture, null, 1)}\n`);
    console.log(`${file}: ${objects.length} objects`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
