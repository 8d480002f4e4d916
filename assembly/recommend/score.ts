// One score per candidate: the sum of four terms, one a strategy. The greatest term names the strategy.
import {
  FACT_ELIGIBLE,
  FACT_PRICED,
  NONE,
  QUERY_BRAND_WEIGHT,
  QUERY_CATEGORY_FILTER,
  QUERY_CATEGORY_WEIGHT,
  QUERY_FIT_BRAND,
  QUERY_FIT_CATEGORY,
  QUERY_FIT_PRICE,
  QUERY_POPULARITY_WEIGHT,
  QUERY_PRICE_CURRENCY,
  QUERY_PRICE_MIDDLE,
  QUERY_PRICE_SHARPNESS,
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
import { OUT } from "./leaders";
import {
  brandWork,
  categoryOf,
  categoryWork,
  MARK_BLOCKED,
  markAddress,
  queryFloat,
  queryFloatAt,
  queryInt,
  queryIntAt,
  record,
  WORK_AFFINITY,
} from "./memory";
import { bandOf } from "./visitor";

let filter: u32 = 0;

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

/** Scores every candidate; those that may not be shown, and those that nothing speaks for, are out. */
export function scoreAll(): void {
  const strategies = queryInt(QUERY_STRATEGIES);
  for (let ordinal: u32 = 0; ordinal < candidates.count; ordinal++) {
    const product = candidates.product(ordinal);
    if (admissible(product) && scoreOne(ordinal, product, strategies) > 0) continue;
    candidates.setScore(ordinal, OUT);
  }
}

function scoreOne(ordinal: u32, product: u32, strategies: u32): f32 {
  const facts = record(product);
  const category: u32 = load<u16>(facts, RECORD_CATEGORY);
  const likedCategory = load<f32>(categoryWork(category) + WORK_AFFINITY);
  const likedBrand = load<f32>(brandWork(load<u16>(facts, RECORD_BRAND)));
  const fitPrice = queryFloat(QUERY_FIT_PRICE) * priceFit(facts, category);
  let score: f32 = 0;
  let greatest: f32 = 0;
  let which: u32 = STRATEGY_TRENDING;

  if ((strategies & (1 << STRATEGY_COLLABORATIVE)) != 0) {
    const fit =
      <f32>1 +
      queryFloat(QUERY_FIT_CATEGORY) * likedCategory +
      queryFloat(QUERY_FIT_BRAND) * likedBrand +
      fitPrice;
    greatest = score = candidates.collaborative(ordinal) * load<f32>(facts, RECORD_LIFT) * fit;
    which = STRATEGY_COLLABORATIVE;
  }
  const popular = load<f32>(facts, RECORD_POPULARITY);
  const rising = load<f32>(facts, RECORD_TREND);
  if ((strategies & (1 << STRATEGY_CATEGORY)) != 0) {
    const liked =
      queryFloat(QUERY_CATEGORY_WEIGHT) * likedCategory + queryFloat(QUERY_BRAND_WEIGHT) * likedBrand;
    const term = liked * (<f32>0.1 + popular + rising) * (<f32>1 + fitPrice);
    score += term;
    if (term > greatest) {
      greatest = term;
      which = STRATEGY_CATEGORY;
    }
  }
  if ((strategies & (1 << STRATEGY_RECENT)) != 0) {
    const term = candidates.repeat(ordinal);
    score += term;
    if (term > greatest) {
      greatest = term;
      which = STRATEGY_RECENT;
    }
  }
  if ((strategies & (1 << STRATEGY_TRENDING)) != 0) {
    const term = queryFloat(QUERY_TREND_WEIGHT) * rising + queryFloat(QUERY_POPULARITY_WEIGHT) * popular;
    score += term;
    if (term > greatest) which = STRATEGY_TRENDING;
  }
  candidates.setWorth(ordinal, score);
  candidates.setStrategy(ordinal, which);
  return score;
}

/** 1 in the middle of the visitor's prices of that category, 1/2 at the edge of the band; 0 where none is known. */
function priceFit(facts: usize, category: u32): f32 {
  const band = bandOf(category);
  if (band == <u32>NONE || (load<u8>(facts, RECORD_FLAGS) & FACT_PRICED) == 0) return 0;
  if (<u32>load<u8>(facts, RECORD_CURRENCY) != queryIntAt(QUERY_PRICE_CURRENCY, band)) return 0;
  const price = load<f32>(facts, RECORD_PRICE);
  const away = (price - queryFloatAt(QUERY_PRICE_MIDDLE, band)) * queryFloatAt(QUERY_PRICE_SHARPNESS, band);
  return <f32>1 / (<f32>1 + away * away);
}

/** What fills a list up: the score of being popular. */
export function fillScore(product: u32): f32 {
  return queryFloat(QUERY_POPULARITY_WEIGHT) * load<f32>(record(product), RECORD_POPULARITY);
}
