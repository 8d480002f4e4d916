// Sends almost good requests to every route of a fresh service, and looks at every answer:
//
//   npm run fuzz -- --requests 100000 --seed 7
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FuzzReport, fuzz } from "./fuzz/run.ts";
import { oneKey } from "./keys.ts";
import { startServer } from "./server/index.ts";

const REQUESTS_DEFAULT = 20_000;

/** A service of its own, its state in a folder that goes with it. @throws with what was found. */
export async function fuzzFresh(
  requests: number,
  seed: number,
  onProgress?: (sent: number, memoryMb: number) => void,
): Promise<FuzzReport> {
  // In memory where the machine has such a folder: the disk is not what is tried here.
  const dir = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "shelfwise-fuzz-"));
  const server = await startServer({ port: 0, dir });
  try {
    return await fuzz({
      url: server.url,
      keys: { writeKey: oneKey(server.keys.writeKey), secretKey: oneKey(server.keys.secretKey) },
      pid: server.pid,
      requests,
      seed,
      ...(onProgress && { onProgress }),
    });
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What a run saw, in words. */
export function reportText({
  requests,
  seconds,
  statuses,
  memoryMb,
  goodEvents,
  refusals,
}: FuzzReport): string {
  const { before, peak, after } = memoryMb;
  const answers = Object.entries(statuses).map(([status, n]) => `${status}: ${n}`);
  return [
    `${requests.toLocaleString("en")} requests in ${seconds.toFixed(0)} s: none answered with 5xx, every refusal names what is wrong`,
    `  answers ${answers.join(", ")}`,
    `  ${goodEvents} good events between them, all taken; ${refusals} refused requests sent again, nothing stored`,
    `  workerd's memory: ${before.toFixed(0)} MB before, at most ${peak.toFixed(0)} MB, ${after.toFixed(0)} MB after`,
  ].join("\n");
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { requests: { type: "string" }, seed: { type: "string" } },
  });
  const requests = Number(values.requests ?? REQUESTS_DEFAULT);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 24));
  if (!Number.isInteger(requests) || requests < 1)
    throw new Error(`--requests ${values.requests} is not a number`);
  if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed} is not a whole number`);
  console.log(`seed ${seed}`);
  try {
    console.log(
      reportText(
        await fuzzFresh(requests, seed, (sent, mb) => console.log(`  ${sent} sent, ${mb.toFixed(0)} MB`)),
      ),
    );
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
