import type { Activity } from "../activity.ts";
import { decodeActivities } from "../activity-codec.ts";
import { cancelledOf, demandOf, SignalSink, stepsOf } from "../activity-signals.ts";
import { ByteReader, ByteWriter, CHARACTER_BYTES_MAX } from "../bytes.ts";
import type { CancelledLine, DemandLine } from "../demand.ts";
import { hash53 } from "../hash.ts";
import { DAY_MS, DEDUP_MESSAGES_MAX, INLINE_ACTIVITIES_BYTES, PROFILE_DAYS } from "../limits.ts";
import { MessageRing } from "../message-ring.ts";
import { Trail } from "../session.ts";
import { encodeSignals } from "../signal-codec.ts";
import { SignalAccumulator } from "../signal-merge.ts";
import { isAnonymous } from "../visitor-name.ts";
import { ActivityLog } from "./activity-log.ts";
import { type JoinedId, JoinedIds } from "./joined-ids.ts";
import type { PageBatch } from "./page-batch.ts";
import { Profile } from "./profile.ts";
import { readUnsent, type Unsent, writeUnsent } from "./unsent.ts";

/** Before 4 an order's lines and value were always told together; 3 is read as such. */
const PAGE_VERSION = 4;
/** The first one: without a generation. */
const PAGE_VERSION_FIRST = 2;

/** What a line of demand takes beside its texts. */
const LINE_BYTES = 24;

/** Activities moved out of the page into one of their own. */
export interface SegmentEntry {
  readonly id: number;
  /** Time of its newest activity: the segment goes when that is 90 days old. */
  readonly newestAt: number;
}

export interface RecordOutcome {
  readonly outcomes: ("accepted" | "duplicate")[];
  /** What went into the profile. */
  readonly taken: readonly Activity[];
  /** What this batch adds to `unsent`. */
  readonly unsent: Unsent | undefined;
  /** Whether the page differs from what was stored. */
  readonly changed: boolean;
}

/** A portion of a profile that joins another one. */
export interface Handover {
  /** Stored segments. */
  readonly segments: readonly Uint8Array[];
  /** Segment to ask for next; absent with the last portion. */
  readonly next?: number;
  /** With the first portion. */
  readonly trail?: Uint8Array;
  /** Other ids that come along. */
  readonly ids: readonly JoinedId[];
  readonly erasedAt: number;
  /** Hashes of all messages that were taken; with the last portion. */
  readonly messages?: readonly number[];
  /** Nothing has to be let go of afterwards. */
  readonly isEmpty: boolean;
}

/** All that is kept of one visitor beside older activities: one row, read and written whole. */
export class ProfilePage {
  profile = new Profile();
  /** How often it was stored whole: what is stored beside it says which one it goes on from. */
  generation = 0;
  /** Number drawn for this profile's packets; 0: not yet. */
  stream = 0;
  /** Sequence of the last packet made. */
  sequence = 0;
  unsent: Unsent[] = [];
  /** Everything up to here was erased and stays so; 0: never. */
  erasedAt = 0;
  /** Name of the object of the user that this visitor joined; what is told of it from then on belongs there. */
  movedTo: string | undefined;
  ids = new JoinedIds();
  segments: SegmentEntry[] = [];
  private nextSegment = 1;
  /** The latest activities. */
  private log = new ActivityLog();
  private messages = new MessageRing(DEDUP_MESSAGES_MAX);

  /**
   * Takes a batch as it is stored beside the page. The same page and batch give the same page, whenever it is taken: a
   * page that is read takes again what came since.
   */
  take(batch: PageBatch): RecordOutcome {
    const acknowledged = this.acknowledge(batch.acknowledged);
    const activities = decodeActivities(batch.activities);
    const sources = this.sourcesOf(batch, activities.length);
    const outcome = this.record(activities, batch.now, sources, batch.activities);
    return { ...outcome, changed: outcome.changed || acknowledged };
  }

  /** Of each activity, the other id it came by. Ids that were not known join, as far as there is room. */
  private sourcesOf({ ids, by, otherwise, now }: PageBatch, count: number): (JoinedId | undefined)[] {
    if (ids.length === 0) return [];
    const day = Math.floor(now / DAY_MS);
    const taken = ids.map((name) => this.ids.take(name, day));
    return Array.from({ length: count }, (_, i) => taken[by[i] ?? -1] ?? taken[otherwise]);
  }

  /**
   * Takes a batch: each message once, the old ones as history, what was erased not at all.
   *
   * @param sources Of each activity, the other id of this visitor that it came by, if any.
   * @param encoded The activities as `encodeActivities` gives them, where they have come so.
   */
  record(
    activities: readonly Activity[],
    now: number,
    sources: readonly (JoinedId | undefined)[] = [],
    encoded?: Uint8Array,
  ): RecordOutcome {
    const outcomes: ("accepted" | "duplicate")[] = [];
    const oldest = now - PROFILE_DAYS * DAY_MS;
    const taken: Activity[] = [];
    const history: Activity[] = [];
    const sink = new SignalSink();
    const demand: DemandLine[] = [];
    for (const [i, activity] of activities.entries()) {
      const hash = hash53(activity.messageId);
      const source = sources[i];
      const erasedAt = Math.max(this.erasedAt, source?.erasedAt ?? 0);
      if (activity.at <= erasedAt || this.messages.has(hash)) {
        outcomes.push("duplicate");
        continue;
      }
      this.messages.add(hash);
      outcomes.push("accepted");
      if (activity.at < oldest) history.push(activity);
      else
        taken.push(
          source !== undefined && isAnonymous(source.name) ? { ...activity, by: source.number } : activity,
        );
      sink.activity(activity);
      for (const line of demandOf(activity)) demand.push(line);
    }
    if (taken.length + history.length === 0) {
      return { outcomes, taken, unsent: undefined, changed: false };
    }
    this.profile.fold(taken, sink);
    // History has no trail to go on from: what it teaches stays within its batch.
    if (history.length > 0) takeHistory(history, sink);
    const asTheyCame = taken.length === activities.length && taken.every((one, i) => one === activities[i]);
    this.log.append(taken, asTheyCame ? encoded : undefined);
    const cancelled = [...history.flatMap(cancelledOf), ...this.cancelledBy(taken)];
    const isSilent = sink.isEmpty && demand.length + cancelled.length === 0;
    const unsent = isSilent ? undefined : this.tell(encodeSignals(sink.signals()), demand, cancelled);
    return { outcomes, taken, unsent, changed: true };
  }

  /**
   * Takes a portion of another profile of the same visitor. That one has taught what it knew; here is told only how
   * both together differ: steps that lie between each other's, and messages that both had counted.
   *
   * @param entry Of the other one, among this profile's ids: says afterwards how far the join has come.
   */
  absorb(entry: JoinedId, part: Handover, now: number): void {
    const numbers = new Map(part.ids.map((id) => [id.number, this.ids.adopt(id).number]));
    const own = isAnonymous(entry.name) ? { by: entry.number } : {};
    const oldest = now - PROFILE_DAYS * DAY_MS;
    const sink = new SignalSink();
    const taken: Activity[] = [];
    for (const { by, ...activity } of part.segments.flatMap(decodeActivities)) {
      const hash = hash53(activity.messageId);
      if (this.messages.has(hash)) {
        sink.activity(activity, -1);
        continue;
      }
      this.messages.add(hash);
      const number = by === undefined ? undefined : numbers.get(by);
      if (activity.at >= oldest)
        taken.push({ ...activity, ...(by === undefined ? own : number !== undefined && { by: number }) });
    }
    let trail: Trail | undefined;
    if (part.trail !== undefined) {
      trail = new Trail();
      trail.read(new ByteReader(part.trail));
    }
    this.profile.absorb(taken, trail, sink);
    this.log.append(taken);
    const sums = new SignalAccumulator();
    sums.add(sink.signals());
    const cancelled = this.cancelledBy(taken);
    for (const signals of sums.drain()) this.tell(encodeSignals(signals), [], []);
    if (cancelled.length > 0) this.tell(encodeSignals(new SignalSink().signals()), [], cancelled);
    entry.erasedAt = Math.max(entry.erasedAt, part.erasedAt);
    entry.cursor = part.next ?? 0;
    if (part.next !== undefined) return;
    this.messages.addAll(part.messages ?? []);
    entry.state = part.isEmpty ? "joined" : "absorbed";
  }

  /** Lines of orders that are cancelled now that these were taken. The planner takes each back once. */
  private cancelledBy(taken: readonly Activity[]): CancelledLine[] {
    return taken.flatMap((activity) => {
      if (activity.silent) return [];
      const known = this.profile.orders.cancelledLines(activity);
      return known.length > 0 ? known : cancelledOf(activity);
    });
  }

  private tell(
    signals: Uint8Array,
    demand: readonly DemandLine[],
    cancelled: readonly CancelledLine[],
  ): Unsent {
    const unsent = { sequence: ++this.sequence, signals, demand, cancelled };
    this.unsent.push(unsent);
    return unsent;
  }

  /** Forgets packets that were counted. Returns whether there were any. */
  acknowledge(sequences: readonly number[]): boolean {
    const before = this.unsent.length;
    this.unsent = this.unsent.filter(({ sequence }) => !sequences.includes(sequence));
    return this.unsent.length < before;
  }

  /** Moved, and nothing is left that the other profile does not have. */
  get isSettled(): boolean {
    return (
      this.movedTo !== undefined &&
      this.messages.size === 0 &&
      this.ids.size === 0 &&
      this.segments.length === 0
    );
  }

  /** Nothing was ever told of this visitor. */
  get isNew(): boolean {
    return (
      this.messages.size === 0 && this.erasedAt === 0 && this.movedTo === undefined && this.ids.size === 0
    );
  }

  get unsentBytes(): number {
    return this.unsent.reduce(
      (sum, { signals, demand, cancelled }) =>
        sum + signals.length + bytesOfLines(demand) + bytesOfLines(cancelled),
      0,
    );
  }

  /** Whether the activities kept here are enough for a page of their own. */
  get wantsSegment(): boolean {
    return this.log.byteLength >= INLINE_ACTIVITIES_BYTES;
  }

  get inlineBytes(): number {
    return this.log.byteLength;
  }

  get hasInline(): boolean {
    return !this.log.isEmpty;
  }

  /** Moves the activities kept here into a segment that the caller stores together with the page. */
  cutSegment(): { id: number; body: Uint8Array } {
    const id = this.nextSegment++;
    const body = this.log.segment();
    this.segments.push({ id, newestAt: this.log.newestAt });
    this.log = new ActivityLog();
    return { id, body };
  }

  /** Takes segments out whose activities are all older than 90 days; the caller deletes them. */
  expireSegments(now: number): number[] {
    const oldest = now - PROFILE_DAYS * DAY_MS;
    const gone = this.segments.filter(({ newestAt }) => newestAt < oldest).map(({ id }) => id);
    this.segments = this.segments.filter(({ newestAt }) => newestAt >= oldest);
    return gone;
  }

  /** When the next segment expires, Unix ms. */
  get nextExpiry(): number | undefined {
    if (this.segments.length === 0) return undefined;
    return Math.min(...this.segments.map(({ newestAt }) => newestAt)) + PROFILE_DAYS * DAY_MS + 1;
  }

  inlineActivities(): Activity[] {
    return this.log.activities();
  }

  /** Hashes of the messages that were taken, oldest first. */
  messageHashes(): number[] {
    return this.messages.values();
  }

  /** What is handed over beside stored segments; with the first portion the latest activities and the trail. */
  handover(isFirst: boolean, segments: readonly Uint8Array[], next: number | undefined): Handover {
    const writer = new ByteWriter(1024);
    if (isFirst) this.profile.trail.write(writer);
    return {
      segments: isFirst && this.hasInline ? [this.log.segment(), ...segments] : segments,
      ids: this.ids.list(),
      erasedAt: this.erasedAt,
      ...(isFirst && { trail: writer.bytes() }),
      ...(next === undefined ? { messages: this.messageHashes() } : { next }),
      isEmpty: this.messages.size === 0 && this.ids.size === 0,
    };
  }

  /** What stays of a page that another one has absorbed: where it went, and what is still to be sent. */
  settled(): ProfilePage {
    const page = this.cleared();
    page.movedTo = this.movedTo;
    page.erasedAt = this.erasedAt;
    return page;
  }

  /**
   * Forgets everything but up to when it was erased and the hashes of the messages it knew, so that late retries stay
   * forgotten, and whom it has to tell.
   *
   * @param at Unix ms; a later one of before stays.
   * @param messages Further hashes to keep.
   */
  erased(at: number, messages: readonly number[] = []): ProfilePage {
    const page = this.cleared();
    page.erasedAt = Math.max(this.erasedAt, at);
    page.messages.addAll(messages);
    page.messages.addAll(this.messageHashes());
    page.ids = this.ids.leave();
    return page;
  }

  /**
   * Empty, but for what is on its way: the stream goes on only as long as its packets are not counted, the sequence
   * always, for what is acknowledged late must not be taken for something new.
   */
  private cleared(): ProfilePage {
    const page = new ProfilePage();
    page.nextSegment = this.nextSegment;
    page.sequence = this.sequence;
    page.unsent = this.unsent;
    if (this.unsent.length > 0) page.stream = this.stream;
    return page;
  }

  /** Read by `decode`. */
  write(writer: ByteWriter): void {
    writer.u8(PAGE_VERSION);
    writer.varint(this.generation);
    writer.varint(this.erasedAt);
    writer.text(this.movedTo ?? "");
    writer.varint(this.stream);
    writer.varint(this.sequence);
    writeUnsent(writer, this.unsent);
    this.ids.write(writer);
    writer.varint(this.nextSegment);
    writer.varint(this.segments.length);
    for (const { id, newestAt } of this.segments) {
      writer.varint(id);
      writer.varint(newestAt);
    }
    this.log.write(writer);
    this.messages.write(writer);
    this.profile.write(writer);
  }

  /** Throws RangeError on bytes of another version. */
  static decode(bytes: Uint8Array): ProfilePage {
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version < PAGE_VERSION_FIRST || version > PAGE_VERSION) {
      throw new RangeError(`profile page of unknown version ${version}`);
    }
    const page = new ProfilePage();
    if (version > PAGE_VERSION_FIRST) page.generation = reader.varint();
    page.erasedAt = reader.varint();
    page.movedTo = reader.text() || undefined;
    page.stream = reader.varint();
    page.sequence = reader.varint();
    page.unsent = readUnsent(reader);
    page.ids.read(reader);
    page.nextSegment = reader.varint();
    for (let n = reader.varint(); n > 0; n--)
      page.segments.push({ id: reader.varint(), newestAt: reader.varint() });
    page.log.read(reader);
    page.messages.read(reader);
    page.profile.read(reader);
    return page;
  }
}

function bytesOfLines(lines: readonly CancelledLine[]): number {
  return lines.reduce(
    (sum, { orderId, sku }) => sum + LINE_BYTES + CHARACTER_BYTES_MAX * (orderId.length + sku.length),
    0,
  );
}

function takeHistory(history: readonly Activity[], sink: SignalSink): void {
  const times = history.map(({ at }) => at);
  new Trail().take(times, history.flatMap(stepsOf), sink);
}
