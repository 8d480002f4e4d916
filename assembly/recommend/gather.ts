// The collaborative strategy: neighbours of what the visitor saw, then the neighbours of the best of those.
import {
  CANDIDATES_MAX,
  HEADER_BOUGHT,
  HEADER_BOUGHT_STRIDE,
  HEADER_VIEWED,
  HEADER_VIEWED_STRIDE,
  NEIGHBOUR_INDEX_BITS,
  QUERY_FAN,
  QUERY_FAN_THIRD,
  QUERY_SOURCE_BOUGHT,
  QUERY_SOURCE_INDEX,
  QUERY_SOURCE_VIEWED,
  QUERY_SOURCES,
  QUERY_SUPPORT,
  QUERY_WALK_BOUGHT,
  QUERY_WALK_FLOOR,
  QUERY_WALK_THIRD,
  QUERY_WALK_VIEWED,
  STRENGTH_EXPONENT_SHIFT,
  STRENGTH_MANTISSA_BITS,
} from "../layout";
import * as candidates from "./candidates";
import {
  header,
  MARK_SEEN,
  MARK_SOURCE,
  markAddress,
  queryFloat,
  queryFloatAt,
  queryInt,
  queryIntAt,
  section,
} from "./memory";

const INDEX_MASK: u32 = (1 << NEIGHBOUR_INDEX_BITS) - 1;
const DROPPED_BITS: i32 = 23 - STRENGTH_MANTISSA_BITS;
/** Further sources that count for a candidate. */
const SUPPORT_MAX: u32 = 4;
const EXPONENT: i32 = STRENGTH_EXPONENT_SHIFT << 23;

/** Least addition of the running step. */
let floor: f32 = 0;

/** Lists to add from: begin, end, what a strength of it is worth, cause. The next one's place. */
let planned: usize = 0;
const PLAN_LIST: usize = 0;
const PLAN_END: usize = 4;
const PLAN_WEIGHT: usize = 8;
const PLAN_CAUSE: usize = 12;
const PLAN_BYTES: usize = 16;

/** Which step an addition belongs to. */
const FIRST: i32 = 0;
const SECOND: i32 = 1;
const THIRD: i32 = 2;

export function gatherCollaborative(): void {
  floor = 0;
  planned = candidates.PLAN;
  const sources = queryInt(QUERY_SOURCES);
  for (let at: u32 = 0; at < sources; at++) {
    const product = queryIntAt(QUERY_SOURCE_INDEX, at);
    plan(product, queryFloatAt(QUERY_SOURCE_VIEWED, at), queryFloatAt(QUERY_SOURCE_BOUGHT, at), product);
  }
  addPlanned(FIRST);
  candidates.raiseSupported(queryFloat(QUERY_SUPPORT), SUPPORT_MAX);
  const viewed = queryFloat(QUERY_WALK_VIEWED);
  const bought = queryFloat(QUERY_WALK_BOUGHT);
  walk(queryInt(QUERY_FAN), viewed, bought, SECOND);
  const third = queryFloat(QUERY_WALK_THIRD);
  walk(queryInt(QUERY_FAN_THIRD), viewed > 0 ? third : 0, bought > 0 ? third : 0, THIRD);
}

/** Goes on from the best `fan` candidates that the visitor does not know yet. */
function walk(fan: u32, viewed: f32, bought: f32, step: i32): void {
  const found = best(fan, step);
  if (step == SECOND && found > 0) floor = queryFloat(QUERY_WALK_FLOOR) * candidates.keyWorth(fanKey(0));
  planned = candidates.PLAN;
  for (let at: u32 = 0; at < found; at++) {
    const key = fanKey(at);
    const worth = candidates.keyWorth(key);
    const product = candidates.keyProduct(key);
    plan(product, viewed * worth, bought * worth, candidates.cause(candidates.candidate(product)));
  }
  addPlanned(step);
}

function fanKey(at: u32): u64 {
  return load<u64>(candidates.FAN + ((<usize>at) << 3));
}

/** Writes keys of the best candidates so far to FAN, best first. */
function best(most: u32, step: i32): u32 {
  if (most == 0) return 0;
  const full = candidates.FAN + ((<usize>most) << 3);
  let end = candidates.FAN;
  let weakest: f32 = 0;
  for (let ordinal: u32 = 0; ordinal < candidates.count; ordinal++) {
    const worth = step == SECOND ? candidates.collaborative(ordinal) : candidates.walked(ordinal);
    if (!(worth >= weakest) || worth == 0) continue;
    const product = candidates.product(ordinal);
    if ((<u32>load<u16>(markAddress(product)) & (MARK_SEEN | MARK_SOURCE)) != 0) continue;
    const key = candidates.keyOf(product, worth);
    let at = end;
    if (end == full) {
      at -= 8;
      if (key < load<u64>(at)) continue;
    } else end += 8;
    while (at > candidates.FAN) {
      const above = load<u64>(at - 8);
      if (above > key) break;
      store<u64>(at, above);
      at -= 8;
    }
    store<u64>(at, key);
    if (end == full) weakest = candidates.keyWorth(load<u64>(full - 8));
  }
  return <u32>((end - candidates.FAN) >> 3);
}

/**
 * Plans the lists of a product that begin with enough. Whether they do is known from memory that nothing has read
 * lately: asking for all of it before any is used, without a branch on it, is one wait instead of many.
 */
function plan(product: u32, viewed: f32, bought: f32, cause: u32): void {
  if (viewed > 0) planList(HEADER_VIEWED, HEADER_VIEWED_STRIDE, product, viewed, cause);
  if (bought > 0) planList(HEADER_BOUGHT, HEADER_BOUGHT_STRIDE, product, bought, cause);
}

function planList(lists: usize, strideWord: usize, product: u32, weight: f32, cause: u32): void {
  const stride = header(strideWord);
  if (stride == 0) return;
  const list = section(lists) + <usize>product * <usize>stride * 4;
  const first = load<u32>(list);
  store<u32>(planned, list, PLAN_LIST);
  store<u32>(planned, list + <usize>stride * 4, PLAN_END);
  store<f32>(planned, weight, PLAN_WEIGHT);
  store<u32>(planned, cause, PLAN_CAUSE);
  planned += select<usize>(PLAN_BYTES, 0, i32(first != 0) & i32(strengthOf(first) * weight >= floor));
}

function addPlanned(step: i32): void {
  for (let at = candidates.PLAN; at < planned; at += PLAN_BYTES) {
    addNeighbours(
      load<u32>(at, PLAN_LIST),
      load<u32>(at, PLAN_END),
      load<f32>(at, PLAN_WEIGHT),
      load<u32>(at, PLAN_CAUSE),
      step,
    );
  }
}

/** Neighbours fall in strength, so the list is left where they add too little. */
function addNeighbours(at: usize, end: usize, weight: f32, cause: u32, step: i32): void {
  for (; at < end; at += 4) {
    const entry = load<u32>(at);
    const worth = strengthOf(entry) * weight;
    if (entry == 0 || worth < floor) return;
    addOne(entry & INDEX_MASK, worth, cause, step);
  }
}

/** An entry's code becomes a strength by a shift and an addition of the exponent. */
function strengthOf(entry: u32): f32 {
  return reinterpret<f32>(((entry >> NEIGHBOUR_INDEX_BITS) << DROPPED_BITS) + EXPONENT);
}

function addOne(neighbour: u32, worth: f32, cause: u32, step: i32): void {
  if (step != FIRST && (<u32>load<u16>(markAddress(neighbour)) & MARK_SEEN) != 0) return;
  const ordinal = candidates.candidate(neighbour);
  if (ordinal == CANDIDATES_MAX) return;
  if (step == FIRST) candidates.addSupported(ordinal, worth, cause);
  else if (step == SECOND) candidates.addWalked(ordinal, worth, cause);
  else candidates.add(ordinal, worth, cause);
}
