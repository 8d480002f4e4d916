// A profile computed the plain way: all activities of the last 90 days, deduplicated, sorted, looked through anew for
// each question. What the incremental one is held against.
import type { Activity } from "../../domain/activity.ts";
import type { ProfileView } from "../../domain/profile/view.ts";

const DAY_MS = 86_400_000;
const WINDOW_MS = 90 * DAY_MS;
const GAP_MS = 30 * 60_000;
const HALF_LIFE_MS = 14 * DAY_MS;
const INTEREST: Record<string, number> = {
  viewed: 1,
  clicked: 0.5,
  added: 3,
  wishlist_added: 2,
  wishlist_to_cart: 3,
  product_shared: 2,
  reviewed: 1,
  ordered: 5,
};

/** Each message once, those of the last 90 days, in the order of their times. */
export function current(activities: readonly Activity[], now: number): Activity[] {
  const byId = new Map<string, Activity>();
  for (const one of activities) if (!byId.has(one.messageId)) byId.set(one.messageId, one);
  return [...byId.values()].filter(({ at }) => at >= now - WINDOW_MS).sort((a, b) => a.at - b.at);
}

export function referenceView(all: readonly Activity[], now: number): ProfileView {
  const activities = current(all, now);
  const lines = activities.flatMap((activity) => activity.lines.map((line) => ({ ...line, activity })));
  const of = (...kinds: string[]) => lines.filter(({ activity }) => kinds.includes(activity.kind));
  const orders = referenceOrders(activities);
  const units = (some: typeof lines) => some.reduce((sum, { quantity }) => sum + quantity, 0);

  const interests = (field: "category" | "brand") => {
    const names = new Set(lines.flatMap((line) => (line[field] === undefined ? [] : [line[field]])));
    return [...names]
      .map((name) => {
        const touched = lines.filter(
          (line) => line[field] === name && (INTEREST[line.activity.kind] ?? 0) > 0,
        );
        const weight = touched.reduce(
          (sum, { activity }) => sum + INTEREST[activity.kind]! * 2 ** ((activity.at - now) / HALF_LIFE_MS),
          0,
        );
        const count = (...kinds: string[]) => touched.filter(({ activity }) => kinds.includes(activity.kind));
        return {
          name,
          affinity: weight / (weight + 5),
          views: count("viewed").length,
          carts: count("added", "wishlist_to_cart").length,
          purchases: units(count("ordered")),
          last_seen: iso(Math.max(0, ...touched.map(({ activity }) => activity.at))),
          touched: touched.length,
        };
      })
      .filter(({ touched }) => touched > 0)
      .sort((a, b) => b.affinity - a.affinity)
      .map(({ touched, ...rest }) => rest);
  };

  const amounts = new Map<string, number>();
  const pay = (currency: string, amount: number) =>
    amounts.set(currency, (amounts.get(currency) ?? 0) + amount);
  for (const { currency, amount } of orders) pay(currency, amount);
  for (const refund of activities.filter(
    ({ kind, orderId }) => kind === "refunded" && orderId === undefined,
  )) {
    pay(refund.currency ?? "", -Math.abs(refund.value ?? worthOf(refund.lines)));
  }

  const lastOrder = Math.max(0, ...orders.map(({ at }) => at));
  const cartEmptied = Math.max(0, ...activities.map(({ kind, at }) => (kind === "ordered" ? at : 0)));
  const cart = new Map<string, number>();
  for (const { productId, quantity, activity } of lines) {
    const change = ["added", "wishlist_to_cart"].includes(activity.kind)
      ? quantity
      : activity.kind === "removed"
        ? -quantity
        : 0;
    if (change === 0 || activity.at <= cartEmptied) continue;
    const left = Math.max(0, (cart.get(productId) ?? 0) + change);
    cart.delete(productId);
    if (left > 0) cart.set(productId, left);
  }

  const touched = lines.filter(({ activity }) => (INTEREST[activity.kind] ?? 0) > 0);
  const recent = [...new Set(touched.map(({ productId }) => productId))].map((productId) => {
    const own = touched.filter((line) => line.productId === productId);
    return {
      product_id: productId,
      last_seen: iso(Math.max(...own.map(({ activity }) => activity.at))),
      views: own.filter(({ activity }) => activity.kind === "viewed").length,
    };
  });
  const count = (at: (activity: Activity) => number, length: number) => {
    const counts = new Array<number>(length).fill(0);
    for (const activity of activities) counts[at(activity)]!++;
    return counts;
  };
  return {
    first_seen: iso(activities[0]?.at ?? 0),
    last_seen: iso(activities.at(-1)?.at ?? 0),
    counts: {
      views: of("viewed").length,
      carts: of("added", "wishlist_to_cart").length,
      purchases: orders.reduce((sum, order) => sum + order.units, 0),
      orders: orders.length,
      sessions: activities.filter(({ at }, i) => i === 0 || at - activities[i - 1]!.at > GAP_MS).length,
    },
    categories: interests("category").map(({ name, ...rest }) => ({ category: name, ...rest })),
    brands: interests("brand").map(({ name, ...rest }) => ({ brand: name, ...rest })),
    price: prices(touched, now),
    value: {
      recency_days: lastOrder === 0 ? null : Math.max(0, Math.floor((now - lastOrder) / DAY_MS)),
      frequency: orders.length,
      monetary: [...amounts].map(([currency, amount]) => ({ currency, amount })),
    },
    rhythm: {
      hours: count(({ at }) => new Date(at).getUTCHours(), 24),
      weekdays: count(({ at }) => new Date(at).getUTCDay(), 7),
    },
    recent: recent.sort((a, b) => (a.last_seen < b.last_seen ? 1 : a.last_seen > b.last_seen ? -1 : 0)),
    cart: [...cart].map(([product_id, quantity]) => ({ product_id, quantity })).reverse(),
  };
}

type Line = Activity["lines"][number];

function worthOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { price = 0, quantity }) => sum + price * quantity, 0);
}

/**
 * Orders as all that was told of each leaves them: the lines and the value told last, less what was refunded; cancelled
 * ones not at all.
 */
export function referenceOrders(
  activities: readonly Activity[],
): { at: number; currency: string; amount: number; units: number }[] {
  const byId = new Map<string, Activity[]>();
  for (const activity of activities) {
    const { kind, orderId, messageId } = activity;
    if (!["ordered", "order_updated", "refunded", "cancelled"].includes(kind)) continue;
    if (orderId === undefined && kind !== "ordered") continue;
    const key = orderId ?? `message ${messageId}`;
    byId.set(key, [...(byId.get(key) ?? []), activity]);
  }
  return [...byId.values()].flatMap((told) => {
    const tellers = told.filter(({ kind }) => kind === "ordered" || kind === "order_updated");
    if (tellers.length === 0 || told.some(({ kind }) => kind === "cancelled")) return [];
    const named = tellers.findLast(({ lines }) => lines.length > 0);
    const lines = named?.lines ?? [];
    const paid = tellers.findLast(({ value }) => value !== undefined) ?? named;
    const total = paid?.value ?? worthOf(lines);
    let back = 0;
    const left = new Map<string, number>();
    for (const { productId, quantity } of lines) left.set(productId, (left.get(productId) ?? 0) + quantity);
    for (const { value, lines: returned } of told.filter(({ kind }) => kind === "refunded")) {
      const amount = value === undefined ? undefined : Math.abs(value);
      if (returned.length === 0 && (amount === undefined || amount >= total)) {
        back += amount ?? total;
        left.clear();
        continue;
      }
      const priceOf = (line: Line) => line.price ?? lines.findLast(({ sku }) => sku === line.sku)?.price ?? 0;
      back += amount ?? returned.reduce((sum, line) => sum + priceOf(line) * line.quantity, 0);
      for (const { productId, quantity } of returned) {
        left.set(productId, Math.max(0, (left.get(productId) ?? 0) - quantity));
      }
    }
    return [
      {
        at: tellers[0]!.at,
        currency: paid?.currency ?? "",
        amount: total > 0 ? Math.max(0, total - back) : total,
        units: [...left.values()].reduce((sum, units) => sum + units, 0),
      },
    ];
  });
}

/** Weighted quantiles of the prices themselves. */
function prices(
  touched: readonly { category?: string; price?: number; activity: Activity }[],
  now: number,
): ProfileView["price"] {
  const bands = new Map<string, { price: number; weight: number }[]>();
  for (const { category, price, activity } of touched) {
    if (category === undefined || price === undefined || !(price > 0)) continue;
    const key = JSON.stringify([category, activity.currency ?? ""]);
    const weight = INTEREST[activity.kind]! * 2 ** ((activity.at - now) / HALF_LIFE_MS);
    bands.set(key, [...(bands.get(key) ?? []), { price, weight }]);
  }
  const total = (band: readonly { weight: number }[]) => band.reduce((sum, { weight }) => sum + weight, 0);
  return [...bands]
    .sort(([, a], [, b]) => total(b) - total(a))
    .map(([key, band]) => {
      const [category, currency] = JSON.parse(key) as [string, string];
      const quantile = (share: number) => {
        let sum = 0;
        for (const { price, weight } of [...band].sort((a, b) => a.price - b.price)) {
          sum += weight;
          if (sum >= share * total(band) * (1 - 1e-9)) return price;
        }
        return 0;
      };
      return { category, currency, p10: quantile(0.1), p50: quantile(0.5), p90: quantile(0.9) };
    });
}

/** Transitions of all sessions by the definition: each step follows the last ten of its session, e^(-(d-1)/1.5). */
export function referenceTransitions(all: readonly Activity[], now: number): Map<string, number> {
  const sums = new Map<string, number>();
  const add = (from: string, to: string, weight: number) => {
    sums.set(`${from}>${to}`, (sums.get(`${from}>${to}`) ?? 0) + weight);
  };
  let path: string[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { at, kind, lines } of current(all, now)) {
    if (at - last > GAP_MS) path = [];
    last = at;
    if (!["viewed", "clicked", "added"].includes(kind)) continue;
    for (const { productId } of lines) {
      if (path.at(-1) === productId) continue;
      for (let d = 1; d <= Math.min(10, path.length); d++) {
        const other = path[path.length - d]!;
        if (other === productId) continue;
        add(other, productId, Math.exp(-(d - 1) / 1.5));
        add(productId, other, 0.5 * Math.exp(-(d - 1) / 1.5));
      }
      path.push(productId);
    }
  }
  for (const [key, weight] of sums) if (Math.abs(weight) < 1e-9) sums.delete(key);
  return sums;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
