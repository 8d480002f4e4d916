// Loads the sample shop into a running service, through its public HTTP API only.
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiClient, apiClient, dataOf, expectStatus, type Schemas } from "../client.ts";
import { shiftDaysFor } from "./events.ts";
import { readSample, type Sample } from "./files.ts";
import { type EventChunk, type Plan, planLoad } from "./plan.ts";
import { freshProgress, type Progress, readProgress, type Step, writeProgress } from "./progress.ts";
import type { Stock } from "./stock.ts";

export interface LoadOptions {
  readonly url: string;
  readonly secretKey: string;
  /** Where the progress is kept. */
  readonly dir: string;
  /** The whole sample unless given. */
  readonly sample?: Sample;
  /** Unix ms; the last day of the sample becomes the day before. */
  readonly now?: number;
  /**
   * Visitors and SKUs touched in a second (150). In plain workerd each is an object that holds about a quarter of a
   * megabyte and three open files until it was idle for ten seconds: this bounds both.
   */
  readonly objectsPerSecond?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (state: LoadState) => void;
}

export interface LoadState {
  readonly step: Step | "settling";
  /** Share of the whole load, 0..1. */
  readonly share: number;
  /** Events sent so far and in all. */
  readonly events: number;
  readonly eventsAll: number;
}

export interface LoadResult {
  /** False when a load before this one had completed. */
  readonly loaded: boolean;
  readonly orders: number;
  readonly orderLines: number;
}

/** Visitors and SKUs touched in a second, unless told otherwise. */
const OBJECTS_PER_SECOND = 150;
const REQUESTS_AT_ONCE: Readonly<Record<Step, number>> = { products: 2, events: 4, stock: 8 };
const SETTLE_SECONDS_MAX = 60;

/**
 * Resumes where an interrupted load stopped. Whatever is sent twice counts once: events by their `messageId`, order
 * lines by order and SKU; stock that is already set is left alone.
 *
 * @throws when the service refuses something or stays away.
 */
export async function loadSample(options: LoadOptions): Promise<LoadResult> {
  const sample = options.sample ?? readSample();
  const before = readProgress(options.dir);
  const begun = before ?? freshProgress(shiftDaysFor(sample.invoices, options.now ?? Date.now()));
  const plan = planLoad(sample, begun.shift_days);
  const result = { orders: plan.orders, orderLines: plan.orderLines };
  if (begun.complete) return { loaded: false, ...result };
  writeProgress(options.dir, begun);
  const client = apiClient(options.url, options.secretKey, options.signal);
  await new Loading(options, plan, client, begun).run();
  return { loaded: true, ...result };
}

class Loading {
  readonly #options: LoadOptions;
  readonly #plan: Plan;
  readonly #client: ApiClient;
  readonly #eventsAll: number;
  #progress: Progress;
  #events: number;
  /** When the objects that were touched so far may have been touched, Unix ms. */
  #paidUntil = Date.now();

  constructor(options: LoadOptions, plan: Plan, client: ApiClient, begun: Progress) {
    this.#options = options;
    this.#plan = plan;
    this.#client = client;
    this.#progress = begun;
    this.#eventsAll = sum(plan.events, ({ events }) => events);
    this.#events = sum(plan.events.slice(0, begun.done.events), ({ events }) => events);
  }

  async run(): Promise<void> {
    const { products, events, stock } = this.#plan;
    await this.#step("products", products, (chunk) => this.#putProducts(chunk));
    await this.#step("events", events, (chunk) => this.#import(chunk));
    await this.#step("stock", stock, ({ sku, stock }) => this.#setStock(sku, stock));
    await this.#settle();
    this.#progress = { ...this.#progress, complete: true };
    writeProgress(this.#options.dir, this.#progress);
  }

  /** Several requests at a time; the progress is what is done without a gap. The first failure ends it. */
  async #step<T>(step: Step, items: readonly T[], send: (item: T) => Promise<void>): Promise<void> {
    let next = this.#progress.done[step];
    let settled = next;
    const ahead = new Set<number>();
    const work = async (): Promise<void> => {
      while (next < items.length) {
        const index = next++;
        await send(items[index]!).catch((error: unknown) => {
          next = items.length;
          throw error;
        });
        ahead.add(index);
        while (ahead.delete(settled)) settled += 1;
        this.#progress = { ...this.#progress, done: { ...this.#progress.done, [step]: settled } };
        writeProgress(this.#options.dir, this.#progress);
        this.#tell(step);
      }
    };
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE[step] }, work));
  }

  async #putProducts(chunk: Plan["products"][number]): Promise<void> {
    dataOf(await this.#client.POST("/v1/products", { body: [...chunk] }), "products");
  }

  async #import({ ndjson, events, visitors }: EventChunk): Promise<void> {
    await this.#pace(visitors);
    const answer = await this.#client.POST("/v1/import", {
      body: ndjson,
      bodySerializer: (text) => text,
      headers: { "content-type": "application/x-ndjson" },
    });
    const { accepted, duplicates, rejected } = dataOf(answer, "import");
    if (accepted + duplicates !== events) {
      throw new Error(`import: ${events - accepted - duplicates} refused, ${JSON.stringify(rejected[0])}`);
    }
    this.#events += events;
  }

  /** Stock without a precondition is only ever created: what a cut-off load or the shop has set stays (428). */
  async #setStock(sku: string, stock: Stock): Promise<void> {
    await this.#pace(1);
    const answer = await this.#client.PUT("/v1/inventory/{sku}", { params: { path: { sku } }, body: stock });
    expectStatus(answer, `stock of ${sku}`, 428);
  }

  async #pace(objects: number): Promise<void> {
    const now = Date.now();
    const begin = Math.max(this.#paidUntil, now);
    const perSecond = this.#options.objectsPerSecond ?? OBJECTS_PER_SECOND;
    this.#paidUntil = begin + (objects * 1000) / perSecond;
    if (begin > now) await sleep(begin - now, undefined, signalOf(this.#options));
  }

  /** Until what was sent shows in the model and in the forecasts. */
  async #settle(): Promise<void> {
    const deadline = Date.now() + SETTLE_SECONDS_MAX * 1000;
    while (Date.now() < deadline) {
      this.#tell("settling");
      const { data } = await this.#client.GET("/health");
      if (data !== undefined && isSettled(data)) return;
      await sleep(500, undefined, signalOf(this.#options));
    }
  }

  #tell(step: LoadState["step"]): void {
    const { events, stock } = this.#plan;
    const { done } = this.#progress;
    const touched = sum(events.slice(0, done.events), ({ visitors }) => visitors) + done.stock;
    const share = touched / (sum(events, ({ visitors }) => visitors) + stock.length);
    this.#options.onProgress?.({ step, share, events: this.#events, eventsAll: this.#eventsAll });
  }
}

function isSettled({ model, lag }: Schemas["Health"]): boolean {
  return model.version > 0 && Object.values(lag).every((value) => !value);
}

function sum(chunks: readonly EventChunk[], of: (chunk: EventChunk) => number): number {
  return chunks.reduce((total, chunk) => total + of(chunk), 0);
}

function signalOf({ signal }: LoadOptions): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
