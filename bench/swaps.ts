// Recommendations while models are published and swapped, beside the same without, in plain workerd where both the
// builder and the readers share one thread.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MODEL_PRODUCTS_MAX } from "../domain/limits.ts";
import { type Server, startServer } from "../scripts/server/index.ts";
import { type LoadResult, residentMb, run } from "./load.ts";
import type { Row } from "./table.ts";

const CONNECTIONS = 8;
/** A change that wants a new model. */
const CHANGE_MS = 500;
const PRODUCTS_AT_ONCE = 2_000;

/** @returns Rows of the speed table about swaps. */
export async function swapRows(quick: boolean): Promise<Row[]> {
  const sizes = quick
    ? { products: 2_000, quietSeconds: 5, seconds: 5 }
    : { products: MODEL_PRODUCTS_MAX, quietSeconds: 30, seconds: 150 };
  const where = mkdtempSync(join(tmpdir(), "shelfwise-swaps-"));
  let server: Server | undefined;
  try {
    server = await startServer({
      port: 0,
      dir: join(where, "shelfwise"),
      vars: { MODEL_PUBLISH_SECONDS: "1" },
    });
    await fill(server, sizes.products);
    await ask(server, 2);
    await untilQuiet(server, quick ? 3_000 : 15_000);
    const quiet = await ask(server, sizes.quietSeconds);
    const before = await version(server);
    const changes = change(server, sizes.seconds);
    const busy = await ask(server, sizes.seconds);
    await changes;
    const swaps = (await version(server)) - before;
    return [
      {
        what: `GET /v1/recommendations during ${swaps} swaps of a model of ${sizes.products} products`,
        figure: `p99 ${busy.p99Ms} ms, ${busy.requestsPerSecond.toFixed(0)} requests/s`,
        peer: `without swaps: p99 ${quiet.p99Ms} ms, ${quiet.requestsPerSecond.toFixed(0)} requests/s`,
        ratio: busy.p99Ms / quiet.p99Ms,
        aim: "p99 <= 2x",
        met: swaps > 0 && busy.p99Ms <= 2 * quiet.p99Ms,
        failed: quiet.failed + busy.failed,
      },
      {
        what: `memory of workerd with a model of ${sizes.products} products`,
        figure: `${residentMb(server.pid).toFixed(0)} MB`,
        aim: "printed",
      },
    ];
  } finally {
    await server?.stop();
    rmSync(where, { recursive: true, force: true });
  }
}

function ask(server: Server, seconds: number): Promise<LoadResult> {
  return run({
    url: server.url,
    connections: CONNECTIONS,
    seconds,
    method: "GET",
    headers: { authorization: `Bearer ${server.keys.writeKey}` },
    request: (n) => ({ path: `/v1/recommendations?anonymous_id=v${n % 200}&placement=home&limit=10` }),
  });
}

async function change(server: Server, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (let price = 1; Date.now() < end; price++) {
    await send(server, "PUT", "/v1/products/p1", JSON.stringify({ price, currency: "GBP" }));
    await sleep(CHANGE_MS);
  }
}

async function version(server: Server): Promise<number> {
  const health = (await (await fetch(`${server.url}/health`)).json()) as { model: { version: number } };
  return health.model.version;
}

/** Until there is a model, and no newer one has come for so long that none is on its way. */
async function untilQuiet(server: Server, quietMs: number): Promise<void> {
  let last = await version(server);
  for (let since = Date.now(); last === 0 || Date.now() - since < quietMs; await sleep(500)) {
    const now = await version(server);
    if (now !== last) since = Date.now();
    last = now;
  }
}

async function fill(server: Server, products: number): Promise<void> {
  for (let from = 0; from < products; from += PRODUCTS_AT_ONCE) {
    const lines = Array.from({ length: Math.min(PRODUCTS_AT_ONCE, products - from) }, (_, at) =>
      JSON.stringify({ product_id: `p${from + at}`, name: `Product ${from + at}`, category: `c${at % 50}` }),
    );
    await send(server, "POST", "/v1/products", lines.join("\n"));
  }
}

async function send(server: Server, method: string, path: string, body: string): Promise<void> {
  const headers = { authorization: `Bearer ${server.keys.secretKey}`, "content-type": "application/json" };
  const answer = await fetch(`${server.url}${path}`, { method, headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
}
