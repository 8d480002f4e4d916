import type { ByteReader, ByteWriter } from "./bytes.ts";
import { SESSION_GAP_MS, SESSIONS_MAX, TRAIL_STEPS_MAX, TRANSITION_DISTANCE_MAX } from "./limits.ts";
import { type Step, Steps } from "./steps.ts";

/** Steps over which a transition's weight falls by e. */
const DISTANCE_SCALE = 1.5;
const FORWARD = Array.from({ length: TRANSITION_DISTANCE_MAX + 1 }, (_, d) =>
  Math.exp(-(d - 1) / DISTANCE_SCALE),
);

/** Weight of `b` following `a` at a distance of 1.. steps. */
export function transitionWeight(distance: number): number {
  return FORWARD[distance] ?? 0;
}

/** From its first activity to its last, Unix ms. */
interface Session {
  readonly start: number;
  readonly end: number;
}

/** Takes what a trail teaches; `sign` is -1 for what a late step undoes. */
export interface TrailSink {
  /** `to` followed `from`; what that says of the way back is for whoever counts it. */
  transition(from: string, to: string, at: number, weight: number): void;
  repeat(kind: "again" | "return", productId: string, at: number, amount: number): void;
}

/**
 * A visitor's sessions as intervals of time (activities no further apart than the gap) and the latest product steps.
 * Taking steps in any order gives the same sum of transitions as taking them in the order of their times, as long as
 * the trail still holds the steps around them.
 */
export class Trail {
  /** [start, end] of each session, ascending, more than the gap apart. */
  private sessions: Session[] = [];
  /** Sessions no longer told apart. */
  private forgotten = 0;
  private readonly steps = new Steps();

  get sessionCount(): number {
    return this.forgotten + this.sessions.length;
  }

  get lastAt(): number {
    return this.sessions.at(-1)?.end ?? 0;
  }

  /** Products of the running session, newest first, each once. */
  recentProducts(max: number): string[] {
    const seen = new Set<string>();
    for (let i = this.steps.length - 1; i >= 0 && seen.size < max; i--) seen.add(this.steps.productId(i));
    return [...seen];
  }

  /** Adds activities (their times) and steps, and tells the sink how the trail's teaching changed. */
  take(times: readonly number[], steps: readonly Step[], sink: TrailSink): void {
    this.takeSessions(
      times.map((at) => ({ start: at, end: at })),
      steps,
      sink,
    );
  }

  /**
   * Takes in another trail, whose teaching has been told by itself: the sink is told how that of both together differs.
   * A step of a message that both saw stays once.
   */
  absorb(other: Trail, sink: TrailSink): void {
    teach(other.steps, 0, other.sessions, invert(sink));
    const own = new Map<string, number>();
    for (const step of this.steps.list()) own.set(keyOf(step), (own.get(keyOf(step)) ?? 0) + 1);
    const steps = other.steps.list().filter((step) => {
      const left = own.get(keyOf(step)) ?? 0;
      own.set(keyOf(step), left - 1);
      return left <= 0;
    });
    this.forgotten += other.forgotten;
    this.takeSessions(other.sessions, steps, sink);
  }

  private takeSessions(intervals: readonly Session[], steps: readonly Step[], sink: TrailSink): void {
    let from = Number.POSITIVE_INFINITY;
    for (const step of steps) from = Math.min(from, step.at);
    const before = this.sessions;
    const joined = this.join(intervals);
    from = Math.min(from, joined);
    if (from === Number.POSITIVE_INFINITY) return;
    teach(this.steps, this.steps.firstFrom(from), before, invert(sink));
    this.steps.add(steps);
    teach(this.steps, this.steps.firstFrom(from), this.sessions, sink);
    this.steps.keepLast(TRAIL_STEPS_MAX);
  }

  /** Adds spans of time to the sessions. Returns where the first session that grew backwards or joined another now begins to differ. */
  private join(intervals: readonly Session[]): number {
    let changedFrom = Number.POSITIVE_INFINITY;
    for (const { start, end } of intervals) {
      const last = this.sessions.at(-1);
      if (last !== undefined && start >= last.start && start <= last.end + SESSION_GAP_MS) {
        // The usual case: the running session goes on. A copy, since the sessions before are still to be read.
        if (end > last.end) this.sessions = [...this.sessions.slice(0, -1), { start: last.start, end }];
        continue;
      }
      const touched = this.sessions.filter(
        (s) => end >= s.start - SESSION_GAP_MS && start <= s.end + SESSION_GAP_MS,
      );
      const merged = {
        start: Math.min(start, ...touched.map((s) => s.start)),
        end: Math.max(end, ...touched.map((s) => s.end)),
      };
      if (touched.length > 1) changedFrom = Math.min(changedFrom, merged.start);
      this.sessions = [...this.sessions.filter((s) => !touched.includes(s)), merged].sort(
        (a, b) => a.start - b.start,
      );
      if (this.sessions.length > SESSIONS_MAX) {
        this.sessions = this.sessions.slice(1);
        this.forgotten++;
      }
    }
    return changedFrom;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.forgotten);
    writer.varint(this.sessions.length);
    for (const { start, end } of this.sessions) {
      writer.varint(start);
      writer.varint(end - start);
    }
    this.steps.write(writer);
  }

  read(reader: ByteReader): void {
    this.forgotten = reader.varint();
    for (let n = reader.varint(); n > 0; n--) {
      const start = reader.varint();
      this.sessions.push({ start, end: start + reader.varint() });
    }
    this.steps.read(reader);
  }
}

/** A step of a message, whatever time the message is told to have. */
function keyOf({ tie, productId }: Step): string {
  return `${tie} ${productId}`;
}

function invert(sink: TrailSink): TrailSink {
  return {
    transition: (from, to, at, weight) => sink.transition(from, to, at, -weight),
    repeat: (kind, productId, at, amount) => sink.repeat(kind, productId, at, -amount),
  };
}

/** Index of the session that holds a time; the first one for a time that fell out of the list. */
function sessionOf(sessions: readonly Session[], at: number): number {
  for (let i = sessions.length - 1; i > 0; i--) if (sessions[i]!.start <= at) return i;
  return 0;
}

/**
 * What the steps from `index` on teach, each seen with the steps of its session before it: a transition from each of
 * the last distinct products, and whether a view came back to a product.
 */
function teach(steps: Steps, index: number, sessions: readonly Session[], sink: TrailSink): void {
  let session = -1;
  /** Where the session's steps begin. */
  let first = index;
  for (let i = index; i < steps.length; i++) {
    const at = steps.at(i);
    const of = sessionOf(sessions, at);
    if (of !== session) {
      first = session < 0 ? firstOf(steps, sessions, of) : i;
      session = of;
    }
    const productId = steps.productId(i);
    if (i > first && steps.isSame(i, i - 1)) {
      if (steps.viewed(i)) sink.repeat("again", productId, at, 1);
      continue;
    }
    if (steps.viewed(i) && isReturn(steps, i, first)) sink.repeat("return", productId, at, 1);
    let distance = 0;
    for (let j = i - 1; j >= first; j--) {
      // What was looked at several times in a row is one step away.
      if (j < i - 1 && steps.isSame(j, j + 1)) continue;
      if (++distance > TRANSITION_DISTANCE_MAX) break;
      if (!steps.isSame(j, i)) sink.transition(steps.productId(j), productId, at, FORWARD[distance]!);
    }
  }
}

/** Index of a session's first step. */
function firstOf(steps: Steps, sessions: readonly Session[], session: number): number {
  return session === 0 ? 0 : steps.firstFrom(sessions[session]!.start);
}

function isReturn(steps: Steps, index: number, first: number): boolean {
  for (let i = index - 2; i >= first; i--) if (steps.isSame(i, index)) return true;
  return false;
}
