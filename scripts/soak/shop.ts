// A simulated shop: what its visitors, its tills and its store room send, entered in the books as it is made.
import { DAY_MS } from "../../domain/limits.ts";
import { Books, type Kind, type Line } from "./books.ts";
import type { Chance } from "./chance.ts";

export const PRODUCTS = 600;
const USERS = 2_000;
/** Days that the run's events are spread over, the last of them today. */
export const DAYS = 28;
const HOUR_MS = 3_600_000;
const BROWSER =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
/** Share of a day's visits by hour, UTC: few at night, most in the evening. */
const RHYTHM = [1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 9, 10, 9, 8, 8, 8, 9, 11, 13, 14, 12, 7, 3];
const RHYTHM_MAX = Math.max(...RHYTHM);

/** One request, repeated as it is until it is acknowledged. */
export interface Work {
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key: "write" | "secret";
  /** Events that the answer must account for; absent where the answer does not count. */
  readonly events?: number;
  /** What a repeat is answered with, where not as the first. */
  readonly repeated?: number;
  /** Works of one lane are sent one after another, each when the one before is acknowledged. */
  readonly lane?: string;
}

export function skuOf(product: number): string {
  return `sku-${product}`;
}

type Message = object;

/** Makes work without end. Every decision is chance's, so that a seed repeats it; only `now` is told. */
export class Shop {
  readonly books = new Books();
  private readonly chance: Chance;
  private readonly run: string;
  private messages = 0;
  private orders = 0;
  private adjustments = 0;
  private anonymous = 0;
  /** Messages that come late, with the next work of anybody. */
  private readonly late: Message[] = [];

  /** @param run tells this run's ids from all others'. */
  constructor(chance: Chance, run: string) {
    this.chance = chance;
    this.run = run;
  }

  /** Every SKU with its first stock: what the shop sells is known before anybody looks at it. */
  opening(): Work[] {
    return Array.from({ length: PRODUCTS }, (_, product) => {
      const sku = skuOf(product);
      const onHand = 50 + this.chance.below(500);
      this.books.stock.set(sku, onHand);
      const body = JSON.stringify({ on_hand: onHand, lead_time_days: 7 });
      return {
        method: "PUT",
        path: `/v1/inventory/${sku}`,
        body,
        key: "secret",
        lane: sku,
        // A repeat would change what is there, which needs If-Match.
        repeated: 428,
      };
    });
  }

  /** @param progress 0..1: how far the run, and so the shop's time, has gone. */
  next(progress: number, now: number): Work {
    if (this.chance.happens(0.03)) return this.restock();
    return this.visits(progress, now);
  }

  private restock(): Work {
    const sku = skuOf(this.chance.zipf(PRODUCTS));
    const onHand = this.books.stock.get(sku)!;
    // Sold out now and then, and filled again.
    const delta = onHand > 0 && this.chance.happens(0.3) ? -onHand : 1 + this.chance.below(40);
    this.books.stock.set(sku, onHand + delta);
    const reason = delta < 0 ? "shrinkage" : "receipt";
    return this.adjustment(sku, JSON.stringify({ delta, reason }));
  }

  private adjustment(sku: string, body: string): Work {
    const headers = { "idempotency-key": `${this.run}-adjust-${this.adjustments++}` };
    return {
      method: "POST",
      path: `/v1/inventory/${sku}/adjustments`,
      body,
      headers,
      key: "secret",
      lane: sku,
    };
  }

  /** What is still on its way when the shop closes. */
  closing(now: number): Work[] {
    const works: Work[] = [];
    while (this.late.length > 0) works.push(this.batch(this.late.splice(0, 200), now));
    return works;
  }

  /** One to four visitors' messages in a batch, as a server would gather them. */
  private visits(progress: number, now: number): Work {
    const messages: Message[] = [];
    for (let n = 1 + this.chance.below(4); n > 0; n--) messages.push(...this.visit(progress, now));
    if (this.late.length > 0 && this.chance.happens(0.2)) messages.push(...this.late.splice(0, 20));
    return this.batch(messages, now);
  }

  private batch(messages: readonly Message[], now: number): Work {
    const body = JSON.stringify({ sentAt: new Date(now).toISOString(), batch: messages });
    return { method: "POST", path: "/v1/batch", body, key: "write", events: messages.length };
  }

  /** One visitor's messages, in the order they happened. */
  private visit(progress: number, now: number): Message[] {
    const start = this.timeOf(progress, now);
    if (this.chance.happens(0.02)) return this.crawl(start, now);
    const user = `${this.run}-user-${this.chance.below(USERS)}`;
    const signsIn = this.chance.happens(0.05);
    const known = !signsIn && !this.chance.happens(0.1);
    const ids = known ? { userId: user } : { anonymousId: `${this.run}-anonymous-${this.anonymous++}` };
    const visit = new Visit(this, ids, start, now);
    const seen = Array.from({ length: 1 + this.chance.below(6) }, () => this.chance.zipf(PRODUCTS));
    for (const product of seen) visit.looksAt(skuOf(product));
    if (this.chance.happens(0.2)) visit.sends("other", "Products Searched", [], { query: "cake stand" });
    const cart = [...new Set(seen.filter(() => this.chance.happens(0.3)))];
    for (const product of cart) visit.puts(skuOf(product));
    if (cart.length > 0 && this.chance.happens(0.5)) {
      visit.buys(
        `${this.run}-order-${this.orders++}`,
        cart.map((product) => ({ product: skuOf(product), quantity: 1 + this.chance.below(3) })),
      );
    }
    if (signsIn) visit.signsInAs(user);
    return this.delayed(visit.messages);
  }

  /** A bot looks at forty products, one a second. */
  private crawl(start: number, now: number): Message[] {
    const ids = { anonymousId: `${this.run}-bot-${this.chance.below(20)}` };
    const visit = new Visit(this, ids, start, now, BOT);
    for (let i = 0; i < 40; i++) visit.looksAt(skuOf(this.chance.zipf(PRODUCTS)));
    return visit.messages;
  }

  /** Some messages come with a later batch, some come again. */
  private delayed(messages: readonly Message[]): Message[] {
    return messages.filter((message) => {
      if (this.chance.happens(0.02)) this.late.push(message);
      if (!this.chance.happens(0.03)) return true;
      this.late.push(message);
      return false;
    });
  }

  /** The shop's time as far as the run has gone, at an hour that people shop. */
  private timeOf(progress: number, now: number): number {
    const day = Math.floor(now / DAY_MS) - DAYS + Math.floor(progress * DAYS);
    let hour = this.chance.below(24);
    while (this.chance.next() * RHYTHM_MAX > RHYTHM[hour]!) hour = this.chance.below(24);
    return Math.min(now - HOUR_MS, day * DAY_MS + (hour + this.chance.next()) * HOUR_MS);
  }

  /** Some time for people to read: up to a minute and a half. */
  pauseMs(): number {
    return 1_000 + this.chance.below(90_000);
  }

  messageId(): string {
    return `${this.run}-${this.messages++}`;
  }

  /** A few orders are from long ago: history, which only demand and products take in. */
  isHistory(): boolean {
    return this.chance.happens(0.02);
  }
}

interface Ids {
  readonly userId?: string;
  readonly anonymousId?: string;
}

/** One visitor's way through the shop. */
class Visit {
  readonly messages: Message[] = [];
  private readonly shop: Shop;
  private readonly ids: Ids;
  private at: number;
  private readonly now: number;
  private readonly userAgent: string;

  constructor(shop: Shop, ids: Ids, start: number, now: number, userAgent = BROWSER) {
    this.shop = shop;
    this.ids = ids;
    this.at = start;
    this.now = now;
    this.userAgent = userAgent;
  }

  looksAt(product: string): void {
    this.sends("view", "Product Viewed", [{ product, quantity: 1 }], factsOf(product));
  }

  puts(product: string): void {
    this.sends("cart", "Product Added", [{ product, quantity: 1 }], factsOf(product));
  }

  buys(orderId: string, lines: readonly Line[]): void {
    const products = lines.map(({ product, quantity }) => ({ ...factsOf(product), quantity }));
    this.sends("purchase", "Order Completed", lines, { order_id: orderId, currency: "GBP", products });
  }

  /** What they did as nobody becomes the user's. */
  signsInAs(user: string): void {
    this.at = Math.min(this.now, this.at + 1_000);
    const { books } = this.shop;
    books.join(this.ids.anonymousId!, user);
    books.enter(user, "other", this.at, [], this.now);
    this.push({ type: "identify", ...this.ids, userId: user, traits: {} }, this.at);
  }

  sends(kind: Kind | "other", event: string, lines: readonly Line[], properties: object): void {
    this.at = Math.min(this.now, this.at + (this.userAgent === BOT ? 1_000 : this.shop.pauseMs()));
    const at = kind === "purchase" && this.shop.isHistory() ? this.at - 120 * DAY_MS : this.at;
    // A bot has a profile as well, but nothing is learnt from it.
    const learnt = this.userAgent === BOT ? [] : lines;
    this.shop.books.enter(this.ids.userId ?? this.ids.anonymousId!, kind, at, learnt, this.now);
    this.push({ type: "track", event, ...this.ids, properties }, at);
  }

  private push(message: object, at: number): void {
    const timestamp = new Date(at).toISOString();
    const context = { channel: "web", library: { name: "soak", version: "1" }, userAgent: this.userAgent };
    this.messages.push({ ...message, messageId: this.shop.messageId(), timestamp, context });
  }
}

function factsOf(product: string): object {
  return {
    product_id: product,
    name: `Product ${product}`,
    category: `category ${product.length}`,
    price: 4.25,
  };
}
