// The speed table: every figure beside its limit or peer, in one run.
//
//   npm run bench [-- --quick] [-- --only bundle|forecast|http|pipeline|profile|recommend|stock|swaps]
import { execFileSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleRows } from "./bundle.ts";
import { forecastRows } from "./forecast.ts";
import { httpRows } from "./http.ts";
import { median } from "./load.ts";
import { pipelineRows } from "./pipeline.ts";
import { profileRows } from "./profile.ts";
import { recommendRows } from "./recommend.ts";
import { stockRows } from "./stock.ts";
import { swapRows } from "./swaps.ts";
import { markdown, type Row } from "./table.ts";

const PARTS: Readonly<Record<string, (quick: boolean) => Row[] | Promise<Row[]>>> = {
  forecast: forecastRows,
  profile: profileRows,
  recommend: recommendRows,
  http: httpRows,
  swaps: swapRows,
  pipeline: pipelineRows,
  bundle: bundleRows,
  stock: stockRows,
};

/** Median of a small durable write, microseconds: what a commit costs on this disk. */
function fsyncMicroseconds(): number {
  const file = join(tmpdir(), `shelfwise-fsync-${process.pid}`);
  const handle = openSync(file, "w");
  try {
    const times = Array.from({ length: 50 }, () => {
      const began = performance.now();
      writeSync(handle, "x".repeat(4096));
      fsyncSync(handle);
      return (performance.now() - began) * 1000;
    });
    return median(times);
  } finally {
    closeSync(handle);
    rmSync(file);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
  });
  execFileSync("npm", ["run", "-s", "build:kernels"], { stdio: ["ignore", "ignore", "ignore"] });
  const parts = Object.entries(PARTS).filter(([name]) => values.only === undefined || name === values.only);
  if (parts.length === 0) throw new Error(`--only takes one of ${Object.keys(PARTS).join(", ")}`);
  const rows: Row[] = [];
  for (const [name, measure] of parts) {
    console.error(`measuring ${name} ...`);
    rows.push(...(await measure(values.quick)));
  }
  const cpu = cpus();
  const machine = [
    `${cpu.length} x ${cpu[0]?.model.trim() ?? "CPU"}`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GB`,
    `Node ${process.version}`,
    `fsync of 4 KB ${fsyncMicroseconds().toFixed(0)} us`,
    new Date().toISOString().slice(0, 10),
  ].join(", ");
  const text = `# Measured\n\nBy \`npm run bench\` on ${machine}. What misses its aim is in bold.\n\n${markdown(rows)}\n`;
  console.log(text);
  const failed = rows.reduce((sum, row) => sum + (row.failed ?? 0), 0);
  if (failed > 0) throw new Error(`${failed} requests failed: a rate of failures is no rate`);
  if (!values.quick && values.only === undefined)
    writeFileSync(join(import.meta.dirname, "results.md"), text);
}

await main();
