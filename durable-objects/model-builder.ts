import { DurableObject } from "cloudflare:workers";
import { logEntry } from "../domain/log-entry.ts";
import {
  type CatalogueRecord,
  catalogueProduct,
  newRecord,
  patch as patchRecord,
} from "../domain/model/catalogue.ts";
import type { ModelManifest } from "../domain/model/manifest.ts";
import { ModelTables } from "../domain/model/tables.ts";
import type { CatalogueProduct } from "../domain/recommendation.ts";
import type { SignalDelta } from "../domain/signal.ts";
import { isReadable } from "../kernels/model-sections.ts";
import type { Env } from "./env.ts";
import { Catalogue } from "./model-builder-catalogue.ts";
import { Publisher } from "./model-builder-publisher.ts";
import { type BuilderState, COMMAND, ModelStore } from "./model-builder-store.ts";
import type { ModelBuilderRpc, ProductPatch } from "./rpc.ts";

const PUBLISH_SECONDS_DEFAULT = 10;
/** A large model is published less often: readers fetch all of it. */
const PUBLISHED_BYTES_PER_SECOND = 1_000_000;
/** What is journalled before pages are stored: replaying it must stay quick. */
const JOURNAL_BYTES_MAX = 16 * 1024 * 1024;
const JOURNAL_ENTRIES_MAX = 1_000;
/** Changed catalogue rows held in memory. */
const RECORDS_HELD_MAX = 4_096;
/** One journal row; a larger delta is stored as pages at once. */
const ENTRY_BYTES_MAX = 1_500_000;
/** Products of one journalled command. */
const COMMAND_PRODUCTS_MAX = 1_000;

/** Key of what tells that stored pages are newer than the published version. */
const UNPUBLISHED = "unpublished";

/** What the shop did, as journalled. */
type Command =
  | { readonly do: "put"; readonly products: readonly ProductPatch[] }
  | { readonly do: "delete"; readonly productId: string };

/** Everything in memory, as the stored pages and the journal give it. */
interface Builder {
  readonly tables: ModelTables;
  readonly catalogue: Catalogue;
  readonly publisher: Publisher;
  readonly sequences: Map<number, number>;
  journalBytes: number;
  journalEntries: number;
  /** Something happened that no published version shows. */
  unpublished: boolean;
  alarmSet: boolean;
}

/**
 * The shop's catalogue and model. What comes in is journalled and folded in memory; pages are stored now and then,
 * with a publish, and the journal starts anew. So a crash at any point loses nothing and counts nothing twice.
 */
export class ModelBuilder extends DurableObject<Env> implements ModelBuilderRpc {
  private readonly store: ModelStore;
  private builder: Builder | undefined;
  private publishing: Promise<ModelManifest> | undefined;
  /** While a version is packed. */
  private packing: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new ModelStore(ctx.storage.sql);
  }

  async merge(delta: SignalDelta): Promise<{ duplicate: boolean }> {
    while (this.packing !== undefined) await this.packing;
    const builder = this.open();
    if (delta.sequence <= (builder.sequences.get(delta.shard) ?? 0)) {
      // Stored before a crash that came before its alarm.
      await this.schedule(builder);
      return { duplicate: true };
    }
    const now = Date.now();
    const fold = () => {
      builder.tables.applyBytes(delta.bytes, now);
      builder.sequences.set(delta.shard, delta.sequence);
    };
    this.change(builder, { shard: delta.shard, sequence: delta.sequence, at: now, bytes: delta.bytes }, fold);
    await this.schedule(builder);
    return { duplicate: false };
  }

  async putProducts(
    products: readonly ProductPatch[],
    now: number,
  ): Promise<{ created: number; updated: number }> {
    while (this.packing !== undefined) await this.packing;
    const builder = this.open();
    const ids = new Set<string>();
    let created = 0;
    for (const { productId } of products) {
      const record = builder.catalogue.get(productId);
      if (!ids.has(productId) && (record === undefined || record.deleted)) created++;
      ids.add(productId);
    }
    for (let from = 0; from < products.length; from += COMMAND_PRODUCTS_MAX) {
      this.command(builder, { do: "put", products: products.slice(from, from + COMMAND_PRODUCTS_MAX) }, now);
    }
    await this.schedule(builder);
    return { created, updated: ids.size - created };
  }

  async product(productId: string): Promise<CatalogueProduct | undefined> {
    const { catalogue } = this.open();
    const record = catalogue.get(productId);
    if (record === undefined || record.deleted) return undefined;
    return this.view(productId, record);
  }

  async products(query: { search?: string; limit: number; cursor?: string }): Promise<{
    items: CatalogueProduct[];
    cursor?: string;
  }> {
    const { catalogue } = this.open();
    const items: CatalogueProduct[] = [];
    for (const [productId, record] of catalogue.list(query.cursor ?? "", query.search || undefined)) {
      if (items.length === query.limit) return { items, cursor: items.at(-1)!.productId };
      items.push(this.view(productId, record));
    }
    return { items };
  }

  async deleteProduct(productId: string, now: number): Promise<{ existed: boolean }> {
    while (this.packing !== undefined) await this.packing;
    const builder = this.open();
    const record = builder.catalogue.get(productId);
    if (record === undefined || record.deleted) return { existed: false };
    this.command(builder, { do: "delete", productId }, now);
    await this.schedule(builder);
    return { existed: true };
  }

  async skus(productIds: readonly string[]): Promise<string[][]> {
    const { catalogue } = this.open();
    return productIds.map((productId) => catalogue.skusOf(productId, catalogue.get(productId)));
  }

  async names(skus: readonly string[]): Promise<(string | undefined)[]> {
    const { catalogue } = this.open();
    return skus.map((sku) => catalogue.nameOf(sku));
  }

  async availability(change: { sku: string; available: boolean; version: number }): Promise<void> {
    while (this.packing !== undefined) await this.packing;
    const builder = this.open();
    const { sku, available, version } = change;
    const row = this.store.sku(sku);
    if (row !== undefined && row.available !== null && row.version >= version) return this.schedule(builder);
    const productId = row?.product ?? sku;
    const slot = builder.tables.slotOf(productId);
    this.ctx.storage.transactionSync(() => {
      this.store.writeSku(sku, { product: productId, version, available: available ? 1 : 0 });
      if (slot >= 0) this.store.write(UNPUBLISHED, true);
    });
    if (slot >= 0) {
      const soldOut = builder.catalogue.available(productId, builder.catalogue.get(productId)) === false;
      builder.tables.setSoldOut(slot, soldOut);
      builder.unpublished = true;
    }
    await this.schedule(builder);
  }

  async manifest(): Promise<ModelManifest> {
    const builder = this.open();
    const { manifest } = builder.publisher;
    if (isOutdated(manifest)) await this.schedule(builder);
    return manifest;
  }

  async part(version: number, index: number): Promise<Uint8Array | undefined> {
    return this.open().publisher.part(version, index);
  }

  async publish(): Promise<ModelManifest> {
    while (this.publishing !== undefined) await this.publishing;
    const builder = this.open();
    if (!builder.unpublished) return builder.publisher.manifest;
    this.publishing = this.publishNow(builder).finally(() => {
      this.publishing = undefined;
    });
    return this.publishing;
  }

  override async alarm(): Promise<void> {
    this.open().alarmSet = false;
    await this.publish();
  }

  private view(productId: string, record: CatalogueRecord): CatalogueProduct {
    return catalogueProduct(productId, record, this.open().catalogue.available(productId, record));
  }

  /** Reads the stored pages and replays the journal; once in a lifetime. */
  private open(): Builder {
    if (this.builder !== undefined) return this.builder;
    const state = this.store.read<BuilderState>("builder");
    const catalogue = new Catalogue(this.store);
    const tables = new ModelTables(
      {
        catalogue,
        readViewed: (page) => this.store.page("viewed", page),
        readBought: (page) => this.store.page("bought", page),
      },
      state?.landmark ?? Date.now(),
    );
    tables.restore(this.store.pages("columns"), this.store.read<string[][]>("names") ?? []);
    const publisher = new Publisher(this.store, tables, catalogue, state);
    const builder: Builder = {
      tables,
      catalogue,
      publisher,
      sequences: new Map(
        Object.entries(state?.sequences ?? {}).map(([shard, last]) => [Number(shard), last]),
      ),
      journalBytes: 0,
      journalEntries: 0,
      unpublished: (this.store.read<boolean>(UNPUBLISHED) ?? false) || isOutdated(publisher.manifest),
      alarmSet: false,
    };
    for (let entry = this.store.journalAfter(0); entry !== undefined; ) {
      const { ordinal, shard, sequence, at, bytes } = entry;
      if (shard === COMMAND) this.obey(builder, JSON.parse(new TextDecoder().decode(bytes)) as Command, at);
      else {
        tables.applyBytes(bytes, at);
        builder.sequences.set(shard, sequence);
      }
      builder.journalBytes += bytes.length;
      builder.journalEntries++;
      builder.unpublished = true;
      // Pages in memory are others than they were: what fitted beside those may not fit beside these.
      if (tables.isFull) this.ctx.storage.transactionSync(() => this.checkpoint(builder, ordinal));
      entry = this.store.journalAfter(ordinal);
    }
    tables.forgetSoldOut();
    for (const productId of this.store.soldOut()) {
      const slot = tables.slotOf(productId);
      if (slot >= 0) tables.setSoldOut(slot, true);
    }
    this.builder = builder;
    return builder;
  }

  private command(builder: Builder, command: Command, now: number): void {
    const bytes = new TextEncoder().encode(JSON.stringify(command));
    this.change(builder, { shard: COMMAND, sequence: 0, at: now, bytes }, () => {
      this.obey(builder, command, now);
    });
  }

  private obey({ tables, catalogue }: Builder, command: Command, now: number): void {
    if (command.do === "delete") {
      const record = catalogue.get(command.productId);
      if (record === undefined) return;
      tables.place(command.productId, { ...newRecord(now), skus: record.skus, deleted: true });
      return;
    }
    for (const { productId, ...change } of command.products) {
      if (!catalogue.takes(productId)) continue;
      const record = catalogue.get(productId) ?? newRecord(now);
      patchRecord(record, change, now);
      for (const former of catalogue.give(change.skus ?? [], productId)) {
        const owner = catalogue.get(former);
        if (owner !== undefined) tables.place(former, owner, false);
      }
      tables.place(productId, record, false);
    }
  }

  /** Journals and folds together: either both happened or neither. */
  private change(
    builder: Builder,
    entry: { shard: number; sequence: number; at: number; bytes: Uint8Array },
    fold: () => void,
  ): void {
    try {
      this.ctx.storage.transactionSync(() => {
        const oversized = entry.bytes.length > ENTRY_BYTES_MAX;
        if (!oversized) this.store.append(entry);
        fold();
        builder.unpublished = true;
        builder.journalBytes += entry.bytes.length;
        builder.journalEntries++;
        if (oversized || this.wantsCheckpoint(builder)) this.checkpoint(builder);
      });
    } catch (error) {
      // What is in memory may be half of a change: the storage knows the truth.
      this.builder = undefined;
      throw error;
    }
  }

  private wantsCheckpoint({ tables, catalogue, journalBytes, journalEntries }: Builder): boolean {
    return (
      journalBytes > JOURNAL_BYTES_MAX ||
      journalEntries > JOURNAL_ENTRIES_MAX ||
      catalogue.held > RECORDS_HELD_MAX ||
      tables.isFull
    );
  }

  /** Stores all that changed, with the journal until an entry, and lets go of that. */
  private checkpoint(builder: Builder, until = Number.MAX_SAFE_INTEGER): void {
    const { tables, catalogue, publisher } = builder;
    publisher.writeTexts();
    for (const page of tables.columns.takeDirty()) {
      this.store.writePage("columns", page, tables.columns.encode(page));
    }
    for (const { page, bytes } of tables.viewed.takeDirty()) this.store.writePage("viewed", page, bytes);
    for (const { page, bytes } of tables.bought.takeDirty()) this.store.writePage("bought", page, bytes);
    catalogue.save();
    const { categories, brands, currencies } = tables.dictionaries;
    this.store.write("names", [categories.toArray(), brands.toArray(), currencies.toArray()]);
    this.store.write("builder", {
      landmark: tables.landmark,
      sequences: Object.fromEntries(builder.sequences),
      ...publisher.state,
    } satisfies BuilderState);
    this.store.clearJournal(until);
    this.store.write(UNPUBLISHED, true);
    builder.journalBytes = 0;
    builder.journalEntries = 0;
  }

  private async publishNow(builder: Builder): Promise<ModelManifest> {
    builder.unpublished = false;
    const manifest = await this.write(builder);
    if (this.env.MODEL !== undefined) {
      try {
        await builder.publisher.copyTo(this.env.MODEL, manifest);
      } catch (error) {
        console.warn(
          logEntry("the model could not be copied to KV; readers fetch it from its builder", error),
        );
      }
    }
    // A change that failed meanwhile began a builder anew, which deleted what was not announced.
    if (this.builder !== builder) throw new Error("the version was given up");
    try {
      this.ctx.storage.transactionSync(() => {
        builder.publisher.announce(manifest);
        this.store.write(UNPUBLISHED, builder.unpublished);
      });
    } catch (error) {
      this.builder = undefined;
      throw error;
    }
    if (builder.unpublished) await this.schedule(builder);
    return manifest;
  }

  /** Packs and stores a version, bit by bit; what would change the tables waits for the end. */
  private async write(builder: Builder): Promise<ModelManifest> {
    let packed = () => {};
    this.packing = new Promise((resolve) => {
      packed = resolve;
    });
    try {
      this.ctx.storage.transactionSync(() => this.checkpoint(builder));
      return await builder.publisher.writeImage(Date.now(), () => scheduler.wait(0));
    } catch (error) {
      // Which pages had changed is forgotten by now: all is packed anew from what is stored.
      this.builder = undefined;
      throw error;
    } finally {
      this.packing = undefined;
      packed();
    }
  }

  /** An alarm for the next publish, unless one is set: seconds from now, more for a large model. */
  private async schedule(builder: Builder): Promise<void> {
    if (builder.alarmSet || !builder.unpublished) return;
    builder.alarmSet = true;
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    const seconds = Number(this.env.MODEL_PUBLISH_SECONDS ?? PUBLISH_SECONDS_DEFAULT);
    const spread = builder.publisher.manifest.bytes / PUBLISHED_BYTES_PER_SECOND;
    await this.ctx.storage.setAlarm(Date.now() + Math.max(seconds, spread) * 1000);
  }
}

/** Whether what is published has to be published anew, for kernels of this release cannot read it. */
function isOutdated(manifest: ModelManifest): boolean {
  return manifest.version > 0 && !isReadable(manifest);
}
