import { DAY_MS } from "../domain/limits.ts";
import { logEntry } from "../domain/log-entry.ts";
import type { JoinedId } from "../domain/profile/joined-ids.ts";
import type { ProfilePage } from "../domain/profile/page.ts";
import { isAnonymous } from "../domain/visitor-name.ts";
import type { Env } from "./env.ts";

/** The profile that the other ids join. */
interface Home {
  readonly visitor: string;
  /** As it is now: any wait may change it. */
  readonly page: ProfilePage;
  /** Stores the page. */
  save(): void;
}

/**
 * What joins and erasures owe to the objects of a visitor's other ids. Every step is stored before the next, may be
 * repeated, and goes on where a crash left it.
 */
export class ProfileJoins {
  private readonly home: Home;
  private readonly env: Env;
  private running: Promise<boolean> | undefined;

  constructor(home: Home, env: Env) {
    this.home = home;
    this.env = env;
  }

  /** Returns whether nothing is owed any more. */
  finish(): Promise<boolean> {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async run(): Promise<boolean> {
    const failed = new Set<string>();
    for (;;) {
      const { page } = this.home;
      // A profile that moved took along what it owed.
      if (page.movedTo !== undefined) return true;
      const id = page.ids.unfinished().find(({ name }) => !failed.has(name));
      if (id === undefined) return failed.size === 0;
      try {
        await this.advance(id);
      } catch (error) {
        failed.add(id.name);
        console.warn(logEntry("a join waits for the next try", error, { state: id.state }));
      }
    }
  }

  private async advance({ name, state }: JoinedId): Promise<void> {
    const other = this.env.USER_PROFILE.getByName(name);
    if (state === "pending") await this.take(name);
    if (state === "absorbed") {
      await other.settle(this.home.visitor);
      const entry = this.entry(name, state);
      // Not worth a row: settling again does nothing.
      if (entry !== undefined) entry.state = "joined";
    }
    if (state === "leaving") {
      const { page, visitor } = this.home;
      await other.forget({
        names: [visitor, ...page.ids.list().map((id) => id.name)],
        at: page.erasedAt,
        messages: page.erasedAt > 0 ? page.messageHashes() : [],
      });
      this.home.page.ids.remove(name);
      this.home.save();
    }
  }

  /** One portion of what another id's object holds. */
  private async take(name: string): Promise<void> {
    const { page, visitor } = this.home;
    const other = this.env.USER_PROFILE.getByName(name);
    const answer = await other.handOver({
      to: visitor,
      cursor: page.ids.get(name)?.cursor ?? 0,
      ids: page.ids.arrived(),
    });
    const entry = this.entry(name, "pending");
    if (entry === undefined) return;
    if ("part" in answer) {
      this.home.page.absorb(entry, answer.part, Date.now());
    } else if ("refused" in answer) {
      if (await other.adopt(visitor)) {
        if (this.home.page.movedTo === undefined)
          throw new Error("the other profile has not taken this one over yet");
        return;
      }
      entry.state = "foreign";
    } else if (isAnonymous(name)) {
      // The first user whom an anonymous id joined keeps it.
      entry.state = "foreign";
    } else {
      // The other user is part of a third one's profile: that one and this become one.
      entry.state = "joined";
      this.home.page.ids.take(answer.movedTo, Math.floor(Date.now() / DAY_MS));
    }
    this.home.save();
  }

  /** The id, if it is still as it was before a wait. */
  private entry(name: string, state: JoinedId["state"]): JoinedId | undefined {
    const { page } = this.home;
    if (page.movedTo !== undefined) return undefined;
    const found = page.ids.get(name);
    return found?.state === state ? found : undefined;
  }
}
