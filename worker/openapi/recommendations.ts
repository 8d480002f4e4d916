import * as v from "valibot";
import { PLACEMENTS } from "../../domain/recommendation.ts";
import {
  recommendationsBody,
  recommendationsQuery,
  relatedQuery,
  trendingQuery,
} from "../routes/recommendations.ts";
import type { Operations } from "./operation.ts";
import { modelVersion, recommendation, told } from "./schemas.ts";

export const recommendationList = v.strictObject({
  recommendation_id: told(v.string(), "Of this list."),
  placement: v.picklist(PLACEMENTS),
  model_version: modelVersion,
  items: told(v.array(recommendation), "Best first."),
});

export const trendingList = v.strictObject({
  model_version: modelVersion,
  items: v.array(recommendation),
});

export const relatedList = v.strictObject({
  product_id: v.string(),
  kind: v.picklist(["viewed", "bought"]),
  model_version: modelVersion,
  items: v.array(recommendation),
});

const COMMON = {
  placement:
    "Where the list is shown. `home`, `product` and `cart` leave out what was bought, unless its category is bought again " +
    "and again; `session` goes on from what the visit has seen, whatever was bought.",
  product_id: "The product of the page; required of the placement `product`.",
  category: "Only products of this category.",
  exclude: "Products to leave out; in an address with commas between: an id that has one goes by POST.",
  strategies: "Only of these strategies; all, where empty.",
  fresh_stock: "Leave out what its stock, asked now, has none of.",
};

const item = {
  product_id: "22423",
  score: 0.82,
  strategy: "collaborative",
  because: { product_id: "22720" },
  product: {
    product_id: "22423",
    name: "Regency Cakestand",
    category: "Kitchen",
    price: 12.75,
    currency: "GBP",
  },
};
const list = {
  recommendation_id: "6f1f7a56-7f5c-4f0e-9d52-6a6f2f2f3a10",
  placement: "home",
  model_version: 12,
  items: [item],
};
const answers = {
  200: {
    description: "Products, best first.",
    schema: recommendationList,
    example: list,
    headers: { "server-timing": "Milliseconds of the profile's hop and of the kernel." },
  },
};
const trending = { ...item, strategy: "trending", because: undefined };

export const RECOMMENDATIONS: Operations = {
  "GET /v1/recommendations": {
    id: "recommend",
    tag: "Recommendations",
    summary: "For a known visitor",
    description:
      "From the visitor's live profile: their last click counts already. A `user_id` needs its `user_token` or the secret key.",
    query: {
      schema: recommendationsQuery,
      fields: {
        ...COMMON,
        user_id: "This or `anonymous_id` is required.",
        user_token: "Hex HMAC-SHA-256 of the user id under the secret key, made by the shop's server.",
        anonymous_id: "Opens what this id itself did.",
      },
    },
    answers,
    problems: ["forbidden"],
  },
  "POST /v1/recommendations": {
    id: "recommendFor",
    tag: "Recommendations",
    summary: "For a visitor the service does not know",
    description: "From what the body tells; nothing is stored.",
    body: {
      schema: recommendationsBody,
      fields: {
        ...COMMON,
        recent: "Products looked at, newest first.",
        cart: "Products in the cart.",
        purchased: "Products bought before; not recommended again, but in `session`.",
      },
      example: { placement: "cart", recent: ["22720"], cart: ["22722"], limit: 5 },
    },
    answers,
  },
  "GET /v1/trending": {
    id: "trending",
    tag: "Recommendations",
    summary: "What is popular now",
    query: { schema: trendingQuery, fields: { category: "Only products of this category." } },
    answers: {
      200: {
        description: "Products, best first.",
        schema: trendingList,
        example: { model_version: 12, items: [trending] },
      },
    },
  },
  "GET /v1/products/:product_id/related": {
    id: "related",
    tag: "Recommendations",
    summary: "What goes with a product",
    path: { product_id: "The product." },
    query: {
      schema: relatedQuery,
      fields: {
        kind: "Viewed in the same sessions, or bought in the same orders; filled up with products of its category.",
      },
    },
    answers: {
      200: {
        description: "Products, best first.",
        schema: relatedList,
        example: { product_id: "22720", kind: "viewed", model_version: 12, items: [item] },
      },
    },
  },
};
