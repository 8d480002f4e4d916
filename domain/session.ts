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
    if (steps.length > 0) this.steps.add(steps);
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
  if (index >= steps.length) return;
  let session = -1;
  /** Products of the session up to here without repeats in a row, oldest first. */
  let path: string[] = [];
  let seen = new Set<string>();
  // Back to where the path of the first step begins: the start of its session.
  let start = index;
  const first = sessionOf(sessions, steps.at(index));
  while (start > 0 && sessionOf(sessions, steps.at(start - 1)) === first) start--;
  for (let i = start; i < steps.length; i++) {
    const at = steps.at(i);
    const productId = steps.productId(i);
    const of = sessionOf(sessions, at);
    if (of !== session) {
      session = of;
      path = [];
      seen = new Set();
    }
    const repeated = path.at(-1) === productId;
    if (i >= index) {
      if (repeated) {
        if (steps.viewed(i)) sink.repeat("again", productId, at, 1);
      } else {
        if (steps.viewed(i) && seen.has(productId)) sink.repeat("return", productId, at, 1);
        for (let d = 1; d <= TRANSITION_DISTANCE_MAX && d <= path.length; d++) {
          const other = path[path.length - d]!;
          if (other === productId) continue;
          sink.transition(other, productId, at, FORWARD[d]!);
        }
      }
    }
    if (!repeated) path.push(productId);
    seen.add(productId);
  }
}
