// One shop on this machine: the production bundle in plain workerd, its state on disk.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Keys, keysOf } from "../keys.ts";
import { PROJECT, prepareBundle } from "./build.ts";
import { workerdConfig } from "./config.ts";
import { DirectoryInUseError, endOrphan, writeLease } from "./lease.ts";
import { readSettings } from "./settings.ts";
import { objectsPerSecond, spawnWorkerd, type Workerd } from "./workerd.ts";

const HEALTH_SECONDS_MAX = 30;

export interface ServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** State: databases, keys, the running bundle. Made if it is not there. */
  readonly dir: string;
  /** Those of the directory unless given. */
  readonly keys?: Keys;
  /** Instead of, and beside, the variables of `wrangler.toml`. */
  readonly vars?: Readonly<Record<string, string>>;
}

export interface Server extends Workerd {
  /** `http://127.0.0.1:PORT`, no slash at its end. */
  readonly url: string;
  readonly keys: Keys;
}

export { DirectoryInUseError, objectsPerSecond };

export class PortTakenError extends Error {}

/**
 * Builds if need be, starts, and waits for `/health`. Nothing is loaded.
 *
 * @throws PortTakenError, DirectoryInUseError; else with the output of what failed.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const dir = resolve(options.dir);
  const configFile = join(dir, "workerd.capnp");
  await endOrphan(dir, configFile);
  if (options.port !== 0 && !(await isFree(options.port))) {
    throw new PortTakenError(`port ${options.port} is taken; choose another with --port N`);
  }
  const keys = options.keys ?? keysOf(dir);
  const storage = join(dir, "storage");
  mkdirSync(storage, { recursive: true, mode: 0o700 });
  const config = workerdConfig({
    settings: readSettings(join(PROJECT, "wrangler.toml")),
    bundle: await prepareBundle(join(dir, "bundle")),
    directory: dir,
    project: PROJECT,
    storage,
    vars: options.vars ?? {},
    secrets: ["WRITE_KEY", "SECRET_KEY"],
  });
  writeFileSync(configFile, config);
  const workerd = await spawnWorkerd(configFile, `127.0.0.1:${options.port}`, {
    WRITE_KEY: keys.writeKey,
    SECRET_KEY: keys.secretKey,
  });
  writeLease(dir, workerd.pid);
  const url = `http://127.0.0.1:${workerd.port}`;
  try {
    await healthy(url, workerd);
  } catch (error) {
    await workerd.kill();
    throw error;
  }
  return { ...workerd, url, keys };
}

async function healthy(url: string, workerd: Workerd): Promise<void> {
  const ended = workerd.exited.then(({ lastLines }) => {
    throw new Error(`workerd ended before it was healthy:\n${lastLines.join("\n")}`);
  });
  let last = "no answer";
  const poll = async (): Promise<void> => {
    const deadline = Date.now() + HEALTH_SECONDS_MAX * 1000;
    while (Date.now() < deadline) {
      try {
        const answer = await fetch(`${url}/health`);
        last = `${answer.status} ${await answer.text()}`;
        if (answer.ok) return;
      } catch (error) {
        last = String(error);
      }
      await sleep(100);
    }
    throw new Error(`/health is not well after ${HEALTH_SECONDS_MAX} s: ${last}`);
  };
  await Promise.race([poll(), ended]);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", () => done(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)));
  });
}
