import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseColumns } from "../../worker/number-columns.ts";

const PATHS = { list: "series", fields: ["demand", "in_stock"] };
const read = (text: string) => parseColumns(new TextEncoder().encode(text), PATHS);

/** What JSON.parse says of it: a value, or an error. */
function outcome(parse: () => unknown): { value: unknown } | { error: string } {
  try {
    return { value: parse() };
  } catch (error) {
    return { error: String(error) };
  }
}

/** Columns as lists again; `demand` and `in_stock` of the items rounded to 32 bits, as they are used. */
function rounded(document: unknown): unknown {
  const { series } = Object(document);
  if (!Array.isArray(series)) return document;
  const list = (value: unknown) =>
    value instanceof Float32Array || Array.isArray(value)
      ? Array.from(value as ArrayLike<unknown>, (x) => (typeof x === "number" ? Math.fround(x) : x))
      : value;
  for (const item of series) {
    if (typeof item !== "object" || item === null) continue;
    for (const field of PATHS.fields) if (field in item) item[field] = list(item[field]);
  }
  return document;
}

const number = fc.oneof(
  { weight: 6, arbitrary: fc.nat(30) },
  { weight: 2, arbitrary: fc.nat(2_000_000_000) },
  { weight: 2, arbitrary: fc.nat(99_999).map((n) => n / 1000) },
  fc.double({ min: 0, max: 2, noNaN: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const plain = fc.array(number, { maxLength: 60 });
const numbers = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.nat(30), { minLength: 30, maxLength: 90 }) },
  {
    weight: 4,
    arbitrary: fc.array(
      fc.nat(9_999).map((n) => n / 100),
      { minLength: 30, maxLength: 60 },
    ),
  },
  plain,
  fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 40 }),
  fc.string(),
);
const name = fc.oneof(
  fc.string(),
  fc.constantFrom('\\"demand":[', '"series":[', "demand", "\\", "é€\ud83d\ude00"),
);
const series = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ id: name, demand: numbers, in_stock: numbers }, { requiredKeys: [] }),
    },
    fc.jsonValue({ maxDepth: 2 }),
  ),
  { maxLength: 6 },
);
const body = fc.record({ note: name, series, quantiles: plain, demand: name }, { requiredKeys: ["series"] });
const text = fc
  .tuple(body, fc.constantFrom<number | string>(0, 1, " \t"))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

describe("JSON with columns of numbers", () => {
  test("[FC16] says what JSON.parse says, whatever the document", () => {
    let columns = 0;
    fc.assert(
      fc.property(text, (json) => {
        const value = read(json) as { series: { demand?: unknown }[] };
        for (const one of value.series) if (one?.demand instanceof Float32Array) columns++;
        // As the bytes have it: a lone surrogate has none.
        expect(rounded(value)).toEqual(
          rounded(JSON.parse(new TextDecoder().decode(new TextEncoder().encode(json)))),
        );
      }),
      { numRuns: 500 },
    );
    expect(columns).toBeGreaterThan(100);
  });

  test("[FC16] takes and refuses what JSON.parse takes and refuses, with its words", () => {
    const damage = fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(2),
        fc.constantFrom("0", "7", ",", "[", "]", ".", "-", "e", '"', "\\", " ", ":", "x", "\ufeff"),
      ),
      { minLength: 1, maxLength: 3 },
    );
    let refused = 0;
    fc.assert(
      fc.property(text, damage, (json, places) => {
        let broken = json;
        for (const [place, removed, added] of places) {
          const at = place % (broken.length + 1);
          broken = broken.slice(0, at) + added + broken.slice(at + removed);
        }
        const expected = outcome(() =>
          rounded(JSON.parse(new TextDecoder().decode(new TextEncoder().encode(broken)))),
        );
        if ("error" in expected) refused++;
        expect(outcome(() => rounded(read(broken)))).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test("[FC16] numbers are those of JSON.parse, with blanks and points; a leading zero is none", () => {
    const list = (items: string) => `{"series":[{"demand" :\n[ ${items} ]}]}`;
    const many = "0,1 , 20,\t0.5,12.25,999999999,\n0.0000001,";
    const { series } = read(list(`${many.repeat(9)}3`)) as { series: [{ demand: unknown }] };
    expect(series[0].demand).toBeInstanceOf(Float32Array);
    expect([...(series[0].demand as Float32Array)]).toEqual(
      JSON.parse(`[${many.repeat(9)}3]`).map((value: number) => Math.fround(value)),
    );
    for (const wrong of ["00", "01", "1.", ".5", "1,,2", ",", "1 2"]) {
      expect(() => read(list(`${many.repeat(9)}${wrong}`))).toThrow(SyntaxError);
    }
  });

  test("[FC16] lists of any length, and more numbers than a piece of columns holds", () => {
    for (const length of [1, 12, 512, 4_095, 4_096, 4_097, 200_000]) {
      const demand = Array.from({ length }, (_, i) => (i * 7) % 11);
      const value = { series: Array.from({ length: length > 10_000 ? 3 : 100 }, () => ({ demand })) };
      expect(rounded(read(JSON.stringify(value)))).toEqual(value);
    }
  });
});
