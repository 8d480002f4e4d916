import type { ActivityKind } from "../activity.ts";
import { isRecord } from "../is-record.ts";
import { plainText } from "../json-text.ts";
import { EVENT_BYTES_MAX, LIVE_MESSAGE_BYTES_MAX } from "../limits.ts";

/** What became of an event, as the live view shows it. */
export interface LiveEvent {
  readonly received_at: string;
  readonly message_id: string | null;
  readonly type: string | null;
  readonly event: string | null;
  readonly visitor: { readonly user_id?: string; readonly anonymous_id?: string };
  readonly kind: ActivityKind;
  readonly outcome: "accepted" | "duplicate" | "rejected";
  readonly bot: boolean;
  /** Name of the library that sent it. */
  readonly library: string | null;
  /** The message as sent, at most LIVE_MESSAGE_BYTES_MAX of it as JSON. */
  readonly message: unknown;
  /** Beside a message that was cut. */
  readonly truncated?: true;
}

/** A live event as it is kept and sent: JSON, and whose it is, so that it can be forgotten. */
export interface Sample {
  /** Unix ms. */
  readonly receivedAt: number;
  /** Ids of people in it. */
  readonly ids: readonly string[];
  readonly json: string;
}

export interface SampledEvent {
  readonly receivedAt: number;
  /** As sent. */
  readonly message: unknown;
  readonly kind: ActivityKind;
  readonly outcome: LiveEvent["outcome"];
  readonly bot: boolean;
  /** Told by the path where the message does not. */
  readonly type?: string | undefined;
}

/** One event as sample; takes anything for a message. */
export function sampleOf({ receivedAt, message, kind, outcome, bot, type }: SampledEvent): Sample {
  const given = isRecord(message) ? message : {};
  const userId = idOf(given["userId"]);
  const anonymousId = idOf(given["anonymousId"]);
  const context = isRecord(given["context"]) ? given["context"] : {};
  const library = isRecord(context["library"]) ? context["library"]["name"] : undefined;
  const { value, cut } = clip(message, LIVE_MESSAGE_BYTES_MAX);
  const event: LiveEvent = {
    received_at: new Date(receivedAt).toISOString(),
    message_id: shortText(given["messageId"]),
    type: type ?? shortText(given["type"]),
    event: shortText(given["event"]) ?? shortText(given["name"]),
    visitor: {
      ...(userId !== undefined && { user_id: userId }),
      ...(anonymousId !== undefined && { anonymous_id: anonymousId }),
    },
    kind,
    outcome,
    bot,
    library: shortText(library),
    message: value,
    ...(cut && { truncated: true }),
  };
  return { receivedAt, ids: idsOf(message), json: JSON.stringify(event) };
}

/** Whoever a message names: what an erasure looks for. Of what is no message, what its text seems to name. */
export function idsOf(message: unknown): string[] {
  if (!isRecord(message)) return idsInText(plainText(message));
  return ["userId", "anonymousId", "previousId"]
    .map((field) => idOf(message[field]))
    .filter((id) => id !== undefined);
}

/** A field that names somebody and its value: in quotes (the last may be missing), or bare. */
const NAMING = /["']?\b(?:userId|anonymousId|previousId)["']?\s*[:=]\s*(?:"([^"]*)|'([^']*)|([^\s"',}\]]+))/g;

function idsInText(text: string): string[] {
  const ids = new Set<string>();
  for (const [, double, single, bare] of text.slice(0, EVENT_BYTES_MAX).matchAll(NAMING)) {
    const id = idOf(double ?? single ?? bare);
    if (id !== undefined) ids.add(id);
  }
  return [...ids];
}

/** What the platform keeps aside is shown last, and is cut first. */
const LAST = ["context", "integrations", "_metadata"];
const DEPTH_MAX = 8;
const encoder = new TextEncoder();

/** As much of a JSON value as fits into so many bytes of JSON: fields, items and texts are left out from the end. */
export function clip(value: unknown, bytesMax: number): { value: unknown; cut: boolean } {
  const budget = { bytes: bytesMax, cut: false };
  const clipped = take(value, budget, 0);
  return { value: clipped === undefined ? null : clipped, cut: budget.cut };
}

function take(value: unknown, budget: { bytes: number; cut: boolean }, depth: number): unknown {
  if (typeof value === "string") return takeText(value, budget);
  if (typeof value !== "object" || value === null) {
    budget.bytes -= bytesOf(value);
    return budget.bytes < 0 ? left(budget) : value;
  }
  budget.bytes -= 2;
  if (budget.bytes < 0 || depth >= DEPTH_MAX) return left(budget);
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      budget.bytes -= 1;
      const taken = budget.bytes <= 0 ? left(budget) : take(item, budget, depth + 1);
      if (taken === undefined) break;
      items.push(taken);
    }
    return items;
  }
  const fields: [string, unknown][] = [];
  const names = Object.keys(value);
  if (depth === 0) names.sort((a, b) => Number(LAST.includes(a)) - Number(LAST.includes(b)));
  for (const name of names) {
    budget.bytes -= bytesOf(name) + 2;
    const field = (value as Record<string, unknown>)[name];
    const taken = budget.bytes <= 0 ? left(budget) : take(field, budget, depth + 1);
    if (taken === undefined) break;
    fields.push([name, taken]);
  }
  return Object.fromEntries(fields);
}

function takeText(text: string, budget: { bytes: number; cut: boolean }): string | undefined {
  const bytes = bytesOf(text);
  if (bytes <= budget.bytes) {
    budget.bytes -= bytes;
    return text;
  }
  // A character is at most 6 bytes of JSON (a \u escape): what is kept surely fits.
  const kept = text.slice(0, Math.max(0, Math.floor((budget.bytes - 2) / 6))).toWellFormed();
  budget.bytes = 0;
  budget.cut = true;
  return kept;
}

function left(budget: { cut: boolean }): undefined {
  budget.cut = true;
}

function bytesOf(value: unknown): number {
  return encoder.encode(JSON.stringify(value) ?? "").length;
}

function idOf(value: unknown): string | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const id = String(value).trim().toWellFormed();
  return id === "" ? undefined : id.slice(0, 256);
}

function shortText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, 256).toWellFormed() : null;
}
