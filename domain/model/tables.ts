import {
  LINK_CACHE_BYTES_MAX,
  MODEL_BRANDS_BYTES_MAX,
  MODEL_BRANDS_MAX,
  MODEL_CATEGORIES_BYTES_MAX,
  MODEL_CATEGORIES_MAX,
  MODEL_CURRENCIES_MAX,
  MODEL_PRODUCTS_MAX,
} from "../limits.ts";
import { BACKWARD_SHARE, type ProductFact, type Signals, type SignalTaker, tellSignals } from "../signal.ts";
import { readSignals } from "../signal-codec.ts";
import { type CatalogueRecord, factsOf, learn, newRecord } from "./catalogue.ts";
import { Columns, SLOT_DELETED, SLOT_HIDDEN, SLOT_PRICED, SLOT_SOLD_OUT, SLOT_USED } from "./columns.ts";
import { growth, wantsRebase } from "./decay.ts";
import { Dictionary } from "./dictionary.ts";
import { Directory } from "./directory.ts";
import { LINK_PAGE_PRODUCTS } from "./link-page.ts";
import { LinkTable, type PageReader } from "./link-table.ts";
import { SaidFacts } from "./said-facts.ts";
import { TREND_AMOUNTS } from "./weights.ts";

/** Where catalogue rows are kept; what `put` took is seen by `get`. */
export interface CatalogueRows {
  get(productId: string): CatalogueRecord | undefined;
  put(productId: string, record: CatalogueRecord): void;
  /** Whether the stock counters call the product sold out. */
  soldOut(productId: string, record: CatalogueRecord): boolean;
}

export interface TableStore {
  readonly catalogue: CatalogueRows;
  readonly readViewed: PageReader;
  readonly readBought: PageReader;
}

export interface Dictionaries {
  categories: Dictionary;
  brands: Dictionary;
  currencies: Dictionary;
}

/** Share of the slots freed at once when all are taken, so that the search for the least active is rare. */
const FREED_SHARE = 0.04;

/**
 * The counters recommendations are made of: transitions and pairings between products, how often each was
 * viewed, carted and bought, what rises, and the facts lists need. Fed by signals in any order.
 */
export class ModelTables {
  readonly columns = new Columns();
  readonly viewed: LinkTable;
  readonly bought: LinkTable;
  readonly dictionaries: Dictionaries = {
    categories: new Dictionary(MODEL_CATEGORIES_MAX, MODEL_CATEGORIES_BYTES_MAX),
    brands: new Dictionary(MODEL_BRANDS_MAX, MODEL_BRANDS_BYTES_MAX),
    currencies: new Dictionary(MODEL_CURRENCIES_MAX),
  };
  landmark: number;
  /** Slots whose published text is out of date, and the product that has the slot now, if any. */
  readonly changedTexts = new Map<number, string | undefined>();
  private directory: Directory;
  private readonly said = new SaidFacts();
  private readonly catalogue: CatalogueRows;
  private readonly free: number[] = [];
  private readonly productsMax: number;
  /** How often slots were freed: a slot held across that may be another product's. */
  private frees = 0;

  constructor(store: TableStore, landmark: number, productsMax = MODEL_PRODUCTS_MAX) {
    this.landmark = landmark;
    this.productsMax = productsMax;
    this.catalogue = store.catalogue;
    this.viewed = new LinkTable(store.readViewed, LINK_CACHE_BYTES_MAX, landmark);
    this.bought = new LinkTable(store.readBought, LINK_CACHE_BYTES_MAX, landmark);
    this.directory = new Directory(this.columns, 0);
  }

  /** Takes stored columns and names; call once, before anything else. */
  restore(pages: Iterable<readonly [number, Uint8Array]>, names: readonly (readonly string[])[]): void {
    for (const [page, bytes] of pages) this.columns.decode(page, bytes);
    const { columns } = this;
    this.dictionaries.categories = Dictionary.from(
      names[0] ?? [],
      MODEL_CATEGORIES_MAX,
      MODEL_CATEGORIES_BYTES_MAX,
    );
    this.dictionaries.brands = Dictionary.from(names[1] ?? [], MODEL_BRANDS_MAX, MODEL_BRANDS_BYTES_MAX);
    this.dictionaries.currencies = Dictionary.from(names[2] ?? [], MODEL_CURRENCIES_MAX);
    for (let slot = columns.size - 1; slot >= 0; slot--) {
      if ((columns.flags[slot]! & SLOT_USED) === 0) this.free.push(slot);
      this.dictionaries.categories.recount(columns.category[slot]!);
      this.dictionaries.brands.recount(columns.brand[slot]!);
      this.dictionaries.currencies.recount(columns.currency[slot]!);
    }
    this.directory.rebuild(columns, columns.size);
  }

  /** Whether what changed fills the memory: time to store it. */
  get isFull(): boolean {
    return this.viewed.full || this.bought.full;
  }

  /** Slot of a product, or -1. */
  slotOf(productId: string): number {
    return this.directory.find(productId);
  }

  /** Adds what activities told. `now` bounds times from the future. */
  apply(signals: Signals, now: number): void {
    tellSignals(signals, this.taker(now));
  }

  /** The same of `encodeSignals(signals)`. @throws RangeError on other bytes; half of them may be added. */
  applyBytes(bytes: Uint8Array, now: number): void {
    readSignals(bytes, this.taker(now));
  }

  private taker(now: number): SignalTaker {
    if (wantsRebase(now, this.landmark)) this.rebase(now);
    const { columns } = this;
    const products: string[] = [];
    let slots: readonly number[] | undefined;
    // When all facts are known: a product takes its slot with what is known of it.
    const slotOf = (product: number): number => {
      slots ??= this.slotsFor(products, now);
      return slots[product]!;
    };
    return {
      product: (productId) => void products.push(productId),
      fact: (fact) => this.learn(fact.productId, fact, now),
      count: (product, kind, at, amount) => {
        const slot = slotOf(product);
        if (slot < 0 || !Number.isFinite(amount)) return;
        const when = Math.min(at, now);
        columns.count(slot, kind, amount, amount * growth(when, this.landmark), when);
      },
      link: (from, to, kind, at, weight) => {
        const a = slotOf(from);
        const b = slotOf(to);
        if (a < 0 || b < 0 || a === b || !Number.isFinite(weight)) return;
        const grown = weight * growth(Math.min(at, now), this.landmark);
        if (kind === "pairing") {
          this.link(this.bought, columns.boughtOut, a, b, grown);
          this.link(this.bought, columns.boughtOut, b, a, grown);
        } else {
          this.link(this.viewed, columns.viewedOut, a, b, grown);
          if (kind === "transition") this.link(this.viewed, columns.viewedOut, b, a, BACKWARD_SHARE * grown);
        }
      },
    };
  }

  private slotsFor(products: readonly string[], now: number): number[] {
    const { frees } = this;
    const slots = products.map((productId) => this.slotFor(productId, now));
    // Making room for one may have taken another's.
    return this.frees === frees ? slots : products.map((productId) => this.slotOf(productId));
  }

  private link(table: LinkTable, out: Float32Array, from: number, to: number, grown: number): void {
    table.add(from, to, grown);
    out[from] = Math.max(0, out[from]! + grown);
    this.columns.touch(from);
  }

  private learn(productId: string, fact: ProductFact, now: number): void {
    const known = this.slotOf(productId);
    if (known >= 0 && this.said.isSaidAgain(known, fact)) return;
    const record = this.catalogue.get(productId) ?? newRecord(now);
    if (known >= 0) this.said.recall(known, record);
    const slot = !learn(record, fact) && known >= 0 ? known : this.place(productId, record);
    if (slot >= 0) this.said.remember(slot, fact, record);
  }

  private slotFor(productId: string, now: number): number {
    const slot = this.directory.find(productId);
    if (slot >= 0) return slot;
    return this.place(productId, this.catalogue.get(productId) ?? newRecord(now));
  }

  /**
   * Stores a record and brings the columns of its product in line with it. Returns its slot, or -1: where all are
   * taken, only activity (not the catalogue) takes one from the least active, and a deleted product takes none.
   */
  place(productId: string, record: CatalogueRecord, active = true): number {
    const { columns } = this;
    let slot = this.directory.find(productId);
    if (slot >= 0) this.said.recall(slot, record);
    const wanted = !record.deleted && (active || this.free.length > 0 || columns.size < this.productsMax);
    if (slot < 0 && wanted) slot = this.occupy(productId);
    // First the catalogue: it learns which SKUs are the product's, and they say whether it is sold out.
    this.catalogue.put(productId, record);
    if (slot >= 0) {
      this.said.forget(slot);
      this.describe(slot, productId, record);
    }
    return slot;
  }

  private describe(slot: number, productId: string, record: CatalogueRecord): void {
    const { columns, dictionaries } = this;
    const facts = factsOf(record);
    columns.category[slot] = dictionaries.categories.replace(columns.category[slot]!, facts.category);
    columns.brand[slot] = dictionaries.brands.replace(columns.brand[slot]!, facts.brand);
    columns.currency[slot] = dictionaries.currencies.replace(columns.currency[slot]!, facts.currency);
    columns.price[slot] = facts.price ?? 0;
    columns.flags[slot] =
      SLOT_USED |
      (this.catalogue.soldOut(productId, record) ? SLOT_SOLD_OUT : 0) |
      (record.hidden ? SLOT_HIDDEN : 0) |
      (record.deleted ? SLOT_DELETED : 0) |
      (facts.price !== undefined && facts.price > 0 ? SLOT_PRICED : 0);
    columns.touch(slot);
    this.changedTexts.set(slot, productId);
  }

  /** No stock is known of any product. */
  forgetSoldOut(): void {
    const { flags, size } = this.columns;
    for (let slot = 0; slot < size; slot++) flags[slot]! &= ~SLOT_SOLD_OUT;
  }

  setSoldOut(slot: number, soldOut: boolean): void {
    const { flags } = this.columns;
    flags[slot] = soldOut ? flags[slot]! | SLOT_SOLD_OUT : flags[slot]! & ~SLOT_SOLD_OUT;
    this.columns.touch(slot);
  }

  private occupy(productId: string): number {
    const { columns } = this;
    if (this.free.length === 0 && columns.size >= this.productsMax) this.freeLeastActive();
    const slot = this.free.pop() ?? columns.size++;
    if (columns.reserve(slot + 1)) this.directory.rebuild(columns, slot);
    this.directory.enter(productId, slot);
    return slot;
  }

  /** Decayed activity of a slot, on an arbitrary scale. */
  activity(slot: number): number {
    const { views, carts, purchases } = this.columns;
    return (
      views[slot]! * TREND_AMOUNTS.view +
      carts[slot]! * TREND_AMOUNTS.cart +
      purchases[slot]! * TREND_AMOUNTS.purchase
    );
  }

  /** All slots are taken: the least active products leave the model (not the catalogue), and all links to them. */
  private freeLeastActive(): void {
    const { columns, dictionaries } = this;
    const order = Array.from({ length: columns.size }, (_, slot) => slot);
    const activity = Float64Array.from(order, (slot) => this.activity(slot));
    order.sort((a, b) => activity[a]! - activity[b]! || b - a);
    const gone = new Set(order.slice(0, Math.max(1, Math.floor(columns.size * FREED_SHARE))));
    const pages = Math.ceil(columns.size / LINK_PAGE_PRODUCTS);
    this.viewed.purge((slot) => gone.has(slot), pages);
    this.bought.purge((slot) => gone.has(slot), pages);
    for (const slot of gone) {
      dictionaries.categories.release(columns.category[slot]!);
      dictionaries.brands.release(columns.brand[slot]!);
      dictionaries.currencies.release(columns.currency[slot]!);
      columns.clear(slot);
      this.said.forget(slot);
      this.changedTexts.set(slot, undefined);
      this.free.push(slot);
    }
    this.directory.rebuild(columns, columns.size);
    this.frees++;
  }

  private rebase(now: number): void {
    this.columns.scale(growth(this.landmark, now));
    this.viewed.rebase(now);
    this.bought.rebase(now);
    this.landmark = now;
  }
}
