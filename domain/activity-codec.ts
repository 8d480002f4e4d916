import { ACTIVITY_KINDS, type Activity, type ActivityLine } from "./activity.ts";
import { ByteReader, type ByteWriter, bytesOf, CHARACTER_BYTES_MAX } from "./bytes.ts";

const VERSION = 1;
const TEXTS = ["orderId", "currency", "detail"] as const;
const VALUE_BIT = 1 << TEXTS.length;
const SILENT_BIT = VALUE_BIT << 1;
const BY_BIT = SILENT_BIT << 1;
const LINE_TEXTS = ["name", "category", "brand", "imageUrl", "url"] as const;
const PRICE_BIT = 1 << LINE_TEXTS.length;
const SKU_BIT = PRICE_BIT << 1;

/** What an activity or a line takes beside its texts: numbers, lengths and which of them are given. */
const FIXED_BYTES = 48;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Activities on their way to a profile, as its segments store them. */
export function encodeActivities(activities: readonly Activity[]): Uint8Array {
  return bytesOf((writer) => {
    writeHead(writer, activities.length);
    for (const activity of activities) writeActivity(writer, activity);
  });
}

/** No activity takes more bytes than this says; it may be three times what it takes. */
export function activityBytesMax({ messageId, name, orderId, currency, detail, lines }: Activity): number {
  let characters = messageId.length + name.length + lengthOf(orderId) + lengthOf(currency) + lengthOf(detail);
  for (const line of lines) {
    characters += line.productId.length + line.sku.length;
    for (const field of LINE_TEXTS) characters += lengthOf(line[field]);
  }
  return FIXED_BYTES * (1 + lines.length) + CHARACTER_BYTES_MAX * characters;
}

function lengthOf(text: string | undefined): number {
  return text === undefined ? 0 : text.length;
}

/** What stands before so many activities. */
export function writeHead(writer: ByteWriter, count: number): void {
  writer.u8(VERSION);
  writer.varint(count);
}

/** Throws RangeError on bytes of another version. */
export function decodeActivities(bytes: Uint8Array): Activity[] {
  const reader = new ByteReader(bytes);
  return readActivities(reader, readHead(reader));
}

/** What `encodeActivities` wrote without its head: a view. Throws as `decodeActivities`. */
export function encodedBody(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  readHead(reader);
  return reader.rest();
}

function readHead(reader: ByteReader): number {
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`activities of unknown version ${version}`);
  return reader.varint();
}

export function readActivities(reader: ByteReader, count: number): Activity[] {
  return Array.from({ length: count }, () => readActivity(reader));
}

/** One activity, readable back to back with others. */
export function writeActivity(writer: ByteWriter, activity: Activity): void {
  let given =
    (activity.value === undefined ? 0 : VALUE_BIT) |
    (activity.silent ? SILENT_BIT : 0) |
    (activity.by === undefined ? 0 : BY_BIT);
  TEXTS.forEach((field, i) => {
    if (activity[field] !== undefined) given |= 1 << i;
  });
  writer.varint(given);
  writer.text(activity.messageId);
  writer.varint(activity.at);
  writer.varint(ACTIVITY_KINDS.indexOf(activity.kind));
  writer.text(activity.name);
  for (const field of TEXTS) {
    const text = activity[field];
    if (text !== undefined) writer.text(text);
  }
  if (activity.value !== undefined) writer.f64(activity.value);
  if (activity.by !== undefined) writer.varint(activity.by);
  writer.varint(activity.lines.length);
  for (const line of activity.lines) writeLine(writer, line);
}

function writeLine(writer: ByteWriter, line: ActivityLine): void {
  let given = (line.price === undefined ? 0 : PRICE_BIT) | (line.sku === line.productId ? 0 : SKU_BIT);
  LINE_TEXTS.forEach((field, i) => {
    if (line[field] !== undefined) given |= 1 << i;
  });
  writer.varint(given);
  writer.text(line.productId);
  if (given & SKU_BIT) writer.text(line.sku);
  writer.f64(line.quantity);
  for (const field of LINE_TEXTS) {
    const text = line[field];
    if (text !== undefined) writer.text(text);
  }
  if (line.price !== undefined) writer.f64(line.price);
}

export function readActivity(reader: ByteReader): Activity {
  const given = reader.varint();
  const activity: Mutable<Activity> = {
    messageId: reader.text(),
    at: reader.varint(),
    kind: ACTIVITY_KINDS[reader.varint()] ?? "other",
    name: reader.text(),
    lines: [],
  };
  TEXTS.forEach((field, i) => {
    if (given & (1 << i)) activity[field] = reader.text();
  });
  if (given & VALUE_BIT) activity.value = reader.f64();
  if (given & SILENT_BIT) activity.silent = true;
  if (given & BY_BIT) activity.by = reader.varint();
  const lines: ActivityLine[] = [];
  for (let n = reader.varint(); n > 0; n--) lines.push(readLine(reader));
  activity.lines = lines;
  return activity;
}

function readLine(reader: ByteReader): ActivityLine {
  const given = reader.varint();
  const productId = reader.text();
  const sku = given & SKU_BIT ? reader.text() : productId;
  const line: Mutable<ActivityLine> = { productId, sku, quantity: reader.f64() };
  LINE_TEXTS.forEach((field, i) => {
    if (given & (1 << i)) line[field] = reader.text();
  });
  if (given & PRICE_BIT) line.price = reader.f64();
  return line;
}
