// The peer: the same pipeline as Node services of the past had it. Express, every activity in memory, a profile computed
// from them when one asks, every product scored for each list. Written plainly, with nothing made slow on purpose.
import express from "express";

const DAY_MS = 86_400_000;
const PROFILE_DAYS = 90;
const SESSION_GAP_MS = 30 * 60_000;
const INTEREST_HALF_LIFE_DAYS = 14;
const TREND_DAYS = 7;

interface Activity {
  readonly kind: "view" | "cart" | "purchase" | "other";
  readonly productId: string | undefined;
  readonly category: string | undefined;
  readonly brand: string | undefined;
  readonly price: number | undefined;
  readonly quantity: number;
  readonly at: number;
}

interface Product {
  readonly productId: string;
  readonly category: string | undefined;
  /** Views of the last days, by day number. */
  readonly views: Map<number, number>;
}

const WEIGHTS = { view: 1, cart: 3, purchase: 5, other: 0 } as const;
const KINDS: Readonly<Record<string, Activity["kind"]>> = {
  "Product Viewed": "view",
  "Product Added": "cart",
  "Order Completed": "purchase",
};

const seen = new Set<string>();
const activities = new Map<string, Activity[]>();
const products = new Map<string, Product>();
/** How often two products were seen in one session. */
const together = new Map<string, Map<string, number>>();

interface Message {
  readonly messageId: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly event?: string;
  readonly timestamp?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

function record(message: Message): boolean {
  if (seen.has(message.messageId)) return false;
  seen.add(message.messageId);
  const visitor = message.userId ?? message.anonymousId ?? "";
  const kind = KINDS[message.event ?? ""] ?? "other";
  const at = message.timestamp === undefined ? Date.now() : Date.parse(message.timestamp);
  const properties = message.properties ?? {};
  const lines = (Array.isArray(properties["products"]) ? properties["products"] : [properties]) as Record<
    string,
    unknown
  >[];
  let list = activities.get(visitor);
  if (list === undefined) {
    list = [];
    activities.set(visitor, list);
  }
  for (const line of lines) {
    const activity: Activity = {
      kind,
      productId: line["product_id"] as string | undefined,
      category: line["category"] as string | undefined,
      brand: line["brand"] as string | undefined,
      price: line["price"] as number | undefined,
      quantity: (line["quantity"] as number | undefined) ?? 1,
      at,
    };
    if (activity.productId !== undefined) learn(activity, list);
    list.push(activity);
  }
  return true;
}

function learn({ productId, category, kind, at }: Activity, before: readonly Activity[]): void {
  let product = products.get(productId!);
  if (product === undefined) {
    product = { productId: productId!, category, views: new Map() };
    products.set(productId!, product);
  }
  if (kind === "view") {
    const day = Math.floor(at / DAY_MS);
    product.views.set(day, (product.views.get(day) ?? 0) + 1);
  }
  for (const other of before.slice(-10)) {
    if (other.productId === undefined || other.productId === productId) continue;
    if (at - other.at > SESSION_GAP_MS) continue;
    pair(other.productId, productId!);
    pair(productId!, other.productId);
  }
}

function pair(a: string, b: string): void {
  let others = together.get(a);
  if (others === undefined) {
    others = new Map();
    together.set(a, others);
  }
  others.set(b, (others.get(b) ?? 0) + 1);
}

function profileOf(visitor: string) {
  const now = Date.now();
  const recent = (activities.get(visitor) ?? [])
    .filter(({ at }) => at > now - PROFILE_DAYS * DAY_MS)
    .sort((a, b) => a.at - b.at);
  const categories = new Map<string, { affinity: number; views: number; carts: number; purchases: number }>();
  const brands = new Map<string, number>();
  const prices = new Map<string, number[]>();
  const lastSeen = new Map<string, number>();
  const hours = new Array<number>(24).fill(0);
  const counts = { views: 0, carts: 0, purchases: 0, orders: 0, sessions: 0 };
  let monetary = 0;
  let last = 0;
  for (const { kind, productId, category, brand, price, quantity, at } of recent) {
    const weight = WEIGHTS[kind] * 0.5 ** ((now - at) / (INTEREST_HALF_LIFE_DAYS * DAY_MS));
    hours[new Date(at).getUTCHours()]! += 1;
    if (at - last > SESSION_GAP_MS) counts.sessions++;
    last = at;
    if (kind === "view") counts.views++;
    if (kind === "cart") counts.carts++;
    if (kind === "purchase") {
      counts.orders++;
      counts.purchases += quantity;
      monetary += (price ?? 0) * quantity;
    }
    if (category !== undefined) {
      const entry = categories.get(category) ?? { affinity: 0, views: 0, carts: 0, purchases: 0 };
      entry.affinity += weight;
      if (kind === "view") entry.views++;
      if (kind === "cart") entry.carts++;
      if (kind === "purchase") entry.purchases += quantity;
      categories.set(category, entry);
      if (price !== undefined) {
        const list = prices.get(category) ?? [];
        list.push(price);
        prices.set(category, list);
      }
    }
    if (brand !== undefined) brands.set(brand, (brands.get(brand) ?? 0) + weight);
    if (productId !== undefined) lastSeen.set(productId, at);
  }
  return {
    user_id: visitor,
    counts,
    categories: [...categories]
      .map(([category, entry]) => ({ category, ...entry }))
      .sort((a, b) => b.affinity - a.affinity),
    brands: [...brands]
      .map(([brand, affinity]) => ({ brand, affinity }))
      .sort((a, b) => b.affinity - a.affinity),
    price: [...prices].map(([category, list]) => {
      const sorted = list.sort((a, b) => a - b);
      const quantile = (p: number) => sorted[Math.floor(p * (sorted.length - 1))];
      return { category, p10: quantile(0.1), p50: quantile(0.5), p90: quantile(0.9) };
    }),
    value: { frequency: counts.orders, monetary },
    rhythm: { hours },
    recent: [...lastSeen]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 50)
      .map(([product_id, at]) => ({ product_id, last_seen: new Date(at).toISOString() })),
  };
}

function recommend(visitor: string, limit: number) {
  const profile = profileOf(visitor);
  const affinity = new Map(profile.categories.map(({ category, affinity }) => [category, affinity]));
  const today = Math.floor(Date.now() / DAY_MS);
  const known = new Set(profile.recent.map(({ product_id }) => product_id));
  const scored: { product_id: string; score: number }[] = [];
  for (const { productId, category, views } of products.values()) {
    if (known.has(productId)) continue;
    let score = (affinity.get(category ?? "") ?? 0) * 0.3;
    for (let i = 0; i < Math.min(10, profile.recent.length); i++) {
      score += (together.get(profile.recent[i]!.product_id)?.get(productId) ?? 0) / (i + 1);
    }
    for (let day = today - TREND_DAYS; day <= today; day++) score += (views.get(day) ?? 0) * 0.01;
    scored.push({ product_id: productId, score });
  }
  return { items: scored.sort((a, b) => b.score - a.score).slice(0, limit) };
}

const app = express();
app.use(express.json({ limit: "10mb" }));

app.post("/v1/batch", (request, response) => {
  let accepted = 0;
  const { batch } = request.body as { batch: Message[] };
  for (const message of batch) if (record(message)) accepted++;
  response.json({ accepted, duplicates: batch.length - accepted, rejected: [] });
});

app.get("/v1/users/:id", (request, response) => {
  response.json(profileOf(request.params.id));
});

app.get("/v1/recommendations", (request, response) => {
  const { user_id, anonymous_id, limit } = request.query;
  response.json(recommend(String(user_id ?? anonymous_id), Number(limit ?? 10)));
});

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" && address !== null ? address.port : 0);
});
process.on("disconnect", () => process.exit());
