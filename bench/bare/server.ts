// The bare Worker in plain workerd, beside the service in the same run.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SOCKET } from "../../scripts/server/config.ts";
import { spawnWorkerd } from "../../scripts/server/workerd.ts";

export interface BareServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param directory Where its objects are stored. */
export async function startBare(directory: string): Promise<BareServer> {
  const storage = join(directory, "storage");
  mkdirSync(storage, { recursive: true });
  writeFileSync(join(directory, "worker.js"), readFileSync(join(import.meta.dirname, "worker.js")));
  const config = join(directory, "bare.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .bare),
    (name = "storage", disk = (path = ${JSON.stringify(storage)}, writable = true)),
  ],
  sockets = [(name = "${SOCKET}", http = (), service = "main")],
);
const bare :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-10-20",
  compatibilityFlags = ["no_nodejs_compat"],
  durableObjectNamespaces = [(className = "BareObject", uniqueKey = "bare", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [(name = "BARE", durableObjectNamespace = "BareObject")],
);
`,
  );
  const workerd = await spawnWorkerd(config, "127.0.0.1:0", {});
  return { url: `http://127.0.0.1:${workerd.port}`, stop: workerd.stop };
}
