// Loads the sample while workerd and the loader are killed again and again, and looks whether anything was lost or
// counted twice. As a program, with the whole sample:
//
//   npm run check:sample-crash -- [--days N] [--kills N]
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Server, startServer } from "../server/index.ts";
import { readSample, type Sample } from "./files.ts";
import { differences, expected, observe } from "./observe.ts";
import { lastDays, planLoad } from "./plan.ts";
import { readProgress } from "./progress.ts";

export interface CrashOptions {
  /** State; made if it is not there. */
  readonly dir: string;
  /** The sample's last days to load. */
  readonly days: number;
  /** How often something is killed on the way. */
  readonly kills: number;
  readonly log?: (line: string) => void;
}

const VICTIMS = ["workerd", "loader", "both"] as const;
const LOAD_SECONDS_MAX = 600;

/** @returns what differs from the data, in words: nothing, if all is well. */
export async function loadThroughCrashes(options: CrashOptions): Promise<string[]> {
  const { dir, days, kills, log = () => {} } = options;
  const sample = lastDays(readSample(), days);
  let server = await startServer({ port: 0, dir });
  let loader = startLoader(server, options);
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await reach(kill / (kills + 1), options, sample, loader);
      const victim = VICTIMS[kill % VICTIMS.length]!;
      log(`kill -9 of ${victim}`);
      if (victim !== "workerd") await ended(loader, "SIGKILL");
      if (victim !== "loader") {
        await server.kill();
        server = await startServer({ port: server.port, dir });
      }
      if (victim !== "workerd") loader = startLoader(server, options);
    }
    const code = await ended(loader);
    if (code !== 0) return [`the load ended with ${code}`];
    log("loaded; asking for every customer and every SKU");
    return differences(await observe(server.url, server.keys.secretKey, sample), expected(sample));
  } finally {
    await ended(loader, "SIGKILL");
    await server.stop();
  }
}

/** A process of its own, so that it can be killed. */
function startLoader({ url, keys }: Server, { dir, days }: CrashOptions): ChildProcess {
  const program = join(import.meta.dirname, "main.ts");
  return spawn(process.execPath, [program, url, "--dir", dir, "--days", String(days)], {
    env: { ...process.env, SECRET_KEY: keys.secretKey },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Until that share of the load is known to be done, of which the events are one half and the stock the other. */
async function reach(
  share: number,
  { dir }: CrashOptions,
  sample: Sample,
  loader: ChildProcess,
): Promise<void> {
  const { events, stock } = planLoad(sample, 0);
  for (let waited = 0; waited < LOAD_SECONDS_MAX * 100; waited++) {
    const { done } = readProgress(dir) ?? { done: { events: 0, stock: 0 } };
    if ((done.events / events.length + done.stock / stock.length) / 2 >= share) return;
    if (loader.exitCode !== null)
      throw new Error(`the load ended with ${loader.exitCode} before it was cut off`);
    await sleep(10);
  }
  throw new Error(`the load did not come so far in ${LOAD_SECONDS_MAX} s`);
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = new Promise<number | null>((done) => child.once("exit", done));
  if (signal) child.kill(signal);
  return exit;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { days: { type: "string", default: "400" }, kills: { type: "string", default: "9" } },
  });
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-crash-"));
  const began = Date.now();
  const log = (line: string) => console.log(`${((Date.now() - began) / 1000).toFixed(0)} s  ${line}`);
  try {
    const wrong = await loadThroughCrashes({
      dir,
      days: Number(values.days),
      kills: Number(values.kills),
      log,
    });
    for (const line of wrong.slice(0, 20)) log(line);
    log(wrong.length === 0 ? "nothing lost, nothing counted twice" : `${wrong.length} differences`);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
