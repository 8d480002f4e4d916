import { DAY_MS } from "./limits.ts";
import type { CountKind, CountSignal, LinkKind, LinkSignal, ProductFact, Signals } from "./signal.ts";
import { COUNT_KINDS, LINK_KINDS } from "./signal.ts";

/** Below this a link's corrections have cancelled and it is left out. */
const WEIGHT_MIN = 1e-9;

interface Sum {
  at: number;
  amount: number;
}

/**
 * Adds up signals in any order: counts per (product, kind, UTC day), links per (from, to, kind, UTC day), of facts
 * the latest. Hot products vanish into one sum each.
 */
export class SignalAccumulator {
  private readonly ids = new Map<string, number>();
  private readonly facts = new Map<string, ProductFact>();
  private readonly counts = new Map<string, Sum & { product: number; kind: CountKind }>();
  private readonly links = new Map<string, Sum & { from: number; to: number; kind: LinkKind }>();

  /** Sums held; what a caller bounds. */
  get size(): number {
    return this.counts.size + this.links.size + this.facts.size;
  }

  add(signals: Signals): void {
    const ids = signals.products.map((product) => this.idOf(product));
    for (const fact of signals.facts) this.learn(fact);
    for (const { product, kind, at, amount } of signals.counts) {
      const id = ids[product]!;
      const key = `${id} ${COUNT_KINDS.indexOf(kind)} ${Math.floor(at / DAY_MS)}`;
      const sum = this.counts.get(key);
      if (sum === undefined) this.counts.set(key, { product: id, kind, at, amount });
      else addTo(sum, at, amount);
    }
    for (const link of signals.links) {
      const { kind, at, weight } = link;
      let from = ids[link.from]!;
      let to = ids[link.to]!;
      // A pairing counts both ways: one order of its ends makes one sum of it.
      if (kind === "pairing" && from > to) [from, to] = [to, from];
      const key = `${from} ${to} ${LINK_KINDS.indexOf(kind)} ${Math.floor(at / DAY_MS)}`;
      const sum = this.links.get(key);
      if (sum === undefined) this.links.set(key, { from, to, kind, at, amount: weight });
      else addTo(sum, at, weight);
    }
  }

  /** What was added up, in portions of at most `sumsMax`, each complete in itself; holds nothing afterwards. */
  drain(sumsMax = Number.POSITIVE_INFINITY): Signals[] {
    const names = [...this.ids.keys()];
    const portions: Portion[] = [];
    let portion = new Portion(names);
    const room = (): Portion => {
      if (portion.size >= sumsMax) {
        portions.push(portion);
        portion = new Portion(names);
      }
      return portion;
    };
    for (const fact of this.facts.values()) room().facts.push(fact);
    for (const count of this.counts.values()) room().count(count);
    for (const link of this.links.values()) if (Math.abs(link.amount) >= WEIGHT_MIN) room().link(link);
    if (portion.size > 0) portions.push(portion);
    this.ids.clear();
    this.facts.clear();
    this.counts.clear();
    this.links.clear();
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
    const known = this.facts.get(fact.productId);
    this.facts.set(fact.productId, known === undefined ? fact : mergeFacts(known, fact));
  }
}

/** The later fact's fields over the earlier's; of equal times the greater text, so that order does not matter. */
export function mergeFacts(a: ProductFact, b: ProductFact): ProductFact {
  const [older, newer] =
    a.at < b.at || (a.at === b.at && JSON.stringify(a) < JSON.stringify(b)) ? [a, b] : [b, a];
  return { ...older, ...newer };
}

function addTo(sum: Sum, at: number, amount: number): void {
  sum.amount += amount;
  if (at > sum.at) sum.at = at;
}

/** One drained part with product indexes of its own. */
class Portion {
  readonly facts: ProductFact[] = [];
  private readonly counts: CountSignal[] = [];
  private readonly links: LinkSignal[] = [];
  private readonly products: string[] = [];
  private readonly indexes = new Map<number, number>();
  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }

  get size(): number {
    return this.facts.length + this.counts.length + this.links.length;
  }

  count(sum: Sum & { product: number; kind: CountKind }): void {
    this.counts.push({ product: this.indexOf(sum.product), kind: sum.kind, at: sum.at, amount: sum.amount });
  }

  link(sum: Sum & { from: number; to: number; kind: LinkKind }): void {
    const from = this.indexOf(sum.from);
    this.links.push({ from, to: this.indexOf(sum.to), kind: sum.kind, at: sum.at, weight: sum.amount });
  }

  signals(): Signals {
    return { products: this.products, facts: this.facts, counts: this.counts, links: this.links };
  }

  private indexOf(id: number): number {
    let index = this.indexes.get(id);
    if (index === undefined) {
      index = this.products.push(this.names[id]!) - 1;
      this.indexes.set(id, index);
    }
    return index;
  }
}
