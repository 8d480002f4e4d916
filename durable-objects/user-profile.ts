import { DurableObject } from "cloudflare:workers";
import type { Activity } from "../domain/activity.ts";
import { EXPORT_ACTIVITIES_MAX, SESSION_GAP_MS, UNSENT_BYTES_MAX } from "../domain/limits.ts";
import { byPlanner } from "../domain/planner/shards.ts";
import type { ProfilePage, Unsent } from "../domain/profile/page.ts";
import { contextOf, type ProfileView, viewOf } from "../domain/profile/view.ts";
import type { VisitorContext } from "../domain/visitor.ts";
import { combinerName, combinerShard } from "../domain/visitor-name.ts";
import type { Env } from "./env.ts";
import type { RecordBatch, RecordResult, UserProfileRpc } from "./rpc.ts";
import { UserProfileStore } from "./user-profile-store.ts";

/** How soon what could not be sent is tried again. */
const RESEND_MS = 60_000;

/** One visitor's live profile. Named `u:<userId>` or `a:<anonymousId>`. */
export class UserProfile extends DurableObject<Env> implements UserProfileRpc {
  private readonly store: UserProfileStore;
  private page: ProfilePage;
  private hasAlarm = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.store = new UserProfileStore(ctx.storage.sql);
    this.page = this.store.read();
    void ctx.blockConcurrencyWhile(async () => {
      this.hasAlarm = (await ctx.storage.getAlarm()) !== null;
    });
  }

  /**
   * Counts and folds each activity once, in one commit of at most two rows: the page, and either a segment of older
   * activities or the alarm that ends the session. Nobody is answered before the commit (the output gate holds).
   */
  async record(batch: RecordBatch): Promise<RecordResult> {
    if (this.page.unsentBytes > UNSENT_BYTES_MAX) await this.send();
    const { page } = this;
    const acknowledged = batch.acknowledged !== undefined && page.acknowledge(batch.acknowledged);
    const { outcomes, unsent, changed } = page.record(batch.activities, batch.now);
    if (changed || acknowledged) {
      const needsAlarm = !this.hasAlarm && (page.unsent.length > 0 || page.hasInline);
      this.save(page.wantsSegment && !needsAlarm);
      if (needsAlarm) {
        this.hasAlarm = true;
        void this.ctx.storage.setAlarm(batch.now + SESSION_GAP_MS);
      }
    }
    if (unsent === undefined) return { outcomes, demand: [] };
    return {
      outcomes,
      packet: { visitor: this.visitor, sequence: unsent.sequence, bytes: unsent.signals },
      sequence: unsent.sequence,
      demand: unsent.demand,
    };
  }

  async context(now: number): Promise<VisitorContext> {
    return contextOf(this.page.profile, now);
  }

  async view(now: number): Promise<ProfileView | undefined> {
    return this.page.profile.isEmpty ? undefined : viewOf(this.page.profile, now);
  }

  /** Newest first within each portion; portions go back in time. The cursor is the next segment's id. */
  async exportActivities(cursor?: string): Promise<{ activities: Activity[]; cursor?: string }> {
    const ids = this.page.segments.map(({ id }) => id).sort((a, b) => b - a);
    const activities: Activity[] = cursor === undefined ? this.page.inlineActivities() : [];
    const from = cursor === undefined ? 0 : ids.findIndex((id) => id <= Number(cursor));
    let next = from < 0 ? ids.length : from;
    while (next < ids.length && activities.length < EXPORT_ACTIVITIES_MAX) {
      activities.push(...this.store.segment(ids[next++]!));
    }
    activities.sort((a, b) => b.at - a.at);
    return next < ids.length ? { activities, cursor: String(ids[next]) } : { activities };
  }

  /** What was told to the combiners names nobody; it is sent before the profile forgets that it was. */
  async erase(now: number): Promise<{ existed: boolean }> {
    if (this.page.isNew) return { existed: false };
    await this.send();
    const { page } = this;
    const existed = !page.profile.isEmpty || page.segments.length > 0;
    const unsent = page.unsent;
    this.store.deleteSegments(page.segments.map(({ id }) => id));
    this.page = page.erased(now);
    this.page.unsent = unsent;
    this.store.writePage(this.page);
    return { existed };
  }

  /** The end of a session: what was not acknowledged is sent again, activities get a page of their own. */
  override async alarm(): Promise<void> {
    this.hasAlarm = false;
    const now = Date.now();
    const sent = await this.send();
    const { page } = this;
    const expired = page.expireSegments(now);
    this.store.deleteSegments(expired);
    const sessionOver = page.profile.lastAt + SESSION_GAP_MS <= now;
    this.save(sessionOver && page.hasInline);
    const again = !sent ? RESEND_MS : sessionOver ? undefined : SESSION_GAP_MS;
    if (again !== undefined) {
      this.hasAlarm = true;
      await this.ctx.storage.setAlarm(now + again);
    }
  }

  /** Rows written since the object woke; for tests that count them. */
  rowsWritten(): number {
    return this.store.rowsWritten;
  }

  /** What could not be stored must not be believed either. */
  private save(withSegment: boolean): void {
    try {
      if (withSegment) this.store.writeWithSegment(this.page);
      else this.store.writePage(this.page);
    } catch (error) {
      this.page = this.store.read();
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
      console.warn({
        message: "signals wait for the next try",
        visitor: this.ctx.id.toString(),
        error: String(error),
      });
      return false;
    }
    this.page.acknowledge(waiting.map(({ sequence }) => sequence));
    return true;
  }

  private async sendSignals(waiting: readonly Unsent[]): Promise<void> {
    const combiner = this.env.SIGNAL_COMBINER.getByName(combinerName(combinerShard(this.visitor)));
    await combiner.add(
      waiting.map(({ sequence, signals }) => ({ visitor: this.visitor, sequence, bytes: signals })),
    );
  }

  private async sendDemand(waiting: readonly Unsent[]): Promise<void> {
    const lines = waiting.flatMap(({ demand }) => demand);
    await Promise.all(byPlanner(this.env, lines).map(({ planner, items }) => planner.record(items)));
  }

  private get visitor(): string {
    const { name } = this.ctx.id;
    if (name === undefined) throw new Error("a profile is reached by its visitor's name only");
    return name;
  }
}
