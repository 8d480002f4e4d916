// The workerd process: where its binary is, how it is started, how it ends.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { SOCKET } from "./config.ts";

const STDERR_LINES_MAX = 30;
/** An open dashboard would keep it running; what was answered is stored, so nothing is lost by an end. */
const STOP_SECONDS_MAX = 3;

export interface WorkerdExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines it wrote to stderr, oldest first. */
  readonly lastLines: readonly string[];
}

export interface Workerd {
  readonly pid: number;
  readonly port: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly exited: Promise<WorkerdExit>;
  /** Lets running requests end; kills after 3 s. */
  stop(): Promise<void>;
  /** SIGKILL: as a crash would. */
  kill(): Promise<void>;
}

/** workerd's native binary for this platform, as npm installed it. */
export function workerdBinary(): string {
  const binary: unknown = createRequire(import.meta.url)("workerd");
  const path = (binary as { default?: unknown }).default;
  if (typeof path !== "string") throw new Error("the workerd package names no binary; run npm ci again");
  return path;
}

/** Files a process started from here may hold open: Node raises its soft limit to the hard one, and children inherit. */
function openFilesMax(): number {
  if (process.platform === "win32") return Number.POSITIVE_INFINITY;
  const limit = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

/**
 * How many objects of plain workerd may be opened a second: each holds three files until it was idle for ten seconds,
 * and workerd does not survive running out of them.
 *
 * @param others Files that others need.
 * @param objectsMax Open at a time.
 */
export function objectsPerSecond(others: number, objectsMax = Number.POSITIVE_INFINITY): number {
  return Math.max(10, Math.min((openFilesMax() - others) / 3, objectsMax) / 12);
}

/**
 * Resolves when it listens.
 *
 * @throws when it ends before, with what it wrote.
 */
export async function spawnWorkerd(
  configFile: string,
  address: string,
  environment: NodeJS.ProcessEnv,
): Promise<Workerd> {
  const child = spawn(
    workerdBinary(),
    ["serve", configFile, `--socket-addr=${SOCKET}=${address}`, "--control-fd=3"],
    // Its own process group: a Ctrl-C reaches only who started it, and that one stops it in order.
    { env: environment, stdio: ["ignore", "ignore", "pipe", "pipe"], detached: true },
  );
  const lastLines: string[] = [];
  createInterface({ input: child.stderr! }).on("line", (line) => {
    if (lastLines.push(line) > STDERR_LINES_MAX) lastLines.shift();
  });
  const exited = new Promise<WorkerdExit>((done) => {
    child.once("error", (error) => done({ code: null, signal: null, lastLines: [String(error)] }));
    child.once("close", (code, signal) => done({ code, signal, lastLines }));
  });
  const port = await Promise.race([listening(child), exited]);
  if (typeof port !== "number") throw new Error(`workerd did not start:\n${port.lastLines.join("\n")}`);
  return {
    pid: child.pid!,
    port,
    exited,
    stop: () => end(child, exited, "SIGTERM"),
    kill: () => end(child, exited, "SIGKILL"),
  };
}

/** workerd reports each socket on its control descriptor, one JSON object a line. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    createInterface({ input: child.stdio[3] as Readable }).on("line", (line) => {
      const message = JSON.parse(line) as { event: string; socket?: string; port?: number };
      if (message.event === "listen" && message.socket === SOCKET) done(message.port!);
    });
  });
}

async function end(child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_SECONDS_MAX * 1000);
  await exited;
  clearTimeout(timer);
}
