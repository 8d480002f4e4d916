// Every bound of the system, the unit in its name, what falls out first in its reason.

// --- requests ---------------------------------------------------------------------------------
/** One event as JSON in UTF-8; more is a catalogue in disguise. The event is rejected. */
export const EVENT_BYTES_MAX = 32 * 1024;
/** A request body after inflation; zip bombs stop here. The request is refused (413). */
export const REQUEST_BYTES_MAX = 1024 * 1024;
/** An import's body after inflation. */
export const IMPORT_BYTES_MAX = 10 * 1024 * 1024;
/** Events of one import: 10 MB of less than 40 characters each are no events. The rest is refused (413). */
export const IMPORT_EVENTS_MAX = 250_000;
/** Rejected events that the answer to an import tells one by one; further ones are counted, and kept like all. */
export const IMPORT_REJECTED_MAX = 1_000;
/** Events of one batch. */
export const BATCH_EVENTS_MAX = 2_500;
/** Lines of one order or reservation. */
export const ORDER_LINES_MAX = 100;
/** Products of one event. Of a longer list the first are taken; an order of more is refused: its demand must be whole. */
export const EVENT_PRODUCTS_MAX = 500;

/** Units of one line; more is a mistake and is cut. */
export const LINE_QUANTITY_MAX = 1_000_000;
/** A price or an order's total. */
export const PRICE_MAX = 1e9;
/** A name, category or id taken from an event's properties; the rest is cut off. */
export const TEXT_CHARACTERS_MAX = 512;
/** A visitor's, message's, product's or order's id. */
export const ID_CHARACTERS_MAX = 256;

/** A browser's name for itself, of which bots are known; the rest is cut off. */
export const USER_AGENT_CHARACTERS_MAX = 512;
/** Such names an isolate remembers the answer for; the oldest is forgotten. */
export const USER_AGENTS_MAX = 1_000;

/** A key as UTF-8; a longer setting is no key. */
export const KEY_BYTES_MAX = 256;

/** Profiles one request talks to at a time. */
export const VISITORS_AT_ONCE_MAX = 32;
/** Events of an import recorded together before the next are parsed. */
export const IMPORT_CHUNK_EVENTS = 500;
/** Lines of one call to the planner: well below the size of an RPC. */
export const DEMAND_LINES_PER_CALL_MAX = 5_000;
/** What an isolate gathers before it hands it over without waiting for its time: well below the size of an RPC. */
export const HANDOVER_GATHERED_BYTES_MAX = 1024 * 1024;
/** Visitors an isolate remembers acknowledgements for; the oldest is forgotten, its profile sends again. */
export const ACKNOWLEDGED_VISITORS_MAX = 10_000;
/** Old ids an isolate remembers the profile of; the oldest is forgotten and asked again. */
export const MOVED_VISITORS_MAX = 10_000;
/** Products of one call to the catalogue. */
export const PRODUCTS_PER_CALL_MAX = 1_000;
/** Products and rows of one page of a list. */
export const LIST_ITEMS_MAX = 500;

// --- time -------------------------------------------------------------------------------------
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
/** Gap that ends a session. */
export const SESSION_GAP_MS = 30 * 60_000;
/** Below this a client's clock is believed. */
export const CLOCK_SKEW_MS = 60_000;
/** What a profile remembers; older events are history (demand, popularity). */
export const PROFILE_DAYS = 90;

/** Half of an interest is gone after this. */
export const INTEREST_HALF_LIFE_DAYS = 14;
/** Categories of a profile; the least affine falls out. */
export const PROFILE_CATEGORIES_MAX = 32;
/** Brands of a profile; the least affine falls out. */
export const PROFILE_BRANDS_MAX = 16;
/** Price bands (category and currency) of a profile; the one least looked at falls out. */
export const PRICE_BANDS_MAX = 16;
/** Steps of one price band's histogram; the one with the least weight falls out. */
export const PRICE_STEPS_MAX = 32;
/** Currencies whose amounts a profile adds up; further ones are not added. */
export const PROFILE_CURRENCIES_MAX = 8;
/** Recently touched products; the oldest falls out. */
export const RECENTS_MAX = 50;
/** Changes of a cart since the last order; the oldest falls out. */
export const CART_CHANGES_MAX = 200;
/** Orders of a profile that updates, refunds and cancellations still change; the one heard of longest ago is closed. */
export const PROFILE_ORDERS_MAX = 50;
/** Lines of all of them and of their refunds: one order at its largest takes two thirds, up to 3 bytes a character. */
export const PROFILE_ORDERS_CHARACTERS_MAX = 64 * 1024;
/** Refunds of one order; further ones are not taken off, nor those that have no room in the bound above. */
export const ORDER_REFUNDS_MAX = 16;
/** Bought products; the oldest falls out. */
export const PURCHASED_MAX = 200;
/** Sessions told apart; the oldest is only counted. */
export const SESSIONS_MAX = 256;
/** Product steps kept for late events; the oldest fall out and are not corrected any more. */
export const TRAIL_STEPS_MAX = 100;
/** How far apart two products of a session still count as a transition, steps. */
export const TRANSITION_DISTANCE_MAX = 10;
/** Lines after it that a line of an order pairs with: 100 lines give less than 800 links, not 4,950. */
export const PAIRINGS_PER_LINE_MAX = 8;
/** Messages remembered exactly, by hash; a repeat after so many others would count again. */
export const DEDUP_MESSAGES_MAX = 4_096;
/** Activities kept beside the profile before they move to a page of their own. */
export const INLINE_ACTIVITIES_BYTES = 24 * 1024;
/** So many move there at once, though with the alarm that is a row more: page and segment stay below 2 MB. */
export const INLINE_ACTIVITIES_BYTES_MAX = 512 * 1024;
/** Other ids of one visitor; where all were in use lately a further one is not joined, else the oldest leaves. */
export const JOINED_IDS_MAX = 64;
/** An anonymous id not seen for so long may leave a full list, days. */
export const JOINED_ID_IDLE_DAYS = 30;
/** Objects a call follows from an old id to the profile that it joined. */
export const JOIN_HOPS_MAX = 128;
/** Activities of one portion of a profile that joins another, bytes. */
export const HANDOVER_BYTES_MAX = 256 * 1024;
/** Latest activities that what one anonymous id did is told from, and such profiles in memory. */
export const OWN_ACTIVITIES_MAX = 2_000;
export const OWN_PROFILES_IN_MEMORY_MAX = 4;
/** Packets not yet acknowledged that a profile keeps before it sends them itself. */
export const UNSENT_BYTES_MAX = 256 * 1024;
/** Arrival shards of signals. Names stored objects: never change in a running shop. */
export const COMBINER_SHARDS = 16;
/** Sums of one merged delta: about 200 KB. */
export const DELTA_SUMS_MAX = 10_000;
/** Text of one merged delta, which is a row of 2 MB at most: at up to 3 bytes a character 1.5 MB beside its sums. */
export const DELTA_CHARACTERS_MAX = 500_000;
/** Sums a combiner holds before it merges without waiting for its time. */
export const COMBINER_SUMS_MAX = 100_000;
/** How long a combiner knows which packets of a visitor it has counted, days. */
export const COMBINER_MEMORY_DAYS = 7;
/** Gaps in a visitor's packets a combiner tells apart; the oldest range is forgotten. */
export const SEEN_RANGES_MAX = 64;
/** Messages of visitors who refused analytics that one combiner remembers, by hash; the oldest falls out. */
export const REFUSED_MESSAGES_MAX = 65_536;
/** Rows of counted packets before they are written as one. */
export const SEEN_ROWS_MAX = 64;
/** Activities of one export page. */
export const EXPORT_ACTIVITIES_MAX = 1_000;
/** Of the segments that one is read from, which take up to six times as much in a call. */
export const EXPORT_BYTES_MAX = 1024 * 1024;

// --- model ------------------------------------------------------------------------------------
/** Products of a published model: the most active ones. */
export const MODEL_PRODUCTS_MAX = 200_000;
/** Names of categories, of brands and of currencies a model knows; further ones wait until one is unused. */
export const MODEL_CATEGORIES_MAX = 4_096;
export const MODEL_BRANDS_MAX = 16_384;
export const MODEL_CURRENCIES_MAX = 256;
/** Such names as JSON: all are one row, which holds 2 MB. Further ones wait as well. */
export const MODEL_CATEGORIES_BYTES_MAX = 600_000;
export const MODEL_BRANDS_BYTES_MAX = 1_200_000;
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
/** Stocks one list may be checked against with `fresh_stock`; what would take more is left out of it. */
export const FRESH_STOCK_READS_MAX = 300;
/** Products a request may exclude by name. A kernel's query has room for these, what `fresh_stock` adds, and a cart. */
export const EXCLUDED_PRODUCTS_MAX = 500;
/** Products of one list. */
export const RECOMMENDATIONS_MAX = 100;
/** Neighbours kept per product while counting; the weakest falls out. */
export const NEIGHBOURS_KEPT_MAX = 64;
/** Neighbours published per product by transitions, of a small model and of the largest; and by pairings. */
export const NEIGHBOURS_PUBLISHED_MAX = 48;
export const NEIGHBOURS_PUBLISHED_MIN = 20;
export const PAIRINGS_PUBLISHED_MAX = 24;
/** Neighbours by transitions of a whole published model, bytes: a larger model has fewer a product. */
export const NEIGHBOURS_PUBLISHED_BYTES_MAX = 12 * 1024 * 1024;

// --- stock ------------------------------------------------------------------------------------
/** Units of one SKU at one location. */
export const STOCK_UNITS_MAX = 1_000_000_000;
/** Open reservations of one SKU; further ones are refused (503). */
export const OPEN_RESERVATIONS_MAX = 100_000;
/** Closed reservations a SKU knows for repeats, 24 h at most; the oldest is forgotten. */
export const RESERVATIONS_REMEMBERED_MAX = 50_000;
/** A hold's life, seconds. */
export const RESERVATION_TTL_SECONDS_MAX = 7 * 86_400;
/** Reservations of one batch. */
export const RESERVATIONS_PER_CALL_MAX = 100;
/** Reservations of one SKU that an isolate asks for in one call, and SKUs that it gathers them of at a time. */
export const GATHERED_HOLDS_MAX = 256;
export const GATHERED_SKUS_MAX = 10_000;
/** Stock objects one request or order talks to at a time. */
export const SKUS_AT_ONCE_MAX = 32;
/** Ledger of a SKU, days: older entries become its opening balance. */
export const LEDGER_DAYS_MAX = 400;
/** Text of one page of it: a call takes 32 MiB, and its rows may be large. What does not fit is on the next. */
export const LEDGER_PAGE_CHARACTERS_MAX = 2_000_000;
/** Ledger rows that a waking object reads again before its state is written whole. */
export const LEDGER_REPLAY_ENTRIES_MIN = 1_000;
/** Reservations an owner's object knows beside the current one; the oldest is forgotten. */
export const OWNER_RESERVATIONS_MAX = 16;
/** Parts of all of those, lines at locations: at 2 KB of the longest ids each 16 MB at most. */
export const OWNER_PARTS_MAX = 8_000;
/** Returns of one order; further ones are refused. */
export const ORDER_RETURNS_MAX = 100;
/** Parts of all of them, returned lines at locations, of which the order keeps each. */
export const ORDER_RETURN_PARTS_MAX = 10_000;

// --- demand -----------------------------------------------------------------------------------
/** Days of daily demand kept per SKU; the oldest fall out. */
export const DEMAND_DAYS_MAX = 400;
/** SKUs of one planner page, forecast by one kernel call. */
export const PLANNER_PAGE_SKUS = 1_024;
/** Series of one POST /v1/forecast. */
export const FORECAST_SERIES_MAX = 1_000;
/** Days of one series of POST /v1/forecast. */
export const FORECAST_SERIES_DAYS_MAX = 512;
/** Days ahead that a list of days may ask for. */
export const FORECAST_HORIZON_DAYS_MAX = 90;
/** Days ahead of sums: the longest lead time and review period together. */
export const FORECAST_AHEAD_DAYS_MAX = 730;
/** Quantiles of one answer. */
export const FORECAST_QUANTILES_MAX = 19;
/** Planners of a shop: each page of the board asks all of them. */
export const PLANNER_SHARDS_MAX = 16;
/** SKUs one planner knows; a further one's demand is not kept. */
export const PLANNER_SKUS_MAX = 200_000;
/** Days of one block of a planner page: what a flush rewrites. */
export const PLANNER_BLOCK_DAYS = 32;
/** Changed blocks of demand in a planner's memory, 128 to 512 KB each, before they are stored without waiting. */
export const PLANNER_CHANGED_BLOCKS_MAX = 128;
/** Stored blocks kept in a planner's memory; the one not used for longest falls out. */
export const PLANNER_STORED_BLOCKS_MAX = 24;
/** How many days apart an order may be told and still count once: a reservation's longest life, over a clock change. */
export const ORDER_DAYS_APART_MAX = 8;
/** Order lines a planner remembers in memory, by hash; days not told of for longest fall out, they are stored. */
export const PLANNER_KEYS_IN_MEMORY_MAX = 2_000_000;
/** Those of one day that came since it was read, six times as large each, before it is read anew. */
export const PLANNER_KEYS_SINCE_MAX = 4_096;
/** How far before its cancellation a line is looked for, days; an older one stays counted. */
export const CANCELLED_SEARCH_DAYS = 120;
/** Journal of a planner before it is folded without waiting for its time. */
export const PLANNER_JOURNAL_BYTES_MAX = 4 * 1024 * 1024;
/** Deliveries on their way to one SKU at one location, and days of deliveries to all that a planner is told of. */
export const INCOMING_MAX = 100;
/** Locations of one SKU. */
export const LOCATIONS_MAX = 64;
/** Days out of stock that a SKU's stock remembers; the oldest fall out. */
export const OUTAGE_DAYS_MAX = 400;
/** Answers of adjustments kept for their Idempotency-Key, 24 h at most; the oldest falls out. */
export const IDEMPOTENCY_KEYS_MAX = 1_000;

// --- monitor ----------------------------------------------------------------------------------
/** Minutes of counts; the oldest fall out. */
export const MONITOR_MINUTES = 60;
/** Sampled events that are shown; the oldest falls out. */
export const RECENT_EVENTS_MAX = 500;
/** Of one sampled event, as JSON; its context is cut first. */
export const LIVE_MESSAGE_BYTES_MAX = 4 * 1024;
/** Samples taken and told in a second; the others are only counted. */
export const LIVE_EVENTS_PER_SECOND_MAX = 20;
/** Rejected events that are shown even when others have taken all the places of a second. */
export const LIVE_REJECTED_PER_SECOND_EXTRA = 5;
/** Open live feeds; a further one is refused (503). */
export const LIVE_FEEDS_MAX = 100;
/** Orders whose ids the monitor remembers, so that they count once; the oldest is forgotten. */
export const MONITOR_ORDERS_MAX = 10_000;
/** Orders an isolate gathers before it tells them without waiting for its time. */
export const GATHERED_ORDERS_MAX = 2_000;
/** Currencies whose revenue is added up; further ones are not. */
export const MONITOR_CURRENCIES_MAX = 32;
/** 2 to this power are the registers of an estimate of visitors, a byte each. */
export const VISITOR_SKETCH_BITS = 12;
/** Erased ids kept in mind for what is still on its way; the oldest is forgotten. */
export const FORGOTTEN_IDS_MAX = 10_000;
/** How long they are: an isolate tells what it saw within seconds. */
export const FORGOTTEN_MS = 60_000;
/** Events that failed validation, kept to be sent again: so many, so much, so long. The oldest pages fall out. */
export const REJECTED_EVENTS_MAX = 20_000;
export const REJECTED_BYTES_MAX = 32 * 1024 * 1024;
export const REJECTED_DAYS_MAX = 30;
/** Of a page of them, which is one row; it is written again with each that is added. */
export const REJECTED_PAGE_BYTES_MAX = 128 * 1024;
/** Rejected events sent again by one call, and of one list; what does not fit is on the next. */
export const REPLAY_EVENTS_MAX = 1_000;
export const REJECTED_LIST_BYTES_MAX = 8 * 1024 * 1024;
