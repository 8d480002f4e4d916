import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Item, ItemScanner } from "../../worker/item-scanner.ts";

/** The items of a text whose bytes come in pieces that end at these places. */
function scan(text: string, cuts: readonly number[] = []): Item[] {
  const bytes = new TextEncoder().encode(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const scanner = new ItemScanner();
  const items: Item[] = [];
  let from = 0;
  for (const to of [...places, bytes.length]) {
    items.push(...scanner.push(bytes.slice(from, to)));
    from = to;
  }
  items.push(...scanner.end());
  return items;
}

const values = (items: readonly Item[]) => items.map((item) => ("value" in item ? item.value : item));
const cuts = fc.array(fc.nat(5_000), { maxLength: 12 });
const json = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });
const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
/** As JSON reads it: without lone surrogates, which have no bytes. */
const plain = (value: unknown) =>
  JSON.parse(new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(value))));

describe("items of a list as its bytes come", () => {
  test("[HT12] an array gives its items, wherever its bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(json), blank, fc.boolean(), cuts, (list, space, pretty, at) => {
        const text = `${space}${JSON.stringify(list, null, pretty ? 2 : 0)}${space}`;
        expect(values(scan(text, at))).toEqual(list.map(plain));
      }),
      { numRuns: 300 },
    );
  });

  test("[HT12] NDJSON gives its lines, wherever its bytes are cut", () => {
    const object = fc.dictionary(fc.string(), json);
    fc.assert(
      fc.property(fc.array(object, { minLength: 2 }), fc.boolean(), cuts, (list, carriage, at) => {
        const text = list.map((item) => JSON.stringify(item)).join(carriage ? "\r\n" : "\n\n");
        expect(values(scan(text, at))).toEqual(list.map(plain));
      }),
      { numRuns: 300 },
    );
  });

  test("[HT12] a batch gives its messages, an object itself, on one line or many", () => {
    const object = fc.dictionary(
      fc.string().filter((name) => name !== "batch"),
      json,
    );
    fc.assert(
      fc.property(object, fc.array(object), fc.boolean(), blank, cuts, (one, list, pretty, space, at) => {
        const text = (value: unknown) => `${space}${JSON.stringify(value, null, pretty ? 2 : 0)}${space}`;
        expect(values(scan(text(one), at))).toEqual([plain(one)]);
        expect(values(scan(text({ sentAt: null, batch: list }), at))).toEqual(list.map(plain));
      }),
    );
  });

  test("[HT12] what is broken spoils nothing else", () => {
    const problem = { problem: expect.any(String), text: expect.any(String) };
    for (const at of [[], [1], [2, 3, 4], [5, 9, 11]]) {
      // Also with a byte order mark in two pieces.
      expect(values(scan('[{"a":1},{"b":},{"c":"]},["}]', at))).toEqual([{ a: 1 }, problem, { c: "]},[" }]);
      expect(values(scan("[1,,2]", at))).toEqual([1, problem, 2]);
      expect(values(scan("[1,2", at))).toEqual([1, problem]);
      expect(values(scan("[1]x[2]", at))[0]).toEqual(1);
      expect(values(scan("[1]x", at))).toEqual([1, problem]);
      expect(values(scan('{"a":1}\n{broken\n\n{"b":2}', at))).toEqual([{ a: 1 }, problem, { b: 2 }]);
      expect(values(scan('{broken\n{"b":2}\n', at))).toEqual([problem, { b: 2 }]);
      expect(values(scan("\ufeff[1]", at))).toEqual([1]);
      expect(values(scan(" \n", at))).toEqual([]);
      expect(values(scan("[]", at))).toEqual([]);
      expect(() => scan("{broken", at)).toThrow(SyntaxError);
    }
    expect(scan(`[1,${"[".repeat(50_000)}${"]".repeat(50_000)},2]`)).toHaveLength(3);
    expect(values(scan('[{"a":1},{"b":2}'))).toEqual([{ a: 1 }, { b: 2 }, problem]);
  });

  test("[HT12] of an array and of NDJSON no more is held than the item under way", () => {
    for (const [begin, between] of [
      ["[", ","],
      ["", "\n"],
    ] as const) {
      const scanner = new ItemScanner();
      const encoder = new TextEncoder();
      let items = [...scanner.push(encoder.encode(begin))].length;
      for (let i = 0; i < 2_000; i++) {
        items += [...scanner.push(encoder.encode(`{"n":${i}}${between}`))].length;
        expect(i + 1 - items).toBeLessThanOrEqual(1);
        expect(scanner["held"].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(20);
      }
    }
  });
});
