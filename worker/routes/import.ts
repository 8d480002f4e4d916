import { CHARACTER_BYTES_MAX } from "../../domain/bytes.ts";
import { analyticsCategoriesOf } from "../../domain/consent.ts";
import {
  IMPORT_BYTES_MAX,
  IMPORT_CHUNK_EVENTS,
  IMPORT_EVENTS_MAX,
  IMPORT_REJECTED_MAX,
} from "../../domain/limits.ts";
import { readItems } from "../body.ts";
import { type ReceivedItem, take } from "../events.ts";
import { type Exchange, json } from "../exchange.ts";
import type { Item } from "../item-scanner.ts";
import { idsOfNameless } from "../nameless.ts";
import { Problem } from "../problem.ts";
import { type MessageSource, parseMessage, type Rejection } from "../schema/message.ts";

/**
 * `POST /v1/import`: history as a JSON array, a batch or NDJSON; times stay as they are. Recorded portion by portion as
 * it comes; a body that turns out to be damaged or too large, or of too many visitors for one request, is refused with
 * what was taken of it until then: the client goes on behind that.
 */
export async function collectImport(exchange: Exchange): Promise<Response> {
  const history = new History(exchange);
  try {
    for await (const item of readItems(exchange.request, IMPORT_BYTES_MAX)) await history.add(item);
    if (history.isEmpty && !history.hasWaiting) {
      throw new Problem("invalid_request", "The body holds no message.");
    }
    await history.flush();
    return json(history.answer());
  } catch (error) {
    if (!(error instanceof Problem) || history.isEmpty) throw error;
    const { taken } = history;
    throw new Problem(
      error.code,
      error.message,
      { ...error.extra, ...history.answer(), taken },
      error.headers,
    );
  }
}

/** An import under way. */
class History {
  private readonly exchange: Exchange;
  private readonly source: MessageSource;
  private readonly nameless: ReturnType<typeof idsOfNameless>;
  private waiting: ReceivedItem[] = [];
  private next = 0;
  /** Messages from the first one on of which it is known what became of them. */
  taken = 0;
  private accepted = 0;
  private duplicates = 0;
  private omitted = 0;
  private readonly rejected: (Rejection & { readonly index: number })[] = [];

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.nameless = idsOfNameless(exchange.request);
    this.source = {
      receivedAt: exchange.now,
      history: true,
      trusted: exchange.access === "secret",
      bodyBytes: Number.POSITIVE_INFINITY,
      userAgent: null,
      analyticsCategories: analyticsCategoriesOf(exchange.env),
    };
  }

  /** Nothing was recorded yet. */
  get isEmpty(): boolean {
    return this.next === this.waiting.length;
  }

  get hasWaiting(): boolean {
    return this.waiting.length > 0;
  }

  async add(item: Item): Promise<void> {
    if (this.next >= IMPORT_EVENTS_MAX) {
      throw new Problem("too_large", `An import must not hold more than ${IMPORT_EVENTS_MAX} messages.`);
    }
    const index = this.next++;
    this.waiting.push({ index, ...this.parse(item, index) });
    if (this.waiting.length >= IMPORT_CHUNK_EVENTS) await this.flush();
  }

  async flush(): Promise<void> {
    const { waiting } = this;
    this.waiting = [];
    const { accepted, duplicates, rejected } = await take(waiting, this.source, this.exchange);
    this.taken += waiting.length;
    this.accepted += accepted;
    this.duplicates += duplicates;
    const told = rejected.slice(0, IMPORT_REJECTED_MAX - this.rejected.length);
    this.rejected.push(...told);
    this.omitted += rejected.length - told.length;
  }

  answer(): Record<string, unknown> {
    const { accepted, duplicates, rejected, omitted } = this;
    return { accepted, duplicates, rejected, ...(omitted > 0 && { rejected_omitted: omitted }) };
  }

  private parse(item: Item, index: number): Omit<ReceivedItem, "index"> {
    if (!("value" in item)) {
      const detail = `is not JSON: ${item.problem}`;
      return { message: item.text, parsed: { code: "invalid_event", message_id: null, path: "", detail } };
    }
    const { value: message, length } = item;
    const source = {
      ...this.source,
      ...(length !== undefined && { bodyBytes: length * CHARACTER_BYTES_MAX }),
    };
    return { message, parsed: parseMessage(message, { ...source, ...this.nameless(message, index) }) };
  }
}
