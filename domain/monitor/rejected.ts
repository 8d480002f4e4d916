import type { EventType } from "../event.ts";
import { jsonText } from "../json-text.ts";
import { EVENT_BYTES_MAX } from "../limits.ts";
import { clip, idsOf } from "./live-event.ts";

/** An event that failed validation, and all that it takes to send it again as if it came now as it came then. */
export interface RejectedEvent {
  /** Unix ms. */
  readonly receivedAt: number;
  /** Stable name of the reason, the field, and what is wrong with it. */
  readonly code: string;
  readonly path: string;
  readonly detail: string;
  readonly messageId: string | null;
  /** The message as JSON. Of one above the bound its beginning, which can only be replaced. */
  readonly message: string;
  readonly cut: boolean;
  /** Whom it names. */
  readonly ids: readonly string[];
  /**
   * Of the request that brought it: `sentAt`, the type told by the path, whether an import, whether by the secret key,
   * `User-Agent`.
   */
  readonly sentAt?: number;
  readonly type?: EventType;
  readonly history: boolean;
  readonly trusted: boolean;
  readonly userAgent?: string;
}

/** One as it is kept: its id tells where. */
export interface KeptRejection extends RejectedEvent {
  readonly id: string;
}

/** The part of a rejected event that is the message. Takes anything. */
export function keptMessage(message: unknown): Pick<RejectedEvent, "message" | "cut" | "ids"> {
  const whole = jsonText(message);
  const json = whole ?? JSON.stringify(clip(message, EVENT_BYTES_MAX).value);
  const cut = whole === undefined || whole.length > EVENT_BYTES_MAX;
  return { message: cut ? json.slice(0, EVENT_BYTES_MAX).toWellFormed() : json, cut, ids: idsOf(message) };
}

/** Place of a rejected event: `<page>-<index>`. */
export interface RejectedPlace {
  readonly page: number;
  readonly index: number;
}

export function rejectedId({ page, index }: RejectedPlace): string {
  return `${page}-${index}`;
}

/** Undefined for what is no id. */
export function rejectedPlace(id: string): RejectedPlace | undefined {
  const found = /^(\d{1,15})-(\d{1,9})$/.exec(id);
  return found === null ? undefined : { page: Number(found[1]), index: Number(found[2]) };
}
