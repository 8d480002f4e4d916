import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { flashSale } from "../../scripts/check/flash-sale.ts";

test("[ST29] a flash sale through kill -9 sells every unit once, and leaves nothing held", async () => {
  const dir = mkdtempSync(join(tmpdir(), "shelfwise-flash-sale-"));
  try {
    const result = await flashSale({ dir, buyers: 300, units: 40, kills: 2, seed: 11 });
    expect(result).toMatchObject({ wrong: [], sold: 40 });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
