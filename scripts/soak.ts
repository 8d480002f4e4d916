// A simulated shop against the running service for as long as one likes; then every counter beside its own books.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { oneKey } from "./keys.ts";
import { type Server, startServer } from "./server/index.ts";
import { auditProducts, auditVisitors, eraseVisitors } from "./soak/audit.ts";
import { Chance } from "./soak/chance.ts";
import { Crew, type Target } from "./soak/crew.ts";
import { SmallDisk } from "./soak/disk.ts";
import { auditModel } from "./soak/model.ts";
import { Shop } from "./soak/shop.ts";

const HELP = `npm run soak -- [options]

  --minutes N    how long the shop is open (1)
  --seed N       the same seed makes the same shop (1)
  --kill         kill -9 the service ten times on the way
  --kills N      ... so many times
  --disk-full    fill the disk three times on the way; needs root on Linux, for it mounts a disk in memory
  --senders N    requests at a time (24)

State is kept in memory-backed files where the machine has them: a killed process leaves them as it leaves a disk.
Exits with 1 if anything acknowledged was lost or anything counted twice.`;

const KILLS = 10;
const FULL_TIMES = 3;
const FULL_MS = 4_000;
const REPORT_MS = 10_000;
const SHOWN_MAX = 20;

interface Options {
  readonly minutes: number;
  readonly seed: number;
  readonly kills: number;
  readonly diskFull: boolean;
  readonly senders: number;
}

/** Undefined when only help was asked for. @throws with what is wrong with the arguments. */
function optionsOf(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      kill: { type: "boolean", default: false },
      kills: { type: "string" },
      "disk-full": { type: "boolean", default: false },
      senders: { type: "string", default: "24" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const number = (name: "minutes" | "seed" | "kills" | "senders", otherwise = Number.NaN) => {
    const value = values[name] === undefined ? otherwise : Number(values[name]);
    if (!(value >= 0)) throw new Error(`--${name} takes a number, not ${values[name]}`);
    return value;
  };
  return {
    minutes: number("minutes"),
    seed: number("seed"),
    kills: number("kills", values.kill ? KILLS : 0),
    diskFull: values["disk-full"],
    senders: number("senders"),
  };
}

/** The service under the soak: started, killed, started again. */
class Subject {
  readonly target: Target = { url: "", writeKey: "", secretKey: "" };
  server!: Server;
  /** Times it ended by itself; a full disk may do that. */
  crashes = 0;
  private readonly dir: string;
  private stopping = false;

  constructor(dir: string) {
    this.dir = dir;
  }

  get storage(): string {
    return join(this.dir, "storage");
  }

  async start(): Promise<void> {
    const server = await startServer({ port: 0, dir: this.dir });
    this.server = server;
    Object.assign(this.target, {
      url: server.url,
      writeKey: oneKey(server.keys.writeKey),
      secretKey: oneKey(server.keys.secretKey),
    });
    void server.exited.then(async ({ lastLines }) => {
      if (this.stopping || this.server !== server) return;
      this.crashes++;
      console.log(`workerd ended by itself; started again. ${lastLines.slice(-3).join(" ")}`);
      await this.start();
    });
  }

  async killAndStart(): Promise<void> {
    const { server } = this;
    this.stopping = true;
    await server.kill();
    this.stopping = false;
    await this.start();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.server.stop();
  }
}

/** @returns what is wrong, in words; nothing, if all is well. */
async function soak(options: Options, dir: string, disk: SmallDisk | undefined): Promise<string[]> {
  const began = Date.now();
  const seconds = () => ((Date.now() - began) / 1000).toFixed(0).padStart(4);
  const log = (line: string) => console.log(`${seconds()} s  ${line}`);
  const chance = new Chance(options.seed);
  const subject = new Subject(dir);
  await subject.start();
  const shop = new Shop(chance, `s${options.seed}-${began.toString(36)}`);
  const crew = new Crew(subject.target, () => {
    const drawn = chance.next();
    return drawn < 0.04 ? "after" : drawn < 0.06 ? "beside" : "no";
  });
  try {
    await inTurns(shop.opening(), options.senders, (work) => crew.send(work));
    const opened = Date.now();
    const length = options.minutes * 60_000;
    const progress = () => Math.min(1, (Date.now() - opened) / length);
    const closing = new AbortController();
    const reports = report(subject, crew, log, closing.signal);
    const faults = [
      ...moments(chance, options.kills).map((at) => ({ at, what: "kill" as const })),
      ...(disk === undefined ? [] : moments(chance, FULL_TIMES)).map((at) => ({ at, what: "full" as const })),
    ].sort((a, b) => a.at - b.at);
    const harm = (async () => {
      for (const { at, what } of faults) {
        await sleep(Math.max(0, opened + at * length - Date.now()));
        log(what === "kill" ? "kill -9" : "the disk is full");
        if (what === "kill") await subject.killAndStart();
        else await fillFor(disk!, crew, log);
      }
    })();
    const sender = async () => {
      while (progress() < 1) await crew.send(shop.next(progress(), Date.now()));
    };
    await Promise.all([harm, ...Array.from({ length: options.senders }, sender)]);
    await inTurns(shop.closing(Date.now()), options.senders, (work) => crew.send(work));
    closing.abort();
    await reports;
    return [...crew.tally.wrong, ...(await audit(subject, shop, crew, log))];
  } finally {
    await subject.stop();
  }
}

async function audit(
  subject: Subject,
  { books }: Shop,
  { tally }: Crew,
  log: (line: string) => void,
): Promise<string[]> {
  const refused = [...tally.refused].map(([status, times]) => `${times} answered ${status}`);
  log(
    `closed: ${books.events} events and ${books.orders} orders of ${books.visitors.size} visitors in ${tally.requests} requests; ` +
      `${tally.accepted} accepted, ${tally.duplicates} duplicates; ${[...refused, `${tally.unanswered} without an answer`].join(", ")}`,
  );
  const wrong: string[] = [];
  if (tally.accepted > books.events) {
    wrong.push(`${tally.accepted} events were called new, there were ${books.events}`);
  }
  if (tally.accepted < books.events && tally.unanswered === 0 && tally.refused.size === 0) {
    wrong.push(`${tally.accepted} events were called new, not ${books.events}`);
  }
  wrong.push(...(await auditVisitors(subject.target, books)));
  log(`every visitor's profile compared: ${wrong.length} differences`);
  wrong.push(...(await eraseVisitors(subject.target, books)));
  const products = await auditProducts(subject.target, books);
  log(`demand, behaviour and stock of every SKU on every day compared: ${products.length} differences`);
  await subject.stop();
  const model = auditModel(subject.storage, books);
  log(`the model's counts of every product compared: ${model.length} differences`);
  return [...wrong, ...products, ...model];
}

/** Nothing can be stored for a while: what is sent must be refused, not acknowledged. */
async function fillFor(disk: SmallDisk, { tally }: Crew, log: (line: string) => void): Promise<void> {
  const before = tally.acknowledged;
  disk.fill();
  try {
    await sleep(FULL_MS);
  } finally {
    disk.clear();
  }
  const refused = [...tally.refused].map(([status, times]) => `${times} x ${status}`).join(", ");
  log(
    `there is room again; meanwhile ${tally.acknowledged - before} events acknowledged; so far ${refused || "nothing"} refused`,
  );
}

/** Moments of the run, 0..1, one in each of as many equal parts. */
function moments(chance: Chance, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 0.2 + 0.6 * chance.next()) / count);
}

async function report(
  subject: Subject,
  { tally }: Crew,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let events = 0;
  while (!signal.aborted) {
    await sleep(REPORT_MS, undefined, { signal }).catch(() => {});
    const rate = ((tally.acknowledged - events) / REPORT_MS) * 1000;
    events = tally.acknowledged;
    log(`${events} events acknowledged, ${rate.toFixed(0)}/s, workerd ${residentMb(subject.server.pid)} MB`);
  }
}

function residentMb(pid: number): string {
  try {
    const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kb === undefined ? "?" : (Number(kb) / 1024).toFixed(0);
  } catch {
    return "?";
  }
}

async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items].reverse();
  const worker = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "shelfwise-soak-"));
  let disk: SmallDisk | undefined;
  try {
    if (options.diskFull) disk = new SmallDisk(join(dir, "disk"));
    const state = disk === undefined ? join(dir, "state") : join(disk.path, "state");
    mkdirSync(state, { recursive: true });
    const wrong = await soak(options, state, disk);
    for (const line of wrong.slice(0, SHOWN_MAX)) console.log(line);
    console.log(wrong.length === 0 ? "nothing lost, nothing counted twice" : `${wrong.length} differences`);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    disk?.remove();
    rmSync(dir, { recursive: true, force: true });
  }
}

process.exitCode = await main();
