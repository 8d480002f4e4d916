import { VISITOR_SKETCH_BITS } from "../limits.ts";

/** Registers of a sketch, a byte each. */
const REGISTERS = 2 ** VISITOR_SKETCH_BITS;
/** Bits of a hash that are left for a register's rank. */
const RANK_BITS = 53 - VISITOR_SKETCH_BITS;
const RANK_SPAN = 2 ** RANK_BITS;
/** Limit of alpha * m for large m, as the improved estimator has it: 1 / (2 ln 2). */
const ALPHA = 0.5 / Math.LN2;

/**
 * Estimates how many different visitors there were in 4 KB, whatever their number: HyperLogLog (Flajolet and others,
 * 2007) with the improved raw estimator of Ertl ("New cardinality estimation algorithms for HyperLogLog sketches",
 * 2017), which needs no corrections for small and large counts. Standard error 1.04 / sqrt(4096) = 1.6 %. Sketches of
 * parts merge to the sketch of the whole, and a repeat changes nothing.
 */
export class VisitorSketch {
  private readonly registers: Uint8Array;

  /** @param registers of another sketch, taken over. @throws RangeError when they are not as many. */
  constructor(registers: Uint8Array = new Uint8Array(REGISTERS)) {
    if (registers.length !== REGISTERS) throw new RangeError(`a sketch has ${REGISTERS} registers`);
    this.registers = registers;
  }

  /** @param hash of the visitor: `hash53`. */
  add(hash: number): void {
    const register = Math.floor(hash / RANK_SPAN);
    const rank = rankOf(hash - register * RANK_SPAN);
    if (rank > this.registers[register]!) this.registers[register] = rank;
  }

  merge({ registers }: VisitorSketch): void {
    for (let i = 0; i < REGISTERS; i++) {
      if (registers[i]! > this.registers[i]!) this.registers[i] = registers[i]!;
    }
  }

  /** Whole visitors, about. */
  estimate(): number {
    const counts = new Uint32Array(RANK_BITS + 2);
    for (const rank of this.registers) counts[rank]!++;
    let z = REGISTERS * tau(1 - counts[RANK_BITS + 1]! / REGISTERS);
    for (let rank = RANK_BITS; rank >= 1; rank--) z = 0.5 * (z + counts[rank]!);
    z += REGISTERS * sigma(counts[0]! / REGISTERS);
    return Math.round((ALPHA * REGISTERS * REGISTERS) / z);
  }

  /** A copy of the registers. */
  bytes(): Uint8Array {
    return this.registers.slice();
  }
}

/** Place of the first set bit from the top, from 1; one beyond the last when none is set. */
function rankOf(bits: number): number {
  const high = Math.floor(bits / 2 ** 32);
  return high > 0 ? Math.clz32(high) - (64 - RANK_BITS) + 1 : RANK_BITS - 32 + Math.clz32(bits) + 1;
}

/** x + sum over k >= 1 of x^(2^k) 2^(k-1), for the registers that nobody touched. */
function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let x = share;
  let y = 1;
  let z = share;
  for (let before = Number.NaN; z !== before; y *= 2) {
    before = z;
    x *= x;
    z += x * y;
  }
  return z;
}

/** (1 - x - sum over k >= 1 of (1 - x^(2^-k))^2 2^-k) / 3, for the registers that are full. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - share;
  for (let before = Number.NaN; z !== before; ) {
    before = z;
    x = Math.sqrt(x);
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
