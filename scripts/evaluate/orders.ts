// What customers order, as questions to the lists that pages show: the sample shop's year, the latest orders asked about.
import type { Activity } from "../../domain/activity.ts";
import { SignalSink } from "../../domain/activity-signals.ts";
import { toActivity } from "../../domain/ecommerce.ts";
import { hash32 } from "../../domain/hash.ts";
import { contextText, readContext } from "../../domain/profile/context.ts";
import { Profile } from "../../domain/profile/profile.ts";
import type { Placement, RecommendationQuery } from "../../domain/recommendation.ts";
import { NOBODY, type VisitorContext } from "../../domain/visitor.ts";
import { eventsOf } from "../sample/events.ts";
import { readSample } from "../sample/files.ts";
import { productOf } from "../sample/products.ts";
import { cancelledOrders } from "../sample/rules.ts";
import { OfflineShop } from "./shop.ts";

/** An order or refund of somebody. */
export interface Purchase {
  readonly visitor: string;
  readonly activity: Activity;
}

/** A question that an order answers. */
export interface ListQuery {
  /** `home`: a customer comes back. `first look`: a stranger has looked at one of its products. */
  readonly page: "home" | "first look" | "product" | "cart";
  readonly query: RecommendationQuery;
  /** What was ordered and may be shown. */
  readonly wanted: ReadonlySet<string>;
}

export const LIST_LENGTH = 20;
/** Products of an order that its cart holds when the rest is asked for. */
const CART_MAX = 10;
const SILENT = { transition() {}, repeat() {} };

export function readPurchases(): Purchase[] {
  const sample = readSample();
  const products = new Map(sample.catalogue.map((article) => [article.sku, productOf(article)]));
  const cancelled = cancelledOrders(sample.invoices);
  return sample.invoices.flatMap((invoice) =>
    eventsOf(invoice, 0, products, cancelled.get(invoice)).map(
      ({ type, event: name, messageId, timestamp, properties, ...who }) => ({
        visitor: who.userId ?? who.anonymousId ?? messageId,
        activity: toActivity({
          type,
          name,
          messageId,
          at: Date.parse(timestamp),
          properties: { ...properties },
          bot: false,
        }),
      }),
    ),
  );
}

/** A shop that knows the purchases up to `from`, and what those up to `to` ask of it, each visitor as just before. */
export function ask(
  purchases: readonly Purchase[],
  from: number,
  to: number,
): { shop: OfflineShop; queries: ListQuery[] } {
  const shop = new OfflineShop(purchases[0]!.activity.at);
  const profiles = new Map<string, Profile>();
  const queries: ListQuery[] = [];
  for (const [n, { visitor, activity }] of purchases.slice(0, to).entries()) {
    let profile = profiles.get(visitor);
    if (n < from) {
      const sink = new SignalSink();
      sink.activity(activity);
      shop.learn(sink.signals(), activity.at);
    } else if (activity.kind === "ordered") {
      queries.push(...queriesOf(activity, profile));
    }
    if (profile === undefined) {
      profile = new Profile();
      profiles.set(visitor, profile);
    }
    profile.fold([activity], SILENT);
  }
  return { shop, queries };
}

function queriesOf({ at, messageId, lines }: Activity, profile: Profile | undefined): ListQuery[] {
  const order = (productId: string) => hash32(messageId + productId);
  const products = [...new Set(lines.map(({ productId }) => productId))].sort((a, b) => order(a) - order(b));
  const [first] = products;
  if (first === undefined) return [];
  const visitor = profile === undefined ? NOBODY : readContext(contextText(profile), at);
  const had = new Set(visitor.purchased.map(({ productId }) => productId));
  const about = (page: ListQuery["page"], placement: Placement, who: VisitorContext, from: number) => ({
    page,
    query: { placement, visitor: who, limit: LIST_LENGTH, exclude: [], strategies: [], now: at },
    wanted: new Set(products.slice(from).filter((productId) => who === NOBODY || !had.has(productId))),
  });
  const half = Math.min(CART_MAX, products.length >> 1);
  const looked = { ...NOBODY, recent: [{ productId: first, at, views: 1, kind: "viewed" as const }] };
  const page = about("product", "product", visitor, 1);
  return [
    ...(profile === undefined ? [] : [about("home", "home", visitor, 0)]),
    about("first look", "home", looked, 1),
    { ...page, query: { ...page.query, productId: first } },
    about("cart", "cart", { ...visitor, cart: products.slice(0, half) }, half),
  ].filter(({ wanted, page }) => wanted.size > 0 && (page !== "cart" || half > 0));
}
