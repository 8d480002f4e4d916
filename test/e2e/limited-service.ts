// The production bundle with a rate limit, as the platform would bind it: plain workerd has none, Miniflare does.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { prepareBundle } from "../../scripts/server/build.ts";
import { readSettings } from "../../scripts/server/settings.ts";

const SETTINGS = resolve(import.meta.dirname, "../../wrangler.toml");
const PERIOD_SECONDS = 60;

export interface LimitedService {
  readonly url: string;
  readonly writeKey: string;
  stop(): Promise<void>;
}

/** @param limit requests of one key in a minute. */
export async function startLimited(limit: number): Promise<LimitedService> {
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-limited-"));
  const { directory, wasm } = await prepareBundle(join(dir, "bundle"));
  const { compatibilityDate, compatibilityFlags, vars, objects } = readSettings(SETTINGS);
  const writeKey = "limited-write";
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modulesRoot: directory,
      modules: [
        { type: "ESModule", path: join(directory, "index.js") },
        ...wasm.map((name) => ({ type: "CompiledWasm" as const, path: join(directory, name) })),
      ],
      compatibilityDate,
      compatibilityFlags: [...compatibilityFlags],
      bindings: { ...Object.fromEntries(vars), WRITE_KEY: writeKey, SECRET_KEY: "limited-secret" },
      durableObjects: Object.fromEntries(
        objects.map(({ binding, className, sqlite }) => [binding, { className, useSQLite: sqlite }]),
      ),
      ratelimits: { KEY_RATE: { namespace_id: "1", simple: { limit, period: PERIOD_SECONDS } } },
    }),
  );
  const url = (await miniflare.ready).origin;
  return {
    url,
    writeKey,
    async stop() {
      await miniflare.dispose();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
