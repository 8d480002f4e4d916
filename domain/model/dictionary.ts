/**
 * Names that products share (categories, brands, currencies), as small numbers; 0 is no name. A name no product
 * uses gives its number back. When full, further names are left out until one is given back.
 */
export class Dictionary {
  private readonly names: string[] = [""];
  private readonly uses: number[] = [0];
  private readonly numbers = new Map<string, number>();
  private readonly free: number[] = [];
  private readonly max: number;
  private readonly bytesMax: number;
  /** Of the names in use, as JSON. */
  private bytes = 0;

  constructor(max: number, bytesMax = Number.POSITIVE_INFINITY) {
    this.max = max;
    this.bytesMax = bytesMax;
  }

  /** Numbers in use are below this. */
  get size(): number {
    return this.names.length;
  }

  name(number: number): string | undefined {
    return number === 0 ? undefined : this.names[number];
  }

  /** 0 when the name is absent or unknown. */
  find(name: string | undefined): number {
    return name === undefined ? 0 : (this.numbers.get(name) ?? 0);
  }

  /** Counts one use of the name and gives its number; 0 for none, or when full. */
  acquire(name: string | undefined): number {
    if (name === undefined || name === "") return 0;
    const known = this.numbers.get(name);
    if (known !== undefined) {
      this.uses[known]!++;
      return known;
    }
    const bytes = bytesOf(name);
    if (this.bytes + bytes > this.bytesMax) return 0;
    const number = this.free.pop() ?? this.names.length;
    if (number >= this.max) return 0;
    this.bytes += bytes;
    this.names[number] = name;
    this.uses[number] = 1;
    this.numbers.set(name, number);
    return number;
  }

  release(number: number): void {
    if (number === 0 || --this.uses[number]! > 0) return;
    this.numbers.delete(this.names[number]!);
    this.bytes -= bytesOf(this.names[number]!);
    this.names[number] = "";
    this.free.push(number);
  }

  /** The number of a name that takes the place of one in use. A full dictionary has room for what it gives back. */
  replace(number: number, name: string | undefined): number {
    if (number !== 0 && this.names[number] === name) return number;
    this.release(number);
    return this.acquire(name);
  }

  /** Names by number, "" where there is none. */
  toArray(): string[] {
    return [...this.names];
  }

  /** Takes the names of `toArray`; uses are counted again by `recount`. */
  static from(names: readonly string[], max: number, bytesMax?: number): Dictionary {
    const made = new Dictionary(max, bytesMax);
    names.forEach((name, number) => {
      if (number === 0) return;
      made.names[number] = name;
      made.uses[number] = 0;
      if (name === "") made.free.push(number);
      else {
        made.numbers.set(name, number);
        made.bytes += bytesOf(name);
      }
    });
    return made;
  }

  recount(number: number): void {
    if (number !== 0) this.uses[number]!++;
  }
}

const encoder = new TextEncoder();

function bytesOf(name: string): number {
  return encoder.encode(JSON.stringify(name)).length + 1;
}
