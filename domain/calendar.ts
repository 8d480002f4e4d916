import { DAY_MS } from "./limits.ts";

/** Offsets of a time zone are looked up by the quarter of an hour: no zone changes between. */
const STEP_MS = 15 * 60_000;
const OFFSETS_MAX = 50_000;
const DATES_MAX = 4_096;

/** Day numbers (days since 1970-01-01) of local days in a shop's time zone. */
export class Calendar {
  private readonly format: Intl.DateTimeFormat;
  private readonly offsets = new Map<number, number>();

  /** @throws RangeError for what is no IANA time zone. */
  constructor(timeZone: string) {
    this.format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  /** The local day that an instant (Unix ms) belongs to. */
  dayOf(at: number): number {
    return Math.floor((at + this.offset(at)) / DAY_MS);
  }

  /** When a local day begins, Unix ms. */
  startOf(day: number): number {
    const local = day * DAY_MS;
    // The offset that holds at that moment: where clocks change at midnight the day begins after the gap.
    const guess = local - this.offset(local - this.offset(local));
    return this.dayOf(guess) === day ? guess : local - this.offset(guess);
  }

  /** Local time minus UTC, ms. */
  private offset(at: number): number {
    const step = Math.floor(at / STEP_MS);
    let offset = this.offsets.get(step);
    if (offset === undefined) {
      const parts: Record<string, number> = {};
      for (const { type, value } of this.format.formatToParts(step * STEP_MS)) parts[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
      offset = Date.UTC(year, month - 1, day, hour, minute, second) - step * STEP_MS;
      if (this.offsets.size >= OFFSETS_MAX) this.offsets.clear();
      this.offsets.set(step, offset);
    }
    return offset;
  }
}

const dates = new Map<number, string>();

/** `2026-11-24`. An answer names the same few days thousands of times, so they are remembered. */
export function isoDate(day: number): string {
  let date = dates.get(day);
  if (date === undefined) {
    date = new Date(day * DAY_MS).toISOString().slice(0, 10);
    if (dates.size >= DATES_MAX) dates.clear();
    dates.set(day, date);
  }
  return date;
}

/** Day number of `2026-11-24`; NaN for what is no date. */
export function dayOfIsoDate(date: string): number {
  return Math.floor(Date.parse(date) / DAY_MS);
}
