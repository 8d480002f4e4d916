// A flash sale over HTTP on plain workerd that is killed on the way: more buyers than units, who repeat themselves,
// name the same SKU twice, walk away, and order something else with it. Then it is counted who got what.
//
//   npm run check:flash-sale -- [--buyers N] [--units N] [--kills N] [--seed S]
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { avalanche } from "../../domain/hash.ts";
import { type Server, startServer } from "../server/index.ts";

export interface FlashSaleOptions {
  /** State; made if it is not there. */
  readonly dir: string;
  readonly buyers: number;
  readonly units: number;
  /** How often workerd is killed on the way. */
  readonly kills: number;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface FlashSaleResult {
  /** What is wrong, in words: nothing, if all is well. */
  readonly wrong: readonly string[];
  readonly sold: number;
  readonly requests: number;
  readonly refused: number;
  readonly seconds: number;
}

const HOT = "hot";
const GIFT = "gift";
const BUYERS_AT_ONCE = 128;
const TTL_SECONDS = 3;
const TRIES_MAX = 400;
const TELL_SECONDS = 6;

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not typed
  readonly json: any;
}

export async function flashSale(options: FlashSaleOptions): Promise<FlashSaleResult> {
  const { dir, buyers, units, kills, seed, log = () => {} } = options;
  const began = Date.now();
  let server: Server = await startServer({ port: 0, dir });
  const { url, keys, port } = server;
  let requests = 0;
  let refused = 0;
  let done = 0;

  /** Until it is answered with anything but a failure: every call here may be repeated. */
  const call = async (method: string, path: string, body?: unknown, key?: string): Promise<Answer> => {
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      requests++;
      try {
        const response = await fetch(url + path, {
          method,
          headers: {
            authorization: `Bearer ${keys.secretKey}`,
            ...(body !== undefined && { "content-type": "application/json" }),
            ...(key !== undefined && { "idempotency-key": key }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        if (response.status < 500) return { status: response.status, json: JSON.parse(text) };
      } catch {
        // The connection broke: it may have been done or not.
      }
      await sleep(50 + 10 * (attempt % 10));
    }
    throw new Error(`${method} ${path} was never answered`);
  };

  /** Units of the hot SKU this buyer has bought in the end. */
  const buy = async (buyer: number, round: string): Promise<{ hot: number; gift: number }> => {
    const chance = (of: string) => avalanche(seed ^ avalanche(buyer * 31 + of.length * 7919)) / 2 ** 32;
    const name = `${round}-${buyer}`;
    const twice = chance("twice") < 0.3;
    const items = twice
      ? [
          { sku: HOT, quantity: 1 },
          { sku: HOT, quantity: 1 },
        ]
      : [{ sku: HOT, quantity: 1 }];
    const hot = items.length;
    const way = chance("the way");
    if (way < 0.15) {
      // Another thing with it, in one call, sent twice.
      const order = { order_id: name, items: [...items, { sku: GIFT, quantity: 1 }] };
      const answers = await Promise.all([
        call("POST", "/v1/orders", order),
        call("POST", "/v1/orders", order),
      ]);
      const bought = answers.some(({ status }) => status === 201 || status === 200);
      if (!bought) {
        refused++;
        return { hot: 0, gift: 0 };
      }
      if (chance("cancelled it") < 0.2) {
        await call("POST", `/v1/orders/${name}/cancel`);
        return { hot: 0, gift: 0 };
      }
      return { hot, gift: 1 };
    }
    const several = way < 0.25;
    const body = {
      items: several ? [...items, { sku: GIFT, quantity: 1 }] : items,
      ttl_seconds: TTL_SECONDS,
    };
    let held = await call("POST", "/v1/reservations", body, name);
    if (chance("sent it again") < 0.3) held = await call("POST", "/v1/reservations", body, name);
    if (held.status === 409) {
      refused++;
      return { hot: 0, gift: 0 };
    }
    if (held.status > 201) throw new Error(`a reservation: ${held.status} ${JSON.stringify(held.json)}`);
    const path = `/v1/reservations/${held.json.reservation_id}`;
    const then = chance("what then happens");
    if (then < 0.2) return { hot: 0, gift: 0 };
    if (then < 0.35) {
      await call("POST", `${path}/release`);
      return { hot: 0, gift: 0 };
    }
    const sold = await call("POST", `${path}/commit`, { order_id: name });
    if (chance("paid twice") < 0.3) await call("POST", `${path}/commit`, { order_id: name });
    return sold.status === 200 ? { hot, gift: several ? 1 : 0 } : { hot: 0, gift: 0 };
  };

  const bought = { hot: 0, gift: 0 };
  const sell = async (count: number, round: string) => {
    let next = 0;
    const one = async () => {
      while (next < count) {
        const { hot, gift } = await buy(next++, round);
        bought.hot += hot;
        bought.gift += gift;
        done++;
      }
    };
    await Promise.all(Array.from({ length: Math.min(BUYERS_AT_ONCE, count) }, one));
  };

  let over = false;
  const killer = async () => {
    for (let kill = 1; kill <= kills; kill++) {
      const share = kill / (kills + 1);
      // While there is something to sell, or else somebody who would buy.
      while (!over && bought.hot < share * units && done < share * buyers) await sleep(5);
      if (over) throw new Error(`the sale was over before it was killed ${kills} times`);
      log(`kill -9 of workerd after ${done} buyers, ${bought.hot} units sold`);
      await server.kill();
      server = await startServer({ port, dir });
    }
  };

  try {
    for (const [sku, on_hand] of [
      [HOT, units],
      [GIFT, buyers],
    ] as const) {
      await call("PUT", `/v1/inventory/${sku}`, { on_hand });
    }
    const killing = killer();
    killing.catch(() => {});
    await sell(buyers, "buyer").finally(() => {
      over = done < buyers;
    });
    await killing;
    // What walked away comes back; whoever comes late gets it.
    let left = Number.NaN;
    for (let round = 0; left !== 0 && round < 40; round++) {
      await sleep((TTL_SECONDS * 1000) / 2);
      await sell(Math.min(40, Math.max(1, left || 40)), `late-${round}`);
      left = (await call("GET", `/v1/inventory/${HOT}`)).json.on_hand;
    }
    await sleep((TTL_SECONDS + TELL_SECONDS) * 1000);
    const wrong = await differences(
      call,
      { [HOT]: units, [GIFT]: buyers },
      { [HOT]: bought.hot, [GIFT]: bought.gift },
    );
    if (bought.hot !== units) wrong.push(`${bought.hot} of ${units} units were sold`);
    const seconds = (Date.now() - began) / 1000;
    return { wrong, sold: bought.hot, requests, refused, seconds };
  } finally {
    over = true;
    await server.stop();
  }
}

/** Stock, ledger and demand against what the buyers say they have. */
async function differences(
  call: (method: string, path: string) => Promise<Answer>,
  before: Readonly<Record<string, number>>,
  sold: Readonly<Record<string, number>>,
): Promise<string[]> {
  const wrong: string[] = [];
  const verify = (what: string, given: number, expected: number) => {
    if (given !== expected) wrong.push(`${what} is ${given}, not ${expected}`);
  };
  for (const [sku, units] of Object.entries(before)) {
    const { json: stock } = await call("GET", `/v1/inventory/${sku}`);
    verify(`on_hand of ${sku}`, stock.on_hand, units - sold[sku]!);
    verify(`reserved of ${sku}`, stock.reserved, 0);
    let cursor = "";
    const sums = { on_hand: 0, reserved: 0 };
    do {
      const { json } = await call("GET", `/v1/inventory/${sku}/ledger?limit=500${cursor}`);
      for (const { moves } of json.items) {
        for (const move of moves) {
          sums.on_hand += move.on_hand;
          sums.reserved += move.reserved;
        }
      }
      cursor = json.next_cursor === undefined ? "" : `&cursor=${json.next_cursor}`;
    } while (cursor !== "");
    verify(`on_hand of ${sku} by its ledger`, sums.on_hand, stock.on_hand);
    verify(`reserved of ${sku} by its ledger`, sums.reserved, 0);
    const { json: forecast } = await call("GET", `/v1/inventory/${sku}/forecast?horizon=1`);
    const demand = forecast.history.reduce((sum: number, day: { units: number }) => sum + day.units, 0);
    verify(`demand of ${sku}`, demand, sold[sku]!);
  }
  return wrong;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      buyers: { type: "string", default: "10000" },
      units: { type: "string", default: "100" },
      kills: { type: "string", default: "5" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  // Files in memory outlive a killed process as files on a disk do, and it is not the disk that is looked at.
  const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "shelfwise-flash-sale-"));
  const began = Date.now();
  const log = (line: string) => console.log(`${((Date.now() - began) / 1000).toFixed(0)} s  ${line}`);
  try {
    log(`seed ${values.seed}`);
    const { wrong, sold, requests, refused, seconds } = await flashSale({
      dir,
      buyers: Number(values.buyers),
      units: Number(values.units),
      kills: Number(values.kills),
      seed: Number(values.seed),
      log,
    });
    log(
      `${sold} units sold to ${values.buyers} buyers; ${refused} went without; ${requests} requests, ${seconds.toFixed(0)} s`,
    );
    for (const line of wrong) log(line);
    log(wrong.length === 0 ? "on_hand, reserved, ledger and demand agree" : `${wrong.length} differences`);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
