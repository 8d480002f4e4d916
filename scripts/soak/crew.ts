// Those who send: each repeats what was not acknowledged, as it is, until it is.
import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "./shop.ts";

const REQUEST_SECONDS_MAX = 20;
const WAIT_MS = 100;
const WAIT_MS_MAX = 2_000;

/** Where the service is at the moment: it comes back elsewhere after a crash. */
export interface Target {
  url: string;
  readonly writeKey: string;
  readonly secretKey: string;
}

export interface Tally {
  requests: number;
  /** Events of requests that were answered with success, each request once. */
  acknowledged: number;
  /** What such answers called new, and known: a repeat may be either when its first answer was lost. */
  accepted: number;
  duplicates: number;
  /** Requests without an answer: cut off, refused by the machine, too slow. */
  unanswered: number;
  /** Answers by status that did not acknowledge. */
  readonly refused: Map<number, number>;
  /** Answers that must not be: 4xx, events not accounted for. */
  readonly wrong: string[];
}

export class Crew {
  readonly tally: Tally = {
    requests: 0,
    acknowledged: 0,
    accepted: 0,
    duplicates: 0,
    unanswered: 0,
    refused: new Map(),
    wrong: [],
  };
  private readonly target: Target;
  private readonly lanes = new Map<string, Promise<void>>();
  private readonly repeats: () => "no" | "after" | "beside";

  /** @param repeats whether a request is also sent a second time, though nothing failed. */
  constructor(target: Target, repeats: () => "no" | "after" | "beside") {
    this.target = target;
    this.repeats = repeats;
  }

  /** Until it is acknowledged; works of a lane one after another. */
  async send(work: Work): Promise<void> {
    if (work.lane === undefined) return this.insist(work);
    const before = this.lanes.get(work.lane) ?? Promise.resolve();
    const mine = before.then(() => this.insist(work));
    this.lanes.set(work.lane, mine);
    await mine;
    if (this.lanes.get(work.lane) === mine) this.lanes.delete(work.lane);
  }

  private async insist(work: Work): Promise<void> {
    const repeat = this.repeats();
    const tries = repeat === "beside" ? [this.until(work), this.until(work)] : [this.until(work)];
    await Promise.all(tries);
    if (repeat === "after") await this.until(work);
    this.tally.acknowledged += work.events ?? 0;
  }

  private async until(work: Work): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      if (await this.once(work)) return;
      await sleep(Math.min(WAIT_MS * 2 ** attempt, WAIT_MS_MAX));
    }
  }

  /** @returns whether nothing more is to be done. */
  private async once({ method, path, body, headers, key, events, repeated }: Work): Promise<boolean> {
    const { tally, target } = this;
    tally.requests++;
    let status: number;
    let text: string;
    try {
      const response = await fetch(target.url + path, {
        method,
        headers: {
          authorization: `Bearer ${key === "write" ? target.writeKey : target.secretKey}`,
          "content-type": "application/json",
          ...headers,
        },
        body,
        signal: AbortSignal.timeout(REQUEST_SECONDS_MAX * 1000),
      });
      status = response.status;
      text = await response.text();
    } catch {
      tally.unanswered++;
      return false;
    }
    if (status >= 500 || status === 429) {
      tally.refused.set(status, (tally.refused.get(status) ?? 0) + 1);
      return false;
    }
    if (status === repeated) return true;
    if (status >= 300) {
      tally.wrong.push(`${path}: ${status} ${text.slice(0, 300)}`);
      return true;
    }
    if (events === undefined) return true;
    const { accepted, duplicates } = JSON.parse(text) as { accepted: number; duplicates: number };
    tally.accepted += accepted;
    tally.duplicates += duplicates;
    if (accepted + duplicates !== events) {
      tally.wrong.push(`${path}: ${events} events sent, answered ${text.slice(0, 300)}`);
    }
    return true;
  }
}
