import { Calendar } from "../domain/calendar.ts";
import { PLANNER_SHARDS_MAX } from "../domain/limits.ts";
import type { Env } from "../durable-objects/env.ts";
import { Problem, retryAfter } from "./problem.ts";

const UNCONFIGURED_RETRY_SECONDS = 30;

/** What is wrong with the settings last asked about; they change with a deployment only. */
let known:
  | {
      readonly zone: string | undefined;
      readonly shards: string | undefined;
      readonly wrong: string | undefined;
    }
  | undefined;

/**
 * Of the settings that decide where things are stored: with a wrong one nothing may be stored, for it could not be found
 * when the setting is mended.
 *
 * @throws Problem 503 that names the setting.
 */
export function requireSettings({
  SHOP_TIME_ZONE,
  PLANNER_SHARDS,
}: Pick<Env, "SHOP_TIME_ZONE" | "PLANNER_SHARDS">): void {
  if (known === undefined || known.zone !== SHOP_TIME_ZONE || known.shards !== PLANNER_SHARDS) {
    const wrong = wrongZone(SHOP_TIME_ZONE) ?? wrongShards(PLANNER_SHARDS);
    known = { zone: SHOP_TIME_ZONE, shards: PLANNER_SHARDS, wrong };
  }
  if (known.wrong !== undefined) throw notConfigured(known.wrong);
}

export function notConfigured(detail: string): Problem {
  return new Problem("not_configured", detail, {}, retryAfter(UNCONFIGURED_RETRY_SECONDS));
}

function wrongZone(zone = "UTC"): string | undefined {
  try {
    new Calendar(zone);
    return undefined;
  } catch {
    return `SHOP_TIME_ZONE must be the IANA name of a time zone, as Europe/London, not "${zone}".`;
  }
}

function wrongShards(shards = "1"): string | undefined {
  const count = Number(shards);
  if (Number.isInteger(count) && count >= 1 && count <= PLANNER_SHARDS_MAX) return undefined;
  return `PLANNER_SHARDS must be a whole number from 1 to ${PLANNER_SHARDS_MAX}, not "${shards}".`;
}
