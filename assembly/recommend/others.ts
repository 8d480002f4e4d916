// The strategies beside the collaborative one: the visitor's recent products, their categories and brands, trends.
import {
  CANDIDATES_MAX,
  FLAG_NEWEST_KNOWN,
  HEADER_BRAND_LIST,
  HEADER_BRAND_START,
  HEADER_CATEGORY_LIST,
  HEADER_CATEGORY_START,
  HEADER_ELIGIBLE,
  HEADER_ORDER,
  HEADER_RISING_LIST,
  HEADER_RISING_START,
  HEADER_TRENDING,
  HEADER_TRENDING_LIST,
  NONE,
  QUERY_AGAIN_FLOOR,
  QUERY_BRAND_INDEX,
  QUERY_BRANDS,
  QUERY_CATEGORIES,
  QUERY_CATEGORY_FILTER,
  QUERY_CATEGORY_INDEX,
  QUERY_FLAGS,
  QUERY_PURCHASED,
  QUERY_PURCHASED_INDEX,
  QUERY_PURCHASED_WEIGHT,
  QUERY_RECENT_INDEX,
  QUERY_RECENT_WEIGHT,
  QUERY_RECENTS,
  RECORD_AGAIN,
  RECORD_RETURN,
} from "../layout";
import * as candidates from "./candidates";
import {
  header,
  MARK_BLOCKED,
  MARK_SEEN,
  markAddress,
  queryFloat,
  queryFloatAt,
  queryInt,
  queryIntAt,
  record,
  section,
  word,
} from "./memory";

/** Categories and brands that give candidates: the strongest; the others still speak for candidates they have. */
const CATEGORIES_GATHERED: u32 = 8;
const BRANDS_GATHERED: u32 = 6;
const POPULAR_GATHERED: u32 = 24;
const RISING_GATHERED: u32 = 12;
const BRAND_GATHERED: u32 = 16;
const TRENDING_GATHERED: u32 = 48;

/** Shows recent products again: the newest by its chance of a second look at once, the others to be returned to. */
export function gatherRecent(): void {
  const recents = queryInt(QUERY_RECENTS);
  const newestKnown = (queryInt(QUERY_FLAGS) & FLAG_NEWEST_KNOWN) != 0;
  for (let at: u32 = 0; at < recents; at++) {
    const product = queryIntAt(QUERY_RECENT_INDEX, at);
    const ordinal = candidates.candidate(product);
    if (ordinal == CANDIDATES_MAX) return;
    const newest = newestKnown && at == 0;
    const facts = record(product);
    const chance: u32 = newest ? load<u16>(facts, RECORD_AGAIN) : load<u16>(facts, RECORD_RETURN);
    const repeats = <f32>chance / <f32>65535;
    const worth = queryFloatAt(QUERY_RECENT_WEIGHT, at) * repeats;
    candidates.setRepeat(ordinal, newest ? max<f32>(worth, queryFloat(QUERY_AGAIN_FLOOR)) : worth);
  }
}

/**
 * Shows purchased products again that may be, beside what speaks for them as recent ones. They are no longer among what a
 * list holds a few of: being bought again is more than being remembered.
 */
export function gatherPurchased(): void {
  const purchased = queryInt(QUERY_PURCHASED);
  for (let at: u32 = 0; at < purchased; at++) {
    const product = queryIntAt(QUERY_PURCHASED_INDEX, at);
    const worth = queryFloatAt(QUERY_PURCHASED_WEIGHT, at);
    if (!(worth > 0) || (<u32>load<u16>(markAddress(product)) & MARK_BLOCKED) != 0) continue;
    const ordinal = candidates.candidate(product);
    if (ordinal == CANDIDATES_MAX) return;
    candidates.setRepeat(ordinal, candidates.repeat(ordinal) + worth);
    const address = markAddress(product);
    store<u16>(address, <u32>load<u16>(address) & ~MARK_SEEN);
  }
}

export function gatherCategories(): void {
  const categories = min<u32>(queryInt(QUERY_CATEGORIES), CATEGORIES_GATHERED);
  for (let at: u32 = 0; at < categories; at++) {
    const category = queryIntAt(QUERY_CATEGORY_INDEX, at);
    gatherGroup(HEADER_CATEGORY_START, HEADER_CATEGORY_LIST, category, POPULAR_GATHERED);
    gatherGroup(HEADER_RISING_START, HEADER_RISING_LIST, category, RISING_GATHERED);
  }
  const brands = min<u32>(queryInt(QUERY_BRANDS), BRANDS_GATHERED);
  for (let at: u32 = 0; at < brands; at++) {
    gatherGroup(HEADER_BRAND_START, HEADER_BRAND_LIST, queryIntAt(QUERY_BRAND_INDEX, at), BRAND_GATHERED);
  }
}

export function gatherTrending(): void {
  const filter = queryInt(QUERY_CATEGORY_FILTER);
  if (filter != <u32>NONE) {
    gatherGroup(HEADER_RISING_START, HEADER_RISING_LIST, filter, TRENDING_GATHERED);
    gatherGroup(HEADER_CATEGORY_START, HEADER_CATEGORY_LIST, filter, TRENDING_GATHERED);
    return;
  }
  gatherList(section(HEADER_TRENDING_LIST), min<u32>(header(HEADER_TRENDING), TRENDING_GATHERED));
  gatherList(section(HEADER_ORDER), min<u32>(header(HEADER_ELIGIBLE), TRENDING_GATHERED));
}

/** The first `most` products of a group's list. */
function gatherGroup(starts: usize, list: usize, group: u32, most: u32): void {
  const bounds = word(section(starts), group);
  const from = load<u32>(bounds);
  const length = load<u32>(bounds, 4) - from;
  gatherList(word(section(list), from), min<u32>(length, most));
}

function gatherList(address: usize, length: u32): void {
  for (let at: u32 = 0; at < length; at++) {
    if (candidates.candidate(load<u32>(word(address, at))) == CANDIDATES_MAX) return;
  }
}
