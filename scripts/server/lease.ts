// One workerd at a time per state directory: two on the same databases would tear them.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const STOP_SECONDS_MAX = 10;

export class DirectoryInUseError extends Error {}

/**
 * Ends a workerd that was left behind on this directory by a start that was killed.
 *
 * @throws DirectoryInUseError when its start still runs.
 */
export async function endOrphan(dir: string, configFile: string): Promise<void> {
  const lease = readLease(dir);
  if (!lease || !commandOf(lease.workerd).includes(configFile)) return;
  if (commandOf(lease.owner) !== "") {
    throw new DirectoryInUseError(`${dir} is in use by process ${lease.owner}; stop it, or choose --dir DIR`);
  }
  process.kill(lease.workerd, "SIGTERM");
  for (let waited = 0; waited < STOP_SECONDS_MAX * 10; waited++) {
    if (commandOf(lease.workerd) === "") return;
    await sleep(100);
  }
  process.kill(lease.workerd, "SIGKILL");
  await sleep(100);
}

export function writeLease(dir: string, workerd: number): void {
  writeFileSync(leaseFile(dir), `${process.pid} ${workerd}\n`);
}

function leaseFile(dir: string): string {
  return join(dir, "running");
}

function readLease(dir: string): { owner: number; workerd: number } | undefined {
  try {
    const [owner, workerd] = readFileSync(leaseFile(dir), "utf8").split(" ").map(Number);
    return owner && workerd ? { owner, workerd } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The command line of a running process; empty when there is none (a zombie has none either). */
function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}
