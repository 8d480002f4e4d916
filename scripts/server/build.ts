// The production bundle: built when its sources have changed, and copied to where workerd reads it.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const PROJECT = resolve(import.meta.dirname, "../..");
const DIST = join(PROJECT, "dist");
const FINGERPRINT = join(DIST, "fingerprint");
const LOCK = join(PROJECT, "build", "lock");
const LOCK_SECONDS_MAX = 180;
const SOURCES = ["assembly", "domain", "durable-objects", "kernels", "worker"];
const SETTINGS = ["asconfig.json", "package-lock.json", "scripts/openapi.ts", "wrangler.toml"];
/** Made by the build and served from where it lies. */
const DOCUMENT = join(PROJECT, "public/openapi.json");

export interface Bundle {
  /** Folder with `index.js` and the modules it imports. */
  readonly directory: string;
  /** Names of the Wasm modules as the bundle imports them. */
  readonly wasm: readonly string[];
}

/**
 * Builds if need be and copies the bundle to `target`, so that a later build does not touch a running server.
 * Several callers at a time take turns.
 *
 * @throws with the build's output when it fails.
 */
export async function prepareBundle(target: string): Promise<Bundle> {
  const unlock = await lock();
  try {
    const wanted = fingerprint();
    if (readIfThere(FINGERPRINT) !== wanted || !existsSync(DOCUMENT)) {
      rmSync(FINGERPRINT, { force: true });
      await build();
      writeFileSync(FINGERPRINT, wanted);
    }
    const code = readFileSync(join(DIST, "index.js"), "utf8");
    const wasm = [...code.matchAll(/from ?"\.\/([\w.-]+\.wasm)"/g)].map(([, name]) => name!);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    for (const name of ["index.js", ...wasm]) cpSync(join(DIST, name), join(target, name));
    cpSync(join(import.meta.dirname, "assets.js"), join(target, "assets.js"));
    return { directory: target, wasm };
  } finally {
    unlock();
  }
}

function build(): Promise<void> {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const environment = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
  return new Promise((done, fail) => {
    execFile(npm, ["run", "build"], { cwd: PROJECT, env: environment }, (error, stdout, stderr) => {
      if (error) fail(new Error(`npm run build failed:\n${stdout}\n${stderr}`));
      else done();
    });
  });
}

/** Of the names and contents of all that goes into the bundle: times of files say little after a checkout. */
function fingerprint(): string {
  const hash = createHash("sha256");
  for (const room of SOURCES) {
    const names = readdirSync(join(PROJECT, room), { recursive: true, encoding: "utf8" }).sort();
    for (const name of names) {
      const file = join(PROJECT, room, name);
      if (statSync(file).isFile()) hash.update(`${room}/${name}\0`).update(readFileSync(file));
    }
  }
  for (const name of SETTINGS) hash.update(`${name}\0`).update(readFileSync(join(PROJECT, name)));
  return hash.digest("hex");
}

/** A directory is made by one process only; one whose maker is gone is taken over. */
async function lock(): Promise<() => void> {
  const owner = join(LOCK, "owner");
  mkdirSync(join(PROJECT, "build"), { recursive: true });
  for (let waited = 0; waited < LOCK_SECONDS_MAX * 10; waited++) {
    try {
      mkdirSync(LOCK);
      writeFileSync(owner, String(process.pid));
      return () => rmSync(LOCK, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = Number(readIfThere(owner) ?? process.pid);
    if (pid !== process.pid && !isAlive(pid)) rmSync(LOCK, { recursive: true, force: true });
    await sleep(100);
  }
  throw new Error(`another build holds ${LOCK} for more than ${LOCK_SECONDS_MAX} s; remove it if none runs`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
