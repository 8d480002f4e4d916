// The Worker's bundle as it is uploaded: how large, and how long it takes to start. Fails where it is too large.
//
//   npm run check:bundle
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Of all modules together, compressed; the platform takes 10 MB, and what is small starts fast. */
export const BUNDLE_GZIP_BYTES_MAX = 150_000;
/** The platform stops a Worker that takes a second. */
export const STARTUP_CPU_MS_MAX = 20;

const PROJECT = join(import.meta.dirname, "..");

export interface BundleSize {
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** Builds, and measures what would be uploaded. */
export function bundleSize(): BundleSize {
  const out = mkdtempSync(join(tmpdir(), "shelfwise-bundle-"));
  try {
    wrangler("deploy", "--dry-run", "--env=", "--outdir", out);
    const modules = readdirSync(out)
      .filter((name) => /\.(js|wasm)$/.test(name))
      .map((name) => readFileSync(join(out, name)));
    return {
      bytes: modules.reduce((sum, module) => sum + module.length, 0),
      gzipBytes: modules.reduce((sum, module) => sum + gzipSync(module).length, 0),
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string } }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** CPU between loading the modules and the first request, of `wrangler check startup`'s profile, the median of some. */
export function startupCpuMs(tries: number): number {
  const out = mkdtempSync(join(tmpdir(), "shelfwise-startup-"));
  try {
    const file = join(out, "startup.cpuprofile");
    const times = Array.from({ length: tries }, () => {
      wrangler("check", "startup", "--outfile", file);
      const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, "utf8")) as CpuProfile;
      const idle = new Set(
        nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id),
      );
      return samples.reduce((sum, node, i) => sum + (idle.has(node) ? 0 : timeDeltas[i]!), 0) / 1000;
    });
    return times.sort((a, b) => a - b)[times.length >> 1]!;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function wrangler(...args: readonly string[]): void {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
  execFileSync("npx", ["wrangler", ...args], { cwd: PROJECT, env, stdio: ["ignore", "ignore", "inherit"] });
}

if (import.meta.main) {
  const { bytes, gzipBytes } = bundleSize();
  console.log(
    `bundle: ${(bytes / 1000).toFixed(0)} kB, ${(gzipBytes / 1000).toFixed(1)} kB gzip (at most ${BUNDLE_GZIP_BYTES_MAX / 1000})`,
  );
  console.log(
    `start-up: ${startupCpuMs(1).toFixed(1)} ms of CPU on this machine (aim ${STARTUP_CPU_MS_MAX})`,
  );
  process.exitCode = gzipBytes <= BUNDLE_GZIP_BYTES_MAX ? 0 : 1;
}
