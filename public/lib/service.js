// The service's calls that the dashboard makes, one function each.
import { ApiError, call, query, secretKey, send } from "./api.js";

/** @import { AdjustmentReason, BoardTotals, CatalogueProduct, Health, Monitor, NamedBoardPage, NamedBoardRow, ProductPage, Profile, RecommendationList, RejectedPage, Replayed, SkuForecast, Stock, StockStatus, StoredActivity } from "./shapes.js" */

/** @typedef {{lead_time_days: number, service_level: number}} Policy */

/** Rows of the board that are fetched at most; a larger shop sees its worst ones. */
const BOARD_ROWS_MAX = 10_000;
const BOARD_PAGE_ROWS = 500;
const FORECAST_DAYS = 28;
/** What a header can carry; a browser sends no request with anything else. */
const KEY = /^[\x20-\x7e]+$/;
const NO_KEY = "This key is not valid.";
const NO_WRITE_KEY = "This is not a valid write key.";

const id = encodeURIComponent;

/** @param {AbortSignal} signal @returns {Promise<Health>} */
export const health = (signal) => call("/health", { signal });

/** Counts and the last events. @param {number} recent  how many of those @param {AbortSignal} signal @returns {Promise<Monitor>} */
export const monitor = (recent, signal) => call(`/v1/monitor${query({ recent })}`, { signal });

/**
 * @param {{limit: number, cursor?: string | undefined}} values
 * @param {AbortSignal} signal
 * @returns {Promise<RejectedPage>}
 */
export const rejected = (values, signal) => call(`/v1/rejected${query(values)}`, { signal });

/**
 * Sends rejected events through validation again.
 * @param {Array<{id: string, message?: unknown}>} items  with a corrected message or as they were
 * @returns {Promise<Replayed>}
 */
export const replay = (items) => call("/v1/rejected/replay", { method: "POST", body: { items } });

/** The oldest thousand. @param {string} [cursor] @returns {Promise<Replayed>} */
export const replayAll = (cursor) =>
  call("/v1/rejected/replay", { method: "POST", body: cursor === undefined ? {} : { cursor } });

/** @param {string} rejectedId */
export const dropRejected = (rejectedId) => send(`/v1/rejected/${id(rejectedId)}`, { method: "DELETE" });

/** What is wrong with a key that is taken for the secret one, in words; empty when it is one. @param {string} key */
export async function faultOfSecretKey(key) {
  if (!KEY.test(key)) return NO_KEY;
  try {
    await send("/v1/products?limit=1", { key });
    return "";
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return NO_KEY;
    if (error instanceof ApiError && error.status === 403)
      return "This is the write key, which a shop's pages use. Sign in with the secret key.";
    throw error;
  }
}

/**
 * What is wrong with a key that is taken for the write key, in words; empty when it is one.
 * @param {string} key @param {AbortSignal} signal
 */
export async function faultOfWriteKey(key, signal) {
  // Never asked with the secret key: it would stand in an address, which logs keep.
  if (key === secretKey.get())
    return "This is the secret key, which a shop's pages must never hold. Enter the write key.";
  if (!KEY.test(key)) return NO_WRITE_KEY;
  try {
    // Not what the browser remembers of a key that was replaced since.
    await send(`/v1/projects/${id(key)}/settings`, { key, signal, cache: "reload" });
    return "";
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return NO_WRITE_KEY;
    throw error;
  }
}

/**
 * @param {{search?: string, limit?: number, cursor?: string | undefined}} values
 * @param {AbortSignal} signal
 * @returns {Promise<ProductPage>}
 */
export const products = (values, signal) => call(`/v1/products${query(values)}`, { signal });

/** @param {string} productId @param {AbortSignal} signal @returns {Promise<CatalogueProduct>} */
export const product = (productId, signal) => call(`/v1/products/${id(productId)}`, { signal });

/**
 * @param {string} productId @param {"viewed" | "bought"} kind @param {number} limit @param {AbortSignal} signal
 * @returns {Promise<RecommendationList>}
 */
export const related = (productId, kind, limit, signal) =>
  call(`/v1/products/${id(productId)}/related${query({ kind, limit })}`, { signal });

/** @param {number} limit @param {AbortSignal} signal @returns {Promise<RecommendationList>} */
export const trending = (limit, signal) => call(`/v1/trending${query({ limit })}`, { signal });

/**
 * @param {Record<string, string | number>} values who and where
 * @param {AbortSignal} signal
 * @returns {Promise<RecommendationList>}
 */
export const recommendations = (values, signal) => call(`/v1/recommendations${query(values)}`, { signal });

/** @param {string} visitor @param {AbortSignal} signal @returns {Promise<Profile>} */
export const profile = (visitor, signal) => call(`/v1/users/${id(visitor)}`, { signal });

/** @param {string} visitor */
export const eraseVisitor = (visitor) => send(`/v1/users/${id(visitor)}`, { method: "DELETE" });

/** Everything stored of a visitor, as a file's content. @param {string} visitor */
export const exportVisitor = async (visitor) => (await send(`/v1/users/${id(visitor)}/export`)).blob();

/**
 * The newest activities; the rest of the stream is left unread.
 * @param {string} visitor @param {number} limit @param {AbortSignal} signal
 * @returns {Promise<{activities: StoredActivity[], more: boolean}>}
 */
export async function latestActivities(visitor, limit, signal) {
  const headers = { accept: "application/x-ndjson" };
  const response = await send(`/v1/users/${id(visitor)}/export`, { headers, signal });
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  /** @type {StoredActivity[]} */
  const activities = [];
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + decoder.decode(value, { stream: !done })).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      if (line === "") continue;
      if (activities.length === limit) {
        await reader.cancel();
        return { activities, more: true };
      }
      activities.push(JSON.parse(line));
    }
    if (done) return { activities, more: false };
  }
}

/**
 * A page of the board, by revenue at risk unless told.
 * @param {{status?: StockStatus, sort?: string, limit: number, cursor?: string | undefined}} values
 * @param {AbortSignal} signal
 * @returns {Promise<NamedBoardPage>}
 */
export const boardPage = (values, signal) => call(`/v1/replenishment${query(values)}`, { signal });

/**
 * `among`: how many SKUs there are, where they are too many; else 0.
 * @typedef {{rows: NamedBoardRow[], totals: BoardTotals, complete: boolean, among: number}} BoardSoFar
 */

/**
 * The whole board, a growing list of rows at a time. What sells meanwhile moves towards the worst: it comes twice, or not
 * at all. In the order of SKUs no row moves, so that those that are missing are found there.
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<BoardSoFar>}
 */
export async function* board(signal) {
  /** @type {Map<string, NamedBoardRow>} */
  const rows = new Map();
  for (const sort of ["revenue_at_risk", "sku"]) {
    /** @type {string | undefined} */
    let cursor;
    do {
      const page = await boardPage({ sort, limit: BOARD_PAGE_ROWS, cursor }, signal);
      for (const row of page.items) rows.set(row.sku, row);
      cursor = page.next_cursor;
      const skus = Object.values(page.totals).reduce((sum, total) => sum + total.skus, 0);
      const isRead = cursor === undefined && (rows.size >= skus || sort === "sku");
      const complete = isRead || rows.size >= BOARD_ROWS_MAX;
      const among = complete && rows.size < skus && !isRead ? skus : 0;
      yield { rows: [...rows.values()], totals: page.totals, complete, among };
      if (complete) return;
    } while (cursor !== undefined);
  }
}

/**
 * @param {string} sku
 * @param {AbortSignal} signal
 * @param {Policy | {}} [assumed]  instead of the SKU's own; nothing is stored
 * @returns {Promise<SkuForecast>}
 */
export const forecast = (sku, signal, assumed = {}) =>
  call(`/v1/inventory/${id(sku)}/forecast${query({ horizon: FORECAST_DAYS, ...assumed })}`, { signal });

/** Undefined for a SKU whose stock nobody ever set. @param {string} sku @param {AbortSignal} signal */
export async function stock(sku, signal) {
  try {
    return /** @type {Stock} */ (await call(`/v1/inventory/${id(sku)}`, { signal }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * @param {string} sku
 * @param {{delta: number, reason: AdjustmentReason}} body
 * @param {string} key  sent again with it, it counts once
 * @returns {Promise<Stock>}
 */
export const adjust = (sku, body, key) =>
  call(`/v1/inventory/${id(sku)}/adjustments`, { method: "POST", body, headers: { "idempotency-key": key } });

/** @param {string} sku @param {Policy} policy */
export const setPolicy = (sku, policy) => call(`/v1/inventory/${id(sku)}`, { method: "PUT", body: policy });
