// The configuration of plain workerd as Cap'n Proto text.
import { join, relative } from "node:path";
import type { Bundle } from "./build.ts";
import type { WorkerSettings } from "./settings.ts";

export interface ConfigInput {
  readonly settings: WorkerSettings;
  readonly bundle: Bundle;
  /** Folder of the configuration file, absolute: what it embeds is named from there. */
  readonly directory: string;
  /** Root of the project, absolute. */
  readonly project: string;
  /** Where the objects' databases are, absolute. */
  readonly storage: string;
  /** Instead of, and beside, the variables of the settings. */
  readonly vars: Readonly<Record<string, string>>;
  /** Bindings whose text comes from workerd's environment: what no file should hold. */
  readonly secrets: readonly string[];
}

export const SOCKET = "http";

export function workerdConfig(input: ConfigInput): string {
  const { settings, bundle } = input;
  const embedded = (name: string) => relative(input.directory, join(bundle.directory, name));
  const services = [
    worker("main", mainModules(bundle, embedded), settings, bindings(input), objects(settings)),
    disk("storage", input.storage, true),
  ];
  if (settings.assets) {
    const toDisk = [`(name = "DISK", service = "public")`];
    const modules = [module("assets.js", "esModule", embedded("assets.js"))];
    services.push(worker("assets", modules, settings, toDisk, []));
    services.push(disk("public", join(input.project, settings.assets.directory), false));
  }
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = ${list(services, 2)},
  sockets = [(name = ${quote(SOCKET)}, http = (), service = "main")],
);
`;
}

function mainModules({ wasm }: Bundle, embedded: (name: string) => string): string[] {
  return [
    module("index.js", "esModule", embedded("index.js")),
    ...wasm.map((name) => module(name, "wasm", embedded(name))),
  ];
}

function bindings({ settings, vars, secrets }: ConfigInput): string[] {
  const texts = new Map([...settings.vars, ...Object.entries(vars)]);
  return [
    ...settings.objects.map(
      ({ binding, className }) => `(name = ${quote(binding)}, durableObjectNamespace = ${quote(className)})`,
    ),
    ...(settings.assets ? [`(name = ${quote(settings.assets.binding)}, service = "assets")`] : []),
    ...[...texts].map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`),
    ...secrets.map((name) => `(name = ${quote(name)}, fromEnvironment = ${quote(name)})`),
  ];
}

/** The unique key names an object class's folder of databases: it must never change. */
function objects({ name, objects: classes }: WorkerSettings): string[] {
  return classes.map(
    ({ className, sqlite }) =>
      `(className = ${quote(className)}, uniqueKey = ${quote(`${name}-${className}`)}, enableSql = ${sqlite})`,
  );
}

function worker(
  name: string,
  modules: readonly string[],
  settings: WorkerSettings,
  bound: readonly string[],
  classes: readonly string[],
): string {
  const storage =
    classes.length === 0
      ? ""
      : `
      durableObjectNamespaces = ${list(classes, 6)},
      durableObjectStorage = (localDisk = "storage"),`;
  return `(name = ${quote(name)}, worker = (
      modules = ${list(modules, 6)},
      compatibilityDate = ${quote(settings.compatibilityDate)},
      compatibilityFlags = [${settings.compatibilityFlags.map(quote).join(", ")}],
      bindings = ${list(bound, 6)},${storage}
    ))`;
}

function disk(name: string, path: string, writable: boolean): string {
  return `(name = ${quote(name)}, disk = (path = ${quote(path)}, writable = ${writable}))`;
}

function module(name: string, kind: "esModule" | "wasm", path: string): string {
  return `(name = ${quote(name)}, ${kind} = embed ${quote(path)})`;
}

function list(items: readonly string[], indent: number): string {
  const pad = " ".repeat(indent);
  return `[\n${items.map((item) => `${pad}  ${item},\n`).join("")}${pad}]`;
}

/** Cap'n Proto's text escapes are C's; all beyond printable ASCII goes byte by byte. */
function quote(text: string): string {
  let quoted = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") quoted += `\\${character}`;
    else if (byte < 0x20 || byte > 0x7e) quoted += `\\x${byte.toString(16).padStart(2, "0")}`;
    else quoted += character;
  }
  return `"${quoted}"`;
}
