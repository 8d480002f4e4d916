import { COMBINER_SHARDS } from "./limits.ts";

const USER = "u:";
const ANONYMOUS = "a:";

/** Names of the objects of visitors. They address stored state: never change. */
export function userName(userId: string): string {
  return USER + userId;
}

export function anonymousName(anonymousId: string): string {
  return ANONYMOUS + anonymousId;
}

export function isAnonymous(name: string): boolean {
  return name.startsWith(ANONYMOUS);
}

/** The id that a name was made of. */
export function idOf(name: string): string {
  return name.slice(USER.length);
}

/** Name of the object of a visitor: of a user where one is known. */
export function visitorName(ids: {
  readonly userId?: string | undefined;
  readonly anonymousId?: string | undefined;
}): string | undefined {
  if (ids.userId !== undefined) return userName(ids.userId);
  return ids.anonymousId === undefined ? undefined : anonymousName(ids.anonymousId);
}

/** Whose an event is, by the names of objects. */
export interface Identity {
  readonly visitor: string;
  /** The anonymous id it was sent with beside the user's: joins the user. */
  readonly by?: string;
  /** Further names of the same visitor, from an alias. */
  readonly others: readonly string[];
}

/**
 * Whose an event is, and which ids it says are one. An alias names a previous id, anonymous or a user's; whoever has
 * only the public key may not join users, for that would open one's profile to the other.
 */
export function identityOf(
  ids: {
    readonly userId?: string | undefined;
    readonly anonymousId?: string | undefined;
    readonly previousId?: string | undefined;
  },
  mayJoinUsers: boolean,
): Identity | undefined {
  const visitor = visitorName(ids);
  if (visitor === undefined) return undefined;
  if (ids.userId === undefined) return { visitor, others: [] };
  const others: string[] = [];
  if (ids.previousId !== undefined) {
    others.push(anonymousName(ids.previousId));
    if (mayJoinUsers && ids.previousId !== ids.userId) others.push(userName(ids.previousId));
  }
  return {
    visitor,
    others,
    ...(ids.anonymousId !== undefined && { by: anonymousName(ids.anonymousId) }),
  };
}

/** Shard of the combiner that a stream of packets goes to, 0..COMBINER_SHARDS - 1. */
export function combinerShard(stream: number): number {
  return stream % COMBINER_SHARDS;
}

export function combinerName(shard: number): string {
  return `c:${shard}`;
}
