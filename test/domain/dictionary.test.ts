import { expect, test } from "vitest";
import { Dictionary } from "../../domain/model/dictionary.ts";

const jsonBytes = (names: readonly string[]) => new TextEncoder().encode(JSON.stringify(names)).length;

test("[MD12] names take so many bytes of JSON; a further one waits until there is room, also after they were stored", () => {
  const name = (n: number) => `${n}`.padEnd(100, "\u4e2d");
  const dictionary = new Dictionary(1_000, 3_000);
  const numbers = Array.from({ length: 20 }, (_, n) => dictionary.acquire(name(n)));
  const taken = numbers.filter((number) => number !== 0).length;
  expect(taken).toBeGreaterThan(5);
  expect(taken).toBeLessThan(20);
  expect(jsonBytes(dictionary.toArray())).toBeLessThanOrEqual(3_000 + jsonBytes([""]));
  const stored = Dictionary.from(dictionary.toArray(), 1_000, 3_000);
  for (const number of numbers) stored.recount(number);
  for (const one of [dictionary, stored]) {
    expect(one.acquire(name(99))).toBe(0);
    one.release(numbers[0]!);
    expect(one.name(one.acquire(name(99)))).toBe(name(99));
  }
});

test("[MD12] a full dictionary renames: what one product gives back is there for its new name", () => {
  const dictionary = new Dictionary(4);
  const [a, b] = [dictionary.acquire("a"), dictionary.acquire("b"), dictionary.acquire("c")] as const;
  dictionary.acquire("b");
  expect(dictionary.acquire("d")).toBe(0);
  expect(dictionary.replace(a, "a")).toBe(a);
  const renamed = dictionary.replace(a, "d");
  expect(dictionary.name(renamed)).toBe("d");
  // Others still use it: there is no room.
  expect(dictionary.replace(b, "e")).toBe(0);
  expect(dictionary.name(b)).toBe("b");
  expect(dictionary.replace(b, undefined)).toBe(0);
  expect(dictionary.name(dictionary.replace(0, "e"))).toBe("e");
});
