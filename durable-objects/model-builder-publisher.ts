import { MODEL_TEXT_BYTES_MAX, PRODUCT_TEXT_BYTES_MAX } from "../domain/limits.ts";
import { publishedProduct } from "../domain/model/catalogue.ts";
import { LINK_PAGE_PRODUCTS } from "../domain/model/link-page.ts";
import {
  imageKey,
  MODEL_KV_PARTS,
  type ModelManifest,
  type ModelNames,
  NO_MODEL,
  textKey,
} from "../domain/model/manifest.ts";
import type { ModelTables } from "../domain/model/tables.ts";
import { encodeText, encodeTextPage, TEXT_PAGE_PRODUCTS, TextPage } from "../domain/model/text.ts";
import { ModelImage } from "../kernels/model-image.ts";
import type { Catalogue } from "./model-builder-catalogue.ts";
import type { BuilderState, ModelStore } from "./model-builder-store.ts";

/** Manifests kept: the newest, and the one before it that a reader may be fetching. */
const VERSIONS_KEPT = 2;
/** Share of the neighbour lists packed anew with each publish though their links did not change: all else did. */
const REFRESHED_SHARE = 1 / 16;
/** What is left of a text's bytes when all together grow too large. */
const TEXT_SHRINKAGE = 0.7;
/** Text parts are stored behind all parts an image can have. */
const TEXT_INDEX = 1024;
const KV_SECONDS = 7 * 86_400;

/** Turns tables and catalogue into versions that readers fetch in parts. */
export class Publisher {
  /** Of the latest image written. */
  private version: number;
  private textShare: number;
  private refreshed: number;
  private readonly textVersions: number[];
  private readonly textBytes: number[];
  private readonly image: ModelImage;
  private readonly store: ModelStore;
  private readonly tables: ModelTables;
  private readonly catalogue: Catalogue;

  constructor(store: ModelStore, tables: ModelTables, catalogue: Catalogue, state: BuilderState | undefined) {
    this.store = store;
    this.tables = tables;
    this.catalogue = catalogue;
    this.image = new ModelImage(tables);
    this.textShare = state?.textShare ?? PRODUCT_TEXT_BYTES_MAX;
    this.refreshed = state?.refreshed ?? 0;
    this.textVersions = [...(state?.textVersions ?? [])];
    this.textBytes = this.textVersions.map((_, part) => this.text(part)?.length ?? 0);
    // Texts of versions not announced may be what `textVersions` names: their numbers are not given to others.
    this.version = Math.max(this.manifest.version, ...this.textVersions.map((version) => version - 1));
    store.deletePartsAfter(this.manifest.version, TEXT_INDEX);
  }

  /** What the state row says of publishing. */
  get state(): Pick<BuilderState, "textVersions" | "textShare" | "refreshed"> {
    const { textVersions, textShare, refreshed } = this;
    return { textVersions, textShare, refreshed };
  }

  /** Newest first; what is announced can be fetched. */
  get manifests(): readonly ModelManifest[] {
    return this.store.read<ModelManifest[]>("manifests") ?? [];
  }

  get manifest(): ModelManifest {
    return this.manifests[0] ?? NO_MODEL;
  }

  /**
   * Writes an image beside the texts that stand; `announce` makes it the published one. Others have their turn at every
   * `pause`; the tables must not change meanwhile.
   */
  async writeImage(now: number, pause: () => Promise<void>): Promise<ModelManifest> {
    const version = ++this.version;
    const steps = this.image.steps({
      version,
      now,
      viewedPages: this.stale(this.tables.viewed.takeChanged()),
      boughtPages: this.stale(this.tables.bought.takeChanged()),
    });
    this.refreshed = (this.refreshed + REFRESHED_SHARE) % 1;
    let step = steps.next();
    for (; !step.done; step = steps.next()) await pause();
    const bytes = step.value;
    const parts = ModelImage.parts(bytes);
    for (const [index, part] of parts.entries()) {
      this.store.writePart(version, index, part);
      await pause();
    }
    const textBytes = this.textBytes.reduce((sum, length) => sum + length, 0);
    return {
      version,
      format: ModelImage.format,
      publishedAt: now,
      products: this.tables.columns.size,
      parts: parts.length + this.textVersions.length,
      bytes: bytes.length + textBytes,
      imageBytes: bytes.length,
      imageParts: parts.length,
      textVersions: [...this.textVersions],
    };
  }

  /** Changed pages, and a share of the others in turn: neighbours' own counts change strengths everywhere. */
  private stale(changed: readonly number[]): Set<number> {
    const pages = Math.ceil(this.tables.columns.size / LINK_PAGE_PRODUCTS);
    const stale = new Set(changed);
    const from = Math.floor(this.refreshed * pages);
    const to = Math.floor((this.refreshed + REFRESHED_SHARE) * pages);
    for (let page = from; page < to; page++) stale.add(page % pages);
    return stale;
  }

  /** Writes the names and the changed pages of texts, for the version to come. */
  writeTexts(): void {
    const version = this.version + 1;
    const { size } = this.tables.columns;
    const { categories, brands, currencies } = this.tables.dictionaries;
    const names: ModelNames = {
      categories: categories.toArray(),
      brands: brands.toArray(),
      currencies: currencies.toArray(),
    };
    this.writeText(version, 0, new TextEncoder().encode(JSON.stringify(names)));
    const changed = this.tables.changedTexts;
    const pages = new Set([...changed.keys()].map((slot) => Math.floor(slot / TEXT_PAGE_PRODUCTS)));
    const last = Math.ceil(size / TEXT_PAGE_PRODUCTS);
    for (let page = 0; page < last; page++) {
      if (pages.has(page) || this.textVersions[page + 1] === undefined)
        this.writeTextPage(version, page, false);
    }
    changed.clear();
    while (
      this.textBytes.reduce((sum, length) => sum + length, 0) > MODEL_TEXT_BYTES_MAX &&
      this.textShare > 0
    ) {
      this.textShare = Math.floor(this.textShare * TEXT_SHRINKAGE);
      for (let page = 0; page < last; page++) this.writeTextPage(version, page, true);
    }
  }

  private writeTextPage(version: number, page: number, all: boolean): void {
    const stored = this.text(page + 1);
    const before = stored === undefined ? undefined : new TextPage(stored);
    const first = page * TEXT_PAGE_PRODUCTS;
    const slots = Math.min(TEXT_PAGE_PRODUCTS, this.tables.columns.size - first);
    const bytes = encodeTextPage(slots, before, (row) => {
      const slot = first + row;
      const isChanged = this.tables.changedTexts.has(slot);
      if (!isChanged && !all) return undefined;
      const productId = isChanged ? this.tables.changedTexts.get(slot) : before?.product(row)?.productId;
      const record = productId === undefined ? undefined : this.catalogue.get(productId);
      if (productId === undefined) return new Uint8Array(0);
      return encodeText(
        record === undefined ? { productId } : publishedProduct(productId, record),
        this.textShare,
      );
    });
    this.writeText(version, page + 1, bytes);
  }

  private writeText(version: number, part: number, bytes: Uint8Array): void {
    const before = this.text(part);
    if (before !== undefined && sameBytes(before, bytes)) return;
    this.textVersions[part] = version;
    this.textBytes[part] = bytes.length;
    this.store.writePart(version, TEXT_INDEX + part, bytes);
  }

  private text(part: number): Uint8Array | undefined {
    const version = this.textVersions[part];
    return version === undefined ? undefined : this.store.part(version, TEXT_INDEX + part);
  }

  /** Puts the written version where readers look first; what fails there they get from the object itself. */
  async copyTo(kv: KVNamespace, manifest: ModelManifest): Promise<void> {
    const { version, imageParts, textVersions } = manifest;
    const options = { expirationTtl: KV_SECONDS };
    for (let value = 0; value * MODEL_KV_PARTS < imageParts; value++) {
      const last = Math.min(imageParts, (value + 1) * MODEL_KV_PARTS);
      const parts: Uint8Array[] = [];
      for (let index = value * MODEL_KV_PARTS; index < last; index++) {
        parts.push(this.store.part(version, index) ?? new Uint8Array(0));
      }
      await kv.put(imageKey(version, value), joined(parts), options);
    }
    for (const [part, changedIn] of textVersions.entries()) {
      const bytes = changedIn === version ? this.store.part(version, TEXT_INDEX + part) : undefined;
      if (bytes !== undefined) await kv.put(textKey(changedIn, part), bytes, options);
    }
  }

  /** Makes a written version the published one and deletes what no kept version needs. */
  announce(manifest: ModelManifest): void {
    const before = this.manifests;
    const kept = [manifest, ...before].slice(0, VERSIONS_KEPT);
    this.store.write("manifests", kept);
    const needed = new Set(
      [...kept.map(({ textVersions }) => textVersions), this.textVersions].flatMap((versions) =>
        versions.map((version, part) => `${version} ${part}`),
      ),
    );
    for (const old of before) {
      old.textVersions.forEach((version, part) => {
        if (!needed.has(`${version} ${part}`)) this.store.deletePart(version, TEXT_INDEX + part);
      });
      if (kept.includes(old)) continue;
      for (let index = 0; index < old.imageParts; index++) this.store.deletePart(old.version, index);
    }
  }

  /** A part of a kept version. */
  part(version: number, index: number): Uint8Array | undefined {
    const manifest = this.manifests.find((kept) => kept.version === version);
    if (manifest === undefined) return undefined;
    if (index < manifest.imageParts) return this.store.part(version, index);
    const part = index - manifest.imageParts;
    const changedIn = manifest.textVersions[part];
    return changedIn === undefined ? undefined : this.store.part(changedIn, TEXT_INDEX + part);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
