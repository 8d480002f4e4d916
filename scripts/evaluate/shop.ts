import { readFileSync } from "node:fs";
import type { Activity } from "../../domain/activity.ts";
import { SignalSink, stepsOf } from "../../domain/activity-signals.ts";
import { PRODUCT_TEXT_BYTES_MAX } from "../../domain/limits.ts";
import type { CatalogueRecord } from "../../domain/model/catalogue.ts";
import { ModelTables } from "../../domain/model/tables.ts";
import { encodeText, encodeTextPage, TEXT_PAGE_PRODUCTS } from "../../domain/model/text.ts";
import { MODEL_WEIGHTS, type ModelWeights } from "../../domain/model/weights.ts";
import type { RecommendationQuery } from "../../domain/recommendation.ts";
import { Trail } from "../../domain/session.ts";
import type { Signals } from "../../domain/signal.ts";
import { NOBODY } from "../../domain/visitor.ts";
import { ModelImage } from "../../kernels/model-image.ts";
import { createRecommender, type Recommender } from "../../kernels/recommend.ts";
import type { Session } from "./sessions.ts";

const KERNEL = new URL("../../build/recommend.wasm", import.meta.url);

/** The shop's own way from signals to a model, in one process: tables, image, kernel. */
export class OfflineShop {
  private readonly tables: ModelTables;
  private readonly recommender: Recommender;
  private version = 0;
  private now = 0;

  /** @param begin before everything that is learnt, Unix ms. */
  constructor(begin: number) {
    const records = new Map<string, CatalogueRecord>();
    const catalogue = {
      get: (productId: string) => records.get(productId),
      put: (productId: string, record: CatalogueRecord) => void records.set(productId, record),
      soldOut: () => false,
    };
    const store = { catalogue, readViewed: () => undefined, readBought: () => undefined };
    this.tables = new ModelTables(store, begin);
    this.recommender = createRecommender(new WebAssembly.Module(readFileSync(KERNEL)));
  }

  learn(signals: Signals, at: number): void {
    this.now = Math.max(this.now, at);
    this.tables.apply(signals, at);
  }

  /** Packs and loads a model of what was learnt. */
  publish(weights: ModelWeights = MODEL_WEIGHTS): Recommender {
    const version = ++this.version;
    const image = new ModelImage(this.tables, weights);
    const bytes = image.build({ version, now: this.now, viewedPages: [], boughtPages: [] });
    const { categories, brands, currencies } = this.tables.dictionaries;
    const names = {
      categories: categories.toArray(),
      brands: brands.toArray(),
      currencies: currencies.toArray(),
    };
    this.recommender.load({ version, image: ModelImage.parts(bytes), names, texts: this.texts() });
    return this.recommender;
  }

  /** Ids by slot, as pages of the published model. */
  private texts(): Uint8Array[] {
    const { columns, changedTexts } = this.tables;
    const pages = Math.ceil(columns.size / TEXT_PAGE_PRODUCTS);
    return Array.from({ length: pages }, (_, page) => {
      const first = page * TEXT_PAGE_PRODUCTS;
      return encodeTextPage(Math.min(TEXT_PAGE_PRODUCTS, columns.size - first), undefined, (row) => {
        const productId = changedTexts.get(first + row);
        return productId === undefined ? undefined : encodeText({ productId }, PRODUCT_TEXT_BYTES_MAX);
      });
    });
  }
}

/** A shop that has seen these sessions. */
export function shopOf(sessions: readonly Session[]): OfflineShop {
  const begin = sessions.reduce((first, { times }) => Math.min(first, times[0]!), Number.POSITIVE_INFINITY);
  const shop = new OfflineShop(begin);
  for (const session of sessions) shop.learn(signalsOf(session), session.times.at(-1)!);
  return shop;
}

/** What a profile tells of one visitor's session. */
function signalsOf(session: Session): Signals {
  const sink = new SignalSink();
  const activities = session.products.map(
    (productId, at): Activity => ({
      messageId: `${session.times[0]} ${at}`,
      at: session.times[at]!,
      kind: "viewed",
      name: "Product Viewed",
      lines: [{ productId, sku: productId, quantity: 1 }],
    }),
  );
  for (const activity of activities) sink.activity(activity);
  new Trail().take([...session.times], activities.flatMap(stepsOf), sink);
  return sink.signals();
}

/** What is asked after the first `seen` products of a session. */
export function nextQuery(
  session: Session,
  seen: number,
  exclude: readonly string[],
  limit: number,
): RecommendationQuery {
  const views = new Map<string, { at: number; views: number }>();
  for (let at = seen - 1; at >= 0; at--) {
    const productId = session.products[at]!;
    const known = views.get(productId);
    if (known === undefined) views.set(productId, { at: session.times[at]!, views: 1 });
    else known.views++;
  }
  const recent = [...views].slice(0, 50).map(([productId, { at, views }]) => ({
    productId,
    at,
    views,
    kind: "viewed" as const,
  }));
  return {
    placement: "session",
    visitor: { ...NOBODY, recent },
    limit,
    exclude,
    strategies: [],
    now: session.times[seen - 1]!,
  };
}
