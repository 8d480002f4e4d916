import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Calendar, dayOfIsoDate, isoDate } from "../../domain/calendar.ts";

const DAY_MS = 86_400_000;

describe("calendar", () => {
  test("[CA1] a day begins at local midnight", () => {
    const berlin = new Calendar("Europe/Berlin");
    const day = dayOfIsoDate("2026-07-01");
    expect(new Date(berlin.startOf(day)).toISOString()).toBe("2026-06-30T22:00:00.000Z");
    expect(berlin.dayOf(Date.parse("2026-06-30T21:59:59Z"))).toBe(day - 1);
    expect(berlin.dayOf(Date.parse("2026-06-30T22:00:00Z"))).toBe(day);
    expect(isoDate(day)).toBe("2026-07-01");
  });

  test.each([
    ["Europe/Berlin", "2026-03-29", 23],
    ["Europe/Berlin", "2026-10-25", 25],
    ["America/Santiago", "2026-09-06", 23],
    ["Asia/Kathmandu", "2026-05-05", 24],
    ["Australia/Lord_Howe", "2026-10-04", 23.5],
  ])("[CA1] in %s %s has %d hours", (zone, date, hours) => {
    const calendar = new Calendar(zone);
    const day = dayOfIsoDate(date);
    expect((calendar.startOf(day + 1) - calendar.startOf(day)) / 3_600_000).toBe(hours);
  });

  test("[CA1] every instant lies in its day", () => {
    const zones = [
      "UTC",
      "Europe/London",
      "America/New_York",
      "Pacific/Apia",
      "Africa/Casablanca",
      "Asia/Kolkata",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.parse("2020-01-01"), max: Date.parse("2030-01-01") }),
        (zone, at) => {
          const calendar = new Calendar(zone);
          const day = calendar.dayOf(at);
          expect(calendar.startOf(day)).toBeLessThanOrEqual(at);
          expect(calendar.startOf(day + 1)).toBeGreaterThan(at);
          expect(Math.abs(calendar.startOf(day) - day * DAY_MS)).toBeLessThanOrEqual(15 * 3_600_000);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("[CA1] what is no time zone is refused", () => {
    expect(() => new Calendar("Europe/Nowhere")).toThrow(RangeError);
  });
});
