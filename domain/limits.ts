// Every bound of the system, the unit in its name, what falls out first in its reason.

// --- requests ---------------------------------------------------------------------------------
/** One event as JSON; more is a catalogue in disguise. The event is rejected. */
export const EVENT_BYTES_MAX = 32 * 1024;
/** A request body after inflation; zip bombs stop here. The request is refused (413). */
export const REQUEST_BYTES_MAX = 1024 * 1024;
/** An import's body after inflation. */
export const IMPORT_BYTES_MAX = 10 * 1024 * 1024;
/** Events of one batch. */
export const BATCH_EVENTS_MAX = 2_500;
/** Lines of one order, products of one list. */
export const ORDER_LINES_MAX = 100;

// --- time -------------------------------------------------------------------------------------
export const DAY_MS = 86_400_000;
/** Gap that ends a session. */
export const SESSION_GAP_MS = 30 * 60_000;
/** Below this a client's clock is believed. */
export const CLOCK_SKEW_MS = 60_000;
/** What a profile remembers; older events are history (demand, popularity). */
export const PROFILE_DAYS = 90;

// --- model ------------------------------------------------------------------------------------
/** Products of a published model: the most active ones. */
export const MODEL_PRODUCTS_MAX = 200_000;
/** Names of categories, of brands and of currencies a model knows; further ones wait until one is unused. */
export const MODEL_CATEGORIES_MAX = 4_096;
export const MODEL_BRANDS_MAX = 16_384;
export const MODEL_CURRENCIES_MAX = 256;
/** Products of the catalogue; beyond, learnt ones are not kept and new ones not taken. */
export const CATALOGUE_PRODUCTS_MAX = 1_000_000;
/** SKUs of one product whose stock decides whether it is sold out. */
export const PRODUCT_SKUS_MAX = 32;
/** Neighbours in memory per table of the model's builder; clean pages fall out, changed ones are stored. */
export const LINK_CACHE_BYTES_MAX = 20 * 1024 * 1024;
/** What a published product may say of itself; image and address are left out first, then the name is cut. */
export const PRODUCT_TEXT_BYTES_MAX = 900;
/** What all published products may say together: each has its equal share. */
export const MODEL_TEXT_BYTES_MAX = 20 * 1024 * 1024;
/** Products a query may exclude by name. */
export const EXCLUDED_PRODUCTS_MAX = 500;
/** Products of one list. */
export const RECOMMENDATIONS_MAX = 100;
/** Neighbours kept per product while counting; the weakest falls out. */
export const NEIGHBOURS_KEPT_MAX = 64;
/** Neighbours published per product. */
export const NEIGHBOURS_PUBLISHED_MAX = 24;

// --- demand -----------------------------------------------------------------------------------
/** Days of daily demand kept per SKU; the oldest fall out. */
export const DEMAND_DAYS_MAX = 400;
/** SKUs of one planner page, forecast by one kernel call. */
export const PLANNER_PAGE_SKUS = 1_024;
/** Series of one POST /v1/forecast. */
export const FORECAST_SERIES_MAX = 1_000;
/** Days ahead. */
export const FORECAST_HORIZON_DAYS_MAX = 90;
