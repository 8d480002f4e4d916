// What is known of one product at a time: whether it may be shown, and what speaks for it most.
import {
  FACT_ELIGIBLE,
  NONE,
  QUERY_BRAND_WEIGHT,
  QUERY_CATEGORY_FILTER,
  QUERY_CATEGORY_WEIGHT,
  QUERY_FIT_BRAND,
  QUERY_FIT_CATEGORY,
  QUERY_FIT_PRICE,
  QUERY_POPULARITY_WEIGHT,
  QUERY_STRATEGIES,
  QUERY_TREND_WEIGHT,
  RECORD_BRAND,
  RECORD_CATEGORY,
  RECORD_CURRENCY,
  RECORD_FLAGS,
  RECORD_LIFT,
  RECORD_POPULARITY,
  RECORD_PRICE,
  RECORD_TREND,
  STRATEGY_CATEGORY,
  STRATEGY_COLLABORATIVE,
  STRATEGY_RECENT,
  STRATEGY_TRENDING,
} from "../layout";
import * as candidates from "./candidates";
import {
  brandWork,
  categoryOf,
  categoryWork,
  MARK_BLOCKED,
  markAddress,
  queryFloat,
  queryInt,
  record,
  WORK_AFFINITY,
  WORK_MIDDLE,
  WORK_PRICED,
  WORK_SHARPNESS,
} from "./memory";

/** The wanted category, or NONE. */
export let filter: u32 = 0;

/** Before the first `admissible` or `scoreAll` of a call. */
export function prepare(): void {
  filter = queryInt(QUERY_CATEGORY_FILTER);
}

/** May be shown: eligible, of the wanted category, neither excluded nor taken already. */
export function admissible(product: u32): bool {
  if ((<u32>load<u16>(markAddress(product)) & MARK_BLOCKED) != 0) return false;
  if ((load<u8>(record(product), RECORD_FLAGS) & FACT_ELIGIBLE) == 0) return false;
  return filter == <u32>NONE || categoryOf(product) == filter;
}

/** A weight of the query, nothing when its strategy is not wanted. */
export function weightOf(strategy: u32, weight: usize): f32 {
  return (queryInt(QUERY_STRATEGIES) & (1 << strategy)) != 0 ? queryFloat(weight) : 0;
}

/** Strategy of the greatest term of a candidate's score; of equals, the first. */
export function strategyOf(ordinal: u32): u32 {
  const facts = record(candidates.product(ordinal));
  const work = categoryWork(load<u16>(facts, RECORD_CATEGORY));
  const likedCategory = load<f32>(work, WORK_AFFINITY);
  const likedBrand = load<f32>(brandWork(load<u16>(facts, RECORD_BRAND)));
  const price = queryFloat(QUERY_FIT_PRICE) * priceFit(facts, work);
  const popular = load<f32>(facts, RECORD_POPULARITY);
  const rising = load<f32>(facts, RECORD_TREND);
  let greatest: f32 = 0;
  let which: u32 = STRATEGY_TRENDING;
  if ((queryInt(QUERY_STRATEGIES) & (1 << STRATEGY_COLLABORATIVE)) != 0) {
    const fit =
      <f32>1 +
      queryFloat(QUERY_FIT_CATEGORY) * likedCategory +
      queryFloat(QUERY_FIT_BRAND) * likedBrand +
      price;
    greatest = candidates.collaborative(ordinal) * load<f32>(facts, RECORD_LIFT) * fit;
    which = STRATEGY_COLLABORATIVE;
  }
  const liked =
    weightOf(STRATEGY_CATEGORY, QUERY_CATEGORY_WEIGHT) * likedCategory +
    weightOf(STRATEGY_CATEGORY, QUERY_BRAND_WEIGHT) * likedBrand;
  const inCategory = liked * (<f32>0.1 + popular + rising) * (<f32>1 + price);
  if (inCategory > greatest) {
    greatest = inCategory;
    which = STRATEGY_CATEGORY;
  }
  if (candidates.repeat(ordinal) > greatest) {
    greatest = candidates.repeat(ordinal);
    which = STRATEGY_RECENT;
  }
  const trending =
    weightOf(STRATEGY_TRENDING, QUERY_TREND_WEIGHT) * rising +
    weightOf(STRATEGY_TRENDING, QUERY_POPULARITY_WEIGHT) * popular;
  return trending > greatest ? STRATEGY_TRENDING : which;
}

/** 1 in the middle of the visitor's prices of that category, 1/2 at the edge of the band; 0 where none is known. */
function priceFit(facts: usize, work: usize): f32 {
  if (<u32>load<u16>(facts, RECORD_CURRENCY) != load<u32>(work, WORK_PRICED)) return 0;
  const away =
    (load<f32>(facts, RECORD_PRICE) - load<f32>(work, WORK_MIDDLE)) * load<f32>(work, WORK_SHARPNESS);
  return <f32>1 / (<f32>1 + away * away);
}

/** What fills a list up: the score of being popular. */
export function fillScore(product: u32): f32 {
  return queryFloat(QUERY_POPULARITY_WEIGHT) * load<f32>(record(product), RECORD_POPULARITY);
}
