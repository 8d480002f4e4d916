import type { Activity } from "../activity.ts";
import { readActivity, writeActivity } from "../activity-codec.ts";
import { demandOf, SignalSink, stepsOf } from "../activity-signals.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { DemandLine } from "../demand.ts";
import { hash53 } from "../hash.ts";
import { DAY_MS, DEDUP_MESSAGES_MAX, INLINE_ACTIVITIES_BYTES, PROFILE_DAYS } from "../limits.ts";
import { Trail } from "../session.ts";
import { encodeSignals } from "../signal-codec.ts";
import { Profile } from "./profile.ts";

const PAGE_VERSION = 1;

/** What a batch told about products, until combiner and planner have acknowledged it. */
export interface Unsent {
  readonly sequence: number;
  /** `encodeSignals`. */
  readonly signals: Uint8Array;
  readonly demand: readonly DemandLine[];
}

/** Activities moved out of the page into one of their own. */
export interface SegmentEntry {
  readonly id: number;
  /** Time of its newest activity: the segment goes when that is 90 days old. */
  readonly newestAt: number;
}

export interface RecordOutcome {
  readonly outcomes: ("accepted" | "duplicate")[];
  /** What this batch adds to `unsent`. */
  readonly unsent: Unsent | undefined;
  /** Whether the page differs from what was stored. */
  readonly changed: boolean;
}

/** All that is kept of one visitor beside older activities: one row, read and written whole. */
export class ProfilePage {
  profile = new Profile();
  /** Sequence of the last packet made. */
  sequence = 0;
  unsent: Unsent[] = [];
  /** Everything up to here was erased and stays so; 0: never. */
  erasedAt = 0;
  segments: SegmentEntry[] = [];
  private nextSegment = 1;
  /** The latest activities, encoded back to back. */
  private inline: Uint8Array = new Uint8Array(0);
  private inlineCount = 0;
  private inlineNewestAt = 0;
  /** Hashes of messages in the order they came; the oldest is overwritten. */
  private ring: number[] = [];
  private ringNext = 0;
  private readonly seen = new Set<number>();

  /** Takes a batch: each message once, the old ones as history, what was erased not at all. */
  record(activities: readonly Activity[], now: number): RecordOutcome {
    const outcomes: ("accepted" | "duplicate")[] = [];
    const oldest = now - PROFILE_DAYS * DAY_MS;
    const current: Activity[] = [];
    const history: Activity[] = [];
    const sink = new SignalSink();
    const demand: DemandLine[] = [];
    for (const activity of activities) {
      const hash = hash53(activity.messageId);
      if (activity.at <= this.erasedAt || this.seen.has(hash)) {
        outcomes.push("duplicate");
        continue;
      }
      this.remember(hash);
      outcomes.push("accepted");
      (activity.at < oldest ? history : current).push(activity);
      sink.activity(activity);
      for (const line of demandOf(activity)) demand.push(line);
    }
    if (current.length + history.length === 0) return { outcomes, unsent: undefined, changed: false };
    this.profile.fold(current, sink);
    // History has no trail to go on from: what it teaches stays within its batch.
    if (history.length > 0) takeHistory(history, sink);
    this.append(current);
    let unsent: Unsent | undefined;
    if (!sink.isEmpty || demand.length > 0) {
      unsent = { sequence: ++this.sequence, signals: encodeSignals(sink.signals()), demand };
      this.unsent.push(unsent);
    }
    return { outcomes, unsent, changed: true };
  }

  /** Forgets packets that were counted. Returns whether there were any. */
  acknowledge(sequences: readonly number[]): boolean {
    const before = this.unsent.length;
    this.unsent = this.unsent.filter(({ sequence }) => !sequences.includes(sequence));
    return this.unsent.length < before;
  }

  /** Nothing was ever recorded here. */
  get isNew(): boolean {
    return this.ring.length === 0 && this.erasedAt === 0;
  }

  get unsentBytes(): number {
    return this.unsent.reduce((sum, { signals, demand }) => sum + signals.length + demand.length * 64, 0);
  }

  /** Whether the activities kept here are enough for a page of their own. */
  get wantsSegment(): boolean {
    return this.inline.length >= INLINE_ACTIVITIES_BYTES;
  }

  get hasInline(): boolean {
    return this.inlineCount > 0;
  }

  /** Moves the activities kept here into a segment that the caller stores together with the page. */
  cutSegment(): { id: number; body: Uint8Array } {
    const writer = new ByteWriter(this.inline.length + 16);
    writer.u8(PAGE_VERSION);
    writer.varint(this.inlineCount);
    writer.raw(this.inline);
    const id = this.nextSegment++;
    this.segments.push({ id, newestAt: this.inlineNewestAt });
    this.inline = new Uint8Array(0);
    this.inlineCount = 0;
    this.inlineNewestAt = 0;
    return { id, body: writer.bytes() };
  }

  /** Takes segments out whose activities are all older than 90 days; the caller deletes them. */
  expireSegments(now: number): number[] {
    const oldest = now - PROFILE_DAYS * DAY_MS;
    const gone = this.segments.filter(({ newestAt }) => newestAt < oldest).map(({ id }) => id);
    this.segments = this.segments.filter(({ newestAt }) => newestAt >= oldest);
    return gone;
  }

  inlineActivities(): Activity[] {
    return readActivities(new ByteReader(this.inline), this.inlineCount);
  }

  /**
   * Forgets everything but up to when it was erased and the hashes of the messages it knew, so that late retries stay
   * forgotten, and the sequence, so that packets stay distinct.
   */
  erased(now: number): ProfilePage {
    const page = new ProfilePage();
    page.ring = [...this.ring];
    page.ringNext = this.ringNext;
    for (const hash of page.ring) page.seen.add(hash);
    page.sequence = this.sequence;
    page.erasedAt = now;
    page.nextSegment = this.nextSegment;
    return page;
  }

  encode(): Uint8Array {
    const writer = new ByteWriter(2048 + this.inline.length + this.ring.length * 8);
    writer.u8(PAGE_VERSION);
    writer.varint(this.erasedAt);
    writer.varint(this.sequence);
    writer.varint(this.unsent.length);
    for (const { sequence, signals, demand } of this.unsent) {
      writer.varint(sequence);
      writer.blob(signals);
      writer.varint(demand.length);
      for (const line of demand) writeDemand(writer, line);
    }
    writer.varint(this.nextSegment);
    writer.varint(this.segments.length);
    for (const { id, newestAt } of this.segments) {
      writer.varint(id);
      writer.varint(newestAt);
    }
    writer.varint(this.inlineCount);
    writer.varint(this.inlineNewestAt);
    writer.blob(this.inline);
    writer.varint(this.ringNext);
    writer.varint(this.ring.length);
    writer.raw(new Uint8Array(Float64Array.from(this.ring).buffer));
    this.profile.write(writer);
    return writer.bytes();
  }

  /** Throws RangeError on bytes of another version. */
  static decode(bytes: Uint8Array): ProfilePage {
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version !== PAGE_VERSION) throw new RangeError(`profile page of unknown version ${version}`);
    const page = new ProfilePage();
    page.erasedAt = reader.varint();
    page.sequence = reader.varint();
    for (let n = reader.varint(); n > 0; n--) {
      const sequence = reader.varint();
      const signals = reader.blob().slice();
      const demand: DemandLine[] = [];
      for (let m = reader.varint(); m > 0; m--) demand.push(readDemand(reader));
      page.unsent.push({ sequence, signals, demand });
    }
    page.nextSegment = reader.varint();
    for (let n = reader.varint(); n > 0; n--)
      page.segments.push({ id: reader.varint(), newestAt: reader.varint() });
    page.inlineCount = reader.varint();
    page.inlineNewestAt = reader.varint();
    page.inline = reader.blob().slice();
    page.ringNext = reader.varint();
    const hashes = reader.raw(reader.varint() * 8).slice();
    page.ring = [...new Float64Array(hashes.buffer)];
    for (const hash of page.ring) page.seen.add(hash);
    page.profile.read(reader);
    return page;
  }

  private append(activities: readonly Activity[]): void {
    if (activities.length === 0) return;
    const writer = new ByteWriter(this.inline.length + activities.length * 96);
    writer.raw(this.inline);
    for (const activity of activities) {
      writeActivity(writer, activity);
      if (activity.at > this.inlineNewestAt) this.inlineNewestAt = activity.at;
    }
    this.inline = writer.bytes();
    this.inlineCount += activities.length;
  }

  private remember(hash: number): void {
    this.seen.add(hash);
    if (this.ring.length < DEDUP_MESSAGES_MAX) {
      this.ring.push(hash);
      return;
    }
    this.seen.delete(this.ring[this.ringNext]!);
    this.ring[this.ringNext] = hash;
    this.ringNext = (this.ringNext + 1) % DEDUP_MESSAGES_MAX;
  }
}

/** Activities of a stored segment. */
export function decodeSegment(body: Uint8Array): Activity[] {
  const reader = new ByteReader(body);
  const version = reader.u8();
  if (version !== PAGE_VERSION) throw new RangeError(`activity segment of unknown version ${version}`);
  return readActivities(reader, reader.varint());
}

function readActivities(reader: ByteReader, count: number): Activity[] {
  return Array.from({ length: count }, () => readActivity(reader));
}

function takeHistory(history: readonly Activity[], sink: SignalSink): void {
  const times = history.map(({ at }) => at);
  new Trail().take(times, history.flatMap(stepsOf), sink);
}

function writeDemand(writer: ByteWriter, { orderId, sku, units, at, price }: DemandLine): void {
  writer.text(orderId);
  writer.text(sku);
  writer.f64(units);
  writer.varint(at);
  writer.f64(price ?? Number.NaN);
}

function readDemand(reader: ByteReader): DemandLine {
  const line = { orderId: reader.text(), sku: reader.text(), units: reader.f64(), at: reader.varint() };
  const price = reader.f64();
  return Number.isNaN(price) ? line : { ...line, price };
}
