import type { StockProblemCode, StockRefusal } from "../domain/stock/decisions.ts";
import { Problem, type ProblemCode, retryAfter } from "./problem.ts";

const BUSY_RETRY_SECONDS = 2;

const CODES = {
  unknown_sku: "not_found",
  on_hand_required: "invalid_values",
  too_many_locations: "invalid_values",
  too_much_stock: "invalid_values",
  too_many_reservations: "unavailable",
  precondition_required: "precondition_required",
  precondition_failed: "precondition_failed",
  insufficient_stock: "insufficient_stock",
  idempotency_key_reused: "idempotency_key_reused",
  reservation_unknown: "not_found",
  reservation_closed: "reservation_closed",
  order_unknown: "not_found",
  order_exists: "order_exists",
  order_closed: "order_closed",
  not_returnable: "not_returnable",
  unfinished: "unavailable",
} as const satisfies Record<StockProblemCode, ProblemCode>;

/** A refusal with its evidence. A SKU in the path that is not known is 404, in a body 422. */
export function stockProblem({ problem, detail, items }: StockRefusal, skuIn: "path" | "body"): Problem {
  const code = problem === "unknown_sku" && skuIn === "body" ? "unknown_sku" : CODES[problem];
  return new Problem(
    code,
    detail,
    items === undefined ? {} : { items },
    code === "unavailable" ? retryAfter(BUSY_RETRY_SECONDS) : {},
  );
}
