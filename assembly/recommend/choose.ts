// Chooses the list: greedily the best that is left, where each choice discounts its category and its brand; then
// what a cap put off; then popular products until the list is full.
import {
  ANSWER_CAUSE,
  ANSWER_INDEX,
  ANSWER_SCORE,
  ANSWER_STRATEGY,
  HEADER_CATEGORY_LIST,
  HEADER_CATEGORY_START,
  HEADER_ELIGIBLE,
  HEADER_ORDER,
  NONE,
  QUERY_BRAND_DISCOUNT,
  QUERY_CATEGORIES,
  QUERY_CATEGORY_CAP,
  QUERY_CATEGORY_DISCOUNT,
  QUERY_CATEGORY_FILTER,
  QUERY_CATEGORY_INDEX,
  QUERY_LIMIT,
  QUERY_SEEN_QUOTA,
  QUERY_STRATEGIES,
  STRATEGY_CATEGORY,
  STRATEGY_COLLABORATIVE,
  STRATEGY_TRENDING,
} from "../layout";
import * as candidates from "./candidates";
import * as leaders from "./leaders";
import {
  answerAddress,
  BRAND_CHOSEN,
  brandOf,
  brandWork,
  categoryOf,
  categoryWork,
  header,
  MARK_BLOCKED,
  MARK_SEEN,
  markAddress,
  queryFloat,
  queryInt,
  queryIntAt,
  section,
  WORK_CHOSEN,
  word,
} from "./memory";
import { admissible, fillScore, strategyOf } from "./terms";
import { clearCategory, mark } from "./visitor";

let chosen: u32 = 0;
let seen: u32 = 0;
/** Score of the last choice: a list never rises. */
let ceiling: f32 = Infinity;

export function choose(): u32 {
  chosen = 0;
  seen = 0;
  ceiling = Infinity;
  const limit = queryInt(QUERY_LIMIT);
  leaders.rank();
  const deferred = chooseLeaders(limit);
  for (let at: u32 = 0; at < deferred && chosen < limit; at++) {
    take(load<u32>(word(candidates.DEFERRED, at)), load<f32>(word(candidates.DEFERRED_SCORES, at)));
  }
  fill(limit, queryInt(QUERY_SEEN_QUOTA));
  fill(limit, limit);
  return chosen;
}

/** Discounts only grow, so a score that is still the best after its own is the greatest of all. */
function chooseLeaders(limit: u32): u32 {
  const cap = queryInt(QUERY_CATEGORY_CAP);
  const quota = queryInt(QUERY_SEEN_QUOTA);
  const diverse = cap != 0 || queryFloat(QUERY_CATEGORY_DISCOUNT) < 1 || queryFloat(QUERY_BRAND_DISCOUNT) < 1;
  let deferred: u32 = 0;
  while (chosen < limit) {
    const ordinal = leaders.leader();
    if (ordinal == leaders.NOBODY) break;
    const product = candidates.product(ordinal);
    if (isSeen(product) && seen >= quota) {
      leaders.lower(ordinal, leaders.OUT);
      continue;
    }
    if (diverse) {
      const category = categoryOf(product);
      const inCategory: u32 = category == 0 ? 0 : load<u32>(categoryWork(category) + WORK_CHOSEN);
      if (discount(ordinal, product, inCategory)) continue;
      if (cap != 0 && inCategory >= cap) {
        store<u32>(word(candidates.DEFERRED, deferred), ordinal);
        store<f32>(word(candidates.DEFERRED_SCORES, deferred++), candidates.score(ordinal));
        leaders.lower(ordinal, leaders.OUT);
        continue;
      }
    }
    take(ordinal, candidates.score(ordinal));
    leaders.lower(ordinal, leaders.OUT);
  }
  return deferred;
}

/** Brings a candidate's score down by what was chosen since it was last looked at; whether anything was. */
function discount(ordinal: u32, product: u32, inCategory: u32): bool {
  const brand = brandOf(product);
  const inBrand: u32 = brand == 0 ? 0 : load<u32>(brandWork(brand) + BRAND_CHOSEN);
  const chosenLike = inCategory | (inBrand << 16);
  if (candidates.discounts(ordinal) == chosenLike) return false;
  let score = candidates.worth(ordinal);
  for (let n: u32 = 0; n < inCategory; n++) score *= queryFloat(QUERY_CATEGORY_DISCOUNT);
  for (let n: u32 = 0; n < inBrand; n++) score *= queryFloat(QUERY_BRAND_DISCOUNT);
  leaders.lower(ordinal, score);
  candidates.setDiscounts(ordinal, chosenLike);
  return true;
}

function isSeen(product: u32): bool {
  return (<u32>load<u16>(markAddress(product)) & MARK_SEEN) != 0;
}

function take(ordinal: u32, score: f32): void {
  const strategy = strategyOf(ordinal);
  const cause = strategy == STRATEGY_COLLABORATIVE ? candidates.cause(ordinal) : <u32>NONE;
  answer(candidates.product(ordinal), score, strategy, cause);
}

function answer(product: u32, score: f32, strategy: u32, cause: u32): void {
  ceiling = min<f32>(ceiling, score);
  store<u32>(answerAddress(ANSWER_INDEX, chosen), product);
  store<f32>(answerAddress(ANSWER_SCORE, chosen), ceiling);
  store<u32>(answerAddress(ANSWER_STRATEGY, chosen), strategy);
  store<u32>(answerAddress(ANSWER_CAUSE, chosen), cause);
  chosen++;
  if (isSeen(product)) seen++;
  mark(product, MARK_BLOCKED);
  const category = categoryWork(categoryOf(product)) + WORK_CHOSEN;
  store<u32>(category, load<u32>(category) + 1);
  const brand = brandWork(brandOf(product)) + BRAND_CHOSEN;
  store<u32>(brand, load<u32>(brand) + 1);
}

/** Fills up from the most popular on; of the visitor's categories where trends are not wanted. */
function fill(limit: u32, quota: u32): void {
  if (chosen == limit) return;
  const strategies = queryInt(QUERY_STRATEGIES);
  const filter = queryInt(QUERY_CATEGORY_FILTER);
  if ((strategies & (1 << STRATEGY_TRENDING)) != 0) {
    if (filter != <u32>NONE) fillFromCategory(filter, limit, quota, STRATEGY_TRENDING);
    else fillFrom(section(HEADER_ORDER), header(HEADER_ELIGIBLE), limit, quota, STRATEGY_TRENDING);
  } else if ((strategies & (1 << STRATEGY_CATEGORY)) != 0) {
    const categories = queryInt(QUERY_CATEGORIES);
    for (let at: u32 = 0; at < categories; at++) {
      fillFromCategory(queryIntAt(QUERY_CATEGORY_INDEX, at), limit, quota, STRATEGY_CATEGORY);
    }
  }
}

function fillFromCategory(category: u32, limit: u32, quota: u32, strategy: u32): void {
  const bounds = word(section(HEADER_CATEGORY_START), category);
  const from = load<u32>(bounds);
  const list = word(section(HEADER_CATEGORY_LIST), from);
  fillFrom(list, load<u32>(bounds, 4) - from, limit, quota, strategy);
}

function fillFrom(list: usize, length: u32, limit: u32, quota: u32, strategy: u32): void {
  for (let at: u32 = 0; at < length && chosen < limit; at++) {
    const product = load<u32>(word(list, at));
    if (!admissible(product) || (isSeen(product) && seen >= quota)) continue;
    answer(product, fillScore(product), strategy, <u32>NONE);
  }
}

/** Takes back what choosing left in the work areas. */
export function cleanUp(): void {
  for (let at: u32 = 0; at < chosen; at++) {
    const product = load<u32>(answerAddress(ANSWER_INDEX, at));
    store<u16>(markAddress(product), 0);
    clearCategory(categoryOf(product));
    store<u64>(brandWork(brandOf(product)), 0);
  }
  candidates.clear();
}
