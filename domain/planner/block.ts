import { ByteReader, ByteWriter } from "../bytes.ts";
import { PLANNER_BLOCK_DAYS, PLANNER_PAGE_SKUS } from "../limits.ts";

const VERSION = 1;
const CELLS = PLANNER_PAGE_SKUS * PLANNER_BLOCK_DAYS;
/** Steps of the share of a day; stored as what is missing, so that a day nobody told of was wholly in stock. */
const SHARE_STEPS = 250;
/** Stored: append only. */
const COLUMNS = ["units", "views", "carts", "missing"] as const;
type Column = (typeof COLUMNS)[number];

/** What happened to the SKUs of one page on the days of one block: counts by SKU and day. */
export class DemandBlock {
  private readonly columns: Record<Column, Uint32Array | undefined> = {
    units: undefined,
    views: undefined,
    carts: undefined,
    missing: undefined,
  };

  add(column: "units" | "views" | "carts", slot: number, day: number, amount: number): void {
    const cells = this.cells(column);
    const at = cell(slot, day);
    cells[at] = Math.min(0xffffffff, cells[at]! + amount);
  }

  /** Never below 0. */
  takeUnits(slot: number, day: number, amount: number): void {
    const cells = this.cells("units");
    const at = cell(slot, day);
    cells[at] = Math.max(0, cells[at]! - amount);
  }

  /** @param share of the day in stock, 0..1. */
  setInStock(slot: number, day: number, share: number): void {
    this.cells("missing")[cell(slot, day)] = Math.round((1 - share) * SHARE_STEPS);
  }

  has(column: Column): boolean {
    return this.columns[column] !== undefined;
  }

  units(slot: number, day: number): number {
    return this.columns.units?.[cell(slot, day)] ?? 0;
  }

  views(slot: number, day: number): number {
    return this.columns.views?.[cell(slot, day)] ?? 0;
  }

  carts(slot: number, day: number): number {
    return this.columns.carts?.[cell(slot, day)] ?? 0;
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
      writer.varint(cells === undefined ? 0 : cells.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0));
      let last = 0;
      for (let at = 0; cells !== undefined && at < CELLS; at++) {
        if (cells[at] === 0) continue;
        writer.varint(at - last);
        writer.varint(cells[at]!);
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
        block.cells(name)[at] = reader.varint();
      }
    }
    return block;
  }

  private cells(column: Column): Uint32Array {
    this.columns[column] ??= new Uint32Array(CELLS);
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
