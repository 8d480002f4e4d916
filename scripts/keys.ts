// The keys of a shop on this machine: from the environment, else made once and kept beside the state.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyList, wrongKeys } from "../domain/keys.ts";

export interface Keys {
  /** Public: browsers and apps. One key, or two separated by a comma while one replaces the other. */
  readonly writeKey: string;
  /** For servers: everything. */
  readonly secretKey: string;
  /** The file the keys are kept in; absent when both came from the environment. */
  readonly file?: string;
}

const KEYS_FILE = "keys.env";
const KEY_BYTES = 24;

/**
 * A shell can source the file: `. .shelfwise/keys.env`. Only its owner can read it.
 *
 * @throws for a key that is both, which the Worker would answer with 503 throughout.
 */
export function keysOf(directory: string, environment: NodeJS.ProcessEnv = process.env): Keys {
  const keys = settledKeys(directory, environment);
  const wrong = wrongKeys(keys.writeKey, keys.secretKey);
  if (wrong !== undefined) throw new Error(wrong);
  return keys;
}

function settledKeys(directory: string, environment: NodeJS.ProcessEnv): Keys {
  const { WRITE_KEY: writeKey, SECRET_KEY: secretKey } = environment;
  if (writeKey && secretKey) return { writeKey, secretKey };
  const file = join(directory, KEYS_FILE);
  const kept = readKept(file) ?? makeKept(file, directory);
  return { writeKey: writeKey || kept.writeKey, secretKey: secretKey || kept.secretKey, file };
}

/** The first of the keys that are valid at a time. */
export function oneKey(keys: string): string {
  return keyList(keys)[0]!;
}

function readKept(file: string): Pick<Keys, "writeKey" | "secretKey"> | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const writeKey = /^WRITE_KEY=(\S+)$/m.exec(text)?.[1];
  const secretKey = /^SECRET_KEY=(\S+)$/m.exec(text)?.[1];
  if (!writeKey || !secretKey) throw new Error(`${file} does not hold WRITE_KEY=... and SECRET_KEY=...`);
  return { writeKey, secretKey };
}

function makeKept(file: string, directory: string): Pick<Keys, "writeKey" | "secretKey"> {
  const writeKey = `write_${randomBytes(KEY_BYTES).toString("base64url")}`;
  const secretKey = `secret_${randomBytes(KEY_BYTES).toString("base64url")}`;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(file, `WRITE_KEY=${writeKey}\nSECRET_KEY=${secretKey}\n`, { mode: 0o600, flag: "wx" });
  return { writeKey, secretKey };
}
