import { type Placing, wrongPlacing } from "../domain/placing.ts";
import { Problem, retryAfter } from "./problem.ts";

const UNCONFIGURED_RETRY_SECONDS = 30;

/** What is wrong with the settings last asked about; they change with a deployment only. */
let known: (Placing & { readonly wrong: string | undefined }) | undefined;

/** @throws Problem 503 that names the setting which is not valid: nothing may be stored under it. */
export function requireSettings({ SHOP_TIME_ZONE, PLANNER_SHARDS }: Placing): void {
  if (
    known === undefined ||
    known.SHOP_TIME_ZONE !== SHOP_TIME_ZONE ||
    known.PLANNER_SHARDS !== PLANNER_SHARDS
  ) {
    const placing = { SHOP_TIME_ZONE, PLANNER_SHARDS };
    known = { ...placing, wrong: wrongPlacing(placing) };
  }
  if (known.wrong !== undefined) throw notConfigured(known.wrong);
}

export function notConfigured(detail: string): Problem {
  return new Problem("not_configured", detail, {}, retryAfter(UNCONFIGURED_RETRY_SECONDS));
}
