import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { logEntry } from "../../domain/log-entry.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ROOMS = ["assembly", "domain", "durable-objects", "kernels", "worker"] as const;
type Room = (typeof ROOMS)[number];

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sources(room: string): string[] {
  return readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => join(room, name));
}

/** Relative targets are given from the root, package names as written. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const statement = /^\s*(import|export)\s+(type\s)?(?:[\w\s{},*$]+?\sfrom\s+)?["']([^"']+)["']/gm;
  return [...text.matchAll(statement)].map(([, , type, target]) => ({
    file,
    target: target!.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(file), target!)) : target!,
    typeOnly: type !== undefined,
  }));
}

const MAY: Record<Room, (found: Import) => boolean> = {
  assembly: ({ target }) => target.startsWith("assembly/"),
  domain: ({ target }) => target.startsWith("domain/"),
  kernels: ({ target }) =>
    /^(kernels|domain)\//.test(target) ||
    target === "assembly/layout.ts" ||
    /^build\/\w+(\.wasm|\.d\.ts)$/.test(target),
  "durable-objects": ({ target }) =>
    /^(durable-objects|domain|kernels)\//.test(target) || target === "cloudflare:workers",
  worker: ({ file, target, typeOnly }) =>
    /^(worker|domain|kernels)\//.test(target) ||
    (target.startsWith("durable-objects/") && (typeOnly || file === "worker/index.ts")) ||
    ["itty-router", "valibot", "isbot", "cloudflare:workers", "@valibot/to-json-schema"].includes(target),
};

describe("rooms and arrows", () => {
  test.each(ROOMS)("[AR1] %s imports only what its arrows allow", (room) => {
    const strays = sources(room)
      .flatMap(importsOf)
      .filter((found) => !MAY[room](found));
    expect(strays).toEqual([]);
  });

  test("[OA4] the descriptions of the API are not part of the Worker", () => {
    const strays = sources("worker")
      .flatMap(importsOf)
      .filter(
        ({ file, target }) => !file.startsWith("worker/openapi/") && target.startsWith("worker/openapi/"),
      );
    expect(strays).toEqual([]);
  });

  test("[AR2] the domain has no clock, no chance and no platform", () => {
    const forbidden =
      /\b(Date\.now|new Date\(\)|Math\.random|crypto\.|performance\.|WebAssembly\.|fetch\(|setTimeout)/;
    const strays = sources("domain").filter((file) =>
      forbidden.test(
        readFileSync(join(ROOT, file), "utf8")
          .replace(/\/\*[\s\S]*?\*\//g, "")
          .replace(/\/\/.*$/gm, ""),
      ),
    );
    expect(strays).toEqual([]);
  });

  test("[AR3] only kernels/ knows WebAssembly", () => {
    const strays = (["domain", "durable-objects", "worker"] as const)
      .flatMap(sources)
      .filter((file) => /\bWebAssembly\.|\.wasm"/.test(readFileSync(join(ROOT, file), "utf8")));
    expect(strays).toEqual([]);
  });

  test("[AR7] whatever is logged is made by one module", () => {
    const strays = ROOMS.flatMap(sources).flatMap((file) =>
      [...readFileSync(join(ROOT, file), "utf8").matchAll(/\bconsole\.\w+\((?!\s*logEntry\()[^\n]*/g)].map(
        ([call]) => `${file}: ${call}`,
      ),
    );
    expect(strays).toEqual([]);
  });

  test("[AR7] operations.md tells each message, and none that is not logged", () => {
    const logged = ["worker", "durable-objects", "kernels"]
      .flatMap(sources)
      .flatMap((file) => [...readFileSync(join(ROOT, file), "utf8").matchAll(/\blogEntry\(\s*"([^"]+)"/g)])
      .map(([, message]) => message!);
    const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
    const section = page.split("## What a line of the log means")[1]!.split("\n## ")[0]!;
    const told = [...section.matchAll(/^\| (`[^|]+) \|/gm)]
      .flatMap(([, names]) => names!.split("`, `"))
      .map((name) => name.replaceAll("`", ""));
    expect(told.toSorted()).toEqual([...new Set(logged)].toSorted());
  });

  test("[AR7] an entry has a fixed message, and says what was thrown, whatever it was", () => {
    const failure = new RangeError("no room");
    expect(logEntry("it failed", failure, { shard: 3 })).toEqual({
      message: "it failed",
      shard: 3,
      error: "RangeError: no room",
      stack: failure.stack,
    });
    expect(logEntry("it failed", "gone")).toEqual({ message: "it failed", error: "gone" });
  });

  test("[AR8] every environment has the same objects, files and settings", () => {
    const { env, ...top } = parse(readFileSync(join(ROOT, "wrangler.toml"), "utf8"));
    const environments = Object.values(env as Record<string, Record<string, unknown>>);
    expect(environments.length).toBeGreaterThan(0);
    for (const environment of environments) {
      expect(environment["durable_objects"]).toEqual(top["durable_objects"]);
      expect(environment["migrations"] ?? top["migrations"]).toEqual(top["migrations"]);
      expect(Object.keys(environment["vars"] as object)).toEqual(Object.keys(top["vars"] as object));
    }
  });

  test("[AR4] the memory boundary holds integer constants only", () => {
    const lines = readFileSync(join(ROOT, "assembly/layout.ts"), "utf8")
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .split("\n")
      .map((line) => line.replace(/\/\/.*$/, "").trim())
      .filter((line) => line !== "");
    const strays = lines
      .join(" ")
      .split(";")
      .map((statement) => statement.trim())
      .filter((statement) => statement !== "")
      .filter((statement) => !/^export const [A-Z0-9_]+ = [A-Z0-9_ ()+*\-/<>|&~]+$/.test(statement));
    expect(strays).toEqual([]);
  });

  test("[AR5] release kernels import nothing and their memory is fixed", () => {
    for (const name of ["forecast", "recommend"]) {
      const module = new WebAssembly.Module(readFileSync(join(ROOT, "build", `${name}.wasm`)));
      expect(WebAssembly.Module.imports(module)).toEqual([]);
      const { memory } = new WebAssembly.Instance(module, {}).exports as { memory: WebAssembly.Memory };
      expect(() => memory.grow(1)).toThrow();
    }
  });
});
