// Random operations on stock against a plain reference model: the domain here, and the objects in workerd, evicted
// between operations.
//
//   npm run check:stock -- [--operations N] [--seed S] [--only domain|objects]
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runStock } from "../../test/reference/stock-run.ts";

/** Steps of one run: a run begins with an empty book and another seed. */
const STEPS = 50_000;

function main(): void {
  const { values } = parseArgs({
    options: {
      operations: { type: "string", default: "1000000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      only: { type: "string" },
    },
  });
  const operations = Number(values.operations);
  const seed = Number(values.seed);
  console.log(`seed ${seed}`);
  if (values.only !== "objects") {
    const began = Date.now();
    let refused = 0;
    let entries = 0;
    for (let done = 0; done < operations; done += STEPS) {
      const run = runStock(Math.min(STEPS, operations - done), seed + done / STEPS);
      refused += run.refused;
      entries += run.entries;
    }
    const seconds = ((Date.now() - began) / 1000).toFixed(0);
    console.log(
      `domain: ${operations} operations, ${refused} refused, ${entries} ledger entries, no difference, ${seconds} s`,
    );
  }
  if (values.only !== "domain") {
    const test = "test/durable-objects/stock-operations.test.ts";
    const { status } = spawnSync("npx", ["vitest", "run", "--project", "workerd", test], {
      cwd: join(import.meta.dirname, "../.."),
      env: { ...process.env, STOCK_OPERATIONS: String(operations), STOCK_SEED: String(seed) },
      stdio: "inherit",
    });
    process.exitCode = status ?? 1;
  }
}

main();
