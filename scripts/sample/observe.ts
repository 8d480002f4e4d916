// What a service says it holds of the sample, and what it should: for proofs that a load lost and doubled nothing.
import { type ApiClient, apiClient, expectStatus } from "../client.ts";
import type { Sample } from "./files.ts";
import { planLoad } from "./plan.ts";

export interface Held {
  /** Message ids of the activities of each customer, sorted. */
  readonly activities: ReadonlyMap<string, readonly string[]>;
  /** Orders that each customer's profile counts. */
  readonly orders: ReadonlyMap<string, number>;
  /** Units of demand of each SKU over all days. */
  readonly units: ReadonlyMap<string, number>;
}

const REQUESTS_AT_ONCE = 8;
const HORIZON_DAYS = 1;

/** Asks for every customer and every SKU of the sample; the customers are erased on the way. */
export async function observe(url: string, secretKey: string, sample: Sample): Promise<Held> {
  const client = apiClient(url, secretKey);
  const customers = [...new Set(sample.invoices.map(({ customer }) => customer))].filter((id) => id !== "");
  const activities = new Map<string, readonly string[]>();
  const orders = new Map<string, number>();
  const units = new Map<string, number>();
  await several(customers, async (customer) => {
    activities.set(customer, await messageIdsOf(client, customer));
    const answer = await client.GET("/v1/users/{id}", { params: { path: { id: customer } } });
    expectStatus(answer, `customer ${customer}`, 404);
    orders.set(customer, answer.data?.counts.orders ?? 0);
  });
  // What a profile had not handed over when the service was killed it would hand over when its session ends. An erasure
  // makes it do so at once, and what it told stays told.
  await several(visitorsOf(sample), async (visitor) => {
    const answer = await client.DELETE("/v1/users/{id}", { params: { path: { id: visitor } } });
    expectStatus(answer, `erasure of ${visitor}`);
  });
  await several(sample.catalogue, async ({ sku }) => {
    units.set(sku, await unitsOf(client, sku));
  });
  return { activities, orders, units };
}

function visitorsOf(sample: Sample): string[] {
  const visitors = new Set<string>();
  for (const { ndjson } of planLoad(sample, 0).events) {
    for (const line of ndjson.trimEnd().split("\n")) {
      const { userId, anonymousId } = JSON.parse(line) as { userId?: string; anonymousId?: string };
      visitors.add(userId ?? anonymousId!);
    }
  }
  return [...visitors];
}

/** What the data says a service should hold after one load, each event counted once. */
export function expected(sample: Sample): Held {
  const activities = new Map<string, string[]>();
  const orders = new Map<string, number>();
  const units = new Map(sample.catalogue.map(({ sku }) => [sku, 0]));
  for (const { ndjson } of planLoad(sample, 0).events) {
    for (const line of ndjson.trimEnd().split("\n")) {
      const { event, userId, messageId, properties } = JSON.parse(line) as {
        event: string;
        userId?: string;
        messageId: string;
        properties: { products: { sku: string; quantity: number }[] };
      };
      const times = event === "Order Completed" ? 1 : event === "Order Cancelled" ? -1 : 0;
      if (userId !== undefined) {
        activities.set(userId, [...(activities.get(userId) ?? []), messageId]);
        orders.set(userId, (orders.get(userId) ?? 0) + times);
      }
      for (const { sku, quantity } of properties.products) units.set(sku, units.get(sku)! + times * quantity);
    }
  }
  for (const ids of activities.values()) ids.sort();
  return { activities, orders, units };
}

/** The first differences in words; none when both hold the same. */
export function differences(held: Held, wanted: Held): string[] {
  const found: string[] = [];
  for (const kind of ["activities", "orders", "units"] as const) {
    for (const id of new Set([...held[kind].keys(), ...wanted[kind].keys()])) {
      const [is, should] = [held[kind].get(id), wanted[kind].get(id)].map((value) => JSON.stringify(value));
      if (is !== should) found.push(`${kind} of ${id}: ${is?.slice(0, 200)}, not ${should?.slice(0, 200)}`);
    }
  }
  return found;
}

async function messageIdsOf(client: ApiClient, customer: string): Promise<string[]> {
  const answer = await client.GET("/v1/users/{id}/export", { params: { path: { id: customer } } });
  expectStatus(answer, `export of ${customer}`, 404);
  return (answer.data?.activities ?? []).map(({ message_id: id }) => id).sort();
}

async function unitsOf(client: ApiClient, sku: string): Promise<number> {
  const answer = await client.GET("/v1/inventory/{sku}/forecast", {
    params: { path: { sku }, query: { horizon: HORIZON_DAYS } },
  });
  expectStatus(answer, `forecast of ${sku}`, 404);
  return (answer.data?.history ?? []).reduce((sum, { units }) => sum + units, 0);
}

async function several<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < items.length) await each(items[next++]!);
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work));
}
