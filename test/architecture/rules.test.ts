import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

function idsIn(folder: string, ending: string, pattern: RegExp): Set<string> {
  const ids = new Set<string>();
  for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(ending)) continue;
    for (const [, id] of readFileSync(join(ROOT, folder, name), "utf8").matchAll(pattern)) ids.add(id!);
  }
  return ids;
}

test("[AR6] each rule has a test and each test's id is a rule", () => {
  const rules = idsIn("docs/behaviour", ".md", /\*\*\[([A-Z]{2}\d+[a-z]?)\]\*\*/g);
  const tested = idsIn("test", ".test.ts", /\[([A-Z]{2}\d+[a-z]?)\]/g);
  expect({
    rulesWithoutTest: [...rules].filter((id) => !tested.has(id)).sort(),
    testsWithoutRule: [...tested].filter((id) => !rules.has(id)).sort(),
  }).toEqual({ rulesWithoutTest: [], testsWithoutRule: [] });
});
