import * as v from "valibot";
import {
  IMPORT_BYTES_MAX,
  LIST_ITEMS_MAX,
  PRODUCT_SKUS_MAX,
  PRODUCTS_PER_CALL_MAX,
  REQUEST_BYTES_MAX,
} from "../../domain/limits.ts";
import type { CatalogueProduct } from "../../domain/recommendation.ts";
import { productView } from "../../domain/recommendation-json.ts";
import type { Env } from "../../durable-objects/env.ts";
import type { ProductPatch } from "../../durable-objects/rpc.ts";
import { readItems, readJson } from "../body.ts";
import { respond } from "../cors.ts";
import { type Exchange, json } from "../exchange.ts";
import { type FieldError, invalid, Problem } from "../problem.ts";
import { check, count, currency, fieldError, id, paramsOf, price, text } from "../schema/common.ts";

const MODEL_NAME = "model";
/** Wrong products of one request that are named; all of them are counted. */
const ERRORS_SHOWN_MAX = 20;

const facts = {
  name: v.optional(v.nullable(text)),
  category: v.optional(v.nullable(text)),
  brand: v.optional(v.nullable(text)),
  price: v.optional(v.nullable(price)),
  currency: v.optional(v.nullable(currency)),
  image_url: v.optional(v.nullable(text)),
  url: v.optional(v.nullable(text)),
  hidden: v.optional(v.boolean("must be true or false")),
  skus: v.optional(
    v.pipe(
      v.array(id, "must be a list of SKUs"),
      v.maxLength(PRODUCT_SKUS_MAX, `must not hold more than ${PRODUCT_SKUS_MAX} SKUs`),
    ),
  ),
};
export const productFacts = v.strictObject({ product_id: v.optional(id), ...facts }, "must be an object");
export const productSchema = v.strictObject({ product_id: id, ...facts }, "must be an object");
export const productsQuery = v.object({
  search: v.optional(text, ""),
  limit: count(1, LIST_ITEMS_MAX, 50),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(1_024, "is not a cursor of this list"))),
});

function builder(env: Env) {
  return env.MODEL_BUILDER.getByName(MODEL_NAME);
}

/** `POST /v1/products`: a JSON array or NDJSON; all or nothing is taken of what is sent. */
export async function putProducts({ request, env, now }: Exchange): Promise<Response> {
  const patches: ProductPatch[] = [];
  const errors: FieldError[] = [];
  let index = 0;
  for await (const item of readItems(request, IMPORT_BYTES_MAX)) {
    const at = String(index++);
    if (!("value" in item)) {
      errors.push({ path: at, detail: `is not JSON: ${item.problem}` });
      continue;
    }
    const result = v.safeParse(productSchema, item.value, { abortPipeEarly: true });
    if (result.success) patches.push(patchOf(result.output.product_id, result.output));
    else errors.push(...result.issues.map((issue) => fieldError(issue, at)));
  }
  if (errors.length > 0)
    throw invalid(errors.slice(0, ERRORS_SHOWN_MAX), "invalid_values", { wrong: errors.length });
  if (patches.length === 0) throw new Problem("invalid_request", "The body holds no product.");
  let created = 0;
  let updated = 0;
  for (let from = 0; from < patches.length; from += PRODUCTS_PER_CALL_MAX) {
    const part = await builder(env).putProducts(patches.slice(from, from + PRODUCTS_PER_CALL_MAX), now);
    created += part.created;
    updated += part.updated;
  }
  return json({ created, updated });
}

/** `PUT /v1/products/:product_id`: sets the facts given; null clears one, absent ones stay. */
export async function putProduct({ request, env, now, params }: Exchange): Promise<Response> {
  const productId = check(id, params["product_id"], "invalid_request", "product_id");
  const body = check(productFacts, await readJson(request, REQUEST_BYTES_MAX), "invalid_values");
  if (body.product_id !== undefined && body.product_id !== productId) {
    throw invalid([{ path: "product_id", detail: "is not the one of the path" }], "invalid_values");
  }
  const { created } = await builder(env).putProducts([patchOf(productId, body)], now);
  const stored = await builder(env).product(productId);
  return json(stored === undefined ? {} : catalogueView(stored), created > 0 ? 201 : 200);
}

export async function getProduct({ env, params }: Exchange): Promise<Response> {
  const found = await builder(env).product(check(id, params["product_id"], "invalid_request", "product_id"));
  if (found === undefined) throw new Problem("not_found", `There is no product ${params["product_id"]}.`);
  return json(catalogueView(found));
}

export async function deleteProduct({ env, now, params }: Exchange): Promise<Response> {
  const productId = check(id, params["product_id"], "invalid_request", "product_id");
  const { existed } = await builder(env).deleteProduct(productId, now);
  if (!existed) throw new Problem("not_found", `There is no product ${productId}.`);
  return respond(null, 204, {});
}

/** `GET /v1/products?search=&limit=&cursor=` */
export async function listProducts({ env, request }: Exchange): Promise<Response> {
  const { search, limit, cursor } = check(productsQuery, paramsOf(request));
  const page = await builder(env).products({
    limit,
    ...(search !== "" && { search }),
    ...(cursor !== undefined && { cursor }),
  });
  return json({
    items: page.items.map(catalogueView),
    ...(page.cursor !== undefined && { next_cursor: page.cursor }),
  });
}

function patchOf(productId: string, given: v.InferOutput<typeof productFacts>): ProductPatch {
  const { name, category, brand, price, currency, image_url, url, hidden, skus } = given;
  return {
    productId,
    ...(name !== undefined && { name }),
    ...(category !== undefined && { category }),
    ...(brand !== undefined && { brand }),
    ...(price !== undefined && { price }),
    ...(currency !== undefined && { currency }),
    ...(image_url !== undefined && { imageUrl: image_url }),
    ...(url !== undefined && { url }),
    ...(hidden !== undefined && { hidden }),
    ...(skus !== undefined && { skus }),
  };
}

function catalogueView({
  hidden,
  available,
  updatedAt,
  source,
  ...facts
}: CatalogueProduct): Record<string, unknown> {
  return {
    ...productView(facts),
    hidden,
    ...(available !== undefined && { available }),
    updated_at: new Date(updatedAt).toISOString(),
    source,
  };
}
