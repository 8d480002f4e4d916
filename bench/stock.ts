// One hot SKU over HTTP, beside a bare object that writes one row a call, in turns. On the disk, for what a group commit
// saves is the disk's commit; and with files in memory, where only the work is left.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../scripts/server/index.ts";
import { startBare } from "./bare/server.ts";
import { beside, type LoadOptions } from "./load.ts";
import type { Row } from "./table.ts";

const CONNECTIONS = 64;
const SKU = "hot";
const UNITS = 1_000_000_000;
/** Holds end while others are made, as in a shop. */
const TTL_SECONDS = 2;
const BATCH = 32;

const one = JSON.stringify({ items: [{ sku: SKU, quantity: 1 }], ttl_seconds: TTL_SECONDS });

/** @returns Rows of the speed table about reservations. */
export async function stockRows(quick: boolean): Promise<Row[]> {
  const places = [["on disk", tmpdir()], ...(existsSync("/dev/shm") ? [["in memory", "/dev/shm"]] : [])];
  const rows: Row[] = [];
  for (const [name, place] of places) {
    rows.push(...(await rowsAt(join(place!, "shelfwise-bench-"), name!, quick)));
  }
  return rows;
}

async function rowsAt(prefix: string, place: string, quick: boolean): Promise<Row[]> {
  const where = mkdtempSync(prefix);
  const seconds = quick ? 2 : 6;
  const rounds = quick ? 1 : 3;
  const server = await startServer({ port: 0, dir: join(where, "shelfwise") });
  const bare = await startBare(where);
  try {
    const headers = {
      authorization: `Bearer ${server.keys.secretKey}`,
      "content-type": "application/json",
    };
    const put = await fetch(`${server.url}/v1/inventory/${SKU}`, {
      method: "PUT",
      headers,
      body: JSON.stringify({ on_hand: UNITS }),
    });
    if (!put.ok) throw new Error(`stock: ${put.status} ${await put.text()}`);
    let keys = 0;
    const common = { connections: CONNECTIONS, seconds, method: "POST" as const, headers };
    const single: LoadOptions = {
      ...common,
      url: server.url,
      request: () => ({
        path: "/v1/reservations",
        body: one,
        headers: { ...headers, "idempotency-key": `single-${keys++}` },
      }),
    };
    const batches: LoadOptions = {
      ...common,
      url: server.url,
      request: () => ({
        path: "/v1/reservations/batch",
        body: JSON.stringify({
          reservations: Array.from({ length: BATCH }, () => ({
            items: [{ sku: SKU, quantity: 1 }],
            ttl_seconds: TTL_SECONDS,
            idempotency_key: `batch-${keys++}`,
          })),
        }),
      }),
    };
    const write: LoadOptions = {
      ...common,
      url: bare.url,
      request: () => ({ path: "/?name=hot", body: one }),
    };
    const rows: Row[] = [];
    const aims = place === "on disk";
    for (const [what, load, size, aim] of [
      ["one a call", single, 1, 2],
      [`${BATCH} a call`, batches, BATCH, 8],
    ] as const) {
      const [ours, theirs] = await beside(rounds, load, write);
      const rate = ours.requestsPerSecond * size;
      rows.push({
        what: `reservations on one hot SKU, durable and idempotent, ${what}, 64 connections, ${place}`,
        figure: `${rate.toFixed(0)} reservations/s, p99 ${ours.p99Ms} ms`,
        peer: `bare Worker, one object, one row a call: ${theirs.requestsPerSecond.toFixed(0)} requests/s, p99 ${theirs.p99Ms} ms`,
        ratio: rate / theirs.requestsPerSecond,
        aim: aims ? `>= ${aim}x` : "printed",
        ...(aims && { met: rate >= aim * theirs.requestsPerSecond }),
        failed: ours.failed,
      });
    }
    return rows;
  } finally {
    await server.stop();
    await bare.stop();
    rmSync(where, { recursive: true, force: true });
  }
}
