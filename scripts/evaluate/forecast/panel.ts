// Panels of daily series, from files.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface Panel {
  readonly name: string;
  readonly series: readonly { readonly id: string; readonly demand: Float64Array }[];
}

/**
 * A CSV file (plain or gzipped), a series a line: its id, then a number a step, oldest first. A header line and quotes
 * are allowed; empty and NA count as 0.
 *
 * @param signed negative numbers are allowed: forecasts of others.
 * @throws when the lines have different lengths or hold what is no number.
 */
export function readPanel(file: string, name = file, signed = false): Panel {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
  const rows = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "").trim()));
  const hasHeader = rows[0]
    ?.slice(1)
    .some((cell) => cell !== "" && cell !== "NA" && Number.isNaN(Number(cell)));
  const series = rows.slice(hasHeader ? 1 : 0).map(([id = "", ...cells], i) => {
    const demand = Float64Array.from(cells, (cell) => (cell === "" || cell === "NA" ? 0 : Number(cell)));
    if (demand.some((value) => !(signed ? Number.isFinite(value) : value >= 0)))
      throw new Error(`${file}: series ${id || i} holds what is no demand`);
    return { id, demand };
  });
  if (series.some(({ demand }) => demand.length !== series[0]!.demand.length)) {
    throw new Error(`${file}: the series have different lengths`);
  }
  return { name, series };
}

/** Those series of a panel whose ids a file lists, a line each. */
export function subsetOf(panel: Panel, file: string, name: string): Panel {
  const ids = new Set(readFileSync(file, "utf8").trim().split("\n"));
  return { name, series: panel.series.filter(({ id }) => ids.has(id)) };
}
