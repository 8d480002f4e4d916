// The same accuracy through a running service: events in by /v1/batch, answers from /v1/recommendations.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiClient, dataOf, type Schemas } from "../client.ts";
import { type Accuracy, POLICIES, type Policy, popularityRanks, Tally } from "./measure.ts";
import type { Session, SessionData } from "./sessions.ts";

/** Visitors begun in a second: in plain workerd each is an object that stays open for ten seconds. */
const VISITORS_PER_SECOND = 150;
const VISITORS_PER_BATCH = 50;
const BATCHES_AT_ONCE = 4;
const SESSIONS_AT_ONCE = 8;
const SETTLE_SECONDS_MAX = 180;
const LIMIT = 50;
/** The last event of the test becomes so old. */
const MARGIN_MS = 60_000;

/**
 * Sends the training as visitors' events, waits until the model has learnt them, then lets every test session happen
 * event by event and asks after each. The shop must be empty, or what it holds is recommended too.
 *
 * @param onProgress is told the share of the training that was sent, 0..1.
 * @throws when the service refuses something or does not settle.
 */
export async function measureService(
  client: ApiClient,
  data: SessionData,
  onProgress: (share: number) => void,
): Promise<Record<Policy, Accuracy>> {
  const shop = new RemoteShop(client, data);
  await shop.train(data.train, onProgress);
  await shop.settle();
  return shop.ask(data);
}

class RemoteShop {
  private readonly client: ApiClient;
  /** Of this run: visitors and messages of another are others. */
  private readonly run = randomUUID().slice(0, 8);
  private readonly shiftMs: number;

  constructor(client: ApiClient, { train, test }: SessionData) {
    this.client = client;
    const last = (sessions: readonly Session[]) =>
      sessions.reduce((latest, { times }) => Math.max(latest, times.at(-1)!), 0);
    this.shiftMs = Date.now() - MARGIN_MS - Math.max(last(train), last(test));
  }

  async train(sessions: readonly Session[], onProgress: (share: number) => void): Promise<void> {
    const began = Date.now();
    let next = 0;
    const work = async () => {
      while (next < sessions.length) {
        const from = next;
        next += VISITORS_PER_BATCH;
        const early = (from * 1000) / VISITORS_PER_SECOND - (Date.now() - began);
        if (early > 0) await sleep(early);
        const chunk = sessions.slice(from, from + VISITORS_PER_BATCH);
        await this.send(chunk.flatMap((session, at) => this.events(session, `train-${from + at}`)));
        onProgress(Math.min(1, next / sessions.length));
      }
    };
    await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, work));
  }

  /** Until nothing is on its way to the model, a model was published since, and answers come from it. */
  async settle(): Promise<void> {
    const deadline = Date.now() + SETTLE_SECONDS_MAX * 1000;
    let quietVersion: number | undefined;
    while (Date.now() < deadline) {
      const { model, lag } = dataOf(await this.client.GET("/health"), "health");
      if (lag.packets > 0) quietVersion = undefined;
      else if (quietVersion === undefined) quietVersion = model.version;
      else if (model.version > quietVersion || (model.age_seconds ?? 0) > QUIET_SECONDS) {
        if (await this.answersFrom(model.version)) return;
      }
      await sleep(500);
    }
    throw new Error(`the model did not settle in ${SETTLE_SECONDS_MAX} s`);
  }

  private async answersFrom(version: number): Promise<boolean> {
    const answer = await this.client.GET("/v1/trending", { params: { query: { limit: 1 } } });
    return dataOf(answer, "trending").model_version >= version;
  }

  async ask({ train, test }: SessionData): Promise<Record<Policy, Accuracy>> {
    const popularity = popularityRanks(train);
    const tallies = { repeat: new Tally(popularity), new: new Tally(popularity) };
    const order = [...test].sort((a, b) => a.times[0]! - b.times[0]!);
    let next = 0;
    const work = async () => {
      while (next < order.length) {
        const at = next++;
        await this.replay(order[at]!, `test-${at}`, tallies);
      }
    };
    await Promise.all(Array.from({ length: SESSIONS_AT_ONCE }, work));
    return { repeat: tallies.repeat.accuracy, new: tallies.new.accuracy };
  }

  private async replay(session: Session, name: string, tallies: Record<Policy, Tally>): Promise<void> {
    // It happens now: a session whose last event is half an hour old is over, and its products count less.
    const events = this.events(session, name, Date.now() - MARGIN_MS - session.times.at(-1)!);
    for (let seen = 1; seen < session.products.length; seen++) {
      await this.send([events[seen - 1]!]);
      for (const policy of POLICIES) {
        const query = {
          placement: "session",
          anonymous_id: events[0]!.anonymousId,
          limit: LIMIT,
          ...(policy === "new" && { exclude: [session.products[seen - 1]!] }),
        } as const;
        const started = performance.now();
        const answer = await this.client.GET("/v1/recommendations", { params: { query } });
        const elapsedMs = performance.now() - started;
        const { items } = dataOf(answer, "recommendations");
        const list = {
          products: items.map(({ product_id }) => product_id),
          scores: items.map(({ score }) => score),
        };
        tallies[policy].add(list, session.products[seen]!, elapsedMs);
      }
    }
  }

  private events({ products, times }: Session, name: string, shiftMs = this.shiftMs) {
    return products.map((product, at) => ({
      type: "track" as const,
      event: "Product Viewed",
      messageId: `${this.run}-${name}-${at}`,
      anonymousId: `${this.run}-${name}`,
      timestamp: new Date(times[at]! + shiftMs).toISOString(),
      properties: { product_id: product },
    }));
  }

  private async send(batch: readonly Schemas["Message"][]): Promise<void> {
    const answer = await this.client.POST("/v1/batch", { body: { batch: [...batch] } });
    const { accepted, duplicates, rejected } = dataOf(answer, "batch");
    // What a try before this one stored is a duplicate now.
    if (accepted + duplicates !== batch.length) throw new Error(`batch: ${JSON.stringify(rejected)}`);
  }
}

/** A model that stood so long while nothing was on its way has learnt all there is. */
const QUIET_SECONDS = 30;
