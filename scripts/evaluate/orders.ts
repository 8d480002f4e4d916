// What customers order, as questions to the lists that pages show: the sample shop's year, the latest orders asked about.
import type { Activity } from "../../domain/activity.ts";
import { SignalSink } from "../../domain/activity-signals.ts";
import { toActivity } from "../../domain/ecommerce.ts";
import { hash32 } from "../../domain/hash.ts";
import { SESSION_GAP_MS } from "../../domain/limits.ts";
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

/**
 * `home`: a customer comes back and buys what they had and what they had not; `home, new`: what they had not is asked for
 * alone. `first look`: a stranger has looked at one product of the order.
 */
export type Page = "home" | "home, new" | "first look" | "product" | "cart";

/** A question that an order answers. */
export interface ListQuery {
  readonly page: Page;
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
  // Of an order of several parts, the first one comes back.
  const comesBack = profile !== undefined && at - profile.lastAt > SESSION_GAP_MS;
  const had = visitor.purchased.map(({ productId }) => productId);
  const isNew = (productId: string) => !had.includes(productId);
  const about = (page: Page, placement: Placement, who: VisitorContext, wanted: readonly string[]) => ({
    page,
    query: { placement, visitor: who, limit: LIST_LENGTH, exclude: [], strategies: [], now: at },
    wanted: new Set(wanted),
  });
  const half = Math.min(CART_MAX, products.length >> 1);
  const looked = { ...NOBODY, recent: [{ productId: first, at, views: 1, kind: "viewed" as const }] };
  const home = about("home", "home", visitor, products);
  const homeNew = about("home, new", "home", visitor, products.filter(isNew));
  const page = about("product", "product", visitor, products.slice(1).filter(isNew));
  const cart = { ...visitor, cart: products.slice(0, half) };
  return [
    ...(comesBack ? [home, { ...homeNew, query: { ...homeNew.query, exclude: had } }] : []),
    about("first look", "home", looked, products.slice(1).filter(isNew)),
    { ...page, query: { ...page.query, productId: first } },
    about("cart", "cart", cart, products.slice(half).filter(isNew)),
  ].filter(({ wanted, page }) => wanted.size > 0 && (page !== "cart" || half > 0));
}
