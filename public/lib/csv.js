// Comma-separated values that a spreadsheet shows as they are.

/** RFC 4180. @param {Array<Array<string | number | null>>} rows */
export function csv(rows) {
  return rows.map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

/** A text is quoted, and where it begins like a formula, kept from becoming one. @param {string | number | null} value */
function cell(value) {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
