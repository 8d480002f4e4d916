import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseLine } from "../../scripts/sample/csv.ts";
import { eventsOf, shiftDaysFor } from "../../scripts/sample/events.ts";
import { packRows, unitsBySku } from "../../scripts/sample/pack.ts";
import { productOf } from "../../scripts/sample/products.ts";
import { cancelledOrders, type Invoice, invoiceOf, type Row, refusal } from "../../scripts/sample/rules.ts";

const MINUTE = Date.UTC(2011, 11, 9, 12, 50) / 60_000;

function row(changes: Partial<Row>): Row {
  return {
    invoice: "536365",
    code: "85123A",
    description: "WHITE METAL LANTERN",
    quantity: 6,
    minute: MINUTE,
    price: 2550,
    customer: "17850",
    ...changes,
  };
}

describe("rows", () => {
  test.each([
    [row({}), undefined],
    [row({ invoice: "C536379", quantity: -1 }), undefined],
    [row({ code: "gift_0001_20" }), undefined],
    [row({ code: "POST" }), "charge"],
    [row({ code: "m" }), "charge"],
    [row({ code: "BANK CHARGES" }), "charge"],
    [row({ price: 0, quantity: -20, customer: "" }), "unpriced"],
    [row({ price: -11_062_060 }), "unpriced"],
  ])("[SS1] row %# is kept or left out with its reason", (given, expected) => {
    expect(refusal(given)).toBe(expected);
  });

  test("[SS1] rows read are those left out and those kept", async () => {
    const { totals } = await packRows([
      row({}),
      row({ code: "POST" }),
      row({ price: 0 }),
      row({ invoice: "C536380", quantity: -2 }),
    ]);
    expect(totals.rows_read).toBe(4);
    expect(totals.rows_left_out).toEqual({ charge: 1, unpriced: 1 });
    expect(totals.rows_kept).toEqual({ sales: 1, returns: 1 });
    expect(totals.units).toEqual({ sold: 6, returned: 2 });
  });

  test("a line of the table with commas and quotes in its fields", () => {
    expect(parseLine('"1","A","3 ""X"", RED",-6,"2010-12-01 08:26:00",2.55,"",""')).toEqual([
      "1",
      "A",
      '3 "X", RED',
      "-6",
      "2010-12-01 08:26:00",
      "2.55",
      "",
      "",
    ]);
  });
});

describe("invoices", () => {
  test("[SS2] rows of one SKU become one line at the mean price by unit", () => {
    const rows = [row({ price: 1000, quantity: 1 }), row({ code: "85123a", price: 2000, quantity: 3 })];
    expect(invoiceOf(rows).lines).toEqual([{ sku: "85123A", quantity: 4, price: 1750 }]);
  });

  test("[SS2] a sale of a negative quantity is not understood", () => {
    expect(() => invoiceOf([row({ quantity: -1 })])).toThrow("536365");
  });

  test("[SS2] units per SKU are those of the kept rows, whatever the rows", async () => {
    const rows = fc.array(
      fc.record({
        number: fc.integer({ min: 536_000, max: 536_009 }),
        refund: fc.boolean(),
        code: fc.constantFrom("85123A", "85123a", "22423", "POST", "10002"),
        units: fc.integer({ min: 1, max: 500 }),
        price: fc.constantFrom(0, 420, 1250, 2955),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(rows, async (drawn) => {
        const table = drawn.map(({ number, refund, code, units, price }) =>
          row({
            invoice: refund ? `C${number}` : String(number),
            code,
            price,
            quantity: refund ? -units : units,
          }),
        );
        const { invoices } = await packRows(table);
        const expected = new Map<string, number>();
        for (const { code, price, quantity } of table) {
          if (code === "POST" || price === 0) continue;
          const sku = code.toUpperCase();
          expected.set(sku, (expected.get(sku) ?? 0) + quantity);
        }
        expect(unitsBySku(invoices)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe("events", () => {
  const product = productOf({ sku: "22423", price: 12_750, description: "REGENCY CAKESTAND 3 TIER" });
  const invoice: Invoice = {
    number: 581_587,
    kind: "order",
    minute: MINUTE,
    customer: "12680",
    lines: [{ sku: "22423", quantity: 3, price: 12_750 }],
  };

  test("[SS4] [SS6] an invoice is its customer's order, its date moved by whole days", () => {
    const [event, ...more] = eventsOf(invoice, 10, new Map([["22423", product]]));
    expect(more).toEqual([]);
    expect(event).toEqual({
      type: "track",
      event: "Order Completed",
      messageId: "online-retail-581587",
      userId: "12680",
      timestamp: "2011-12-19T12:50:00.000Z",
      properties: {
        order_id: "581587",
        currency: "GBP",
        revenue: 38.25,
        total: 38.25,
        products: [
          {
            product_id: "22423",
            sku: "22423",
            name: "Regency Cakestand 3 Tier",
            category: "Baking & Cake Stands",
            price: 12.75,
            quantity: 3,
          },
        ],
      },
    });
  });

  test("[SS4] a refund of all that the same customer ordered at once cancels that order, each once", () => {
    const refund: Invoice = { ...invoice, number: 581_590, kind: "refund" };
    const again: Invoice = { ...refund, number: 581_591 };
    const partly: Invoice = { ...refund, lines: [{ sku: "22423", quantity: 2, price: 12_750 }] };
    const other: Invoice = { ...refund, customer: "12681" };
    expect(cancelledOrders([invoice, partly, other, refund, again])).toEqual(new Map([[refund, invoice]]));
    const [event] = eventsOf(refund, 0, new Map([["22423", product]]), invoice);
    expect(event).toMatchObject({
      event: "Order Cancelled",
      messageId: "online-retail-C581590",
      properties: { order_id: "581587" },
    });
  });

  test("[SS4] another refund is money back for no order in particular, a stranger a guest of that invoice", () => {
    const refund: Invoice = { ...invoice, kind: "refund", customer: "" };
    const [event] = eventsOf(refund, 0, new Map([["22423", product]]));
    expect(event).toMatchObject({
      event: "Order Refunded",
      messageId: "online-retail-C581587",
      anonymousId: "guest-C581587",
    });
    expect(event?.properties).not.toHaveProperty("order_id");
    expect(event).not.toHaveProperty("userId");
  });

  test.each([
    [1, [1]],
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]],
  ])("[SS5] %i lines become orders of %j", (lines, expected) => {
    const skus = Array.from({ length: lines }, (_, index) => String(10_000 + index));
    const products = new Map(skus.map((sku) => [sku, { ...product, product_id: sku }]));
    const large = { ...invoice, lines: skus.map((sku) => ({ sku, quantity: 1, price: 1000 })) };
    const events = eventsOf(large, 0, products);
    expect(events.map(({ properties }) => properties.products.length)).toEqual(expected);
    expect(events.map(({ properties }) => properties.order_id)).toEqual(
      expected.map((_, part) => (part === 0 ? "581587" : `581587-${part + 1}`)),
    );
    expect(events.flatMap(({ properties }) => properties.products.map(({ sku }) => sku))).toEqual(skus);
    expect(new Set(events.map(({ messageId }) => messageId)).size).toBe(events.length);
  });

  test("[SS6] the last day becomes yesterday at any time of today", () => {
    for (const time of ["2026-11-24T00:00:00Z", "2026-11-24T23:59:59.999Z"]) {
      const shift = shiftDaysFor([invoice], Date.parse(time));
      const [event] = eventsOf(invoice, shift, new Map([["22423", product]]));
      expect(event?.timestamp).toBe("2026-11-23T12:50:00.000Z");
    }
  });
});
