import { expect, test } from "vitest";
import { fuzzFresh, reportText } from "../../scripts/fuzz.ts";

const REQUESTS = 20_000;
/** The same requests in every run; `npm run fuzz` takes others. */
const SEED = 20_261_125;
const MEMORY_MB_MAX = 1_024;

test("[FZ1] [FZ2] [FZ3] 20,000 almost good requests: never a 500, memory bounded, nothing stored by what was refused", async () => {
  const report = await fuzzFresh(REQUESTS, SEED);
  console.log(reportText(report));
  expect(report.requests).toBeGreaterThanOrEqual(REQUESTS);
  // It is no use when all is refused at the door, or nothing is.
  const share = (status: number) => (report.statuses[status] ?? 0) / report.requests;
  expect(share(200)).toBeGreaterThan(0.1);
  expect(share(400)).toBeGreaterThan(0.1);
  for (const status of [401, 403, 404, 405, 413, 415, 422])
    expect(report.statuses[status] ?? 0).toBeGreaterThan(0);
  expect(report.refusals).toBeGreaterThan(100);
  expect(report.memoryMb.peak).toBeLessThan(MEMORY_MB_MAX);
}, 900_000);
