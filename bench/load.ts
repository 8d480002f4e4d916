// The load: autocannon's rate and latency of one kind of request, and what share of a core each side used.
import { readFileSync } from "node:fs";
import autocannon from "autocannon";

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Requests sent before any is counted. An object that was idle for ten seconds is opened anew: a side that is slow
   * would be measured opening objects, the other one using them.
   */
  readonly warmUp?: number;
  /** Path and body of the n-th request; headers where they are its own. */
  request(n: number): { path: string; body?: string; headers?: Record<string, string> };
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  /** Anything but 2xx, and connections that failed. */
  readonly failed: number;
  /** Share of a core that the load generator itself took: near 1 it is what is measured. */
  readonly generatorShare: number;
}

/** One side's rounds: the median of each figure, and how far its rates were apart. */
export interface Rounds extends LoadResult {
  readonly low: number;
  readonly high: number;
}

export async function run(options: LoadOptions): Promise<LoadResult> {
  let n = 0;
  const common = {
    url: options.url,
    connections: options.connections,
    requests: [
      {
        method: options.method,
        headers: { ...options.headers },
        setupRequest: (request: autocannon.Request) => ({ ...request, ...options.request(n++) }),
      },
    ],
  };
  if (options.warmUp !== undefined) await autocannon({ ...common, amount: options.warmUp });
  const before = process.cpuUsage();
  const result = await autocannon({ ...common, duration: options.seconds });
  const { user, system } = process.cpuUsage(before);
  return {
    generatorShare: (user + system) / 1e6 / result.duration,
    requestsPerSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    requests: result.requests.total,
    failed: result.non2xx + result.errors,
  };
}

/** Both sides in turns, so that a noisy minute hits both. */
export async function beside<T extends readonly LoadOptions[]>(
  rounds: number,
  ...sides: T
): Promise<{ [K in keyof T]: Rounds }> {
  const results: LoadResult[][] = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [side, options] of sides.entries()) results[side]!.push(await run(options));
  }
  return results.map(together) as { [K in keyof T]: Rounds };
}

function together(rounds: readonly LoadResult[]): Rounds {
  const rates = rounds.map((r) => r.requestsPerSecond);
  return {
    requestsPerSecond: median(rates),
    low: Math.min(...rates),
    high: Math.max(...rates),
    p50Ms: median(rounds.map((r) => r.p50Ms)),
    p99Ms: median(rounds.map((r) => r.p99Ms)),
    requests: rounds.reduce((sum, r) => sum + r.requests, 0),
    failed: rounds.reduce((sum, r) => sum + r.failed, 0),
    generatorShare: median(rounds.map((r) => r.generatorShare)),
  };
}

/** "812 requests/s (790 to 850), p99 12 ms" */
export function shown({ requestsPerSecond, low, high, p99Ms }: Rounds): string {
  return `${requestsPerSecond.toFixed(0)} requests/s (${low.toFixed(0)} to ${high.toFixed(0)}), p99 ${p99Ms} ms`;
}

/** Seconds of CPU that a process has used so far. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory, MB. */
export function residentMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
