// The Online Retail table as rows.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import type { Row } from "./rules.ts";

const HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/**
 * Reads a gzipped CSV of the table, row by row.
 *
 * @throws when the header or a row is not as the table has them.
 */
export async function* readRows(file: string): AsyncGenerator<Row> {
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()), crlfDelay: Infinity });
  let header = true;
  for await (const line of lines) {
    const fields = parseLine(line);
    if (!header) yield toRow(fields);
    else if (fields.join() !== HEADER) throw new Error(`${file} begins with ${line}, not with ${HEADER}`);
    header = false;
  }
}

/** Fields of one line; quotes inside quotes are doubled. The table has no line breaks in fields. */
export function parseLine(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

function toRow(fields: readonly string[]): Row {
  const [invoice, code, description, quantity, date, price, customer] = fields;
  const row: Row = {
    invoice: invoice ?? "",
    code: code ?? "",
    description: (description ?? "").trim(),
    quantity: Number(quantity),
    minute: Date.parse(`${date?.replace(" ", "T")}Z`) / 60_000,
    price: Math.round(Number(price) * 1000),
    customer: customer ?? "",
  };
  const whole = Number.isInteger(row.quantity) && Number.isInteger(row.minute) && Number.isInteger(row.price);
  if (fields.length !== 8 || !whole || row.invoice === "" || row.code === "") {
    throw new Error(`not a row of the table: ${fields.join()}`);
  }
  return row;
}
