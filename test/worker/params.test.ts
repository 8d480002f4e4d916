import fc from "fast-check";
import { expect, test } from "vitest";
import { paramsOf } from "../../worker/schema/common.ts";

test("[HT46] a query is read as forms write it, the last of a repeated parameter counts", () => {
  const character = fc.constantFrom(..."ab=&?%+2C0é_-~.,;:/@\ud83d\ude00");
  const query = fc.oneof(
    fc.array(character, { maxLength: 24 }).map((characters) => characters.join("")),
    fc
      .dictionary(
        fc.string().filter((name) => name !== "__proto__"),
        fc.string(),
      )
      .map((pairs) => new URLSearchParams(pairs).toString()),
  );
  fc.assert(
    fc.property(query, (text) => {
      const request = new Request(`https://shop.example/v1/trending?${text}`);
      const expected = Object.fromEntries(new URL(request.url).searchParams);
      expect(paramsOf(request)).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
  expect(paramsOf(new Request("https://shop.example/v1/trending"))).toEqual({});
});
