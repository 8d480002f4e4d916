// Chance that repeats: the same seed makes the same shop.

/** A generator of numbers in [0, 1). Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators". */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  happens(share: number): boolean {
    return this.next() < share;
  }

  /** A number in [0, below), small ones as much more often as Zipf's law with exponent 1 has it. */
  zipf(below: number): number {
    return Math.floor((below + 1) ** this.next()) - 1;
  }
}
