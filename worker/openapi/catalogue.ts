import * as v from "valibot";
import { productFacts, productSchema, productsQuery } from "../routes/products.ts";
import type { FieldNotes, Operations } from "./operation.ts";
import { countOf, nextCursor, product, time, told } from "./schemas.ts";

export const catalogueProduct = v.strictObject({
  ...product.entries,
  skus: v.optional(told(v.array(v.string()), "Under which its stock may be kept, beside its own id.")),
  hidden: told(v.boolean(), "Left out of recommendations."),
  available: v.optional(told(v.boolean(), "Whether its stock has any; absent where no stock is kept.")),
  updated_at: time,
  source: told(v.picklist(["catalogue", "events"]), "Set by the shop, or learnt from events."),
});

export const productPage = v.strictObject({ items: v.array(catalogueProduct), next_cursor: nextCursor });

const productsAnswer = v.strictObject({ created: countOf, updated: countOf });

const FACTS: FieldNotes = {
  hidden: "Leave it out of recommendations.",
  skus: "Under which its stock may be kept, beside its own id: added to those known.",
  currency: "ISO 4217.",
};
const PATH = { product_id: "The product." };
const facts = {
  name: "Regency Cakestand",
  category: "Kitchen",
  brand: "Regency",
  price: 12.75,
  currency: "GBP",
};
const shown = {
  product_id: "22423",
  ...facts,
  hidden: false,
  updated_at: "2026-11-20T10:00:00.000Z",
  source: "catalogue",
};

export const CATALOGUE: Operations = {
  "GET /v1/products": {
    id: "listProducts",
    tag: "Catalogue",
    summary: "Products, page by page",
    query: {
      schema: productsQuery,
      fields: { search: "Part of a name or id." },
    },
    answers: { 200: { description: "A page.", schema: productPage, example: { items: [shown] } } },
  },
  "POST /v1/products": {
    id: "putProducts",
    tag: "Catalogue",
    summary: "Set many products",
    description: "All or none. Facts not given stay; null clears one, so that events may teach it again.",
    body: {
      schema: v.array(productSchema),
      fields: FACTS,
      example: [{ product_id: "22423", ...facts }],
      ndjson: "One product a line.",
    },
    answers: {
      200: { description: "How many.", schema: productsAnswer, example: { created: 1, updated: 0 } },
    },
    problems: ["invalid_values"],
  },
  "GET /v1/products/:product_id": {
    id: "getProduct",
    tag: "Catalogue",
    summary: "A product",
    path: PATH,
    answers: { 200: { description: "The product.", schema: catalogueProduct, example: shown } },
    problems: ["not_found"],
  },
  "PUT /v1/products/:product_id": {
    id: "putProduct",
    tag: "Catalogue",
    summary: "Set a product",
    description: "Facts not given stay; null clears one, so that events may teach it again.",
    path: PATH,
    body: { schema: productFacts, fields: FACTS, example: facts },
    answers: {
      200: { description: "Changed.", schema: catalogueProduct, example: shown },
      201: { description: "New.", schema: catalogueProduct, example: shown },
    },
    problems: ["invalid_values"],
  },
  "DELETE /v1/products/:product_id": {
    id: "deleteProduct",
    tag: "Catalogue",
    summary: "Forget a product",
    path: PATH,
    answers: { 204: { description: "It leaves recommendations with the next model." } },
    problems: ["not_found"],
  },
};
