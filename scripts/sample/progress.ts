// How far a load came, kept beside the state so that the next start goes on from there.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PLAN_VERSION } from "./plan.ts";

export const STEPS = ["products", "events", "stock"] as const;
export type Step = (typeof STEPS)[number];

export interface Progress {
  readonly plan: number;
  /** Set when the load began, so that it ends with the same dates whenever it ends. */
  readonly shift_days: number;
  /** Requests of each step known to be done, from its first on without a gap. */
  readonly done: Readonly<Record<Step, number>>;
  readonly complete: boolean;
}

/** Undefined before a load has begun. A load begun by another plan keeps its dates and begins anew. */
export function readProgress(dir: string): Progress | undefined {
  let text: string;
  try {
    text = readFileSync(fileOf(dir), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const progress = JSON.parse(text) as Progress;
  if (progress.complete || progress.plan === PLAN_VERSION) return progress;
  return { ...freshProgress(progress.shift_days) };
}

export function freshProgress(shiftDays: number): Progress {
  const done = { products: 0, events: 0, stock: 0 };
  return { plan: PLAN_VERSION, shift_days: shiftDays, done, complete: false };
}

/** Whole or not at all, however it is interrupted. */
export function writeProgress(dir: string, progress: Progress): void {
  const file = fileOf(dir);
  writeFileSync(`${file}.new`, `${JSON.stringify(progress)}\n`);
  renameSync(`${file}.new`, file);
}

function fileOf(dir: string): string {
  return join(dir, "sample.json");
}
