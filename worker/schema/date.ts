import * as v from "valibot";
import { dayOfIsoDate, isoDate } from "../../domain/calendar.ts";

const DATE = "must be a date (YYYY-MM-DD)";

/** A day that the calendar has: 31 February would be read as 3 March. */
export const date = v.pipe(
  v.string("must be a date"),
  v.isoDate(DATE),
  v.check((value) => {
    const day = dayOfIsoDate(value);
    return Number.isFinite(day) && isoDate(day) === value;
  }, DATE),
);
