import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadThroughCrashes } from "../../scripts/sample/crash.ts";

test("[SS14] a load through crashes of workerd and of itself loses nothing and counts nothing twice", async () => {
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-crash-"));
  try {
    expect(await loadThroughCrashes({ dir, days: 5, kills: 3 })).toEqual([]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
