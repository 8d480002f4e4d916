import type { Activity } from "../domain/activity.ts";
import { keepLatest } from "../domain/keep-latest.ts";
import { OWN_ACTIVITIES_MAX, OWN_PROFILES_IN_MEMORY_MAX } from "../domain/limits.ts";
import type { ProfilePage } from "../domain/profile/page.ts";
import { Profile } from "../domain/profile/profile.ts";
import type { TrailSink } from "../domain/session.ts";
import type { UserProfileStore } from "./user-profile-store.ts";

/** What was learnt of it was told when it was recorded. */
const NOBODY_LISTENS: TrailSink = { transition() {}, repeat() {} };

/**
 * What came by single anonymous ids of a visitor: computed from stored activities when somebody asks, kept in memory,
 * written nowhere.
 */
export class OwnProfiles {
  private readonly profiles = new Map<number, Profile>();
  private readonly store: UserProfileStore;

  constructor(store: UserProfileStore) {
    this.store = store;
  }

  /** The profile of what came by one id, by its number, over the visitor's latest activities. */
  of(number: number, page: ProfilePage): Profile {
    const known = this.profiles.get(number);
    if (known !== undefined) return known;
    const profile = new Profile();
    const newestFirst = [...page.segments].reverse();
    let activities = page.inlineActivities();
    let seen = 0;
    for (;;) {
      seen += activities.length;
      profile.fold(
        activities.filter(({ by }) => by === number),
        NOBODY_LISTENS,
      );
      const next = newestFirst.shift();
      if (next === undefined || seen >= OWN_ACTIVITIES_MAX) break;
      activities = this.store.segment(next.id);
    }
    keepLatest(this.profiles, number, profile, OWN_PROFILES_IN_MEMORY_MAX);
    return profile;
  }

  /** Takes what was just recorded. */
  fold(activities: readonly Activity[]): void {
    for (const [number, profile] of this.profiles) {
      const own = activities.filter(({ by }) => by === number);
      if (own.length > 0) profile.fold(own, NOBODY_LISTENS);
    }
  }

  clear(): void {
    this.profiles.clear();
  }
}
