// Requests over HTTP on plain workerd, each kind beside a bare Worker with the same hops and no work, in turns.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { apiClient, dataOf } from "../scripts/client.ts";
import { type Server, startServer } from "../scripts/server/index.ts";
import { type BareServer, startBare } from "./bare/server.ts";
import { beside, cpuSeconds, type LoadOptions, residentMb, run, shown } from "./load.ts";
import type { Row } from "./table.ts";

const CONNECTIONS = 64;
const VISITORS = 2_000;

interface Sizes {
  readonly products: number;
  readonly seconds: number;
  readonly rounds: number;
}

/** State in memory-backed files where the machine has them, so that the disk is not what is measured. */
function directory(): string {
  try {
    return mkdtempSync("/dev/shm/shelfwise-bench-");
  } catch {
    return mkdtempSync(join(tmpdir(), "shelfwise-bench-"));
  }
}

/** Product ids with Zipf-like popularity, the same in every run. */
function productOf(n: number, products: number): string {
  const u = ((n * 2_654_435_761) >>> 0) / 2 ** 32;
  return `p${Math.floor(products ** u)}`;
}

let messages = 0;

function batch(visitor: string, events: number, products: number): string {
  const at = new Date().toISOString();
  return JSON.stringify({
    sentAt: at,
    batch: Array.from({ length: events }, () => {
      const product = productOf(messages, products);
      return {
        type: "track",
        messageId: `bench-${messages++}`,
        anonymousId: visitor,
        event: "Product Viewed",
        timestamp: at,
        properties: {
          product_id: product,
          name: `Product ${product}`,
          category: `c${Number(product.slice(1)) % 50}`,
          price: 9.5,
          currency: "GBP",
        },
        context: { library: { name: "bench", version: "1" } },
      };
    }),
  });
}

async function fillCatalogue(server: Server, sizes: Sizes): Promise<void> {
  const client = apiClient(server.url, server.keys.secretKey);
  for (let from = 0; from < sizes.products; from += 2_000) {
    const products = Array.from({ length: Math.min(2_000, sizes.products - from) }, (_, i) => ({
      product_id: `p${from + i}`,
      name: `Product p${from + i}`,
      category: `c${(from + i) % 50}`,
      price: 1 + ((from + i) % 400) / 10,
      currency: "GBP",
    }));
    dataOf(await client.POST("/v1/products", { body: products }), "products");
  }
}

async function untilPublished(server: Server): Promise<void> {
  const client = apiClient(server.url, server.keys.secretKey);
  for (let tries = 0; tries < 120; tries++) {
    const { model } = dataOf(await client.GET("/health"), "health");
    if (model.version > 0) return;
    await sleep(500);
  }
  throw new Error("no model was published in 60 s");
}

/** @returns Rows of the speed table that need the running service. */
export async function httpRows(quick: boolean): Promise<Row[]> {
  const sizes: Sizes = quick
    ? { products: 2_000, seconds: 2, rounds: 1 }
    : { products: 50_000, seconds: 8, rounds: 3 };
  const where = directory();
  const rows: Row[] = [];
  let server: Server | undefined;
  let bare: BareServer | undefined;
  try {
    server = await startServer({ port: 0, dir: join(where, "shelfwise") });
    bare = await startBare(where);
    const { url } = server;
    const write = { authorization: `Bearer ${server.keys.writeKey}`, "content-type": "application/json" };
    const common = { connections: CONNECTIONS, seconds: sizes.seconds, headers: write };
    const visitor = (n: number) => `v${n % VISITORS}`;

    const five: LoadOptions = {
      ...common,
      warmUp: VISITORS,
      url,
      method: "POST",
      request: (n) => ({ path: "/v1/batch", body: batch(visitor(n), 5, sizes.products) }),
    };
    const bareWrite: LoadOptions = {
      ...common,
      warmUp: VISITORS,
      url: bare.url,
      method: "POST",
      request: (n) => ({ path: `/?name=${visitor(n)}`, body: batch(visitor(n), 5, sizes.products) }),
    };
    const hello: LoadOptions = {
      ...common,
      url: bare.url,
      method: "GET",
      request: () => ({ path: "/hello" }),
    };
    const [events, eventsBare, hellos] = await beside(sizes.rounds, five, bareWrite, hello);
    rows.push({
      what: "the load generator: a bare Worker's hello, no object",
      figure: `${shown(hellos)}, ${(hellos.generatorShare * 100).toFixed(0)} % of a core; ${(events.generatorShare * 100).toFixed(0)} % at the events`,
      aim: "several times what is measured with it",
      met: hellos.requestsPerSecond >= 2 * eventsBare.requestsPerSecond,
    });
    rows.push({
      what: "events: one visitor's batch of 5 over HTTP, durable",
      figure: shown(events),
      peer: `bare Worker, one object call, one row: ${shown(eventsBare)}`,
      ratio: events.requestsPerSecond / eventsBare.requestsPerSecond,
      aim: ">= 60 %",
      met: events.requestsPerSecond >= 0.6 * eventsBare.requestsPerSecond,
      failed: events.failed,
    });

    const many: LoadOptions = {
      ...common,
      url,
      method: "POST",
      request: (n) => ({ path: "/v1/batch", body: batch(visitor(n), 50, sizes.products) }),
    };
    // While others had their turn the objects were closed.
    await run({ ...many, warmUp: VISITORS, seconds: 1 });
    const before = cpuSeconds(server.pid);
    // The model's builder works in bouts: it catches up, stores, and publishes every quarter of a minute.
    const fifty = await run({ ...many, seconds: 4 * sizes.seconds });
    const cpu = cpuSeconds(server.pid) - before;
    rows.push({
      what: "events: 50 of one visitor in a request",
      figure: `${((fifty.requests * 50) / cpu).toFixed(0)} events per second of workerd's CPU`,
      peer: `${(fifty.requestsPerSecond * 50).toFixed(0)} events/s by the clock, beside the load generator`,
      aim: ">= 25,000 events/s on one core",
      met: (fifty.requests * 50) / cpu >= 25_000,
      failed: fifty.failed,
    });
    rows.push({
      what: "memory of workerd after these events",
      figure: `${residentMb(server.pid).toFixed(0)} MB`,
      aim: "printed",
    });

    await fillCatalogue(server, sizes);
    await untilPublished(server);
    await sleep(15_000);
    const [read, readBare] = await beside(
      sizes.rounds,
      {
        ...common,
        warmUp: VISITORS,
        url,
        method: "GET",
        request: (n) => ({ path: `/v1/recommendations?anonymous_id=${visitor(n)}&placement=home&limit=10` }),
      },
      {
        ...common,
        warmUp: VISITORS,
        url: bare.url,
        method: "GET",
        request: (n) => ({ path: `/?name=${visitor(n)}` }),
      },
    );
    rows.push({
      what: `GET /v1/recommendations, ${sizes.products} products, ${VISITORS} visitors`,
      figure: shown(read),
      peer: `bare Worker, one object call: ${shown(readBare)}`,
      ratio: read.requestsPerSecond / readBare.requestsPerSecond,
      aim: ">= 60 %, p99 <= 2x",
      met: read.requestsPerSecond >= 0.6 * readBare.requestsPerSecond && read.p99Ms <= 2 * readBare.p99Ms,
      failed: read.failed,
    });
  } finally {
    await server?.stop();
    await bare?.stop();
    rmSync(where, { recursive: true, force: true });
  }
  return rows;
}
