import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Activity, ActivityKind } from "../../domain/activity.ts";
import { SignalSink } from "../../domain/activity-signals.ts";
import { bytesOf } from "../../domain/bytes.ts";
import { DAY_MS, JOINED_ID_IDLE_DAYS, JOINED_IDS_MAX } from "../../domain/limits.ts";
import { JoinedIds } from "../../domain/profile/joined-ids.ts";
import { type Handover, ProfilePage } from "../../domain/profile/page.ts";
import { viewOf } from "../../domain/profile/view.ts";
import { decodeSignals } from "../../domain/signal-codec.ts";
import { SignalAccumulator } from "../../domain/signal-merge.ts";
import { identityOf } from "../../domain/visitor-name.ts";
import { referenceTransitions, referenceView } from "../reference/profile.ts";
import { countsIn, expectSame, expectSums, transitionsIn } from "../reference/profile-compare.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const TODAY = Math.floor(NOW / DAY_MS);
const ANONYMOUS = "a:x";

const kind = fc.constantFrom<ActivityKind>(
  "viewed",
  "viewed",
  "viewed",
  "clicked",
  "added",
  "ordered",
  "page",
);

/** What one person does, and which of two profiles is told of it: one, the other, or (a retry) both. */
const doings = fc
  .array(
    fc.record({
      step: fc.constantFrom(1, 1, 5, 29, 31, 2_000),
      kind,
      products: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
      where: fc.constantFrom("anonymous", "anonymous", "user", "both"),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((steps) => {
    let at = NOW - steps.reduce((sum, { step }) => sum + step, 0) * 60_000;
    return steps.map(({ step, kind: what, products, where }, i) => {
      at += step * 60_000;
      const activity: Activity = {
        messageId: `m${i}`,
        at,
        kind: what,
        name: what,
        lines:
          what === "page"
            ? []
            : // Products of one instant have no order of their own; the trail takes them by name.
              products.sort().map((p) => ({
                productId: `p${p}`,
                sku: `p${p}`,
                quantity: 1 + (p % 2),
                category: `c${p % 2}`,
                price: 10,
              })),
        currency: "EUR",
      };
      return { activity, where };
    });
  });

const scene = doings.chain((told) =>
  fc.record({
    told: fc.constant(told),
    anonymous: fc.shuffledSubarray(
      told.filter(({ where }) => where !== "user").map(({ activity }) => activity),
      { minLength: told.filter(({ where }) => where !== "user").length },
    ),
    user: fc.shuffledSubarray(
      told.filter(({ where }) => where !== "anonymous").map(({ activity }) => activity),
      { minLength: told.filter(({ where }) => where !== "anonymous").length },
    ),
    batch: fc.integer({ min: 1, max: 8 }),
    // How much is told before the join.
    before: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.boolean(),
    between: fc.boolean(),
  }),
);

function batches<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < all.length; from += size) parts.push(all.slice(from, from + size));
  return parts;
}

describe("a profile that joins another", () => {
  test("[ID1] [ID2] gives what a plain reference computes on both together, and what both teach counts once", () => {
    fc.assert(
      fc.property(scene, ({ told, anonymous, user, batch, before, cut, between }) => {
        let x = new ProfilePage();
        let u = new ProfilePage();
        x.movedTo = undefined;
        const sums = new SignalAccumulator();
        const hear = (page: ProfilePage) => {
          for (const { signals } of page.unsent) sums.add(decodeSignals(signals));
          page.acknowledge(page.unsent.map(({ sequence }) => sequence));
          return ProfilePage.decode(bytesOf((writer) => page.write(writer)));
        };
        const segments = new Map<number, Uint8Array>();
        const first = anonymous.slice(0, Math.ceil(before * anonymous.length));
        for (const part of batches(first, batch)) {
          x.record(part, NOW);
          if (cut) {
            const { id, body } = x.cutSegment();
            segments.set(id, body);
          }
        }
        const [early, late] = [user.slice(0, user.length / 2), user.slice(user.length / 2)];
        for (const part of batches(early, batch)) u.record(part, NOW);
        x = hear(x);
        u = hear(u);
        const entry = u.ids.take(ANONYMOUS, TODAY)!;
        // In portions: the latest activities, then the segments, the user going on meanwhile.
        const parts: Handover[] = [x.handover(true, [], segments.size === 0 ? undefined : 1)];
        const bodies = [...segments.values()];
        bodies.forEach((body, i) => {
          parts.push(x.handover(false, [body], i < bodies.length - 1 ? 1 : undefined));
        });
        for (const part of parts) {
          if (between) u.record(late, NOW);
          u.absorb(u.ids.get(ANONYMOUS)!, part, NOW);
          u = hear(u);
        }
        expect(u.ids.get(ANONYMOUS)?.state).toBe(
          anonymous.length === 0 || first.length === 0 ? "joined" : "absorbed",
        );
        // What comes by either id afterwards, and everything once more.
        for (const part of batches([...late, ...anonymous.slice(first.length), ...early, ...first], batch)) {
          u.record(
            part,
            NOW,
            part.map(() => entry),
          );
          u = hear(u);
        }
        const all = told.map(({ activity }) => activity);
        expectSame(viewOf(u.profile, NOW), referenceView(all, NOW));
        const taught = sums.drain();
        expectSums(transitionsIn(taught), referenceTransitions(all, NOW));
        const once = new SignalAccumulator();
        for (const activity of all) {
          const sink = new SignalSink();
          sink.activity(activity);
          once.add(sink.signals());
        }
        const counts = countsIn(taught);
        for (const key of counts.keys()) if (/^(again|return) /.test(key)) counts.delete(key);
        expectSums(counts, countsIn(once.drain()));
      }),
      { numRuns: 400 },
    );
  });

  test("[ID2] of a visitor who begins anew as a user teaches nothing at all", () => {
    const x = new ProfilePage();
    const view = (n: number): Activity => ({
      messageId: `m${n}`,
      at: NOW - n * 1_000,
      kind: "viewed",
      name: "",
      lines: [{ productId: `p${n % 7}`, sku: "", quantity: 1 }],
    });
    x.record(
      Array.from({ length: 60 }, (_, n) => view(n)),
      NOW,
    );
    const u = new ProfilePage();
    u.absorb(u.ids.take(ANONYMOUS, TODAY)!, x.handover(true, [], undefined), NOW);
    expect(u.unsent).toEqual([]);
    expect(viewOf(u.profile, NOW)).toEqual(viewOf(x.profile, NOW));
  });
});

describe("the other ids of a visitor", () => {
  test("[ID8] are bounded: an idle one leaves, else a further one is not joined", () => {
    const ids = new JoinedIds();
    for (let n = 0; n < JOINED_IDS_MAX; n++) ids.take(`a:${n}`, TODAY)!.state = "joined";
    expect(ids.take("a:more", TODAY)).toBeUndefined();
    expect(ids.unfinished()).toEqual([]);
    const later = TODAY + JOINED_ID_IDLE_DAYS;
    for (let n = 1; n < JOINED_IDS_MAX; n++) ids.take(`a:${n}`, later);
    expect(ids.take("a:more", later)).toBeUndefined();
    expect(ids.unfinished().map(({ name, state }) => [name, state])).toEqual([["a:0", "leaving"]]);
    ids.remove("a:0");
    expect(ids.take("a:more", later)?.number).toBe(JOINED_IDS_MAX + 1);
    expect(ids.size).toBe(JOINED_IDS_MAX);
  });

  test("[ID7] only the secret key joins users", () => {
    const alias = { userId: "new", previousId: "old" };
    expect(identityOf(alias, false)).toEqual({ visitor: "u:new", others: ["a:old"] });
    expect(identityOf(alias, true)).toEqual({ visitor: "u:new", others: ["a:old", "u:old"] });
    expect(identityOf({ ...alias, anonymousId: "x" }, false)?.by).toBe("a:x");
    expect(identityOf({ anonymousId: "x", previousId: "old" }, true)).toEqual({ visitor: "a:x", others: [] });
    expect(identityOf({ previousId: "old" }, true)).toBeUndefined();
  });
});
