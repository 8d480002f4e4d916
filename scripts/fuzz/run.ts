// A run of the fuzzer against a running service.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type Described, describedOperations, lookUps } from "./description.ts";
import { type FuzzKeys, type FuzzRequest, fuzzRequests, MARK, rendered } from "./requests.ts";
import { Sender } from "./send.ts";
import { faults } from "./verify.ts";

/** Searches at a time, each with a seed of its own. */
const LANES = 4;
/** Names that requests store things under: each is an object, which plain workerd keeps open for ten seconds. */
const NAMES = 300;
const GOOD_EVENT_EVERY = 500;
/** Refused requests that are sent again, each under a fresh name, to see that nothing is stored under it. */
const REFUSALS_MAX = 300;
const REFUSED = new Set([400, 413, 415, 422]);

export interface FuzzOptions {
  readonly url: string;
  readonly keys: FuzzKeys;
  /** Of workerd, to measure its memory. */
  readonly pid: number;
  readonly requests: number;
  readonly seed: number;
  /** Told now and then: requests sent, and workerd's memory. */
  onProgress?(requests: number, memoryMb: number): void;
}

export interface FuzzReport {
  readonly requests: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly seconds: number;
  /** Of workerd: before the first request, at most, and after the last. */
  readonly memoryMb: { readonly before: number; readonly peak: number; readonly after: number };
  readonly goodEvents: number;
  /** Refused requests sent again under fresh names, none of which stored anything. */
  readonly refusals: number;
}

/** @throws with the smallest request that was found to go wrong, its seed and path, and what went wrong. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  return new Run(options).all();
}

class Run {
  private readonly options: FuzzOptions;
  private readonly sender: Sender;
  private readonly operations: Described[];
  private readonly statuses: Record<number, number> = {};
  private readonly refused: FuzzRequest[] = [];
  private readonly name = `f${Date.now().toString(36)}`;
  private sent = 0;
  private goodEvents = 0;
  private peakMb = 0;

  constructor(options: FuzzOptions) {
    this.options = options;
    this.sender = new Sender(options.url);
    this.operations = describedOperations();
  }

  async all(): Promise<FuzzReport> {
    const began = performance.now();
    const before = this.memory();
    try {
      await Promise.all(Array.from({ length: LANES }, (_, lane) => this.search(lane)));
      await this.goodEvent();
      const refusals = await this.refuseAgain();
      const after = this.memory();
      return {
        requests: this.sent,
        statuses: this.statuses,
        seconds: (performance.now() - began) / 1000,
        memoryMb: { before, peak: this.peakMb, after },
        goodEvents: this.goodEvents,
        refusals,
      };
    } finally {
      this.sender.close();
    }
  }

  private async search(lane: number): Promise<void> {
    const seed = this.options.seed * LANES + lane;
    const numRuns = Math.ceil(this.options.requests / LANES);
    const result = await fc.check(
      fc.asyncProperty(fuzzRequests(this.operations), (request) => this.one(request)),
      { numRuns, seed, endOnFailure: false },
    );
    if (!result.failed) return;
    const [request] = result.counterexample ?? [];
    const { errorInstance } = result;
    const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    throw new Error(
      `${why}\n\nThe smallest such request found (--seed ${this.options.seed}, lane ${lane}, path ${result.counterexamplePath}):\n${request ? shown(request) : "none"}`,
    );
  }

  private async one(request: FuzzRequest): Promise<void> {
    const at = this.sent++;
    const reply = await this.sender.send(this.render(request, `${this.name}-${at % NAMES}`));
    this.statuses[reply.status] = (this.statuses[reply.status] ?? 0) + 1;
    const found = faults(request, reply);
    if (found.length > 0) throw new Error(found.join("\n"));
    if (REFUSED.has(reply.status) && at % 10 === 0 && this.refused.length < REFUSALS_MAX) {
      if (JSON.stringify(request).includes(MARK)) this.refused.push(request);
    }
    if (at % GOOD_EVENT_EVERY === 0) {
      await this.goodEvent();
      this.options.onProgress?.(at, this.memory());
    }
  }

  /** Whatever was sent before it: a good event is taken and shows. */
  private async goodEvent(): Promise<void> {
    const visitor = `${this.name}-good-${this.goodEvents++}`;
    const body = JSON.stringify({
      messageId: visitor,
      event: "Product Viewed",
      anonymousId: visitor,
      properties: { product_id: "good" },
    });
    const authorization = `Bearer ${this.options.keys.secretKey}`;
    const answer = await this.sender.send({
      method: "POST",
      path: "/v1/track",
      headers: { authorization },
      body: Buffer.from(body),
    });
    const shown = await this.sender.send({
      method: "GET",
      path: `/v1/users/${visitor}`,
      headers: { authorization },
    });
    if (!answer.text.includes('"accepted":1') || !shown.text.includes('"views":1')) {
      throw new Error(
        `a good event is not taken any more: ${answer.text.slice(0, 300)} ${shown.text.slice(0, 300)}`,
      );
    }
  }

  /** Sends refused requests again, each under a name that nobody used: afterwards nothing may be stored under it. */
  private async refuseAgain(): Promise<number> {
    const headers = { authorization: `Bearer ${this.options.keys.secretKey}` };
    const places = lookUps(this.operations);
    for (const [i, request] of this.refused.entries()) {
      const mark = `${this.name}-refused-${i}`;
      const { status } = await this.sender.send(this.render(request, mark));
      if (!REFUSED.has(status)) continue;
      for (const place of places) {
        const seen = await this.sender.send({
          method: "GET",
          path: place.replace(/\{\w+\}/, mark),
          headers,
        });
        if (seen.status !== 404) {
          throw new Error(
            `refused with ${status}, and yet ${place} answers ${seen.status}:\n${shown(request)}`,
          );
        }
      }
    }
    return this.refused.length;
  }

  private render(request: FuzzRequest, mark: string) {
    return rendered(request, mark, this.options.keys);
  }

  private memory(): number {
    const status = readFileSync(`/proc/${this.options.pid}/status`, "utf8");
    const mb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    this.peakMb = Math.max(this.peakMb, mb);
    return mb;
  }
}

const SHOWN_CHARACTERS_MAX = 2_000;

function shown({ operation, ...request }: FuzzRequest): string {
  const text = JSON.stringify({ route: `${operation.method} ${operation.path}`, ...request }, null, 2);
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)} ...`;
}
