import { keepLatest } from "../domain/keep-latest.ts";
import { JOIN_HOPS_MAX, MOVED_VISITORS_MAX } from "../domain/limits.ts";
import type { Env } from "../durable-objects/env.ts";
import type { Via, Whereabouts } from "../durable-objects/rpc.ts";

type Profile = ReturnType<Env["USER_PROFILE"]["getByName"]>;

/** Profiles that old ids have joined, as this isolate last saw it; each is told that it is only remembered. */
const homes = new Map<string, string>();

/**
 * Calls a visitor's profile where it is: at the object of its own name, or of the user that it has joined. What was
 * found once is called first the next time, so that an old id costs one call as well.
 *
 * @param call Is made at each object on the way; `via` is the visitor's own name where the object has another. What it
 *   gives as a text is from where the visitor is.
 * @throws what the call throws; Error when the way does not end.
 */
export async function atHome<T extends Whereabouts | string>(
  visitor: string,
  env: Env,
  call: (profile: Profile, via: Via | undefined, name: string) => PromiseLike<T>,
): Promise<{ home: string; answer: T }> {
  let remembered = homes.has(visitor);
  let home = homes.get(visitor) ?? visitor;
  let isLeaving = false;
  for (let hops = 0; hops <= JOIN_HOPS_MAX; hops++) {
    const via = home === visitor ? undefined : { name: visitor, remembered };
    const answer = await call(env.USER_PROFILE.getByName(home), via, home);
    const { movedTo, unknown }: Whereabouts = typeof answer === "string" ? {} : answer;
    if (movedTo !== undefined) {
      home = movedTo;
    } else if (unknown === true) {
      // The visitor's own object cannot be told now that it has left.
      if (isLeaving) break;
      isLeaving = true;
      homes.delete(visitor);
      home = visitor;
      remembered = false;
    } else {
      if (home !== visitor) keepLatest(homes, visitor, home, MOVED_VISITORS_MAX);
      return { home, answer };
    }
  }
  throw new Error("the profile that a visitor joined was not found");
}
