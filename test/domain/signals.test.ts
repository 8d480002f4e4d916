import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Activity } from "../../domain/activity.ts";
import { SignalSink } from "../../domain/activity-signals.ts";
import { ByteReader, ByteWriter } from "../../domain/bytes.ts";
import { SeenPackets } from "../../domain/seen-packets.ts";
import { COUNT_KINDS, LINK_KINDS, type Signals } from "../../domain/signal.ts";
import { decodeSignals, encodeSignals, readCounts } from "../../domain/signal-codec.ts";
import { SignalAccumulator } from "../../domain/signal-merge.ts";

const DAY_MS = 86_400_000;
const at = fc.integer({ min: 20_000 * DAY_MS, max: 20_003 * DAY_MS });
const product = fc.nat(4);
const signals: fc.Arbitrary<Signals> = fc.record({
  products: fc.constant(["a", "b", "c", "d", "e"]),
  facts: fc.array(
    fc.record({
      productId: fc.constantFrom("a", "b"),
      at,
      name: fc.string(),
      price: fc.constantFrom(1, 2.5),
    }),
    { maxLength: 3 },
  ),
  counts: fc.array(
    fc.record({
      product,
      kind: fc.constantFrom(...COUNT_KINDS),
      at,
      amount: fc.integer({ min: 1, max: 99 }),
    }),
    { maxLength: 8 },
  ),
  links: fc.array(
    fc.record({
      from: product,
      to: product,
      kind: fc.constantFrom(...LINK_KINDS),
      at,
      weight: fc.constantFrom(-0.5, 0.25, 1),
    }),
    { maxLength: 8 },
  ),
});

/** What portions say together, by name. */
function told(portions: readonly Signals[]): Map<string, unknown> {
  const all = new Map<string, unknown>();
  for (const { products, facts, counts, links } of portions) {
    for (const { at: when, ...fact } of facts) all.set(`fact ${fact.productId}`, { when, ...fact });
    for (const { product: of, kind, at: when, amount } of counts) {
      all.set(`${kind} ${products[of]} ${Math.floor(when / DAY_MS)}`, { when, amount });
    }
    for (const { from, to, kind, at: when, weight } of links) {
      const ends = [products[from]!, products[to]!];
      if (kind === "pairing") ends.sort();
      all.set(`${kind} ${ends.join(">")} ${Math.floor(when / DAY_MS)}`, { when, weight });
    }
  }
  return all;
}

describe("signals", () => {
  test("[EV4] read back as they were written", () => {
    fc.assert(
      fc.property(signals, (one) => {
        const bytes = encodeSignals(one);
        expect(decodeSignals(bytes)).toEqual(one);
        const read = { products: [] as string[], skus: [] as string[][], counts: [] as unknown[] };
        readCounts(bytes, {
          product: (productId) => void read.products.push(productId),
          sku: (productId, sku) => void read.skus.push([productId, sku]),
          count: (product, kind, at, amount) => void read.counts.push({ product, kind, at, amount }),
        });
        const met = one.facts.filter((fact) => fact.sku !== undefined);
        expect(read.skus).toEqual(met.map(({ productId, sku }) => [productId, sku]));
        expect(read).toMatchObject({ products: one.products, counts: one.counts });
      }),
    );
    expect(() => decodeSignals(Uint8Array.of(99))).toThrow(RangeError);
  });

  test("[EV4] of version 1, whose transitions were told each way by itself, stay what they were", () => {
    const writer = new ByteWriter();
    writer.u8(1);
    writer.signed(20_000 * DAY_MS);
    writer.varint(2);
    writer.text("a");
    writer.text("b");
    writer.varint(0);
    writer.varint(0);
    writer.varint(2);
    // b after a: from and kind, to, milliseconds, weight; then back; 1 would be a pairing.
    for (const value of [0, 1, 7, 1]) writer.varint(value);
    for (const value of [2 * 1 + 1, 0, 7, 4]) writer.varint(value);
    const when = 20_000 * DAY_MS + 7;
    expect(decodeSignals(writer.bytes()).links).toEqual([
      { from: 0, to: 1, kind: "one_way", at: when, weight: 1 },
      { from: 1, to: 0, kind: "pairing", at: when, weight: 4 },
    ]);
  });

  test("[SG2] add up to the same in any order, grouping and portions", () => {
    fc.assert(
      fc.property(fc.array(signals, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (many, size) => {
        const together = new SignalAccumulator();
        for (const one of many) together.add(one);
        const backward = new SignalAccumulator();
        for (const one of [...many].reverse()) {
          // Each through a combiner of its own.
          const own = new SignalAccumulator();
          own.add(one);
          for (const portion of own.drain(size)) backward.add(decodeSignals(encodeSignals(portion)));
        }
        const portions = backward.drain(size);
        for (const { facts, counts, links } of portions) {
          expect(facts.length + counts.length + links.length).toBeLessThanOrEqual(size);
        }
        expect(told(portions)).toEqual(told(together.drain()));
        expect(backward.size).toBe(0);
      }),
    );
  });

  test("[SG7] a portion's counts are a row of the planner's, which names the product of each", () => {
    const sums = new SignalAccumulator();
    const products = Array.from({ length: 2_000 }, (_, i) => `https://shop.test/${i}/`.padEnd(250, "x"));
    const counts = products.flatMap((_, product) =>
      [1, 2, 3, 4, 5].map((day) => ({ product, kind: "view" as const, at: day * DAY_MS, amount: 1 })),
    );
    sums.add({ products, facts: [], counts, links: [] });
    const portions = sums.drain(10_000, 500_000);
    expect(portions.flatMap((portion) => portion.counts)).toHaveLength(10_000);
    const named = portions.map((portion) =>
      portion.counts.reduce((sum, { product }) => sum + portion.products[product]!.length, 0),
    );
    expect(Math.max(...named)).toBeLessThan(501_000);
  });

  test("[SG3] a packet counts once per stream and sequence, through merges and rows", () => {
    const told = fc.array(
      fc.record({
        stream: fc.constantFrom(1, 2 ** 52 + 1),
        sequence: fc.integer({ min: 1, max: 30 }),
        save: fc.boolean(),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(told, (packets) => {
        const rows: Uint8Array[] = [];
        let all = new SeenPackets();
        let fresh = new SeenPackets();
        const counted = new Set<string>();
        for (const { stream, sequence, save } of packets) {
          const key = `${stream} ${sequence}`;
          expect(all.take(stream, sequence, 100)).toBe(!counted.has(key));
          if (!counted.has(key)) fresh.take(stream, sequence, 100);
          counted.add(key);
          if (!save) continue;
          const writer = new ByteWriter();
          fresh.write(writer);
          rows.push(writer.bytes());
          fresh = new SeenPackets();
          // A restart: what was counted is read from the rows.
          all = new SeenPackets();
          for (const row of rows) all.read(new ByteReader(row));
        }
      }),
    );
    const seen = new SeenPackets();
    seen.take(1, 1, 100);
    seen.take(2, 1, 108);
    seen.forgetBefore(109);
    expect(seen.size).toBe(1);
  });
});

describe("what an order tells", () => {
  const order = (products: readonly string[]): Activity => ({
    messageId: "m",
    at: 20_000 * DAY_MS,
    kind: "ordered",
    name: "Order Completed",
    orderId: "o",
    lines: products.map((productId) => ({ productId, sku: productId, quantity: 80_995 })),
  });
  const told = (products: readonly string[]): Signals => {
    const sink = new SignalSink();
    sink.activity(order(products));
    return sink.signals();
  };

  test("[SG5] a purchase counts 1 whatever its units", () => {
    expect(told(["a"]).counts).toMatchObject([{ kind: "purchase", amount: 1 }]);
    expect(told(["a"]).links).toEqual([]);
  });

  test("[SG5] each product pairs with as many others, in a short order with all, each pair once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), (size) => {
        const { links } = told(Array.from({ length: size }, (_, n) => `p${n}`));
        const partners = Array.from({ length: size }, () => new Set<number>());
        for (const { from, to } of links) {
          partners[from]!.add(to);
          partners[to]!.add(from);
        }
        expect(partners.map((of) => of.size)).toEqual(partners.map(() => Math.min(size - 1, 16)));
        expect(links.length).toBe((size * Math.min(size - 1, 16)) / 2);
        expect(links.some(({ from, to }) => from === to)).toBe(false);
      }),
    );
  });
});
