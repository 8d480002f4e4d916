// What is uploaded, and how it starts.
import { BUNDLE_GZIP_BYTES_MAX, bundleSize, STARTUP_CPU_MS_MAX, startupCpuMs } from "../scripts/bundle.ts";
import type { Row } from "./table.ts";

/** @returns Rows of the speed table about the bundle. */
export function bundleRows(quick: boolean): Row[] {
  const { gzipBytes } = bundleSize();
  const startup = startupCpuMs(quick ? 1 : 5);
  return [
    {
      what: "Worker bundle, gzip",
      figure: `${(gzipBytes / 1000).toFixed(1)} kB`,
      aim: `<= ${BUNDLE_GZIP_BYTES_MAX / 1000} kB`,
      met: gzipBytes <= BUNDLE_GZIP_BYTES_MAX,
    },
    {
      what: "start-up CPU (`wrangler check startup`), median of five",
      figure: `${startup.toFixed(1)} ms`,
      aim: `<= ${STARTUP_CPU_MS_MAX} ms`,
      met: startup <= STARTUP_CPU_MS_MAX,
    },
  ];
}
