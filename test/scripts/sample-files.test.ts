import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT_BYTES_MAX, ORDER_LINES_MAX } from "../../domain/limits.ts";
import { CATEGORIES, categoryOf, OTHER } from "../../scripts/sample/categories.ts";
import { readSample } from "../../scripts/sample/files.ts";
import { decodeInvoices, encodeInvoices } from "../../scripts/sample/format.ts";
import { unitsBySku } from "../../scripts/sample/pack.ts";
import { lastDays, planLoad } from "../../scripts/sample/plan.ts";
import { nameOf, productOf } from "../../scripts/sample/products.ts";
import { recentUnits, stockOf } from "../../scripts/sample/stock.ts";

const sample = readSample();

interface Sent {
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly event: string;
  readonly messageId: string;
  readonly properties: { readonly products: readonly { sku: string; quantity: number }[] };
}

describe("the files", () => {
  test("[SS3] invoices read back as they were packed", () => {
    const skus = ["10002", "22423", "85123A", "GIFT_0001_20"];
    const line = fc.record({
      sku: fc.constantFrom(...skus),
      quantity: fc.integer({ min: 1, max: 80_995 }),
      price: fc.integer({ min: 1, max: 700_000 }),
    });
    const invoice = fc.record({
      number: fc.integer({ min: 536_365, max: 581_587 }),
      kind: fc.constantFrom("order" as const, "refund" as const),
      minute: fc.integer({ min: 21_519_866, max: 22_057_490 }),
      customer: fc.constantFrom("", "12346", "18287", "15000"),
      lines: fc
        .uniqueArray(line, { selector: ({ sku }) => sku })
        .map((lines) => lines.sort((a, b) => (a.sku < b.sku ? -1 : 1))),
    });
    fc.assert(
      fc.property(fc.array(invoice, { maxLength: 30 }), (drawn) => {
        const invoices = drawn.sort((a, b) => a.minute - b.minute);
        expect(decodeInvoices(encodeInvoices(invoices, skus), skus)).toEqual(invoices);
      }),
      { numRuns: 50 },
    );
  });

  test("[SS3] what ships adds up to the table's 541,909 rows", () => {
    const { totals, invoices, catalogue } = sample;
    const { rows_left_out: out, rows_kept: kept } = totals;
    expect(out.charge + out.unpriced + kept.sales + kept.returns).toBe(541_909);
    expect(totals.rows_read).toBe(541_909);
    expect(totals.lines.orders + totals.lines.refunds + totals.rows_summed_into_another).toBe(
      kept.sales + kept.returns,
    );
    const of = (kind: string) => invoices.filter((invoice) => invoice.kind === kind);
    expect({ orders: of("order").length, refunds: of("refund").length }).toEqual(totals.invoices);
    const units = (kind: string) =>
      of(kind).reduce((sum, { lines }) => sum + lines.reduce((n, { quantity }) => n + quantity, 0), 0);
    expect({ sold: units("order"), returned: units("refund") }).toEqual(totals.units);
    expect(new Set(invoices.map(({ customer }) => customer)).size - 1).toBe(totals.customers);
    expect(catalogue.length).toBe(totals.skus);
    expect(new Set(invoices.flatMap(({ lines }) => lines.map(({ sku }) => sku)))).toEqual(
      new Set(catalogue.map(({ sku }) => sku)),
    );
  });
});

describe("what a load sends", () => {
  const plan = planLoad(sample, 0);

  test("[SS2] [SS4] [SS5] every unit of the data once, within the bounds of an event", () => {
    const units = new Map<string, number>();
    const ids = new Set<string>();
    let count = 0;
    for (const { ndjson, events } of plan.events) {
      const lines = ndjson.trimEnd().split("\n");
      expect(lines.length).toBe(events);
      for (const line of lines) {
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(EVENT_BYTES_MAX);
        const { event, messageId, properties } = JSON.parse(line) as Sent;
        expect(properties.products.length).toBeLessThanOrEqual(ORDER_LINES_MAX);
        ids.add(messageId);
        count += 1;
        const sign = event === "Order Completed" ? 1 : -1;
        for (const { sku, quantity } of properties.products) {
          units.set(sku, (units.get(sku) ?? 0) + sign * quantity);
        }
      }
    }
    expect(ids.size).toBe(count);
    expect(units).toEqual(unitsBySku(sample.invoices));
  });

  test("[SS10] each visitor's events are sent in one burst", () => {
    const met = new Set<string>();
    let current = "";
    for (const { ndjson } of plan.events) {
      for (const line of ndjson.trimEnd().split("\n")) {
        const { userId, anonymousId } = JSON.parse(line) as Sent;
        const visitor = userId ?? anonymousId!;
        if (visitor === current) continue;
        expect(met.has(visitor)).toBe(false);
        met.add(visitor);
        current = visitor;
      }
    }
    expect(met.size).toBe(sample.totals.customers + sample.totals.guest_invoices);
  });

  test("[SS11] is the same every time", () => {
    expect(planLoad(readSample(), 0)).toEqual(plan);
  });

  test("the last days alone hold their own products and nothing older", () => {
    const part = lastDays(sample, 7);
    expect(part.invoices.length).toBeGreaterThan(100);
    expect(part.invoices.at(-1)!.minute - part.invoices[0]!.minute).toBeLessThan(7 * 1440);
    expect(() => planLoad(part, 0)).not.toThrow();
  });
});

describe("the catalogue", () => {
  test.each([
    ["SET OF 3 CAKE TINS PANTRY DESIGN ", "Baking & Cake Stands"],
    ["WHITE HANGING HEART T-LIGHT HOLDER", "Candle Holders"],
    ["JUMBO BAG RED RETROSPOT", "Bags & Purses"],
    ["DOORMAT HOME SWEET HOME BLUE ", "Doorstops & Doormats"],
    ["PARISIENNE KEY CABINET ", "Furniture"],
    ["MIRROR WITH HOOKS", "Mirrors"],
    ["WOODEN STAR CHRISTMAS SCANDINAVIAN", "Christmas"],
    ["BOXES OF SOMETHING", "Storage Boxes & Baskets"],
    ["FROSTED WHITE BASE", OTHER],
    ["", OTHER],
  ])("[SS7] %s is of %s", (description, category) => {
    expect(categoryOf(description)).toBe(category);
  });

  test("[SS7] fewer than 50 categories, fewer than 1 in 100 products of none", () => {
    const found = sample.catalogue.map(({ description }) => categoryOf(description));
    expect(CATEGORIES.length).toBeLessThan(50);
    expect(new Set(found)).toEqual(new Set(CATEGORIES));
    expect(found.filter((category) => category === OTHER).length).toBeLessThan(found.length / 100);
  });

  test.each([
    ["REGENCY CAKESTAND 3 TIER", "Regency Cakestand 3 Tier"],
    ["SET OF 3 CAKE TINS  PANTRY DESIGN", "Set of 3 Cake Tins Pantry Design"],
    ["WHITE HANGING HEART T-LIGHT HOLDER", "White Hanging Heart T-Light Holder"],
    ["WRAP 50'S  CHRISTMAS", "Wrap 50's Christmas"],
    ["SET OF 10 LED DOLLY LIGHTS", "Set of 10 LED Dolly Lights"],
    ["POLYESTER FILLER PAD 45x30cm", "Polyester Filler Pad 45x30cm"],
    ["Dotcomgiftshop Gift Voucher £40.00", "Dotcomgiftshop Gift Voucher £40.00"],
  ])("[SS8] %s is called %s", (description, name) => {
    expect(nameOf(description)).toBe(name);
  });

  test("[SS8] services are hidden, goods are not", () => {
    const hidden = sample.catalogue.map(productOf).filter((product) => product.hidden);
    expect(hidden.map(({ name }) => name).filter((name) => !/Gift Voucher/.test(name))).toEqual([
      "Next Day Carriage",
      "Packing Charge",
    ]);
    expect(hidden.length).toBe(8);
  });
});

describe("stock", () => {
  test("[SS9] is the same for the same SKU and demand, and there is some of each kind", () => {
    const units = recentUnits(sample.invoices);
    const stocks = sample.catalogue.map((article) => stockOf(article, units.get(article.sku) ?? 0));
    expect(sample.catalogue.map((article) => stockOf(article, units.get(article.sku) ?? 0))).toEqual(stocks);
    const cover = sample.catalogue
      .map(({ sku }, index) => ({ on_hand: stocks[index]!.on_hand, pace: (units.get(sku) ?? 0) / 56 }))
      .filter(({ pace }) => pace > 0)
      .map(({ on_hand, pace }) => on_hand / pace);
    const share = (of: (days: number) => boolean) => cover.filter(of).length / cover.length;
    expect(share((days) => days === 0)).toBeGreaterThan(0.05);
    expect(share((days) => days > 0 && days <= 7)).toBeGreaterThan(0.05);
    expect(share((days) => days >= 180)).toBeGreaterThan(0.05);
    expect(new Set(stocks.map(({ lead_time_days }) => lead_time_days))).toEqual(new Set([7, 14, 21]));
    for (const { unit_cost, unit_price, on_hand } of stocks) {
      expect(Number.isInteger(on_hand)).toBe(true);
      expect(unit_cost).toBeLessThanOrEqual(unit_price);
    }
  });
});
