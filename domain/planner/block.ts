import { ByteReader, ByteWriter } from "../bytes.ts";
import { PLANNER_BLOCK_DAYS, PLANNER_PAGE_SKUS } from "../limits.ts";

const VERSION = 1;
const CELLS = PLANNER_PAGE_SKUS * PLANNER_BLOCK_DAYS;
const COUNT_MAX = 2 ** 31 - 1;
/** Steps of the share of a day; stored as what is missing, so that a day nobody told of was wholly in stock. */
const SHARE_STEPS = 250;
/** Stored: append only. */
const COLUMNS = ["units", "views", "carts", "missing"] as const;
type Column = (typeof COLUMNS)[number];

/** What happened to the SKUs of one page on the days of one block: counts by SKU and day. */
export class DemandBlock {
  private readonly columns: Record<Column, Int32Array | undefined> = {
    units: undefined,
    views: undefined,
    carts: undefined,
    missing: undefined,
  };

  /** An amount below 0 takes back what counts here, or will: a sum is the same in whatever order its parts come. */
  add(column: "units" | "views" | "carts", slot: number, day: number, amount: number): void {
    const cells = this.cells(column);
    const at = cell(slot, day);
    cells[at] = Math.max(-COUNT_MAX, Math.min(COUNT_MAX, cells[at]! + amount));
  }

  /** @param share of the day in stock, 0..1. */
  setInStock(slot: number, day: number, share: number): void {
    this.cells("missing")[cell(slot, day)] = Math.round((1 - share) * SHARE_STEPS);
  }

  has(column: Column): boolean {
    return this.columns[column] !== undefined;
  }

  units(slot: number, day: number): number {
    return this.count("units", slot, day);
  }

  views(slot: number, day: number): number {
    return this.count("views", slot, day);
  }

  carts(slot: number, day: number): number {
    return this.count("carts", slot, day);
  }

  inStock(slot: number, day: number): number {
    return 1 - (this.columns.missing?.[cell(slot, day)] ?? 0) / SHARE_STEPS;
  }

  /** Only what is not zero. */
  encode(): Uint8Array {
    const writer = new ByteWriter(16 * 1024);
    writer.u8(VERSION);
    for (const name of COLUMNS) {
      const cells = this.columns[name];
      writer.varint(cells === undefined ? 0 : cells.reduce((sum, value) => sum + (value !== 0 ? 1 : 0), 0));
      let last = 0;
      for (let at = 0; cells !== undefined && at < CELLS; at++) {
        if (cells[at] === 0) continue;
        writer.varint(at - last);
        writer.signed(cells[at]!);
        last = at;
      }
    }
    return writer.bytes();
  }

  static decode(bytes: Uint8Array): DemandBlock {
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version !== VERSION) throw new RangeError(`demand block of unknown version ${version}`);
    const block = new DemandBlock();
    for (const name of COLUMNS) {
      let at = 0;
      for (let n = reader.varint(); n > 0; n--) {
        at += reader.varint();
        block.cells(name)[at] = reader.signed();
      }
    }
    return block;
  }

  /** Never below 0: what is taken back before it counts is still on its way. */
  private count(column: "units" | "views" | "carts", slot: number, day: number): number {
    return Math.max(0, this.columns[column]?.[cell(slot, day)] ?? 0);
  }

  private cells(column: Column): Int32Array {
    this.columns[column] ??= new Int32Array(CELLS);
    return this.columns[column];
  }
}

/** The block that a day belongs to. */
export function blockOf(day: number): number {
  return Math.floor(day / PLANNER_BLOCK_DAYS);
}

function cell(slot: number, day: number): number {
  return slot * PLANNER_BLOCK_DAYS + (day % PLANNER_BLOCK_DAYS);
}
