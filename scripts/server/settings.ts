// What `wrangler.toml` says of the Worker, so that plain workerd runs what a deployment runs.
import { readFileSync } from "node:fs";
import { parse, type TomlTable, type TomlValue } from "smol-toml";
import { wrongPlacing } from "../../domain/placing.ts";

export interface WorkerSettings {
  readonly name: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  /** Text bindings. */
  readonly vars: ReadonlyMap<string, string>;
  readonly objects: readonly ObjectBinding[];
  /** Static files: their folder, relative to the project, and the binding that serves them. */
  readonly assets?: { readonly directory: string; readonly binding: string };
}

export interface ObjectBinding {
  readonly binding: string;
  readonly className: string;
  readonly sqlite: boolean;
}

/** @throws when the file lacks what a Worker needs, or has it wrong, naming the setting. */
export function readSettings(file: string): WorkerSettings {
  const toml = parse(readFileSync(file, "utf8"));
  const sqliteClasses = new Set(
    tables(toml.migrations).flatMap((migration) => texts(migration.new_sqlite_classes)),
  );
  const objects = tables(table(toml.durable_objects).bindings).map((binding) => {
    const className = text(binding, "class_name");
    return { binding: text(binding, "name"), className, sqlite: sqliteClasses.has(className) };
  });
  const vars = new Map(Object.entries(table(toml.vars)).map(([name, value]) => [name, String(value)]));
  const wrong = wrongPlacing(Object.fromEntries(vars));
  if (wrong !== undefined) throw new Error(`wrangler.toml: ${wrong}`);
  const assets = toml.assets === undefined ? undefined : table(toml.assets);
  return {
    name: text(toml, "name"),
    compatibilityDate: text(toml, "compatibility_date"),
    compatibilityFlags: texts(toml.compatibility_flags),
    vars,
    objects,
    ...(assets && {
      assets: { directory: text(assets, "directory"), binding: text(assets, "binding") },
    }),
  };
}

function table(value: TomlValue | undefined): TomlTable {
  if (value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value) || value instanceof Date) {
    throw new Error("wrangler.toml: a table is expected");
  }
  return value;
}

function tables(value: TomlValue | undefined): TomlTable[] {
  return Array.isArray(value) ? value.map(table) : [];
}

function texts(value: TomlValue | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function text(from: TomlTable, key: string): string {
  const value = from[key];
  if (typeof value !== "string") throw new Error(`wrangler.toml: ${key} is not set`);
  return value;
}
