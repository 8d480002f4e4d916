// One figure of the speed table, and the table as text.

export interface Row {
  readonly what: string;
  readonly figure: string;
  /** The peer or limit measured in the same run. */
  readonly peer?: string;
  /** Ours over the peer's. */
  readonly ratio?: number;
  readonly aim: string;
  readonly met?: boolean;
  /** Requests that failed. */
  readonly failed?: number;
}

/** Markdown; a missed aim is in bold. */
export function markdown(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const failed = row.failed ? ` (${row.failed} failed)` : "";
    const figure = row.met === false ? `**${row.figure}**` : row.figure;
    const ratio = row.ratio === undefined ? "" : `${(row.ratio * 100).toFixed(0)} %`;
    return `| ${row.what} | ${figure}${failed} | ${row.peer ?? ""} | ${ratio} | ${row.aim} |`;
  });
  return ["| what | measured | beside | ratio | aim |", "|---|---|---|---|---|", ...lines].join("\n");
}
