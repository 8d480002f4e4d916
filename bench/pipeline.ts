// The whole pipeline beside the same as an Express service with everything in memory, on the same requests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer } from "../scripts/server/index.ts";
import { beside, type LoadOptions, median, residentMb, shown } from "./load.ts";
import { startPeer } from "./peers/server.ts";
import type { Row } from "./table.ts";

const CONNECTIONS = 16;
const PRODUCTS = 2_000;
const OTHERS = 300;
const HEAVY_ACTIVITIES = 10_000;
const MINUTE_MS = 60_000;
const IMPORT_EVENTS = 1_000;

let messages = 0;

function message(visitor: string, at: number) {
  const n = messages++;
  const product = Math.floor(PRODUCTS ** (((n * 2_654_435_761) >>> 0) / 2 ** 32));
  return {
    type: "track",
    messageId: `pipeline-${n}`,
    userId: visitor,
    event: n % 8 === 7 ? "Product Added" : "Product Viewed",
    timestamp: new Date(at).toISOString(),
    properties: {
      product_id: `p${product}`,
      category: `c${product % 50}`,
      brand: `b${product % 12}`,
      price: 5 + (product % 90),
      quantity: 1,
      currency: "GBP",
    },
  };
}

function batches(events: readonly object[]): string[] {
  return Array.from({ length: Math.ceil(events.length / IMPORT_EVENTS) }, (_, i) =>
    JSON.stringify({ batch: events.slice(i * IMPORT_EVENTS, (i + 1) * IMPORT_EVENTS) }),
  );
}

/** @returns Rows of the speed table about the pipeline that this replaces. */
export async function pipelineRows(quick: boolean): Promise<Row[]> {
  const [seconds, rounds] = quick ? [2, 1] : [6, 3];
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-bench-"));
  const peer = await startPeer();
  const server = await startServer({ port: 0, dir });
  try {
    const headers = {
      authorization: `Bearer ${server.keys.secretKey}`,
      "content-type": "application/json",
    };
    const now = Date.now();
    const heavy = Array.from({ length: HEAVY_ACTIVITIES }, (_, i) =>
      message("heavy", now - 89 * 1440 * MINUTE_MS + i * 12 * MINUTE_MS),
    );
    const others = Array.from({ length: OTHERS * 30 }, (_, i) =>
      message(`u${i % OTHERS}`, now - (i % 400) * 5 * MINUTE_MS),
    );
    for (const body of batches([...heavy, ...others])) {
      for (const url of [peer.url, server.url]) {
        const answer = await fetch(`${url}/v1/batch`, { method: "POST", headers, body });
        if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
      }
    }
    // Until a model of these is published.
    await sleep(15_000);
    const get = (url: string, path: (n: number) => string): LoadOptions => ({
      url,
      connections: CONNECTIONS,
      seconds,
      headers,
      method: "GET",
      request: (n) => ({ path: path(n) }),
    });
    const pair = (path: (n: number) => string) => beside(rounds, get(server.url, path), get(peer.url, path));
    const alone = {
      ours: await milliseconds(`${server.url}/v1/users/heavy`, headers, rounds * 10),
      peers: await milliseconds(`${peer.url}/v1/users/heavy`, headers, rounds * 10),
    };
    const profile = await pair(() => "/v1/users/heavy");
    const lists = await pair(
      (n) => `/v1/recommendations?user_id=${n % 10 ? `u${n % OTHERS}` : "heavy"}&limit=10`,
    );
    const post = (url: string): LoadOptions => ({
      url,
      connections: CONNECTIONS,
      seconds,
      headers,
      method: "POST",
      request: (n) => ({
        path: "/v1/batch",
        body: JSON.stringify({
          batch: Array.from({ length: 5 }, () => message(`u${n % OTHERS}`, Date.now())),
        }),
      }),
    });
    const events = await beside(rounds, post(server.url), post(peer.url));
    const row = (what: string, [ours, peers]: typeof profile, aim: string): Row => ({
      what,
      figure: shown(ours),
      peer: `Express: ${shown(peers)}`,
      ratio: ours.requestsPerSecond / peers.requestsPerSecond,
      aim,
      failed: ours.failed + peers.failed,
    });
    return [
      {
        what: `a profile of ${HEAVY_ACTIVITIES.toLocaleString("en")} activities over 90 days, one asked for at a time`,
        figure: `${alone.ours.toFixed(1)} ms`,
        peer: `Express, computed from activities in memory: ${alone.peers.toFixed(1)} ms`,
        aim: "the answer does not grow with the activities",
        met: alone.ours < alone.peers,
      },
      row(`the same, ${CONNECTIONS} at a time`, profile, "printed"),
      row(`recommendations, ${PRODUCTS} products, a tenth for that visitor`, lists, "printed"),
      row("events, 5 of a visitor a request; ours durable, Express in memory only", events, "printed"),
      {
        what: "memory after this",
        figure: `workerd ${residentMb(server.pid).toFixed(0)} MB`,
        peer: `Express ${residentMb(peer.pid).toFixed(0)} MB`,
        aim: "printed",
      },
    ];
  } finally {
    await server.stop();
    await peer.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Median time of one request, the next sent when the last is answered. */
async function milliseconds(url: string, headers: Record<string, string>, times: number): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    const answer = await fetch(url, { headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    taken.push(performance.now() - began);
  }
  return median(taken);
}
