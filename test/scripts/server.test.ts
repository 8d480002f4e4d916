import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keysOf, oneKey } from "../../scripts/keys.ts";
import { workerdConfig } from "../../scripts/server/config.ts";
import { readSettings } from "../../scripts/server/settings.ts";
import { workerdBinary } from "../../scripts/server/workerd.ts";

const PROJECT = resolve(import.meta.dirname, "../..");

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-server-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe("settings", () => {
  test("[SS20] the project's own name every object class that the Worker exports, each with SQL", () => {
    const { objects } = readSettings(join(PROJECT, "wrangler.toml"));
    const exported = [
      ...readFileSync(join(PROJECT, "worker/index.ts"), "utf8").matchAll(/export \{ (\w+) \}/g),
    ];
    expect(objects.map(({ className }) => className).sort()).toEqual(exported.map(([, name]) => name).sort());
    expect(objects.every(({ sqlite }) => sqlite)).toBe(true);
  });

  test("[SS20] all that plain workerd needs is read", () => {
    const file = join(dir, "wrangler.toml");
    writeFileSync(
      file,
      `name = "shop"
compatibility_date = "2026-10-20"
compatibility_flags = ["no_nodejs_compat"]
[assets]
directory = "public"
binding = "FILES"
[vars]
SHOP_TIME_ZONE = "Europe/London"
LIMIT = 7
[durable_objects]
bindings = [{ name = "ONE", class_name = "One" }, { name = "TWO", class_name = "Two" }]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["One"]
`,
    );
    expect(readSettings(file)).toEqual({
      name: "shop",
      compatibilityDate: "2026-10-20",
      compatibilityFlags: ["no_nodejs_compat"],
      vars: new Map([
        ["SHOP_TIME_ZONE", "Europe/London"],
        ["LIMIT", "7"],
      ]),
      objects: [
        { binding: "ONE", className: "One", sqlite: true },
        { binding: "TWO", className: "Two", sqlite: false },
      ],
      assets: { directory: "public", binding: "FILES" },
    });
  });

  test("[SS20] a missing setting is named", () => {
    const file = join(dir, "wrangler.toml");
    writeFileSync(file, 'name = "shop"\n');
    expect(() => readSettings(file)).toThrow("compatibility_date is not set");
  });

  test("[SS20] a setting of where things are stored that is wrong is named", () => {
    const file = join(dir, "wrangler.toml");
    for (const [name, value] of [
      ["SHOP_TIME_ZONE", "Europe/Berln"],
      ["PLANNER_SHARDS", "17"],
    ]) {
      const text = readFileSync(join(PROJECT, "wrangler.toml"), "utf8");
      writeFileSync(file, text.replace(new RegExp(`^${name} = .*`, "m"), `${name} = "${value}"`));
      expect(() => readSettings(file)).toThrow(`wrangler.toml: ${name} must be`);
    }
  });

  test("[SS20] workerd understands the configuration, whatever the texts", () => {
    for (const name of ["index.js", "assets.js"]) writeFileSync(join(dir, name), "export default {};");
    writeFileSync(join(dir, "sum.wasm"), new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const text = 'a "quoted"\\ text\n with ü and 漢';
    const config = workerdConfig({
      settings: { ...readSettings(join(PROJECT, "wrangler.toml")), vars: new Map([["TEXT", text]]) },
      bundle: { directory: dir, wasm: ["sum.wasm"] },
      directory: dir,
      project: PROJECT,
      storage: join(dir, 'odd "name"'),
      vars: { EXTRA: "1" },
      secrets: ["SECRET_KEY"],
    });
    const file = join(dir, "workerd.capnp");
    writeFileSync(file, config);
    const compiled = execFileSync(workerdBinary(), ["compile", "--config-only", file]);
    expect(compiled.includes(Buffer.from(text))).toBe(true);
    expect(compiled.includes("shelfwise-UserProfile")).toBe(true);
    expect(compiled.includes("EXTRA")).toBe(true);
  });
});

describe("keys", () => {
  test("[SS21] are made once, and only their owner can read them", () => {
    const state = join(dir, "state");
    const made = keysOf(state, {});
    expect(made.writeKey).not.toBe(made.secretKey);
    expect(keysOf(state, {})).toEqual(made);
    expect(statSync(made.file!).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(readFileSync(made.file!, "utf8")).not.toBe("");
    expect(keysOf(join(dir, "other"), {}).secretKey).not.toBe(made.secretKey);
  });

  test("[SS21] in the environment they are used, and nothing is written", () => {
    const state = join(dir, "state");
    expect(keysOf(state, { WRITE_KEY: "w", SECRET_KEY: "s" })).toEqual({ writeKey: "w", secretKey: "s" });
    expect(existsSync(state)).toBe(false);
    expect(keysOf(state, { WRITE_KEY: "w" })).toMatchObject({ writeKey: "w" });
  });

  test("[SS21] a file that holds none is refused, not overwritten", () => {
    writeFileSync(join(dir, "keys.env"), "nothing\n");
    expect(() => keysOf(dir, {})).toThrow("keys.env");
  });

  test("[SS21] a key that is both, public and secret, is refused", () => {
    expect(() => keysOf(dir, { WRITE_KEY: "same", SECRET_KEY: "same" })).toThrow("must differ");
    expect(() => keysOf(dir, { WRITE_KEY: "new,same", SECRET_KEY: "same, old" })).toThrow("must differ");
  });

  test("[SS21] of two that are valid at a time the first is used", () => {
    expect(oneKey("new,old")).toBe("new");
    expect(oneKey("only")).toBe("only");
  });
});
