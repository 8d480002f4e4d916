// Panels of series, from files.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface PanelSeries {
  readonly id: string;
  readonly demand: Float64Array;
  /** 1 where the file has a number, 0 where it has none; absent: known throughout. */
  readonly known?: Float64Array;
}

export interface Panel {
  readonly name: string;
  readonly series: readonly PanelSeries[];
}

/**
 * A CSV file (plain or gzipped) of daily, weekly or monthly demand, oldest first. Either a series a line: its id, then a
 * number a step; or a step a line: its date, then a number a series, with the ids in the first line. Which of the two
 * it is shows in the first column: dates or not. Quotes and a first line of names are allowed; empty and NA are unknown.
 *
 * @param signed negative numbers are allowed: forecasts of others.
 * @throws when the lines have different lengths or hold what is no number.
 */
export function readPanel(file: string, name = file, signed = false): Panel {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
  const lines = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "").trim()));
  const rows = lines.slice(1).every(([first = ""]) => isDate(first)) ? transposed(lines) : lines;
  const hasHeader = rows[0]?.slice(1).some((cell) => !isUnknown(cell) && Number.isNaN(Number(cell)));
  const series = rows.slice(hasHeader ? 1 : 0).map(([id = "", ...cells], i): PanelSeries => {
    const demand = Float64Array.from(cells, (cell) => (isUnknown(cell) ? 0 : Number(cell)));
    if (demand.some((value) => !(signed ? Number.isFinite(value) : value >= 0)))
      throw new Error(`${file}: series ${id || i} holds what is no demand`);
    const gaps = cells.some(isUnknown);
    return {
      id,
      demand,
      ...(gaps && { known: Float64Array.from(cells, (cell) => (isUnknown(cell) ? 0 : 1)) }),
    };
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

function isUnknown(cell: string): boolean {
  return cell === "" || cell === "NA";
}

function isDate(cell: string): boolean {
  return /^\d{4}-\d{2}(-\d{2})?/.test(cell);
}

function transposed(rows: readonly string[][]): string[][] {
  return rows[0]!.map((_, column) => rows.map((row) => row[column] ?? ""));
}
