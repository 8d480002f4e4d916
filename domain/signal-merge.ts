import { DAY_MS } from "./limits.ts";
import {
  COUNT_KINDS,
  type CountSignal,
  LINK_KINDS,
  type LinkSignal,
  type ProductFact,
  type Signals,
  type SignalTaker,
  tellSignals,
} from "./signal.ts";
import { readSignals } from "./signal-codec.ts";
import { SumTable } from "./sum-table.ts";

/** Below this corrections have cancelled and the sum is left out. */
const WEIGHT_MIN = 1e-9;

/** A sum's tag is its UTC day and its kind: counts first, then links. */
const KINDS = [...COUNT_KINDS, ...LINK_KINDS] as const;
/** The first of the links. */
const LINKS = COUNT_KINDS.length;

/**
 * Adds up signals in any order: counts per (product, kind, UTC day), links per (from, to, kind, UTC day), of facts
 * the latest per (product, SKU). Hot products vanish into one sum each.
 */
export class SignalAccumulator {
  private readonly ids = new Map<string, number>();
  private readonly facts = new Map<string, ProductFact>();
  private readonly sums = new SumTable();

  /** Sums held; what a caller bounds. */
  get size(): number {
    return this.sums.size + this.facts.size;
  }

  add(signals: Signals): void {
    tellSignals(signals, this.taker());
  }

  /** The same of `encodeSignals(signals)`. */
  addBytes(bytes: Uint8Array): void {
    readSignals(bytes, this.taker());
  }

  private taker(): SignalTaker {
    const ids: number[] = [];
    const { sums } = this;
    return {
      product: (productId) => void ids.push(this.idOf(productId)),
      fact: (fact) => this.learn(fact),
      count: (product, kind, at, amount) =>
        sums.add(ids[product]!, 0, tagOf(COUNT_KINDS.indexOf(kind), at), at, amount),
      link: (from, to, kind, at, weight) => {
        const a = ids[from]!;
        const b = ids[to]!;
        const tag = tagOf(LINKS + LINK_KINDS.indexOf(kind), at);
        // A pairing is the same either way: one order of its ends makes one sum of it.
        if (kind === "pairing" && a > b) sums.add(b, a, tag, at, weight);
        else sums.add(a, b, tag, at, weight);
      },
    };
  }

  /**
   * What was added up, in portions of about `sumsMax` sums and `charactersMax` of text at most, each complete in itself;
   * holds nothing afterwards.
   */
  drain(sumsMax = Number.POSITIVE_INFINITY, charactersMax = Number.POSITIVE_INFINITY): Signals[] {
    const names = [...this.ids.keys()];
    const portions: Portion[] = [];
    let portion = new Portion(names);
    const room = (): Portion => {
      if (portion.size >= sumsMax || portion.characters >= charactersMax) {
        portions.push(portion);
        portion = new Portion(names);
      }
      return portion;
    };
    for (const fact of this.facts.values()) room().fact(fact);
    const { sums } = this;
    for (let row = 0; row < sums.size; row++) {
      if (Math.abs(sums.amount(row)) < WEIGHT_MIN) continue;
      const kind = sums.tag(row) % KINDS.length;
      if (kind < LINKS) room().count(sums, row, kind);
      else room().link(sums, row, kind);
    }
    if (portion.size > 0) portions.push(portion);
    this.ids.clear();
    this.facts.clear();
    this.sums.clear();
    return portions.map((done) => done.signals());
  }

  private idOf(product: string): number {
    let id = this.ids.get(product);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(product, id);
    }
    return id;
  }

  private learn(fact: ProductFact): void {
    const key = factKey(fact);
    const known = this.facts.get(key);
    this.facts.set(key, known === undefined ? fact : mergeFacts(known, fact));
  }
}

/** A fact stands for a product and the SKU it was met as: variants are told apart, so that none is overlooked. */
export function factKey({ productId, sku }: Pick<ProductFact, "productId" | "sku">): string {
  return sku === undefined ? productId : `${productId}\0${sku}`;
}

/** The later fact's fields over the earlier's; of equal times the greater text, so that order does not matter. */
export function mergeFacts(a: ProductFact, b: ProductFact): ProductFact {
  const [older, newer] =
    a.at < b.at || (a.at === b.at && JSON.stringify(a) < JSON.stringify(b)) ? [a, b] : [b, a];
  return { ...older, ...newer };
}

function tagOf(kind: number, at: number): number {
  return Math.floor(at / DAY_MS) * KINDS.length + kind;
}

/** One drained part with product indexes of its own. */
class Portion {
  /** Of all its texts; products once more with each count, for the planner names them so. */
  characters = 0;
  private readonly facts: ProductFact[] = [];
  private readonly counts: CountSignal[] = [];
  private readonly links: LinkSignal[] = [];
  private readonly products: string[] = [];
  /** Index + 1 by id, 0 where there is none yet. */
  private readonly indexes: Uint32Array;
  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
    this.indexes = new Uint32Array(names.length);
  }

  get size(): number {
    return this.facts.length + this.counts.length + this.links.length;
  }

  fact(fact: ProductFact): void {
    this.facts.push(fact);
    for (const value of Object.values(fact)) if (typeof value === "string") this.characters += value.length;
  }

  count(sums: SumTable, row: number, kind: number): void {
    const product = this.indexOf(sums.a(row));
    this.characters += this.names[sums.a(row)]!.length;
    this.counts.push({ product, kind: COUNT_KINDS[kind]!, at: sums.at(row), amount: sums.amount(row) });
  }

  link(sums: SumTable, row: number, kind: number): void {
    const from = this.indexOf(sums.a(row));
    const to = this.indexOf(sums.b(row));
    const link = LINK_KINDS[kind - LINKS]!;
    this.links.push({ from, to, kind: link, at: sums.at(row), weight: sums.amount(row) });
  }

  signals(): Signals {
    return { products: this.products, facts: this.facts, counts: this.counts, links: this.links };
  }

  private indexOf(id: number): number {
    if (this.indexes[id] === 0) {
      const name = this.names[id]!;
      this.indexes[id] = this.products.push(name);
      this.characters += name.length;
    }
    return this.indexes[id]! - 1;
  }
}
