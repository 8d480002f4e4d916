import * as v from "valibot";
import { ID_CHARACTERS_MAX, PRICE_MAX, TEXT_CHARACTERS_MAX } from "../../domain/limits.ts";
import { queryOf, queryText } from "../exchange.ts";
import { type FieldError, invalid, type ProblemCode } from "../problem.ts";

/** An id as text, or an empty one; numbers are taken as they are written. */
export const idOrEmpty = v.pipe(
  v.union([v.string(), v.number()], "must be a text"),
  v.transform((value) => String(value).trim().toWellFormed()),
  v.maxLength(ID_CHARACTERS_MAX, `must not be longer than ${ID_CHARACTERS_MAX} characters`),
  // As a part of an address they are taken out: it could not be read, corrected or erased.
  v.check((value) => value !== "." && value !== "..", "must not be . or .."),
);

export const id = v.pipe(idOrEmpty, v.nonEmpty("must not be empty"));

export const text = v.pipe(
  v.string("must be a text"),
  v.transform((value) => value.trim().toWellFormed()),
  v.maxLength(TEXT_CHARACTERS_MAX, `must not be longer than ${TEXT_CHARACTERS_MAX} characters`),
);

export const price = v.pipe(
  v.number("must be a number"),
  v.minValue(0, "must not be negative"),
  v.maxValue(PRICE_MAX, `must not be more than ${PRICE_MAX}`),
);

export const currency = v.pipe(
  v.string("must be a text"),
  v.transform((value) => value.trim().toUpperCase()),
  v.regex(/^[A-Z]{3}$/, "must be a code of three letters (ISO 4217)"),
);

const TIME = "must be a time (ISO 8601)";

/** ISO 8601, or seconds or milliseconds since 1970, as Unix ms; an empty text is none. */
export const instant = v.pipe(
  v.union([v.string(), v.number()], TIME),
  v.transform(instantOf),
  v.check((value) => value === undefined || Number.isFinite(value), TIME),
);

function instantOf(value: string | number): number | undefined {
  if (typeof value === "number") return epochMs(value);
  if (ISO_DATE.test(value)) return Date.parse(value);
  const text = value.trim();
  if (text === "") return undefined;
  return DIGITS.test(text) ? epochMs(Number(text)) : Number.NaN;
}

/** What else the platform reads as a time may be meant otherwise: it takes "1" for 2001. */
const ISO_DATE = /^\s*[+-]?\d{4,6}-\d\d-\d\d/;
const DIGITS = /^\d{10,13}(?:\.\d{1,9})?$/;

/** From 2001 to 2286 a time has ten digits in seconds and thirteen in milliseconds: which it is in cannot be mistaken. */
function epochMs(value: number): number {
  if (value >= 1e9 && value < 1e10) return Math.round(value * 1000);
  return value >= 1e12 && value < 1e13 ? Math.round(value) : Number.NaN;
}

/** A whole number in a query. */
export function wholeNumber(min: number, max: number) {
  const range = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}$/, range),
    v.transform(Number),
    v.number(range),
    v.integer(range),
    v.minValue(min, range),
    v.maxValue(max, range),
  );
}

/** A whole number in a query, and what it is taken to be where it is absent. */
export function count(min: number, max: number, otherwise: number) {
  return v.optional(wholeNumber(min, max), String(otherwise));
}

/** Where valibot found an issue, as `batch.0.userId`. */
export function fieldError(issue: v.BaseIssue<unknown>, prefix = ""): FieldError {
  const path = issue.path?.map(({ key }) => String(key)).join(".") ?? "";
  return { path: [prefix, path].filter((part) => part !== "").join("."), detail: detailOf(issue) };
}

/** Of a field that is missing, or that it does not know, an object's schema says with its own message that it is none. */
function detailOf({ type, expected, path, message }: v.BaseIssue<unknown>): string {
  if (!OBJECTS.includes(type) || path === undefined || expected === "Object") return message;
  return expected === "never" ? "is not a known field" : "is required";
}

const OBJECTS: readonly string[] = ["object", "strict_object"];

/** @throws Problem naming each wrong field. */
export function check<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  code: ProblemCode = "invalid_request",
  prefix = "",
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortPipeEarly: true });
  if (result.success) return result.output;
  throw invalid(
    result.issues.map((issue) => fieldError(issue, prefix)),
    code,
  );
}

/** The query as an object; the last of a repeated parameter counts. */
export function paramsOf(request: Request): Record<string, string> {
  const params: Record<string, string> = {};
  const text = queryText(request);
  if (!ESCAPES.test(text)) {
    // The usual case, in a third of the time.
    for (const pair of text.split("&")) {
      const end = pair.indexOf("=");
      if (pair !== "") params[end < 0 ? pair : pair.slice(0, end)] = end < 0 ? "" : pair.slice(end + 1);
    }
    return params;
  }
  // Without a pair for each, which the platform makes slowly.
  queryOf(request).forEach((value, name) => {
    params[name] = value;
  });
  return params;
}

/** What stands for another character in a query. */
const ESCAPES = /[%+]/;
