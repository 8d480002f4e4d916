import * as L from "../assembly/layout.ts";
import { keepLatest } from "../domain/keep-latest.ts";
import { type ProductGroups, withLiking } from "../domain/model/liking.ts";
import type { ModelNames } from "../domain/model/manifest.ts";
import { type ProductHash, productHash } from "../domain/model/product-hash.ts";
import { TEXT_PAGE_PRODUCTS, TextPage } from "../domain/model/text.ts";
import { PLACEMENT_WEIGHTS, type PlacementWeights } from "../domain/model/weights.ts";
import {
  type PublishedProduct,
  type Recommendation,
  type RecommendationQuery,
  STRATEGIES,
} from "../domain/recommendation.ts";
import { type ProductText, productText, recommendationOf } from "../domain/recommendation-json.ts";
import { NOBODY, type VisitorContext } from "../domain/visitor.ts";
import { type Indexes, QueryBlock } from "./recommend-query.ts";

interface Exports {
  readonly memory: WebAssembly.Memory;
  recommend(address: number): number;
}

/** A whole model, as published: the image's parts in order, the names, and the pages of texts. */
export interface PublishedModel {
  readonly version: number;
  readonly image: readonly Uint8Array[];
  readonly names: ModelNames;
  readonly texts: readonly Uint8Array[];
}

/** Texts and names that belong to an image. */
interface Loaded {
  readonly version: number;
  readonly address: number;
  readonly products: number;
  /** Where sections begin: words of the hashes and of their table, bytes of the products' records. */
  readonly low: number;
  readonly high: number;
  readonly table: number;
  readonly mask: number;
  readonly records: number;
  /** What was shown of products lately, by index: popular ones are shown again and again. */
  readonly shown: Map<number, ProductText>;
  readonly names: ModelNames;
  readonly categories: ReadonlyMap<string, number>;
  readonly brands: ReadonlyMap<string, number>;
  readonly currencies: ReadonlyMap<string, number>;
  readonly texts: readonly TextPage[];
}

/** Products kept as they were shown, about 4 MB; those kept longest fall out. */
const SHOWN_MAX = 16_384;

/** Recommends from the newest model that was loaded whole; from none, nothing. */
export class Recommender {
  private readonly exports: Exports;
  private readonly block: QueryBlock;
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;
  private readonly hash: ProductHash = { low: 0, high: 0 };
  private loaded: Loaded | undefined;
  /** Whom the last list is for, and the indexes of the recent products. */
  private asked: { readonly visitor: VisitorContext; readonly recents: readonly number[] } = {
    visitor: NOBODY,
    recents: [],
  };
  private readonly indexes: Indexes = {
    product: (productId) => this.find(productId),
    category: (name) => this.loaded!.categories.get(name) ?? 0,
    brand: (name) => this.loaded!.brands.get(name) ?? 0,
    currency: (name) => this.loaded!.currencies.get(name) ?? 0,
  };

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as Exports;
    const { buffer } = this.exports.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.floats = new Float32Array(buffer);
    this.block = new QueryBlock(buffer);
  }

  /** 0: no model yet. */
  get version(): number {
    return this.loaded?.version ?? 0;
  }

  /** Slots of the model; those without a product are among them. */
  get products(): number {
    return this.loaded?.products ?? 0;
  }

  /** Address of the slot that no answer is computed from. */
  private get freeSlot(): number {
    return this.loaded?.address === L.SLOT_ADDRESS ? L.SLOT_ADDRESS + L.SLOT_BYTES : L.SLOT_ADDRESS;
  }

  /**
   * Begins to take a model in beside the one in use. Pieces may come over time, then `finish` swaps at once.
   * Only the latest begun may go on.
   */
  begin(): ModelIntake {
    const slot = this.freeSlot;
    const intake: ModelIntake = {
      write: (offset, bytes) => {
        if (this.intake !== intake) return false;
        if (offset + bytes.length > L.SLOT_BYTES) throw new RangeError("the image is larger than its slot");
        this.bytes.set(bytes, slot + offset);
        return true;
      },
      finish: (version, names, texts) => {
        if (this.intake !== intake) return false;
        this.intake = undefined;
        this.swap(slot, version, names, texts);
        return true;
      },
    };
    this.intake = intake;
    return intake;
  }
  private intake: ModelIntake | undefined;

  /** Takes a whole model in at once. */
  load(model: PublishedModel): void {
    const intake = this.begin();
    let offset = 0;
    for (const part of model.image) {
      intake.write(offset, part);
      offset += part.length;
    }
    intake.finish(
      model.version,
      model.names,
      model.texts.map((bytes) => new TextPage(bytes)),
    );
  }

  /** Throws on an image that is not what this kernel reads; the model in use stays. */
  private swap(address: number, version: number, names: ModelNames, texts: readonly TextPage[]): void {
    const header = (word: number) => this.words[(address + word) / 4]!;
    if (header(L.HEADER_MAGIC) !== L.IMAGE_MAGIC || header(L.HEADER_FORMAT) !== L.IMAGE_FORMAT) {
      throw new Error(`a model's image of unknown format ${header(L.HEADER_FORMAT)}`);
    }
    if (header(L.HEADER_BYTES) > L.SLOT_BYTES || header(L.HEADER_VERSION) !== version >>> 0) {
      throw new Error("a model's image that is torn");
    }
    const numbers = (list: readonly string[]) =>
      new Map(list.flatMap((name, number) => (name === "" ? [] : [[name, number] as const])));
    const section = (word: number) => address + header(word);
    this.loaded = {
      version,
      address,
      products: header(L.HEADER_PRODUCTS),
      low: section(L.HEADER_HASH_LOW) / 4,
      high: section(L.HEADER_HASH_HIGH) / 4,
      table: section(L.HEADER_TABLE) / 4,
      mask: header(L.HEADER_TABLE_SLOTS) - 1,
      records: section(L.HEADER_RECORDS),
      shown: new Map(),
      names,
      categories: numbers(names.categories),
      brands: numbers(names.brands),
      currencies: numbers(names.currencies),
      texts,
    };
  }

  /** Best first, at most `limit`; products the model does not know are passed over. */
  recommend(query: RecommendationQuery): Recommendation[] {
    return this.answer(query, PLACEMENT_WEIGHTS[query.placement]);
  }

  private answer(query: RecommendationQuery, weights: PlacementWeights): Recommendation[] {
    const items: Recommendation[] = [];
    const length = this.rank(query, weights);
    for (let at = 0; at < length; at++) items.push(this.read(at));
    return items;
  }

  /**
   * The same without a word about the products, and with weights of one's own, for fitting and measuring: how many
   * there are. `rankedIndex` and `rankedScore` read them until the next call.
   */
  rank(query: RecommendationQuery, weights: PlacementWeights): number {
    const { loaded } = this;
    if (loaded === undefined) return 0;
    if (query.category !== undefined && !loaded.categories.has(query.category)) return 0;
    const recents = this.indexesOf(query.visitor.recent);
    const visitor = withLiking(query.visitor, (position, kind) => this.groupAt(recents[position]!, kind));
    this.asked = { visitor, recents };
    this.block.write({ ...query, visitor }, weights, this.indexes, recents);
    return this.exports.recommend(loaded.address);
  }

  /** Index of the product at a place of the list that `rank` made; `indexOf` gives the same numbers. */
  rankedIndex(at: number): number {
    return this.words[(L.ANSWER_ADDRESS + L.ANSWER_INDEX) / 4 + at]!;
  }

  rankedId(at: number): string {
    return this.idAt(this.rankedIndex(at));
  }

  rankedScore(at: number): number {
    return this.floats[(L.ANSWER_ADDRESS + L.ANSWER_SCORE) / 4 + at]!;
  }

  /** Number of a name in the model, 0 when it knows none such. */
  nameIndex(kind: "category" | "brand" | "currency", name: string): number {
    return this.loaded === undefined ? 0 : this.indexes[kind](name);
  }

  /** Index of a product in the model, or -1. */
  indexOf(productId: string): number {
    return this.loaded === undefined ? -1 : this.find(productId);
  }

  /** Products viewed by those who viewed this one, or bought together with it; then the best of its category. */
  related(query: {
    productId: string;
    kind: "viewed" | "bought";
    limit: number;
    now: number;
  }): Recommendation[] {
    const index = this.indexOf(query.productId);
    const category = index < 0 ? undefined : this.groupAt(index, "category");
    const visitor = category === undefined ? NOBODY : { ...NOBODY, categories: [{ category, affinity: 1 }] };
    return this.answer(
      {
        placement: "product",
        visitor,
        productId: query.productId,
        limit: query.limit,
        exclude: [],
        strategies: ["collaborative", "category"],
        now: query.now,
      },
      query.kind === "viewed" ? PLACEMENT_WEIGHTS.relatedViewed : PLACEMENT_WEIGHTS.relatedBought,
    );
  }

  /** What rises now, then what is popular; of one category where told. */
  trending(query: { category?: string; limit: number; now: number }): Recommendation[] {
    return this.answer(
      {
        placement: "home",
        visitor: NOBODY,
        limit: query.limit,
        ...(query.category === undefined ? {} : { category: query.category }),
        exclude: [],
        strategies: ["trending"],
        now: query.now,
      },
      PLACEMENT_WEIGHTS.trending,
    );
  }

  /** A product as the model knows it. */
  product(productId: string): PublishedProduct | undefined {
    const index = this.indexOf(productId);
    return index < 0 ? undefined : this.productAt(index);
  }

  private read(at: number): Recommendation {
    const answer = L.ANSWER_ADDRESS / 4 + at;
    const cause = this.words[answer + L.ANSWER_CAUSE / 4]!;
    return recommendationOf(
      this.shownAt(this.rankedIndex(at)),
      this.rankedScore(at),
      STRATEGIES[this.words[answer + L.ANSWER_STRATEGY / 4]!]!,
      (cause === L.NONE ? "" : this.causeId(cause)) || undefined,
    );
  }

  /** Nearly always one of the visitor's own products, whose ids came with the query. */
  private causeId(index: number): string {
    const { visitor, recents } = this.asked;
    return visitor.recent[recents.indexOf(index)]?.productId ?? this.idAt(index);
  }

  private shownAt(index: number): ProductText {
    const { shown } = this.loaded!;
    const known = shown.get(index);
    if (known !== undefined) return known;
    const product = productText(this.productAt(index));
    keepLatest(shown, index, product, SHOWN_MAX);
    return product;
  }

  private textAt(index: number): PublishedProduct | undefined {
    return this.pageOf(index)?.product(index % TEXT_PAGE_PRODUCTS);
  }

  private idAt(index: number): string {
    return this.pageOf(index)?.productId(index % TEXT_PAGE_PRODUCTS) ?? "";
  }

  private pageOf(index: number): TextPage | undefined {
    return this.loaded?.texts[Math.floor(index / TEXT_PAGE_PRODUCTS)];
  }

  private productAt(index: number): PublishedProduct {
    const { names, records } = this.loaded!;
    const category = this.groupAt(index, "category");
    const brand = this.groupAt(index, "brand");
    const currency = names.currencies[this.bytes[records + index * L.RECORD_BYTES + L.RECORD_CURRENCY]!];
    return {
      ...(this.textAt(index) ?? { productId: "" }),
      ...(category === undefined ? {} : { category }),
      ...(brand === undefined ? {} : { brand }),
      ...(currency ? { currency } : {}),
    };
  }

  /** What a product belongs to, if the model knows it. */
  private groupAt(index: number, kind: keyof ProductGroups): string | undefined {
    if (index < 0) return undefined;
    const { names, records } = this.loaded!;
    const at = records + index * L.RECORD_BYTES + (kind === "category" ? L.RECORD_CATEGORY : L.RECORD_BRAND);
    const number = this.bytes[at]! | (this.bytes[at + 1]! << 8);
    return (kind === "category" ? names.categories : names.brands)[number] || undefined;
  }

  /** Of as many as the kernel takes. */
  private indexesOf(recent: VisitorContext["recent"]): number[] {
    const indexes: number[] = [];
    for (let n = 0; n < Math.min(recent.length, L.RECENTS_MAX); n++) {
      indexes.push(this.find(recent[n]!.productId));
    }
    return indexes;
  }

  /** Index of a product in the image, or -1. */
  private find(productId: string): number {
    const { low, high, table, mask } = this.loaded!;
    const hash = productHash(productId, this.hash);
    for (let at = hash.low & mask; ; at = (at + 1) & mask) {
      const entry = this.words[table + at]!;
      if (entry === 0) return -1;
      if (this.words[low + entry - 1] === hash.low && this.words[high + entry - 1] === hash.high)
        return entry - 1;
    }
  }
}

/** A model on its way into the free slot; both calls answer false when another has begun since. */
export interface ModelIntake {
  write(offset: number, bytes: Uint8Array): boolean;
  finish(version: number, names: ModelNames, texts: readonly TextPage[]): boolean;
}

export function createRecommender(module: WebAssembly.Module): Recommender {
  return new Recommender(module);
}
