// The memory boundary: every address, size and code that the kernels and their host agree on.
// Read by asc (assembly/) and by tsc (kernels/), so it holds unannotated integer constants only.

// One page of WebAssembly memory, bytes.
export const WASM_PAGE_BYTES = 65536;

// Below this address live the compiler's own statics; the regions of a module start here.
export const STATIC_BYTES = 65536;

// --- recommend.wasm: 72 MB = 2 MB of statics, query, answer and work, then two slots of 35 MB ------------
// Query block: what the host writes before a call. Offsets from QUERY_ADDRESS, bytes; u32 unless told.
export const QUERY_ADDRESS = STATIC_BYTES;
export const QUERY_LIMIT = 0;
// A product index whose neighbours nobody wants, a category that filters nothing.
export const NONE = 4294967295;
// Only products of this category index; NONE: all.
export const QUERY_CATEGORY_FILTER = 4;
// Bit s: strategy s of STRATEGIES may contribute.
export const QUERY_STRATEGIES = 8;
// Bits below.
export const QUERY_FLAGS = 12;
export const QUERY_SOURCES = 16;
export const QUERY_RECENTS = 20;
export const QUERY_BLOCKED = 24;
export const QUERY_PURCHASED = 28;
export const QUERY_CATEGORIES = 32;
export const QUERY_BRANDS = 36;
export const QUERY_PRICES = 40;
// Products expanded in the second and the third step.
export const QUERY_FAN = 44;
export const QUERY_FAN_THIRD = 48;
// Recent products a list may hold.
export const QUERY_SEEN_QUOTA = 52;
// Products of one category a list may hold while others are left; 0: no cap.
export const QUERY_CATEGORY_CAP = 56;
// f32 weights, see PlacementWeights.
export const QUERY_WALK_VIEWED = 60;
export const QUERY_WALK_BOUGHT = 64;
export const QUERY_WALK_THIRD = 68;
export const QUERY_FIT_CATEGORY = 72;
export const QUERY_FIT_BRAND = 76;
export const QUERY_FIT_PRICE = 80;
export const QUERY_CATEGORY_WEIGHT = 84;
export const QUERY_BRAND_WEIGHT = 88;
export const QUERY_TREND_WEIGHT = 92;
export const QUERY_POPULARITY_WEIGHT = 96;
export const QUERY_CATEGORY_DISCOUNT = 100;
export const QUERY_BRAND_DISCOUNT = 104;
// Least score of showing the newest recent product again.
export const QUERY_AGAIN_FLOOR = 108;
// What each further source that leads to a candidate adds to it, as a share.
export const QUERY_SUPPORT = 112;
// Least addition of the second and the third step, as a share of the best candidate of the first.
export const QUERY_WALK_FLOOR = 116;

// Leave out what was purchased, unless its category is bought repeatedly (second bit).
export const FLAG_BLOCK_PURCHASED = 1;
export const FLAG_ALLOW_REBOUGHT = 2;
// The first of the recent products is the newest of all, not one behind products the model does not know.
export const FLAG_NEWEST_KNOWN = 4;

// Arrays of the query block, each with its bound.
export const SOURCES_MAX = 64;
export const RECENTS_MAX = 50;
export const BLOCKED_MAX = 1024;
export const PURCHASED_MAX = 200;
export const AFFINITIES_MAX = 32;
export const PRICES_MAX = 32;
// Products whose neighbours are gathered: index, weight of viewed and of bought neighbours (f32).
export const QUERY_SOURCE_INDEX = 256;
export const QUERY_SOURCE_VIEWED = QUERY_SOURCE_INDEX + 4 * SOURCES_MAX;
export const QUERY_SOURCE_BOUGHT = QUERY_SOURCE_VIEWED + 4 * SOURCES_MAX;
// Recent products, newest first: index, weight of showing it again (f32).
export const QUERY_RECENT_INDEX = QUERY_SOURCE_BOUGHT + 4 * SOURCES_MAX;
export const QUERY_RECENT_WEIGHT = QUERY_RECENT_INDEX + 4 * 52;
export const QUERY_BLOCKED_INDEX = QUERY_RECENT_WEIGHT + 4 * 52;
// Purchased products: index, day number of the last purchase, how often, weight of showing it again (f32).
export const QUERY_PURCHASED_INDEX = QUERY_BLOCKED_INDEX + 4 * BLOCKED_MAX;
export const QUERY_PURCHASED_DAY = QUERY_PURCHASED_INDEX + 4 * PURCHASED_MAX;
export const QUERY_PURCHASED_COUNT = QUERY_PURCHASED_DAY + 4 * PURCHASED_MAX;
export const QUERY_PURCHASED_WEIGHT = QUERY_PURCHASED_COUNT + 4 * PURCHASED_MAX;
// Affinities: index, 0..1 (f32).
export const QUERY_CATEGORY_INDEX = QUERY_PURCHASED_WEIGHT + 4 * PURCHASED_MAX;
export const QUERY_CATEGORY_AFFINITY = QUERY_CATEGORY_INDEX + 4 * AFFINITIES_MAX;
export const QUERY_BRAND_INDEX = QUERY_CATEGORY_AFFINITY + 4 * AFFINITIES_MAX;
export const QUERY_BRAND_AFFINITY = QUERY_BRAND_INDEX + 4 * AFFINITIES_MAX;
// Price bands: category index, currency index, ln of the middle, 1 / half width in ln (f32).
export const QUERY_PRICE_CATEGORY = QUERY_BRAND_AFFINITY + 4 * AFFINITIES_MAX;
export const QUERY_PRICE_CURRENCY = QUERY_PRICE_CATEGORY + 4 * PRICES_MAX;
export const QUERY_PRICE_MIDDLE = QUERY_PRICE_CURRENCY + 4 * PRICES_MAX;
export const QUERY_PRICE_SHARPNESS = QUERY_PRICE_MIDDLE + 4 * PRICES_MAX;
export const QUERY_BYTES = QUERY_PRICE_SHARPNESS + 4 * PRICES_MAX;

// Answer block: columns of ANSWERS_MAX: product index, score (f32), strategy, causing product index or NONE.
export const ANSWERS_MAX = 100;
export const ANSWER_ADDRESS = QUERY_ADDRESS + 65536;
export const ANSWER_INDEX = 0;
export const ANSWER_SCORE = 4 * ANSWERS_MAX;
export const ANSWER_STRATEGY = 8 * ANSWERS_MAX;
export const ANSWER_CAUSE = 12 * ANSWERS_MAX;

// Strategies, as in STRATEGIES.
export const STRATEGY_COLLABORATIVE = 0;
export const STRATEGY_CATEGORY = 1;
export const STRATEGY_RECENT = 2;
export const STRATEGY_TRENDING = 3;

// Work: per product a mark (u16), per category and brand a few words, then columns of candidates.
export const IMAGE_PRODUCTS_MAX = 200000;
export const IMAGE_CATEGORIES_MAX = 4096;
export const IMAGE_BRANDS_MAX = 16384;
export const CANDIDATES_MAX = 4096;
export const MARK_ADDRESS = ANSWER_ADDRESS + 65536;
export const CATEGORY_WORK_ADDRESS = MARK_ADDRESS + 2 * IMAGE_PRODUCTS_MAX;
export const CATEGORY_WORK_BYTES = 32;
export const BRAND_WORK_ADDRESS = CATEGORY_WORK_ADDRESS + CATEGORY_WORK_BYTES * IMAGE_CATEGORIES_MAX;
export const BRAND_WORK_BYTES = 8;
export const CANDIDATE_ADDRESS = BRAND_WORK_ADDRESS + BRAND_WORK_BYTES * IMAGE_BRANDS_MAX;
export const SLOT_ADDRESS = 2097152;
export const SLOT_BYTES = 36700160;
export const SLOTS = 2;

// --- the model's image: header of u32 words, then sections; offsets from the image's start ---------------
export const IMAGE_MAGIC = 1464225875;
export const IMAGE_FORMAT = 3;
export const IMAGE_HEADER_BYTES = 256;
export const HEADER_MAGIC = 0;
export const HEADER_FORMAT = 4;
export const HEADER_VERSION = 8;
export const HEADER_PRODUCTS = 12;
// Power of two, at least twice the products.
export const HEADER_TABLE_SLOTS = 16;
export const HEADER_CATEGORIES = 20;
export const HEADER_BRANDS = 24;
export const HEADER_VIEWED_STRIDE = 28;
export const HEADER_BOUGHT_STRIDE = 32;
export const HEADER_ELIGIBLE = 36;
export const HEADER_TRENDING = 40;
export const HEADER_BYTES = 44;
// Offsets of sections.
// Two halves of the hash of the product id (u32).
export const HEADER_HASH_LOW = 48;
export const HEADER_HASH_HIGH = 52;
// Open addressing by the low half: product index + 1, 0 is free (u32).
export const HEADER_TABLE = 56;
// What is known of each product, a record each: scoring a candidate reads one line of the cache.
export const HEADER_RECORDS = 60;
// Eligible products by falling popularity (u32); the same per category, rising ones per category, popular ones
// per brand, rising ones overall. Starts have one entry more than there are lists.
export const HEADER_ORDER = 96;
export const HEADER_CATEGORY_START = 100;
export const HEADER_CATEGORY_LIST = 104;
export const HEADER_RISING_START = 108;
export const HEADER_RISING_LIST = 112;
export const HEADER_BRAND_START = 116;
export const HEADER_BRAND_LIST = 120;
export const HEADER_TRENDING_LIST = 124;
// Neighbours, strongest first: strength code in the upper 14 bits, product index in the lower 18; 0 ends a list.
export const HEADER_VIEWED = 128;
export const HEADER_BOUGHT = 132;

// A product's record. Offsets in bytes; two records are a line of most caches.
export const RECORD_BYTES = 32;
export const RECORD_SHIFT = 5;
// ln of the price (f32), meant only with FACT_PRICED.
export const RECORD_PRICE = 0;
// 0..1 of the model's greatest (f32).
export const RECORD_POPULARITY = 4;
export const RECORD_TREND = 8;
// Factor of what neighbours lead to (f32).
export const RECORD_LIFT = 12;
// Numbers of names (u16; u8 the currency), 0 for none.
export const RECORD_CATEGORY = 16;
export const RECORD_BRAND = 18;
// Chance of viewing it again at once, and later in the session, in 1/65535 (u16).
export const RECORD_AGAIN = 20;
export const RECORD_RETURN = 22;
export const RECORD_CURRENCY = 24;
// Bits FACT_ELIGIBLE, FACT_PRICED (u8).
export const RECORD_FLAGS = 25;

export const NEIGHBOUR_INDEX_BITS = 18;
// A strength code is an f32 without its sign, the exponent moved by 103: 2^-24 .. 2^8 in steps of 1/512.
export const STRENGTH_EXPONENT_SHIFT = 103;
export const STRENGTH_MANTISSA_BITS = 9;

// May be shown: not hidden, deleted, sold out nor unknown.
export const FACT_ELIGIBLE = 1;
export const FACT_PRICED = 2;

// --- forecast ---------------------------------------------------------------------------------
// Four series side by side, one f32x4 a day: series s of a block is lane s of every column. All end on the same day.
export const FORECAST_LANES = 4;
export const FORECAST_DAYS_MAX = 512;
export const FORECAST_SEASON_MAX = 64;
export const FORECAST_EXPERTS = 14;
// Sums over so many days are backtested for the distribution of demand over a lead time.
export const FORECAST_SPANS = 4;

export const FORECAST_COLUMN_BYTES = FORECAST_DAYS_MAX * 16;

// Columns, [day][lane] f32, made by `load`: demand; fraction of the day in stock and open (-1: before the series);
// views; carts.
export const FORECAST_DEMAND = STATIC_BYTES;
export const FORECAST_STOCK = FORECAST_DEMAND + FORECAST_COLUMN_BYTES;
export const FORECAST_VIEWS = FORECAST_STOCK + FORECAST_COLUMN_BYTES;
export const FORECAST_CARTS = FORECAST_VIEWS + FORECAST_COLUMN_BYTES;
// Group's seasonal index, [season position][lane]; the position of day t is t mod season.
export const FORECAST_GROUP_SEASON = FORECAST_CARTS + FORECAST_COLUMN_BYTES;
// One f32x4 each: units of demand that outweigh the group's index; demand per view and per cart of the group.
export const FORECAST_KAPPA = FORECAST_GROUP_SEASON + FORECAST_SEASON_MAX * 16;
export const FORECAST_GROUP_VIEW_RATE = FORECAST_KAPPA + 16;
export const FORECAST_GROUP_CART_RATE = FORECAST_KAPPA + 32;

// Columns out, f32x4 rows.
export const FORECAST_LEVEL = FORECAST_KAPPA + 64;
export const FORECAST_EXPERT_LEVELS = FORECAST_LEVEL + 16;
export const FORECAST_EXPERT_WEIGHTS = FORECAST_EXPERT_LEVELS + FORECAST_EXPERTS * 16;
export const FORECAST_SEASON_INDEX = FORECAST_EXPERT_WEIGHTS + FORECAST_EXPERTS * 16;
// Running squared error of the sum over a span, and its running mean.
export const FORECAST_SPAN_VARIANCE = FORECAST_SEASON_INDEX + FORECAST_SEASON_MAX * 16;
export const FORECAST_SPAN_MEAN = FORECAST_SPAN_VARIANCE + FORECAST_SPANS * 16;
// Backtest: days, squared error, squared difference of neighbouring days, error, demand, sums judged and covered.
export const FORECAST_BACKTEST = FORECAST_SPAN_MEAN + FORECAST_SPANS * 16;
export const BACKTEST_DAYS = 0;
export const BACKTEST_SQUARED_ERROR = 1;
export const BACKTEST_SQUARED_STEP = 2;
export const BACKTEST_ERROR = 3;
export const BACKTEST_DEMAND = 4;
export const BACKTEST_JUDGED = 5;
export const BACKTEST_COVERED = 6;
export const BACKTEST_ROWS = 7;

// Pooled over all series since `reset_group`: normal scores of realised sums, a histogram for each span (u32).
export const FORECAST_SCORES = FORECAST_BACKTEST + BACKTEST_ROWS * 16;
export const SCORE_BINS = 256;
// Scores from -SCORE_MAX to SCORE_MAX.
export const SCORE_MAX = 4;

// Scratch: demand and exposure of open days summed up to before each day, combined level by day, levels of the last
// days by expert, seasonal sums.
export const FORECAST_SUM_DEMAND = FORECAST_SCORES + FORECAST_SPANS * SCORE_BINS * 4;
export const FORECAST_SUM_EXPOSURE = FORECAST_SUM_DEMAND + FORECAST_COLUMN_BYTES + 16;
export const FORECAST_COMBINED = FORECAST_SUM_EXPOSURE + FORECAST_COLUMN_BYTES + 16;
export const FORECAST_RING = FORECAST_COMBINED + FORECAST_COLUMN_BYTES;
export const FORECAST_RING_DAYS = 64;
export const FORECAST_SEASON_SUMS = FORECAST_RING + FORECAST_RING_DAYS * FORECAST_EXPERTS * 16;
export const FORECAST_STATE = FORECAST_SEASON_SUMS + FORECAST_SEASON_MAX * 32;
// Pooled over all series since `reset_group`, f32x4 rows by day: sums over the span that ends there, and what was
// forecast of them, each series scaled to a mean of one.
export const FORECAST_POOL_DEMAND = FORECAST_STATE + 4096;
export const FORECAST_POOL_FORECAST = FORECAST_POOL_DEMAND + FORECAST_COLUMN_BYTES;

// Staging, written by the host: [lane][day] f32, a series a row, aligned at the last day; 0 and -1 before a series.
export const FORECAST_STAGE_ROW_BYTES = FORECAST_DAYS_MAX * 4;
export const FORECAST_STAGE_BYTES = FORECAST_STAGE_ROW_BYTES * FORECAST_LANES;
export const FORECAST_STAGE_DEMAND = FORECAST_POOL_FORECAST + FORECAST_COLUMN_BYTES;
export const FORECAST_STAGE_STOCK = FORECAST_STAGE_DEMAND + FORECAST_STAGE_BYTES;
export const FORECAST_STAGE_VIEWS = FORECAST_STAGE_STOCK + FORECAST_STAGE_BYTES;
export const FORECAST_STAGE_CARTS = FORECAST_STAGE_VIEWS + FORECAST_STAGE_BYTES;
// 1 on days the shop sold, 0 on shut ones, by day (f32).
export const FORECAST_OPEN = FORECAST_STAGE_CARTS + FORECAST_STAGE_BYTES;
// Of each lane, f32: mean demand of a day in stock; 1 over it.
export const FORECAST_SCALE = FORECAST_OPEN + FORECAST_STAGE_ROW_BYTES;

// Made by `observe`. What the group sold by day, since `reset_group` (f32): units, series that sold; then views, carts
// and units of the series of which they are known (f64).
export const FORECAST_TOTALS = FORECAST_SCALE + 64;
export const FORECAST_SELLING = FORECAST_TOTALS + FORECAST_STAGE_ROW_BYTES;
export const FORECAST_BEHAVIOUR = FORECAST_SELLING + FORECAST_STAGE_ROW_BYTES;
export const BEHAVIOUR_VIEWS = 0;
export const BEHAVIOUR_VIEWED_UNITS = 1;
export const BEHAVIOUR_CARTS = 2;
export const BEHAVIOUR_CARTED_UNITS = 3;
// Of the series observed last, f64: day of the first sale (-1: none), units, days with a sale, sum of squares, days in
// stock from the first sale on, whole weeks from then on, sum of squares of their units, their units.
export const FORECAST_FACTS = FORECAST_BEHAVIOUR + 64;
export const FACT_FIRST = 0;
export const FACT_UNITS = 1;
export const FACT_SALES = 2;
export const FACT_SQUARES = 3;
export const FACT_STOCK_DAYS = 4;
export const FACT_WEEKS = 5;
export const FACT_WEEK_SQUARES = 6;
export const FACT_WEEK_UNITS = 7;
export const FACTS = 8;
export const FORECAST_END = FORECAST_FACTS + 64;
