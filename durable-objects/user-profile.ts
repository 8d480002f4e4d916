import { DurableObject } from "cloudflare:workers";
import type { Activity } from "../domain/activity.ts";
import { decodeActivities } from "../domain/activity-codec.ts";
import {
  DAY_MS,
  EXPORT_ACTIVITIES_MAX,
  EXPORT_BYTES_MAX,
  HANDOVER_BYTES_MAX,
  INLINE_ACTIVITIES_BYTES_MAX,
  SESSION_GAP_MS,
  UNSENT_BYTES_MAX,
} from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import { tellPlanners } from "../domain/planner/shards.ts";
import { contextText } from "../domain/profile/context.ts";
import type { ProfilePage } from "../domain/profile/page.ts";
import type { PageBatch } from "../domain/profile/page-batch.ts";
import type { Profile } from "../domain/profile/profile.ts";
import type { Unsent } from "../domain/profile/unsent.ts";
import { viewOf } from "../domain/profile/view.ts";
import { combinerName, combinerShard, isAnonymous } from "../domain/visitor-name.ts";
import type { Env } from "./env.ts";
import type {
  ContextResult,
  EraseResult,
  ExportPortion,
  HandoverAsk,
  HandoverResult,
  Holdings,
  RecordBatch,
  RecordResult,
  UserProfileRpc,
  Via,
  ViewResult,
  Whereabouts,
} from "./rpc.ts";
import { ProfileJoins } from "./user-profile-joins.ts";
import { OwnProfiles } from "./user-profile-own.ts";
import { UserProfileStore } from "./user-profile-store.ts";

/** How soon what could not be sent is tried again. */
const RESEND_MS = 60_000;
/** How soon a join is finished that whoever began it did not. */
const JOIN_RETRY_MS = 10_000;

/** One visitor's live profile. Named `u:<userId>` or `a:<anonymousId>`. */
export class UserProfile extends DurableObject<Env> implements UserProfileRpc {
  private readonly store: UserProfileStore;
  private readonly joins: ProfileJoins;
  private readonly own: OwnProfiles;
  private page: ProfilePage;
  private alarmAt: number | undefined;
  /** The page differs from what is stored by more than batches: it must be stored whole before the next of them. */
  private isAhead = false;
  /** What was told last, and of which profile after how many changes: lists of a page ask several times. */
  private told: { profile: Profile; changes: number; context: string } | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new UserProfileStore(ctx.storage.sql);
    this.page = this.store.read();
    this.own = new OwnProfiles(this.store);
    const self = this;
    this.joins = new ProfileJoins(
      {
        get visitor() {
          return self.visitor;
        },
        get page() {
          return self.page;
        },
        save: () => {
          this.own.clear();
          this.save(this.page.wantsSegment);
        },
      },
      env,
    );
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAt = (await ctx.storage.getAlarm()) ?? undefined;
    });
  }

  /**
   * Counts and folds each activity once, in one commit of at most two rows: the batch or the page, and either a segment
   * of older activities or the alarm that ends the session; both, where they are many. Nobody is answered before the
   * commit (the output gate holds).
   */
  async record(batch: RecordBatch): Promise<RecordResult> {
    if (this.page.unsentBytes > UNSENT_BYTES_MAX) await this.send();
    const { page } = this;
    const elsewhere = this.elsewhere(batch.via);
    if (elsewhere !== undefined) {
      if (page.acknowledge(batch.acknowledged ?? [])) this.save(false);
      return elsewhere;
    }
    if (batch.via !== undefined && page.ids.isLeaving(batch.via.name)) {
      // Of an erased visitor, or long unused: when its object knows, what comes by it is its own.
      await this.joins.finish();
      return { unknown: true };
    }
    if (page.stream === 0) {
      page.stream = randomStream();
      this.isAhead = true;
    }
    const arrived = this.pageBatch(batch);
    const { outcomes, taken, unsent, changed } = page.take(arrived);
    this.own.fold(taken);
    const unfinished = page.ids.unfinished().length > 0;
    if (changed || unfinished) {
      const wakeAt =
        unfinished || page.unsent.length > 0 || page.hasInline
          ? batch.now + (unfinished ? JOIN_RETRY_MS : SESSION_GAP_MS)
          : undefined;
      const needsAlarm = wakeAt !== undefined && (this.alarmAt ?? Number.POSITIVE_INFINITY) > wakeAt;
      const isTooLarge = page.inlineBytes >= INLINE_ACTIVITIES_BYTES_MAX;
      const withSegment = page.wantsSegment && (!needsAlarm || isTooLarge);
      // How far joins have come is stored with the page. Without an alarm nobody would clear up after batches.
      if (this.isAhead || withSegment || unfinished || wakeAt === undefined) this.save(withSegment);
      else this.believing(() => this.store.writeBatch(page, arrived));
      if (needsAlarm) void this.wakeAt(wakeAt);
    }
    if (unfinished) await this.joins.finish();
    const duplicates = outcomes.flatMap((outcome, i) => (outcome === "duplicate" ? [i] : []));
    return {
      ...(duplicates.length > 0 && { duplicates }),
      ...(unsent !== undefined && toldOf(page.stream, unsent)),
    };
  }

  get context(): ContextResult {
    return this.contextOf(undefined, false);
  }

  async contextVia(via: Via, own: boolean): Promise<ContextResult> {
    return this.contextOf(via, own);
  }

  private contextOf(via: Via | undefined, own: boolean): ContextResult {
    const elsewhere = this.elsewhere(via);
    if (elsewhere !== undefined) return elsewhere;
    const profile = via === undefined || !own ? this.page.profile : this.ownProfile(via.name);
    if (profile === undefined) return {};
    if (this.told?.profile !== profile || this.told.changes !== profile.changes) {
      this.told = { profile, changes: profile.changes, context: contextText(profile) };
    }
    return this.told.context;
  }

  /** Of what came by one of the visitor's anonymous ids. */
  private ownProfile(name: string): Profile | undefined {
    const entry = this.page.ids.get(name);
    return entry === undefined ? undefined : this.own.of(entry.number, this.page);
  }

  async view({ now, via }: { now: number; via?: Via }): Promise<ViewResult> {
    const elsewhere = this.elsewhere(via);
    if (elsewhere !== undefined) return { ...elsewhere, ids: [] };
    const ids = this.page.ids.names();
    if (this.page.isNew) return { ids, isNew: true };
    return this.page.profile.isEmpty ? { ids } : { profile: viewOf(this.page.profile, now), ids };
  }

  /** Newest first within each portion; portions go back in time. The cursor is the next segment's id. */
  async exportActivities(cursor?: string): Promise<ExportPortion> {
    const ids = this.segmentIds();
    const activities: Activity[] = cursor === undefined ? this.page.inlineActivities() : [];
    const from = cursor === undefined ? 0 : ids.findIndex((id) => id <= Number(cursor));
    let next = from < 0 ? ids.length : from;
    let bytes = 0;
    while (next < ids.length && activities.length < EXPORT_ACTIVITIES_MAX && bytes < EXPORT_BYTES_MAX) {
      const body = this.store.segmentBody(ids[next++]!);
      activities.push(...decodeActivities(body));
      bytes += body.length;
    }
    activities.sort((a, b) => b.at - a.at);
    const names = new Map(this.page.ids.list().map(({ number, name }) => [number, name]));
    return { activities, names, ...(next < ids.length && { cursor: String(ids[next]) }) };
  }

  async holdings(): Promise<Holdings> {
    const { unsent } = this.page;
    return {
      messages: this.page.messageHashes().length,
      packets: unsent.length,
      lines: unsent.reduce((sum, { demand, cancelled }) => sum + demand.length + cancelled.length, 0),
    };
  }

  async erase({ now, via }: { now: number; via?: Via }): Promise<EraseResult> {
    await this.send();
    const elsewhere = this.elsewhere(via);
    if (elsewhere !== undefined) return { ...elsewhere, existed: false, untold: 0 };
    if (this.page.isNew) return { existed: false, untold: 0 };
    const existed = !this.page.profile.isEmpty || this.page.segments.length > 0;
    this.clear(this.page.erased(now));
    await this.finishJoins();
    return { existed, untold: this.page.ids.unfinished().length };
  }

  async handOver({ to, cursor, ids }: HandoverAsk): Promise<HandoverResult> {
    const { page } = this;
    if (page.movedTo !== to) {
      if (page.movedTo !== undefined && !ids.includes(page.movedTo)) return { movedTo: page.movedTo };
      // Names only ever lead to smaller ones, or away from a user of whom nothing was known: never in a circle.
      if (page.movedTo === undefined && !isAnonymous(this.visitor) && !page.isNew && to > this.visitor) {
        return { refused: true };
      }
      page.movedTo = to;
      this.save(false);
    }
    const segments: Uint8Array[] = [];
    let bytes = cursor === 0 ? page.inlineBytes : 0;
    let next: number | undefined;
    for (const id of this.segmentIds()) {
      if (cursor > 0 && id > cursor) continue;
      const body = this.store.segmentBody(id);
      if (bytes > 0 && bytes + body.length > HANDOVER_BYTES_MAX) {
        next = id;
        break;
      }
      segments.push(body);
      bytes += body.length;
    }
    const part = page.handover(cursor === 0, segments, next);
    return { part: { ...part, ids: part.ids.filter(({ name }) => name !== to) } };
  }

  async settle(to: string): Promise<void> {
    if (this.page.movedTo === to && !this.page.isSettled) this.clear(this.page.settled());
  }

  async adopt(name: string): Promise<boolean> {
    if (this.page.movedTo !== undefined) return true;
    if (this.page.ids.take(name, Math.floor(Date.now() / DAY_MS)) === undefined) return false;
    this.save(false);
    // Whoever asked does not ask again once it has moved: what is left after a crash, and what the join tells.
    const at = Date.now() + JOIN_RETRY_MS;
    if ((this.alarmAt ?? Number.POSITIVE_INFINITY) > at) void this.wakeAt(at);
    await this.finishJoins();
    return true;
  }

  async forget({
    names,
    at,
    messages,
  }: {
    names: readonly string[];
    at: number;
    messages: readonly number[];
  }): Promise<void> {
    await this.send();
    const { movedTo } = this.page;
    if (movedTo !== undefined && !names.includes(movedTo)) return;
    this.clear(this.page.erased(at, messages));
    await this.finishJoins();
  }

  /** The end of a session: what was not acknowledged is sent again, activities get a page of their own. */
  override async alarm(): Promise<void> {
    this.alarmAt = undefined;
    const now = Date.now();
    const owed = this.page.unsent.length + this.page.ids.unfinished().length > 0;
    const joined = await this.joins.finish();
    const sent = await this.send();
    const { page } = this;
    const expired = page.expireSegments(now);
    this.store.deleteSegments(expired);
    const sessionOver = page.profile.lastAt + SESSION_GAP_MS <= now;
    const wantsSegment = sessionOver && page.hasInline;
    const wantsPage = sessionOver && this.store.hasBatches;
    if (owed || expired.length > 0 || wantsSegment || wantsPage) this.save(wantsSegment);
    if (wantsPage) this.store.deleteBatches();
    const again = !joined ? JOIN_RETRY_MS : !sent ? RESEND_MS : sessionOver ? undefined : SESSION_GAP_MS;
    // What is 90 days old goes, also when nobody comes back.
    const at = again === undefined ? page.nextExpiry : now + again;
    if (at !== undefined && (this.alarmAt ?? Number.POSITIVE_INFINITY) > at) await this.wakeAt(at);
  }

  /** Rows written since the object woke; for tests that count them. */
  rowsWritten(): number {
    return this.store.rowsWritten;
  }

  /** Where a call belongs that does not belong here. */
  private elsewhere(via: Via | undefined): Whereabouts | undefined {
    const { movedTo, ids } = this.page;
    if (movedTo !== undefined) return { movedTo };
    if (via?.remembered !== true) return undefined;
    const entry = ids.get(via.name);
    return entry === undefined || entry.state === "foreign" ? { unknown: true } : undefined;
  }

  /** The batch without this visitor's own name among the other ids. */
  private pageBatch({ now, activities, ids = [], by = [], via, acknowledged = [] }: RecordBatch): PageBatch {
    if (ids.length === 0 && via === undefined) {
      return { now, activities, ids, by: [], otherwise: -1, acknowledged };
    }
    const others = [...ids, ...(via === undefined ? [] : [via.name])].filter((name) => name !== this.visitor);
    return {
      now,
      activities,
      ids: others,
      by: by.map((index) => others.indexOf(ids[index] ?? "")),
      otherwise: via === undefined ? -1 : others.indexOf(via.name),
      acknowledged,
    };
  }

  /** Joins and erasures that cannot be finished now are by the alarm. */
  private async finishJoins(): Promise<void> {
    if (!(await this.joins.finish())) await this.wakeAt(Date.now() + JOIN_RETRY_MS);
  }

  private async wakeAt(at: number): Promise<void> {
    this.alarmAt = at;
    await this.ctx.storage.setAlarm(at);
  }

  /** Puts another page in place of this one, which held segments as well. */
  private clear(page: ProfilePage): void {
    this.store.deleteSegments(this.page.segments.map(({ id }) => id));
    this.page = page;
    this.own.clear();
    this.save(false);
    this.store.deleteBatches();
  }

  private save(withSegment: boolean): void {
    this.believing(() => {
      if (withSegment) this.store.writeWithSegment(this.page);
      else this.store.writePage(this.page);
    });
    this.isAhead = false;
  }

  /** What could not be stored must not be believed either. */
  private believing(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.page = this.store.read();
      this.own.clear();
      this.isAhead = false;
      throw error;
    }
  }

  /** Hands over what nobody has acknowledged; both sides count a repeat once. Returns whether nothing is left. */
  private async send(): Promise<boolean> {
    const waiting = [...this.page.unsent];
    if (waiting.length === 0) return true;
    try {
      await Promise.all([this.sendSignals(waiting), this.sendDemand(waiting)]);
    } catch (error) {
      console.warn(logEntry("signals wait for the next try", error, { object: this.ctx.id.toString() }));
      return false;
    }
    this.page.acknowledge(waiting.map(({ sequence }) => sequence));
    this.isAhead = true;
    return true;
  }

  private async sendSignals(waiting: readonly Unsent[]): Promise<void> {
    const { stream } = this.page;
    const combiner = this.env.SIGNAL_COMBINER.getByName(combinerName(combinerShard(stream)));
    await combiner.add(waiting.map(({ sequence, signals }) => ({ stream, sequence, bytes: signals })));
  }

  private async sendDemand(waiting: readonly Unsent[]): Promise<void> {
    const lines = waiting.flatMap(({ demand }) => demand);
    const cancelled = waiting.flatMap((unsent) => unsent.cancelled);
    await Promise.all(tellPlanners(this.env, lines, cancelled));
  }

  /** Newest first. */
  private segmentIds(): number[] {
    return this.page.segments.map(({ id }) => id).sort((a, b) => b - a);
  }

  private get visitor(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("a profile is reached by its visitor's name only");
    return name;
  }
}

/** What to hand on of what a batch taught. */
function toldOf(stream: number, { sequence, signals, demand, cancelled }: Unsent): RecordResult {
  return {
    packet: { stream, sequence, bytes: signals },
    ...(demand.length > 0 && { demand }),
    ...(cancelled.length > 0 && { cancelled }),
  };
}

/** 53 random bits, not 0. */
function randomStream(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x1fffff) * 2 ** 32 + low || 1;
}
