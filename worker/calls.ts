import type { Env } from "../durable-objects/env.ts";
import { Problem } from "./problem.ts";

/** Of the calls that a plan allows a request: kept for what is told behind the answer. */
const KEPT_BACK = 100;
/** The least that any plan allows. */
const CALLS_MAX_LEAST = 1_000;
/** How the platform says that a request has no call left. */
const NONE_LEFT = /too many subrequests/i;

/**
 * Calls of objects that a request may still make. The platform lets one make only so many (`OBJECT_CALLS_MAX`): a
 * request that needs more is refused in words that say how to go on, for sent again as it is it would never get further.
 */
export class Calls {
  private rest: number;

  constructor({ OBJECT_CALLS_MAX: max }: Pick<Env, "OBJECT_CALLS_MAX">) {
    this.rest =
      Number(max) > 0 ? Math.max(Number(max), CALLS_MAX_LEAST) - KEPT_BACK : Number.POSITIVE_INFINITY;
  }

  get left(): number {
    return Math.max(0, this.rest);
  }

  made(count = 1): void {
    this.rest -= count;
  }
}

/** A request that has no call left for all of its visitors. */
export function tooManyVisitors(): Problem {
  return new Problem(
    "too_large",
    "The events are of more visitors than one request can record; send fewer at a time, those of a visitor one after another; nothing counts twice.",
  );
}

/** What a failed call means where the platform allows fewer than was told. */
export function outOfCalls(error: unknown): Problem | undefined {
  return NONE_LEFT.test(String(error)) ? tooManyVisitors() : undefined;
}
