import { CLOCK_SKEW_MS } from "./limits.ts";

export const EVENT_TYPES = ["track", "page", "screen", "identify", "alias", "group"] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** A Segment message that passed validation. Its properties are still whatever the shop put in. */
export interface ShopEvent {
  readonly type: EventType;
  readonly messageId: string;
  /** Name of a track call, or of the page or screen. */
  readonly name: string;
  /** Corrected time, Unix ms. */
  readonly at: number;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Made by a bot: kept, but nothing is learnt from it. */
  readonly bot: boolean;
}

export interface EventTimes {
  /** Unix ms; absent where the message does not say. */
  readonly originalTimestamp?: number;
  readonly timestamp?: number;
  readonly sentAt?: number;
  readonly receivedAt: number;
}

/**
 * When an event happened: `receivedAt - (sentAt - originalTimestamp)` where the sender's clock is off by more than a
 * minute, else as told; never in the future. Segment, "Clock skew". Where no time is told it happens now.
 */
export function correctTimestamp({ originalTimestamp, timestamp, sentAt, receivedAt }: EventTimes): number {
  const told = timestamp ?? originalTimestamp;
  if (told === undefined) return receivedAt;
  const skewed = sentAt !== undefined && Math.abs(receivedAt - sentAt) > CLOCK_SKEW_MS;
  const at = skewed ? receivedAt - (sentAt - (originalTimestamp ?? told)) : told;
  return Math.max(0, Math.min(Math.round(at), receivedAt));
}
