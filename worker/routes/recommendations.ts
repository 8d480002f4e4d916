import * as v from "valibot";
import {
  CART_CHANGES_MAX,
  EXCLUDED_PRODUCTS_MAX,
  PURCHASED_MAX,
  RECENTS_MAX,
  RECOMMENDATIONS_MAX,
  REQUEST_BYTES_MAX,
} from "../../domain/limits.ts";
import { readContext } from "../../domain/profile/context.ts";
import {
  PLACEMENTS,
  type Placement,
  type RecommendationQuery,
  STRATEGIES,
  type Strategy,
} from "../../domain/recommendation.ts";
import { listText } from "../../domain/recommendation-json.ts";
import { NOBODY, type VisitorContext } from "../../domain/visitor.ts";
import { isAnonymous, visitorName } from "../../domain/visitor-name.ts";
import type { ContextResult } from "../../durable-objects/rpc.ts";
import { getRecommender } from "../../kernels/model-loader.ts";
import { isUserToken } from "../auth.ts";
import { readJson } from "../body.ts";
import { type Exchange, jsonAnswer } from "../exchange.ts";
import { recommendInStock } from "../fresh-stock.ts";
import { observeRecommendation } from "../observe.ts";
import { invalid, Problem } from "../problem.ts";
import { check, count, id, paramsOf, text } from "../schema/common.ts";
import { atHome } from "../whereabouts.ts";

const LIMIT_DEFAULT = 10;

const placement = v.picklist(PLACEMENTS, `must be one of ${PLACEMENTS.join(", ")}`);
const strategy = v.picklist(STRATEGIES, `must be one of ${STRATEGIES.join(", ")}`);
const productIds = (max: number) =>
  v.pipe(
    v.array(id, "must be a list of product ids"),
    v.maxLength(max, `must not hold more than ${max} products`),
  );

/** A list in a query: parts separated by commas. */
const listed = v.pipe(
  v.string(),
  v.transform((value): (string | number)[] => value.split(",").filter((part) => part.trim() !== "")),
);

const common = {
  placement: v.optional(placement, "home"),
  product_id: v.optional(id),
  category: v.optional(text),
};

export const recommendationsQuery = v.object({
  ...common,
  user_id: v.optional(id),
  user_token: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{64}$/, "must be 64 hex digits"))),
  anonymous_id: v.optional(id),
  limit: count(1, RECOMMENDATIONS_MAX, LIMIT_DEFAULT),
  exclude: v.optional(v.pipe(listed, productIds(EXCLUDED_PRODUCTS_MAX)), ""),
  strategies: v.optional(v.pipe(listed, v.array(strategy)), ""),
  fresh_stock: v.optional(v.picklist(["true", "false"], "must be true or false"), "false"),
});

export const recommendationsBody = v.strictObject(
  {
    ...common,
    recent: v.optional(productIds(RECENTS_MAX), []),
    cart: v.optional(productIds(CART_CHANGES_MAX), []),
    purchased: v.optional(productIds(PURCHASED_MAX), []),
    limit: v.optional(
      v.pipe(
        v.number("must be a whole number"),
        v.integer("must be a whole number"),
        v.minValue(1, `must be from 1 to ${RECOMMENDATIONS_MAX}`),
        v.maxValue(RECOMMENDATIONS_MAX, `must be from 1 to ${RECOMMENDATIONS_MAX}`),
      ),
      LIMIT_DEFAULT,
    ),
    exclude: v.optional(productIds(EXCLUDED_PRODUCTS_MAX), []),
    strategies: v.optional(v.pipe(v.array(strategy), v.maxLength(STRATEGIES.length)), []),
    fresh_stock: v.optional(v.boolean("must be true or false"), false),
  },
  "must be an object",
);

/** `GET /v1/recommendations`: one hop to the visitor's profile, one kernel call. */
export async function getRecommendations(exchange: Exchange): Promise<Response> {
  const { env, request } = exchange;
  const q = check(recommendationsQuery, paramsOf(request));
  const visitor = visitorName({ userId: q.user_id, anonymousId: q.anonymous_id });
  if (visitor === undefined) {
    throw invalid([{ path: "user_id", detail: "user_id or anonymous_id is required; POST needs neither" }]);
  }
  if (q.user_id !== undefined && exchange.access !== "secret") {
    if (q.user_token === undefined || !(await isUserToken(q.user_token, q.user_id, env))) {
      throw new Problem("forbidden", "user_id needs its user_token, or the secret key.");
    }
  }
  const began = performance.now();
  // An anonymous id opens to the public what came by it, whomever an event says that it belongs to.
  const own = isAnonymous(visitor) && exchange.access !== "secret";
  const { answer } = await atHome<ContextResult>(visitor, env, (profile, via) =>
    via === undefined ? profile.context : profile.contextVia(via, own),
  );
  const profileMs = performance.now() - began;
  const context = typeof answer === "string" ? readContext(answer, exchange.now) : NOBODY;
  return recommend(exchange, context, { ...q, fresh_stock: q.fresh_stock === "true" }, profileMs);
}

/** `POST /v1/recommendations`: for visitors the service does not know; no hop at all. */
export async function postRecommendations(exchange: Exchange): Promise<Response> {
  const q = check(recommendationsBody, await readJson(exchange.request, REQUEST_BYTES_MAX));
  const { now } = exchange;
  const context: VisitorContext = {
    ...NOBODY,
    // Newest first: products of one instant would be in no order.
    recent: q.recent.map((productId, n) => ({ productId, at: now - n, views: 1, kind: "viewed" as const })),
    cart: q.cart,
    purchased: q.purchased.map((productId) => ({ productId, at: now, count: 1 })),
  };
  return recommend(exchange, context, q, 0);
}

/** What both forms ask for besides the visitor. */
interface Question {
  readonly placement: Placement;
  readonly product_id?: string | undefined;
  readonly category?: string | undefined;
  readonly limit: number;
  readonly exclude: readonly string[];
  readonly strategies: readonly Strategy[];
  readonly fresh_stock: boolean;
}

async function recommend(
  exchange: Exchange,
  visitor: VisitorContext,
  q: Question,
  profileMs: number,
): Promise<Response> {
  if (q.placement === "product" && q.product_id === undefined) {
    throw invalid([{ path: "product_id", detail: "is required of the placement product" }]);
  }
  const recommender = await getRecommender(exchange.env, exchange.ctx);
  const ask: RecommendationQuery = {
    placement: q.placement,
    visitor,
    limit: q.limit,
    exclude: q.exclude,
    strategies: q.strategies,
    now: exchange.now,
    ...(q.product_id !== undefined && { productId: q.product_id }),
    ...(q.category && { category: q.category }),
  };
  const began = performance.now();
  const items = q.fresh_stock
    ? await recommendInStock(recommender, ask, exchange.env)
    : recommender.recommend(ask);
  const listMs = performance.now() - began;
  observeRecommendation(exchange);
  const about = {
    recommendation_id: crypto.randomUUID(),
    placement: q.placement,
    model_version: recommender.version,
  };
  return jsonAnswer(listText(about, items), 200, {
    "server-timing": `profile;dur=${profileMs.toFixed(2)}, ${q.fresh_stock ? "stock" : "kernel"};dur=${listMs.toFixed(3)}`,
  });
}

export const trendingQuery = v.object({
  category: v.optional(text),
  limit: count(1, RECOMMENDATIONS_MAX, LIMIT_DEFAULT),
});

/** `GET /v1/trending?category=&limit=` */
export async function getTrending({ env, ctx, request, now }: Exchange): Promise<Response> {
  const q = check(trendingQuery, paramsOf(request));
  const recommender = await getRecommender(env, ctx);
  const items = recommender.trending({
    limit: q.limit,
    now,
    ...(q.category && { category: q.category }),
  });
  return jsonAnswer(listText({ model_version: recommender.version }, items));
}

export const relatedQuery = v.object({
  kind: v.optional(v.picklist(["viewed", "bought"], "must be viewed or bought"), "viewed"),
  limit: count(1, RECOMMENDATIONS_MAX, LIMIT_DEFAULT),
});

/** `GET /v1/products/:product_id/related?kind=viewed|bought&limit=` */
export async function getRelated({ env, ctx, request, now, params }: Exchange): Promise<Response> {
  const productId = check(id, params["product_id"], "invalid_request", "product_id");
  const { kind, limit } = check(relatedQuery, paramsOf(request));
  const recommender = await getRecommender(env, ctx);
  const items = recommender.related({ productId, kind, limit, now });
  return jsonAnswer(listText({ product_id: productId, kind, model_version: recommender.version }, items));
}
