import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Products viewed one after another by somebody, and when (Unix ms, strictly rising). */
export interface Session {
  readonly products: readonly string[];
  readonly times: readonly number[];
}

export interface SessionData {
  readonly train: readonly Session[];
  /** Products that training does not know are left out, and sessions of fewer than two products with them. */
  readonly test: readonly Session[];
}

/** Days over which training sessions without times are spread, evenly and in their order. */
export const UNTIMED_DAYS = 90;
/** Pace of a session without times. */
const UNTIMED_STEP_MS = 30_000;
const UNTIMED_END = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

interface Labelled extends Session {
  readonly split: string;
}

/**
 * Reads `session_id,item_id,timestamp,split` (one click a line, Unix s) or `session_id,split,items` (items apart by
 * spaces, no times), gzipped or not. Splits other than `train` are the test. Throws on another header.
 */
export function readSessions(file: string): SessionData {
  const [header, ...lines] = linesOf(file);
  const columns = header?.split(",") ?? [];
  const sessions =
    columns.includes("item_id") && columns.includes("timestamp")
      ? timedSessions(columns, lines)
      : columns.includes("items")
        ? untimedSessions(columns, lines)
        : undefined;
  if (sessions === undefined) throw new Error(`${file}: neither clicks nor sessions: ${header}`);
  const train = sessions.filter(({ split }) => split === "train");
  const test = sessions.filter(({ split }) => split !== "train");
  return { train, test: knownOnly(test, train) };
}

/** Whether a file's header is one that `readSessions` takes. */
export function holdsSessions(file: string): boolean {
  const columns = linesOf(file)[0]?.split(",") ?? [];
  return columns.includes("session_id") && columns.includes("split");
}

function linesOf(file: string): string[] {
  const raw = readFileSync(file);
  const text = (raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw).toString("utf8");
  return text.split(/\r?\n/).filter((line) => line !== "");
}

/** The last sessions of training as a test for the ones before: what settings are fitted on. */
export function validationOf(data: SessionData, share: number): SessionData {
  const byEnd = [...data.train].sort((a, b) => a.times.at(-1)! - b.times.at(-1)!);
  const cut = Math.floor(byEnd.length * (1 - share));
  const train = byEnd.slice(0, cut);
  return { train, test: knownOnly(byEnd.slice(cut), train) };
}

function knownOnly(sessions: readonly Session[], train: readonly Session[]): Session[] {
  const known = new Set(train.flatMap(({ products }) => products));
  return sessions.flatMap((session) => {
    const kept = session.products.map((_, at) => at).filter((at) => known.has(session.products[at]!));
    if (kept.length < 2) return [];
    return [
      { products: kept.map((at) => session.products[at]!), times: kept.map((at) => session.times[at]!) },
    ];
  });
}

function timedSessions(columns: readonly string[], lines: readonly string[]): Labelled[] {
  const [id, item, time, split] = ["session_id", "item_id", "timestamp", "split"].map((name) =>
    columns.indexOf(name),
  ) as [number, number, number, number];
  const sessions = new Map<string, { split: string; clicks: { product: string; at: number }[] }>();
  for (const line of lines) {
    const fields = line.split(",");
    const key = `${fields[split]} ${fields[id]}`;
    const session = sessions.get(key) ?? { split: fields[split]!, clicks: [] };
    sessions.set(key, session);
    session.clicks.push({ product: fields[item]!, at: Number(fields[time]) * 1000 });
  }
  return [...sessions.values()].map(({ split, clicks }) => {
    const ordered = clicks.sort((a, b) => a.at - b.at);
    const times: number[] = [];
    // Clicks of one second keep their order by a millisecond each.
    for (const { at } of ordered) times.push(Math.max(at, (times.at(-1) ?? 0) + 1));
    return { split, products: ordered.map(({ product }) => product), times };
  });
}

function untimedSessions(columns: readonly string[], lines: readonly string[]): Labelled[] {
  const split = columns.indexOf("split");
  const items = columns.indexOf("items");
  const rows = lines.map((line) => line.split(","));
  const trained = rows.filter((row) => row[split] === "train").length;
  let passed = 0;
  return rows.map((row) => {
    const products = row[items]!.split(" ");
    if (row[split] === "train") passed++;
    const start = UNTIMED_END - (1 - passed / trained) * UNTIMED_DAYS * DAY_MS;
    return {
      split: row[split]!,
      products,
      times: products.map((_, at) => Math.floor(start) + at * UNTIMED_STEP_MS),
    };
  });
}
