import { Calendar } from "./calendar.ts";
import { PLANNER_SHARDS_MAX } from "./limits.ts";

/** Settings that decide where things are stored: what is stored under a wrong one is not found when it is mended. */
export interface Placing {
  readonly SHOP_TIME_ZONE?: string | undefined;
  readonly PLANNER_SHARDS?: string | undefined;
}

/** What is wrong with them, in words that name the setting. */
export function wrongPlacing({
  SHOP_TIME_ZONE: zone = "UTC",
  PLANNER_SHARDS: shards = "1",
}: Placing): string | undefined {
  if (!isTimeZone(zone)) {
    return `SHOP_TIME_ZONE must be the IANA name of a time zone, as Europe/London, not "${zone}".`;
  }
  const count = Number(shards);
  if (Number.isInteger(count) && count >= 1 && count <= PLANNER_SHARDS_MAX) return undefined;
  return `PLANNER_SHARDS must be a whole number from 1 to ${PLANNER_SHARDS_MAX}, not "${shards}".`;
}

function isTimeZone(name: string): boolean {
  try {
    new Calendar(name);
    return true;
  } catch {
    return false;
  }
}
