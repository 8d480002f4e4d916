// Spreads what a query says of the visitor over the work areas, so that a candidate's fit is a few loads; and back.
import {
  FACT_ELIGIBLE,
  FACT_PRICED,
  FLAG_ALLOW_REBOUGHT,
  FLAG_BLOCK_PURCHASED,
  QUERY_BLOCKED,
  QUERY_BLOCKED_INDEX,
  QUERY_BRAND_AFFINITY,
  QUERY_BRAND_INDEX,
  QUERY_BRANDS,
  QUERY_CATEGORIES,
  QUERY_CATEGORY_AFFINITY,
  QUERY_CATEGORY_INDEX,
  QUERY_FLAGS,
  QUERY_PRICE_CATEGORY,
  QUERY_PRICE_CURRENCY,
  QUERY_PRICE_MIDDLE,
  QUERY_PRICE_SHARPNESS,
  QUERY_PRICES,
  QUERY_PURCHASED,
  QUERY_PURCHASED_COUNT,
  QUERY_PURCHASED_DAY,
  QUERY_PURCHASED_INDEX,
  QUERY_RECENT_INDEX,
  QUERY_RECENTS,
  QUERY_SOURCE_INDEX,
  QUERY_SOURCES,
  RECORD_CURRENCY,
  RECORD_FLAGS,
} from "../layout";
import {
  brandWork,
  categoryOf,
  categoryWork,
  MARK_BLOCKED,
  MARK_SEEN,
  MARK_SOURCE,
  markAddress,
  queryFloatAt,
  queryInt,
  queryIntAt,
  WORK_AFFINITY,
  WORK_FIRST_DAY,
  WORK_LAST_DAY,
  WORK_MIDDLE,
  WORK_PRICED,
  WORK_PURCHASES,
  WORK_SHARPNESS,
} from "./memory";

/** Flags behind the currency in a record that has a price and may be shown: there are no others. */
const PRICED: u32 = (FACT_ELIGIBLE | FACT_PRICED) << (8 * (RECORD_FLAGS - RECORD_CURRENCY));

export function mark(product: u32, flag: u32): void {
  const address = markAddress(product);
  store<u16>(address, <u32>load<u16>(address) | flag);
}

export function spread(): void {
  markAll(QUERY_BLOCKED, QUERY_BLOCKED_INDEX, MARK_BLOCKED);
  markAll(QUERY_RECENTS, QUERY_RECENT_INDEX, MARK_SEEN);
  markAll(QUERY_SOURCES, QUERY_SOURCE_INDEX, MARK_SOURCE);
  const categories = queryInt(QUERY_CATEGORIES);
  for (let at: u32 = 0; at < categories; at++) {
    const work = categoryWork(queryIntAt(QUERY_CATEGORY_INDEX, at));
    store<f32>(work + WORK_AFFINITY, queryFloatAt(QUERY_CATEGORY_AFFINITY, at));
  }
  const brands = queryInt(QUERY_BRANDS);
  for (let at: u32 = 0; at < brands; at++) {
    store<f32>(brandWork(queryIntAt(QUERY_BRAND_INDEX, at)), queryFloatAt(QUERY_BRAND_AFFINITY, at));
  }
  const prices = queryInt(QUERY_PRICES);
  for (let at: u32 = 0; at < prices; at++) {
    const work = categoryWork(queryIntAt(QUERY_PRICE_CATEGORY, at));
    if (load<u32>(work, WORK_PRICED) != 0) continue;
    store<f32>(work, queryFloatAt(QUERY_PRICE_MIDDLE, at), WORK_MIDDLE);
    store<f32>(work, queryFloatAt(QUERY_PRICE_SHARPNESS, at), WORK_SHARPNESS);
    store<u32>(work, queryIntAt(QUERY_PRICE_CURRENCY, at) | PRICED, WORK_PRICED);
  }
  if ((queryInt(QUERY_FLAGS) & FLAG_BLOCK_PURCHASED) != 0) blockPurchased();
}

function markAll(countWord: usize, indexes: usize, flag: u32): void {
  const length = queryInt(countWord);
  for (let at: u32 = 0; at < length; at++) mark(queryIntAt(indexes, at), flag);
}

/** A category is bought repeatedly when bought on two days, or when one of its products was bought twice. */
function blockPurchased(): void {
  const purchased = queryInt(QUERY_PURCHASED);
  const keepRebought = (queryInt(QUERY_FLAGS) & FLAG_ALLOW_REBOUGHT) != 0;
  for (let at: u32 = 0; at < purchased; at++) {
    const work = categoryWork(categoryOf(queryIntAt(QUERY_PURCHASED_INDEX, at)));
    const day = queryIntAt(QUERY_PURCHASED_DAY, at);
    const times = queryIntAt(QUERY_PURCHASED_COUNT, at);
    const known = load<u32>(work + WORK_PURCHASES) != 0;
    store<u32>(work + WORK_FIRST_DAY, known ? min<u32>(day, load<u32>(work + WORK_FIRST_DAY)) : day);
    store<u32>(work + WORK_LAST_DAY, known ? max<u32>(day, load<u32>(work + WORK_LAST_DAY)) : day);
    store<u32>(work + WORK_PURCHASES, max<u32>(times, max<u32>(1, load<u32>(work + WORK_PURCHASES))));
  }
  for (let at: u32 = 0; at < purchased; at++) {
    const product = queryIntAt(QUERY_PURCHASED_INDEX, at);
    const category = categoryOf(product);
    const work = categoryWork(category);
    const twoDays = load<u32>(work + WORK_LAST_DAY) > load<u32>(work + WORK_FIRST_DAY);
    // Without a category only the product itself can show that it is bought again.
    const rebought =
      category != 0
        ? twoDays || load<u32>(work + WORK_PURCHASES) > 1
        : queryIntAt(QUERY_PURCHASED_COUNT, at) > 1;
    if (!(keepRebought && rebought)) mark(product, MARK_BLOCKED);
  }
}

/** Takes all of it back: every call starts on clean work areas. */
export function gatherUp(): void {
  unmarkAll(QUERY_BLOCKED, QUERY_BLOCKED_INDEX);
  unmarkAll(QUERY_RECENTS, QUERY_RECENT_INDEX);
  unmarkAll(QUERY_SOURCES, QUERY_SOURCE_INDEX);
  unmarkAll(QUERY_PURCHASED, QUERY_PURCHASED_INDEX);
  clearCategories(QUERY_CATEGORIES, QUERY_CATEGORY_INDEX);
  clearCategories(QUERY_PRICES, QUERY_PRICE_CATEGORY);
  const brands = queryInt(QUERY_BRANDS);
  for (let at: u32 = 0; at < brands; at++) store<u64>(brandWork(queryIntAt(QUERY_BRAND_INDEX, at)), 0);
  const purchased = queryInt(QUERY_PURCHASED);
  for (let at: u32 = 0; at < purchased; at++) {
    clearCategory(categoryOf(queryIntAt(QUERY_PURCHASED_INDEX, at)));
  }
}

function unmarkAll(countWord: usize, indexes: usize): void {
  const length = queryInt(countWord);
  for (let at: u32 = 0; at < length; at++) store<u16>(markAddress(queryIntAt(indexes, at)), 0);
}

function clearCategories(countWord: usize, indexes: usize): void {
  const length = queryInt(countWord);
  for (let at: u32 = 0; at < length; at++) clearCategory(queryIntAt(indexes, at));
}

export function clearCategory(category: u32): void {
  const work = categoryWork(category);
  v128.store(work, i64x2.splat(0));
  v128.store(work, i64x2.splat(0), 16);
}
