// Recommends from a model's image in one call: gathers, scores, filters, chooses.
import {
  ANSWER_ADDRESS,
  QUERY_ADDRESS,
  QUERY_BYTES,
  QUERY_STRATEGIES,
  RECORD_BRAND,
  RECORD_CATEGORY,
  RECORD_CURRENCY,
  RECORD_FLAGS,
  RECORD_LIFT,
  RECORD_POPULARITY,
  RECORD_PRICE,
  RECORD_TREND,
  SLOT_ADDRESS,
  SLOT_BYTES,
  SLOTS,
  STRATEGY_CATEGORY,
  STRATEGY_COLLABORATIVE,
  STRATEGY_RECENT,
  STRATEGY_TRENDING,
  WASM_PAGE_BYTES,
} from "../layout";
import * as candidates from "./candidates";
import { choose, cleanUp } from "./choose";
import { gatherCollaborative } from "./gather";
import { open, queryInt } from "./memory";
import { gatherCategories, gatherPurchased, gatherRecent, gatherTrending } from "./others";
import { scoreAll } from "./score";
import { prepare } from "./terms";
import { gatherUp, spread } from "./visitor";

// The regions of assembly/layout.ts must not reach into each other.
if (QUERY_ADDRESS + QUERY_BYTES > ANSWER_ADDRESS) ERROR("the query block reaches into the answers");
if (candidates.CANDIDATES_END > <usize>SLOT_ADDRESS) ERROR("the work areas reach into the slots");
if (SLOT_ADDRESS + SLOTS * SLOT_BYTES != 1152 * WASM_PAGE_BYTES) ERROR("the slots do not fill the memory");
// Scoring reads these together.
if (RECORD_BRAND != RECORD_CATEGORY + 2) ERROR("a record's category and brand are not one word");
if (RECORD_FLAGS != RECORD_CURRENCY + 1) ERROR("a record's currency and flags are not one half of a word");
if (RECORD_PRICE != 0 || RECORD_POPULARITY != 4 || RECORD_TREND != 8 || RECORD_LIFT != 12) {
  ERROR("a record does not begin with price, popularity, trend and lift");
}

/** Answers the query block from the image at `address`; how many products stand in the answer block. */
export function recommend(address: usize): u32 {
  open(address);
  prepare();
  spread();
  const strategies = queryInt(QUERY_STRATEGIES);
  if ((strategies & (1 << STRATEGY_COLLABORATIVE)) != 0) gatherCollaborative();
  if ((strategies & (1 << STRATEGY_RECENT)) != 0) {
    gatherRecent();
    gatherPurchased();
  }
  if ((strategies & (1 << STRATEGY_CATEGORY)) != 0) gatherCategories();
  if ((strategies & (1 << STRATEGY_TRENDING)) != 0) gatherTrending();
  scoreAll();
  const chosen = choose();
  cleanUp();
  gatherUp();
  return chosen;
}
