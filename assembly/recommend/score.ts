// One score per candidate: the sum of four terms, one a strategy.
import {
  FACT_ELIGIBLE,
  NONE,
  QUERY_BRAND_WEIGHT,
  QUERY_CATEGORY_WEIGHT,
  QUERY_FIT_BRAND,
  QUERY_FIT_CATEGORY,
  QUERY_FIT_PRICE,
  QUERY_POPULARITY_WEIGHT,
  QUERY_TREND_WEIGHT,
  RECORD_CATEGORY,
  RECORD_CURRENCY,
  RECORD_FLAGS,
  STRATEGY_CATEGORY,
  STRATEGY_TRENDING,
} from "../layout";
import * as candidates from "./candidates";
import { OUT } from "./leaders";
import { brandWork, categoryWork, MARK_BLOCKED, markAddress, queryFloat, record, word } from "./memory";
import { filter, weightOf } from "./terms";

/** Flag behind the currency in a record that may be shown. */
const ELIGIBLE: u32 = FACT_ELIGIBLE << (8 * (RECORD_FLAGS - RECORD_CURRENCY));

/**
 * What each candidate belongs to. Few records are in the cache: asking for all of them and for nothing else keeps more
 * of them on their way than scoring could.
 */
function group(count: u32): void {
  for (let ordinal: u32 = 0; ordinal < count; ordinal++) {
    const groups = load<u32>(record(candidates.product(ordinal)), RECORD_CATEGORY);
    store<u32>(word(candidates.GROUPS, ordinal), groups);
  }
}

/**
 * Scores every candidate, four at a time; those that may not be shown, and those that nothing speaks for, are out.
 * Terms of strategies that are not wanted are nothing. Behind the last candidate stand entries of nothing.
 */
export function scoreAll(): void {
  const fitCategory = f32x4.splat(queryFloat(QUERY_FIT_CATEGORY));
  const fitBrand = f32x4.splat(queryFloat(QUERY_FIT_BRAND));
  const fitPrice = f32x4.splat(queryFloat(QUERY_FIT_PRICE));
  const wantedCategory = f32x4.splat(weightOf(STRATEGY_CATEGORY, QUERY_CATEGORY_WEIGHT));
  const wantedBrand = f32x4.splat(weightOf(STRATEGY_CATEGORY, QUERY_BRAND_WEIGHT));
  const wantedTrend = f32x4.splat(weightOf(STRATEGY_TRENDING, QUERY_TREND_WEIGHT));
  const wantedPopularity = f32x4.splat(weightOf(STRATEGY_TRENDING, QUERY_POPULARITY_WEIGHT));
  const one = f32x4.splat(1);
  const wanted = i32x4.splat(filter);
  const all = i32x4.splat(filter == <u32>NONE ? -1 : 0);
  const count = candidates.count;
  group(count);
  for (let ordinal: u32 = 0; ordinal < count; ordinal += 4) {
    // Rows of a record, an entry and a category's work become columns.
    const product0 = candidates.product(ordinal);
    const product1 = candidates.product(ordinal + 1);
    const product2 = candidates.product(ordinal + 2);
    const product3 = candidates.product(ordinal + 3);
    const facts0 = record(product0);
    const facts1 = record(product1);
    const facts2 = record(product2);
    const facts3 = record(product3);
    let even = low(v128.load(facts0), v128.load(facts1));
    let odd = low(v128.load(facts2), v128.load(facts3));
    const prices = firsts(even, odd);
    const popular = seconds(even, odd);
    even = high(v128.load(facts0), v128.load(facts1));
    odd = high(v128.load(facts2), v128.load(facts3));
    const rising = firsts(even, odd);
    const lift = seconds(even, odd);

    const entry = candidates.entryAddress(ordinal);
    even = low(v128.load(entry), v128.load(entry, candidates.ENTRY_BYTES));
    odd = low(v128.load(entry, 2 * candidates.ENTRY_BYTES), v128.load(entry, 3 * candidates.ENTRY_BYTES));
    const collaborative = seconds(even, odd);
    even = high(v128.load(entry, 16), v128.load(entry, candidates.ENTRY_BYTES + 16));
    odd = high(
      v128.load(entry, 2 * candidates.ENTRY_BYTES + 16),
      v128.load(entry, 3 * candidates.ENTRY_BYTES + 16),
    );
    const repeat = firsts(even, odd);

    const groups = v128.load(word(candidates.GROUPS, ordinal));
    const categories = v128.and(groups, i32x4.splat(0xffff));
    const work0 = categoryWork(i32x4.extract_lane(categories, 0));
    const work1 = categoryWork(i32x4.extract_lane(categories, 1));
    const work2 = categoryWork(i32x4.extract_lane(categories, 2));
    const work3 = categoryWork(i32x4.extract_lane(categories, 3));
    even = low(v128.load(work0), v128.load(work1));
    odd = low(v128.load(work2), v128.load(work3));
    const likedCategory = firsts(even, odd);
    const middles = seconds(even, odd);
    even = high(v128.load(work0), v128.load(work1));
    odd = high(v128.load(work2), v128.load(work3));
    const sharpness = firsts(even, odd);
    const priced = seconds(even, odd);
    const brands = i32x4.shr_u(groups, 16);
    const likedBrand = four(
      load<u32>(brandWork(i32x4.extract_lane(brands, 0))),
      load<u32>(brandWork(i32x4.extract_lane(brands, 1))),
      load<u32>(brandWork(i32x4.extract_lane(brands, 2))),
      load<u32>(brandWork(i32x4.extract_lane(brands, 3))),
    );
    const flags = four(
      load<u16>(facts0, RECORD_CURRENCY),
      load<u16>(facts1, RECORD_CURRENCY),
      load<u16>(facts2, RECORD_CURRENCY),
      load<u16>(facts3, RECORD_CURRENCY),
    );

    const away = f32x4.mul(f32x4.sub(prices, middles), sharpness);
    const near = f32x4.div(one, f32x4.add(one, f32x4.mul(away, away)));
    const price = f32x4.mul(fitPrice, v128.and(near, i32x4.eq(flags, priced)));
    const fit = f32x4.add(
      f32x4.add(f32x4.add(one, f32x4.mul(fitCategory, likedCategory)), f32x4.mul(fitBrand, likedBrand)),
      price,
    );
    const liked = f32x4.add(f32x4.mul(wantedCategory, likedCategory), f32x4.mul(wantedBrand, likedBrand));
    const known = f32x4.add(f32x4.add(f32x4.splat(0.1), popular), rising);
    let score = f32x4.mul(f32x4.mul(collaborative, lift), fit);
    score = f32x4.add(score, f32x4.mul(f32x4.mul(liked, known), f32x4.add(one, price)));
    score = f32x4.add(score, repeat);
    score = f32x4.add(score, f32x4.add(f32x4.mul(wantedTrend, rising), f32x4.mul(wantedPopularity, popular)));

    const bits = four(
      load<u16>(markAddress(product0)),
      load<u16>(markAddress(product1)),
      load<u16>(markAddress(product2)),
      load<u16>(markAddress(product3)),
    );
    const open = i32x4.eq(v128.and(bits, i32x4.splat(MARK_BLOCKED)), i32x4.splat(0));
    const eligible = i32x4.ne(v128.and(flags, i32x4.splat(ELIGIBLE)), i32x4.splat(0));
    const inFilter = v128.or(all, i32x4.eq(categories, wanted));
    const shown = v128.and(v128.and(open, eligible), v128.and(inFilter, f32x4.gt(score, f32x4.splat(0))));
    const worth = v128.bitselect(score, f32x4.splat(OUT), shown);
    v128.store(word(candidates.WORTH, ordinal), worth);
    v128.store(word(candidates.SCORE, ordinal), worth);
  }
}

function four(a: u32, b: u32, c: u32, d: u32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a), 1, b), 2, c), 3, d);
}

// Four rows of four numbers become columns: `low` or `high` of two rows each, then `firsts` or `seconds` of those.

function low(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5);
}

function high(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7);
}

function firsts(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2);
}

function seconds(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3);
}
