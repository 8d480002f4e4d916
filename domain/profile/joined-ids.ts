import type { ByteReader, ByteWriter } from "../bytes.ts";
import { JOINED_ID_IDLE_DAYS, JOINED_IDS_MAX } from "../limits.ts";
import { isAnonymous } from "../visitor-name.ts";

/**
 * How far a join has come. Stored by index: append only.
 * `pending`: its object still has what it knows. `absorbed`: it is here, and the object may let go of it. `joined`: done.
 * `foreign`: an anonymous id that belongs to another user. `leaving`: its object is to forget whom it belongs to, because
 * the visitor was erased or the id fell out of the list.
 */
const STATES = ["pending", "absorbed", "joined", "foreign", "leaving"] as const;
export type JoinState = (typeof STATES)[number];

/** Another id of the visitor of a profile. */
export interface JoinedId {
  /** Name of its object. */
  readonly name: string;
  /** What activities that came by it are marked with; never given twice. */
  readonly number: number;
  state: JoinState;
  /** Segment to go on from, while it is taken over in portions; 0: from the beginning. */
  cursor: number;
  /** Everything that came by it up to here was erased before it joined; 0: never. */
  erasedAt: number;
  /** Day number of its last event. */
  day: number;
}

/** The other ids of a visitor, the one not used for longest first. */
export class JoinedIds {
  private entries = new Map<string, JoinedId>();
  private lastNumber = 0;

  get size(): number {
    return this.entries.size;
  }

  /** An id of this visitor, also while its join is not finished. */
  get(name: string): JoinedId | undefined {
    const found = this.entries.get(name);
    return found === undefined || found.state === "leaving" ? undefined : found;
  }

  /** Whether the id's object is still to be told that it is not this visitor's any more. */
  isLeaving(name: string): boolean {
    return this.entries.get(name)?.state === "leaving";
  }

  /** The id, from now on one of this visitor's; undefined when the list is full of ids in use. */
  take(name: string, day: number): JoinedId | undefined {
    const known = this.get(name);
    if (known !== undefined) {
      if (day > known.day) {
        known.day = day;
        // Whose it was may be erased: asked again once a day.
        if (known.state === "foreign") known.state = "pending";
        this.put(known);
      }
      return known;
    }
    // One that is leaving may come back when its object knows that it left.
    if (this.entries.has(name) || !this.makeRoom(day)) return undefined;
    return this.put({ name, number: ++this.lastNumber, state: "pending", cursor: 0, erasedAt: 0, day });
  }

  /** Takes an id of a profile that joins this one; its join goes on from where it was. */
  adopt(other: JoinedId): JoinedId {
    const known = this.get(other.name);
    if (known !== undefined && known.state !== "foreign") {
      // What the other profile had not finished goes on here.
      if (known.state === "joined" && (other.state === "pending" || other.state === "absorbed"))
        Object.assign(known, { state: other.state, cursor: other.cursor });
      return known;
    }
    return this.put({ ...other, number: known?.number ?? ++this.lastNumber });
  }

  remove(name: string): void {
    this.entries.delete(name);
  }

  /** Every id is to leave: of an erased visitor. */
  leave(): JoinedIds {
    const left = new JoinedIds();
    left.lastNumber = this.lastNumber;
    for (const entry of this.entries.values()) {
      if (entry.state !== "foreign") left.put({ ...entry, state: "leaving" });
    }
    return left;
  }

  /** What somebody still has to be told about. */
  unfinished(): JoinedId[] {
    return [...this.entries.values()].filter(({ state }) => state !== "joined" && state !== "foreign");
  }

  /** Ids that are this visitor's, by the name of their object. */
  names(): string[] {
    return this.list()
      .filter(({ state }) => state !== "foreign" && state !== "leaving")
      .map(({ name }) => name);
  }

  /** Those of them that are here: what had moved to one of them may be taken over from there. */
  arrived(): string[] {
    return this.list()
      .filter(({ state }) => state === "absorbed" || state === "joined")
      .map(({ name }) => name);
  }

  list(): JoinedId[] {
    return [...this.entries.values()];
  }

  private put(entry: JoinedId): JoinedId {
    this.entries.delete(entry.name);
    this.entries.set(entry.name, entry);
    return entry;
  }

  /** Whether another one fits; if need be the anonymous id not used for longest leaves, when that is long ago. */
  private makeRoom(day: number): boolean {
    if (this.entries.size < JOINED_IDS_MAX) return true;
    for (const entry of this.entries.values()) {
      if (day - entry.day < JOINED_ID_IDLE_DAYS) continue;
      if (entry.state === "foreign") {
        this.entries.delete(entry.name);
        return true;
      }
      if (entry.state !== "joined" || !isAnonymous(entry.name)) continue;
      // Its place is free when its object was told.
      entry.state = "leaving";
      break;
    }
    return false;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.lastNumber);
    writer.varint(this.entries.size);
    for (const { name, number, state, cursor, erasedAt, day } of this.entries.values()) {
      writer.text(name);
      writer.varint(number);
      writer.u8(STATES.indexOf(state));
      writer.varint(cursor);
      writer.varint(erasedAt);
      writer.varint(day);
    }
  }

  read(reader: ByteReader): void {
    this.lastNumber = reader.varint();
    for (let n = reader.varint(); n > 0; n--) {
      this.put({
        name: reader.text(),
        number: reader.varint(),
        state: STATES[reader.u8()] ?? "pending",
        cursor: reader.varint(),
        erasedAt: reader.varint(),
        day: reader.varint(),
      });
    }
  }
}
