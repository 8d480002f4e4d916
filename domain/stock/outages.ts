// The time without anything to sell, by local day.
import type { Calendar } from "../calendar.ts";
import { OUTAGE_DAYS_MAX } from "../limits.ts";

/** Milliseconds of a local day without anything available. */
export interface Outage {
  readonly day: number;
  readonly ms: number;
}

/** Share of each day from `outSince` to `now` that there was no stock: what a running outage adds. */
export function outageDays(outSince: number, now: number, calendar: Calendar): Outage[] {
  const outages: Outage[] = [];
  const last = calendar.dayOf(now);
  for (let day = Math.max(calendar.dayOf(outSince), last - OUTAGE_DAYS_MAX + 1); day <= last; day++) {
    const from = Math.max(outSince, calendar.startOf(day));
    const to = Math.min(now, calendar.startOf(day + 1));
    if (to > from) outages.push({ day, ms: to - from });
  }
  return outages;
}

export function dayMs(day: number, calendar: Calendar): number {
  return calendar.startOf(day + 1) - calendar.startOf(day);
}

/** Both, by day; the oldest days fall out. */
export function mergeOutages(before: readonly Outage[], added: readonly Outage[]): Outage[] {
  const byDay = new Map(before.map(({ day, ms }) => [day, ms]));
  for (const { day, ms } of added) byDay.set(day, (byDay.get(day) ?? 0) + ms);
  return [...byDay]
    .map(([day, ms]) => ({ day, ms }))
    .sort((a, b) => a.day - b.day)
    .slice(-OUTAGE_DAYS_MAX);
}
