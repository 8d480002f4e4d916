// Folding a profile: in plain TypeScript, where it lives, and what a kernel would have to pay before it computes anything.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Activity } from "../domain/activity.ts";
import { decodeActivities, encodeActivities } from "../domain/activity-codec.ts";
import { bytesOf } from "../domain/bytes.ts";
import { ProfilePage } from "../domain/profile/page.ts";
import { Profile } from "../domain/profile/profile.ts";
import { viewOf } from "../domain/profile/view.ts";
import type { TrailSink } from "../domain/session.ts";
import { median } from "./load.ts";
import type { Row } from "./table.ts";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const MINUTE_MS = 60_000;
/** Activities of one stored segment, about. */
const SEGMENT = 400;
const NOBODY_LISTENS: TrailSink = { transition() {}, repeat() {} };

/** A visitor of 90 days: sessions of views, carts, now and then an order. */
function activities(count: number, from = 0): Activity[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const kind = n % 40 === 39 ? "ordered" : n % 8 === 7 ? "added" : "viewed";
    const product = `p${(n * 7919) % 400}`;
    return {
      messageId: `m${n}`,
      at: NOW - 89 * 1440 * MINUTE_MS + n * 12 * MINUTE_MS,
      kind,
      name: kind,
      lines: [
        {
          productId: product,
          sku: product,
          quantity: 1,
          name: `Product ${product}`,
          category: `c${n % 25}`,
          brand: `b${n % 12}`,
          price: 5 + (n % 90),
        },
      ],
      currency: "EUR",
    };
  });
}

/** @returns Rows of the speed table about profiles. */
export function profileRows(quick: boolean): Row[] {
  const rounds = quick ? 5 : 31;
  const all = activities(10_000);
  const stored = Array.from({ length: all.length / SEGMENT }, (_, i) =>
    encodeActivities(all.slice(i * SEGMENT, (i + 1) * SEGMENT)),
  );
  const rebuild = () => {
    const profile = new Profile();
    for (const segment of stored) profile.fold(decodeActivities(segment), NOBODY_LISTENS);
    return viewOf(profile, NOW);
  };
  const takeAll = () => {
    const page = new ProfilePage();
    for (let i = 0; i < all.length; i += 50) {
      page.record(all.slice(i, i + 50), NOW);
      page.unsent = [];
      if (page.wantsSegment) page.cutSegment();
    }
    return viewOf(page.profile, NOW);
  };
  const rebuildMs = timed(rebuild, rounds);
  const takenMs = timed(takeAll, rounds);

  const full = new ProfilePage();
  full.record(activities(2_000), NOW);
  full.unsent = [];
  full.cutSegment();
  const bytes = bytesOf((writer) => full.write(writer));
  let next = 2_000;
  const batch = (size: number) => {
    const page = ProfilePage.decode(bytes);
    const parts = Array.from({ length: 40 }, () => {
      next += size;
      return activities(size, next);
    });
    const began = performance.now();
    for (const part of parts) page.record(part, NOW);
    return ((performance.now() - began) * 1000) / parts.length;
  };
  const fold = (size: number) => median(Array.from({ length: rounds }, () => batch(size)));
  const encode = timed(() => bytesOf((writer) => full.write(writer)), rounds * 4) * 1000;
  const decode = timed(() => ProfilePage.decode(bytes), rounds * 4) * 1000;
  const copies = crossing(bytes, rounds * 4);
  return [
    {
      what: "rebuild of a profile from 10,000 stored activities",
      figure: `${rebuildMs.toFixed(1)} ms; ${takenMs.toFixed(1)} ms as they come, in batches of 50: each counted once, told and stored`,
      peer: "the ~200 ms that pipelines on Node report for 90 days",
      aim: "<= 1 ms",
      met: rebuildMs <= 1,
    },
    {
      what: "folding a batch of 1, 5, 50 into a full profile, plain TypeScript",
      figure: `${fold(1).toFixed(1)}, ${fold(5).toFixed(1)}, ${fold(50).toFixed(1)} us`,
      peer: `a kernel's crossing alone, ${(bytes.length / 1024).toFixed(1)} KB of page copied in and out: ${copies.toFixed(1)} us`,
      aim: "why folding lives in domain/",
    },
    {
      what: "the page of a full profile read and written",
      figure: `${decode.toFixed(0)} and ${encode.toFixed(0)} us`,
      aim: "printed",
    },
  ];
}

/** Into Wasm memory, one call of an empty function, out again. */
function crossing(bytes: Uint8Array, rounds: number): number {
  const module = new WebAssembly.Module(readFileSync(join(import.meta.dirname, "../build/forecast.wasm")));
  const { memory, normal_cdf } = new WebAssembly.Instance(module).exports as {
    memory: WebAssembly.Memory;
    normal_cdf(z: number): number;
  };
  const view = new Uint8Array(memory.buffer, 1024 * 1024, bytes.length);
  return (
    timed(() => {
      for (let i = 0; i < 100; i++) {
        view.set(bytes);
        normal_cdf(0);
        view.slice();
      }
    }, rounds) * 10
  );
}

/** Median milliseconds. */
function timed(work: () => unknown, rounds: number): number {
  work();
  return median(
    Array.from({ length: rounds }, () => {
      const began = performance.now();
      work();
      return performance.now() - began;
    }),
  );
}
