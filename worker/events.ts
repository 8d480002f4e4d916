import type { ActivityKind } from "../domain/activity.ts";
import { refusesAnalytics, speaksOfConsent, withoutVisitor } from "../domain/consent.ts";
import { kindOf, toActivity } from "../domain/ecommerce.ts";
import { isRecord } from "../domain/is-record.ts";
import { LIVE_EVENTS_PER_SECOND_MAX, USER_AGENT_CHARACTERS_MAX } from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import { sampleOf } from "../domain/monitor/live-event.ts";
import { keptMessage, type RejectedEvent } from "../domain/monitor/rejected.ts";
import { MONITOR_NAME } from "../domain/object-names.ts";
import { outOfCalls } from "./calls.ts";
import type { Exchange } from "./exchange.ts";
import { observeEvents } from "./observe.ts";
import { Problem, retryAfter } from "./problem.ts";
import { record } from "./record.ts";
import { isRejection, type MessageSource, type Rejection, type ValidEvent } from "./schema/message.ts";

const BUSY_RETRY_SECONDS = 1;

/** A message that passed validation, as it was sent. */
export interface ReceivedEvent extends ValidEvent {
  readonly message: unknown;
}

/** Records events with their visitors and lets the monitor know. Their outcomes, in order. @throws Problem as `record`. */
export async function recordEvents(
  events: readonly ReceivedEvent[],
  exchange: Exchange,
): Promise<("accepted" | "duplicate")[]> {
  const activities = events.map(({ identity, event }) => ({
    activity: toActivity(event),
    ...(identity !== undefined && { identity }),
  }));
  const outcomes = await record(activities, exchange);
  const seen = events.map(({ message, identity, event }, i) => {
    const visitor = event.anonymousId ?? event.userId;
    return {
      receivedAt: exchange.now,
      message: identity === undefined ? withoutVisitor(message) : message,
      type: event.type,
      activity: activities[i]!.activity,
      ...(visitor !== undefined && { visitor }),
      outcome: outcomes[i]!,
      bot: event.bot,
    };
  });
  observeEvents(seen, exchange);
  return outcomes;
}

/** A message of a request, as it was sent, and what validation made of it. */
export interface ReceivedItem {
  readonly index: number;
  readonly message: unknown;
  readonly parsed: ValidEvent | Rejection;
}

/** What became of a request's events; `rejected` says why and where. */
export interface CollectAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly (Rejection & { readonly index: number })[];
}

/** Records what passed and keeps what did not. @throws Problem 503: send all of it again, nothing counts twice; 413. */
export async function take(
  items: readonly ReceivedItem[],
  source: MessageSource,
  exchange: Exchange,
): Promise<CollectAnswer> {
  const events: ReceivedEvent[] = [];
  const failed: RejectedMessage[] = [];
  const rejected: (Rejection & { index: number })[] = [];
  for (const { index, message, parsed } of items) {
    if (isRejection(parsed)) {
      rejected.push({ index, ...parsed });
      failed.push({ message: withoutRefuser(message, source), rejection: parsed });
    } else {
      events.push({ message, ...parsed });
    }
  }
  const [outcomes] = await Promise.all([
    recordEvents(events, exchange),
    keepRejected(failed, source, exchange),
  ]);
  const accepted = outcomes.filter((outcome) => outcome === "accepted").length;
  return { accepted, duplicates: outcomes.length - accepted, rejected };
}

/**
 * Of who refused analytics nothing is kept that tells who it is, also of a message that did not pass. Of what is no
 * message and speaks of consent nothing is: what it says cannot be known.
 */
function withoutRefuser(message: unknown, { analyticsCategories }: MessageSource): unknown {
  if (!isRecord(message)) return speaksOfConsent(message) ? null : message;
  return refusesAnalytics(message["context"], analyticsCategories) ? withoutVisitor(message) : message;
}

/** A message that did not pass, as it was sent. */
interface RejectedMessage {
  readonly message: unknown;
  readonly rejection: Rejection;
}

/**
 * Keeps what failed validation, so that it can be sent again: durable when this returns.
 *
 * @throws Problem 503 when it could not be kept: the client sends all of it again, nothing counts twice.
 */
async function keepRejected(
  rejected: readonly RejectedMessage[],
  source: MessageSource,
  { env, calls }: Exchange,
): Promise<void> {
  if (rejected.length === 0) return;
  calls.made();
  const { receivedAt, history, trusted, sentAt, type } = source;
  const userAgent = source.userAgent?.slice(0, USER_AGENT_CHARACTERS_MAX);
  const events = rejected.map(
    ({ message, rejection }): RejectedEvent => ({
      receivedAt,
      code: rejection.code,
      path: rejection.path,
      detail: rejection.detail,
      messageId: rejection.message_id,
      ...keptMessage(message),
      history,
      trusted,
      ...(sentAt !== undefined && { sentAt }),
      ...(type !== undefined && { type }),
      ...(userAgent !== undefined && { userAgent }),
    }),
  );
  const samples = rejected
    .slice(0, LIVE_EVENTS_PER_SECOND_MAX)
    .map(({ message }) =>
      sampleOf({ receivedAt, message, kind: kindGuess(message), outcome: "rejected", bot: false, type }),
    );
  try {
    await env.EVENT_MONITOR.getByName(MONITOR_NAME).reject({ events, samples });
  } catch (error) {
    console.error(logEntry("rejected events could not be kept", error));
    const problem = outOfCalls(error);
    if (problem !== undefined) throw problem;
    throw new Problem(
      "unavailable",
      "Not every event could be taken; send the request again, nothing counts twice.",
      {},
      retryAfter(BUSY_RETRY_SECONDS),
    );
  }
}

/** What it would have been, by its name. */
function kindGuess(message: unknown): ActivityKind {
  const name =
    typeof message === "object" && message !== null && "event" in message ? message.event : undefined;
  return typeof name === "string" ? kindOf(name.slice(0, 512)) : "other";
}
