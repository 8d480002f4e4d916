// Damage to JSON: places of a good value replaced, removed, added to; and texts that no value can hold.
import fc from "fast-check";

/** Stand in a value for text that JSON.stringify would not write, and become it in `rawText`. */
const RAW: Readonly<Record<string, string>> = {
  "\u0001huge": "1e999",
  "\u0001long": "9".repeat(400),
  "\u0001tiny": "-1e-400",
  "\u0001deep-list": "[".repeat(5_000) + "]".repeat(5_000),
  "\u0001deep-object": `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`,
  "\u0001proto": '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  "\u0001twice": '{"a":1,"a":2}',
  "\u0001surrogate": '"\\ud800"',
  "\u0001nul": '"\\u0000"',
  "\u0001not-json": "NaN",
};

/** The value as text, the stand-ins replaced. */
export function rawText(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return text.replaceAll(/"\\u0001([a-z-]+)"/g, (whole, name: string) => RAW[`\u0001${name}`] ?? whole);
}

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 1, 1.5, 1e308, -1e308, 5e-324, 2 ** 53, -(2 ** 63)),
  fc.constantFrom<unknown>(
    "",
    " ",
    "\ud800",
    "\udfff x",
    "\u0000",
    "x".repeat(300),
    "x".repeat(40_000),
    "é".repeat(200),
  ),
  fc.constantFrom<unknown>(
    "2026-13-45",
    "2026-02-30T25:61:61Z",
    "-271821-04-19T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "now",
  ),
  fc.constantFrom<unknown>(
    "NaN",
    "null",
    "0",
    "-1",
    "1e9",
    "__proto__",
    "constructor",
    "toString",
    "u:x",
    "../..",
    "%00",
  ),
  fc.constantFrom<unknown>([], {}, [[]], [null], [{}], { length: 1e9 }, { toJSON: 1 }),
  fc.constantFrom<unknown>(...Object.keys(RAW)),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
);

const keys = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "hasOwnProperty",
    "toString",
    "",
    "0",
    "length",
    "type",
  ),
  fc.string({ maxLength: 12 }),
);

type Place = readonly string[];

/** `value` with one to four places damaged. */
export function damaged(value: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(value);
  const one = fc.record({
    place: fc.constantFrom(...places),
    given: junk,
    name: keys,
    what: fc.constantFrom("replace", "replace", "remove", "add", "repeat"),
  });
  return fc
    .array(one, { minLength: 1, maxLength: 4 })
    .map((damages) => damages.reduce<unknown>((at, damage) => applied(at, damage), structuredClone(value)));
}

interface Damage {
  readonly place: Place;
  readonly given: unknown;
  readonly name: string;
  readonly what: string;
}

function applied(value: unknown, { place, name, what, ...damage }: Damage): unknown {
  // Its own copy: a later damage may go into this one.
  const given = structuredClone(damage.given);
  if (place.length === 0) return what === "replace" ? given : value;
  let holder = value;
  for (const key of place.slice(0, -1)) {
    if (!isHolder(holder)) return value;
    holder = holder[key];
  }
  if (!isHolder(holder)) return value;
  const last = place.at(-1)!;
  if (what === "replace") set(holder, last, given);
  else if (what === "remove") delete holder[last];
  else if (what === "add" && !Array.isArray(holder)) set(holder, name, given);
  else if (Array.isArray(holder))
    holder.push(...Array.from({ length: 3 }, () => structuredClone(holder[last])));
  return value;
}

/** As JSON.parse does: `__proto__` becomes a field like any other. */
function set(holder: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true });
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function placesOf(value: unknown): Place[] {
  const places: Place[] = [[]];
  const walk = (at: unknown, path: Place) => {
    if (!isHolder(at)) return;
    for (const key of Object.keys(at)) {
      places.push([...path, key]);
      walk(at[key], [...path, key]);
    }
  };
  walk(value, []);
  return places;
}
