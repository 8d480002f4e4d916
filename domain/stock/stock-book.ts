// Stock of one SKU in memory: the fold of its ledger. Pure: times come in, entries go out.
import type { Calendar } from "../calendar.ts";
import { DEFAULT_POLICY } from "../demand.ts";
import { keepLatest } from "../keep-latest.ts";
import { DAY_MS, RESERVATIONS_REMEMBERED_MAX } from "../limits.ts";
import { ExpiryQueue } from "./expiry-queue.ts";
import {
  type Delivery,
  type LedgerEntry,
  movesBetween,
  movesOf,
  type Part,
  partAt,
  partsForBoth,
  type StockPolicy,
} from "./ledger.ts";
import { mergeOutages, type Outage, outageDays } from "./outages.ts";
import type { ClosedReservation, Held, OpenReservation, Reservation } from "./reservation.ts";

/** Of one location. `0 <= reserved <= onHand`; `backordered` is promised beyond it, and 0 while anything is available. */
export interface LocationStock {
  readonly location: string;
  onHand: number;
  reserved: number;
  backordered: number;
  /** Earliest first. */
  incoming: readonly Delivery[];
}

export const DEFAULT_STOCK_POLICY: StockPolicy = { ...DEFAULT_POLICY, backorders: false };

export class StockBook {
  /** Grows with each entry. */
  version = 0;
  /** The latest time that anything was decided at, Unix ms. */
  clock = 0;
  /** Of the last entry, Unix ms. */
  updatedAt = 0;
  policy = DEFAULT_STOCK_POLICY;
  /** In the order they were made. */
  readonly locations: LocationStock[] = [];
  readonly open = new Map<string, OpenReservation>();
  /** Ended ones, oldest first. */
  outages: readonly Outage[] = [];
  /** Nothing can be sold since, Unix ms. */
  outSince: number | undefined;
  private closed = new Map<string, ClosedReservation>();
  /** By which hold the holds that are not in `open` meanwhile are replaced. */
  private readonly replaced = new Map<string, string>();
  private keys = new Map<string, number>();
  /** When the oldest of both may be forgotten: looking it up passes all that were forgotten before. */
  private forgetAt = Number.POSITIVE_INFINITY;
  /** Open ones that lack units at a location, in the order of `open`: what comes finds them without passing all others. */
  private readonly waiting = new Map<string, Set<string>>();
  /** Units sold at a location that are not there yet, once they have been counted. */
  private owed: Map<string, number> | undefined;
  private readonly queue = new ExpiryQueue();
  private readonly calendar: Calendar;
  private entries: LedgerEntry[] = [];

  constructor(calendar: Calendar) {
    this.calendar = calendar;
  }

  get exists(): boolean {
    return this.locations.length > 0;
  }

  /** Units over all locations. */
  get totals(): { onHand: number; reserved: number; available: number; backordered: number } {
    const sums = { onHand: 0, reserved: 0, available: 0, backordered: 0 };
    for (const { onHand, reserved, backordered } of this.locations) {
      sums.onHand += onHand;
      sums.reserved += reserved;
      sums.backordered += backordered;
    }
    sums.available = sums.onHand - sums.reserved;
    return sums;
  }

  /** Whether anything may be sold. */
  get sellable(): boolean {
    return this.policy.backorders || this.totals.available > 0;
  }

  /** When the next hold may expire, Unix ms. */
  get nextExpiry(): number | undefined {
    for (let due = this.queue.first; due !== undefined; due = this.queue.first) {
      if (this.isDue(due)) return due.at;
      this.queue.pop();
    }
    return undefined;
  }

  location(name: string): LocationStock | undefined {
    return this.locations.find(({ location }) => location === name);
  }

  /** Open ones, and those that closed in the last 24 hours. */
  reservation(id: string): Reservation | undefined {
    const by = this.replaced.get(id);
    if (by === undefined) return this.open.get(id) ?? this.closed.get(id);
    const { parts, request } = (this.open.get(by) as Held).former!;
    return { status: "replaced", id, parts, by, ...(request !== undefined && { request }) };
  }

  /** Units sold at a location that are not there yet. */
  owedAt(location: string): number {
    this.owed ??= this.countOwed();
    return this.owed.get(location) ?? 0;
  }

  /** Whether units were moved under this key in the last 24 hours. */
  hasKey(key: string): boolean {
    return this.keys.has(key);
  }

  /**
   * Time goes on, never back, and what has expired until then ends at its own time.
   *
   * @returns the time that decisions are made at.
   */
  begin(now: number): number {
    for (let at = this.nextExpiry; at !== undefined && at <= now; at = this.nextExpiry) {
      this.end(this.open.get(this.queue.first!.id)!, "expire", at);
    }
    this.clock = Math.max(now, this.clock);
    this.forget();
    return this.clock;
  }

  /** Takes an entry into the book, and what follows from it. */
  record(entry: LedgerEntry): void {
    this.apply(entry);
    this.entries.push(entry);
    for (const stock of this.locations) this.fill(stock, entry.at);
  }

  /** Ends an open reservation; the hold whose place it had taken stands again if it has not expired. */
  end(reservation: OpenReservation, what: "release" | "expire", at: number): void {
    const { id, parts, request } = reservation;
    const common = { what, at, id, parts, ...(request !== undefined && { request }) } as const;
    const former = reservation.status === "held" ? reservation.former : undefined;
    if (former === undefined) {
      this.record(common);
      return;
    }
    const both = partsForBoth(former.parts, parts);
    if (former.expiresAt > at) {
      this.record({ ...common, moves: movesBetween(both, former.parts), restores: former.id });
      return;
    }
    this.record({ ...common, moves: movesBetween(both, []) });
    this.record({
      what: "expire",
      at,
      id: former.id,
      parts: former.parts,
      moves: [],
      ...(former.request !== undefined && { request: former.request }),
    });
  }

  /** Entries recorded since the last call: to be stored before anybody hears of them. */
  drain(): readonly LedgerEntry[] {
    const { entries } = this;
    if (entries.length > 0) this.entries = [];
    return entries;
  }

  /** The fold: an entry that was recorded before. */
  apply(entry: LedgerEntry): void {
    this.version++;
    this.clock = Math.max(this.clock, entry.at);
    this.updatedAt = entry.at;
    for (const { location, onHand = 0, reserved = 0, backordered = 0 } of movesOf(entry)) {
      const stock = this.madeLocation(location);
      stock.onHand += onHand;
      stock.reserved += reserved;
      stock.backordered += backordered;
    }
    for (const { location, backordered = 0 } of this.owed === undefined ? [] : owedBy(entry)) {
      this.owed!.set(location, (this.owed!.get(location) ?? 0) + backordered);
    }
    this.follow(entry);
    if (!this.sellable) this.outSince ??= entry.at;
    else if (this.outSince !== undefined) {
      this.outages = mergeOutages(this.outages, outageDays(this.outSince, entry.at, this.calendar));
      this.outSince = undefined;
    }
  }

  /** What an entry does besides moving units. */
  private follow(entry: LedgerEntry): void {
    switch (entry.what) {
      case "plan":
        if (entry.policy !== undefined) this.policy = entry.policy;
        if (entry.location !== undefined && entry.incoming !== undefined) {
          this.madeLocation(entry.location).incoming = entry.incoming;
        }
        return;
      case "hold":
        this.take(entry);
        return;
      case "pin": {
        const { expiresAt: _, former: __, ...held } = this.open.get(entry.id) as Held;
        this.open.set(entry.id, { ...held, status: "pinned" });
        return;
      }
      case "settle": {
        const { former: _, ...settled } = this.open.get(entry.id) as Held;
        this.open.set(entry.id, settled);
        this.replaced.delete(entry.replaces);
        this.closeReplaced(entry);
        return;
      }
      case "commit":
      case "release":
      case "expire":
        this.leave(entry);
        return;
      case "fill":
        if (entry.id !== undefined) this.refill(entry.id, entry.moves[0]!);
        return;
      default:
        if (entry.incoming !== undefined)
          this.madeLocation(entry.moves[0]!.location).incoming = entry.incoming;
        if (entry.key !== undefined) this.knowKey(entry.key, entry.at);
    }
  }

  private take(entry: LedgerEntry & { what: "hold" }): void {
    const { id, parts, expiresAt, request, replaces, price } = entry;
    const common = {
      id,
      parts,
      ...(request !== undefined && { request }),
      ...(price !== undefined && { price }),
    };
    if (expiresAt === undefined) {
      this.keep({ status: "pinned", ...common });
      return;
    }
    const former = replaces === undefined ? undefined : (this.open.get(replaces) as Held);
    if (former !== undefined) this.drop(former);
    this.keep({ status: "held", ...common, expiresAt, ...(former !== undefined && { former }) });
  }

  private leave(entry: LedgerEntry & { what: "commit" | "release" | "expire" }): void {
    const { id, parts, at, request, orderId, restores } = entry;
    const before = this.open.get(id);
    if (before !== undefined) this.drop(before);
    if (before?.status === "held" && before.former !== undefined) {
      this.replaced.delete(before.former.id);
      if (restores !== undefined) this.keep(before.former);
    }
    const common = { id, parts, at, ...(request !== undefined && { request }) };
    if (entry.what === "commit") {
      this.close({ status: "committed", ...common, ...(orderId !== undefined && { orderId }) });
    } else {
      this.close({ status: entry.what === "release" ? "released" : "expired", ...common });
    }
  }

  /** Units that are available go to what is backordered there: what is sold first, then holds, the oldest first. */
  private fill(stock: LocationStock, at: number): void {
    let available = stock.onHand - stock.reserved;
    if (stock.backordered === 0 || available === 0) return;
    const { location } = stock;
    const take = (wanted: number): number => {
      const units = Math.min(wanted, available);
      available -= units;
      return units;
    };
    const gone = take(this.owedAt(location));
    if (gone > 0) this.add({ what: "fill", at, moves: [{ location, onHand: -gone, backordered: -gone }] });
    for (const id of this.waiting.get(location) ?? []) {
      if (available === 0) return;
      const hold = this.open.get(id)!;
      if (hold.status === "held" && hold.former !== undefined) continue;
      const units = take(partAt(hold.parts, location).backordered);
      this.add({ what: "fill", at, id, moves: [{ location, reserved: units, backordered: -units }] });
    }
  }

  private refill(id: string, { location, reserved = 0 }: { location: string; reserved?: number }): void {
    const hold = this.open.get(id)!;
    const parts = hold.parts.map((part): Part => {
      if (part.location !== location) return part;
      const backordered = (part.backordered ?? 0) - reserved;
      return { location, units: part.units + reserved, ...(backordered > 0 && { backordered }) };
    });
    this.open.set(id, { ...hold, parts });
    if (partAt(parts, location).backordered === 0) this.waiting.get(location)?.delete(id);
  }

  /** Reservations and keys of the last day, from the ledger: what the book itself does not keep. */
  recall(entries: Iterable<LedgerEntry>): void {
    const { closed, keys } = this;
    this.closed = new Map();
    this.keys = new Map();
    for (const entry of entries) {
      if (entry.what === "settle") {
        this.closeReplaced(entry);
      } else if (entry.what === "commit" || entry.what === "release" || entry.what === "expire") {
        const { id, parts, at, request, orderId } = entry;
        const status = ({ commit: "committed", release: "released", expire: "expired" } as const)[entry.what];
        this.close({
          status,
          id,
          parts,
          at,
          ...(request !== undefined && { request }),
          ...(orderId !== undefined && { orderId }),
        } as ClosedReservation);
      } else if ("key" in entry && entry.key !== undefined) this.knowKey(entry.key, entry.at);
    }
    for (const reservation of closed.values()) this.close(reservation);
    for (const [key, at] of keys) this.knowKey(key, at);
  }

  /** An open hold as it was stored. */
  keep(reservation: OpenReservation): void {
    this.open.set(reservation.id, reservation);
    for (const { location, backordered = 0 } of reservation.parts) {
      if (backordered === 0) continue;
      const ids = this.waiting.get(location);
      if (ids !== undefined) ids.add(reservation.id);
      else this.waiting.set(location, new Set([reservation.id]));
    }
    if (reservation.status !== "held") return;
    this.queue.push(reservation.expiresAt, reservation.id);
    if (reservation.former !== undefined) this.replaced.set(reservation.former.id, reservation.id);
  }

  private drop({ id, parts }: OpenReservation): void {
    this.open.delete(id);
    for (const { location } of parts) this.waiting.get(location)?.delete(id);
  }

  private add(entry: LedgerEntry): void {
    this.apply(entry);
    this.entries.push(entry);
  }

  private isDue({ at, id }: { at: number; id: string }): boolean {
    const hold = this.open.get(id);
    return hold?.status === "held" && hold.expiresAt === at;
  }

  private close(reservation: ClosedReservation): void {
    keepLatest(this.closed, reservation.id, reservation, RESERVATIONS_REMEMBERED_MAX);
    this.forgetAt = Math.min(this.forgetAt, reservation.at + DAY_MS);
  }

  private knowKey(key: string, at: number): void {
    keepLatest(this.keys, key, at, RESERVATIONS_REMEMBERED_MAX);
    this.forgetAt = Math.min(this.forgetAt, at + DAY_MS);
  }

  private closeReplaced({ at, replaces, parts, request }: LedgerEntry & { what: "settle" }): void {
    this.close({
      status: "released",
      id: replaces,
      parts,
      at,
      ...(request !== undefined && { request }),
    });
  }

  private forget(): void {
    const { closed, keys, clock } = this;
    if (clock < this.forgetAt) return;
    this.forgetAt = Number.POSITIVE_INFINITY;
    for (const [id, { at }] of closed) {
      if (at > clock - DAY_MS) {
        this.forgetAt = at + DAY_MS;
        break;
      }
      closed.delete(id);
    }
    for (const [key, at] of keys) {
      if (at > clock - DAY_MS) {
        this.forgetAt = Math.min(this.forgetAt, at + DAY_MS);
        break;
      }
      keys.delete(key);
    }
  }

  private countOwed(): Map<string, number> {
    const owed = new Map(this.locations.map(({ location, backordered }) => [location, backordered]));
    for (const hold of this.open.values()) {
      const former = hold.status === "held" ? (hold.former?.parts ?? []) : [];
      for (const { location, backordered = 0 } of partsForBoth(former, hold.parts)) {
        owed.set(location, (owed.get(location) ?? 0) - backordered);
      }
    }
    return owed;
  }

  private madeLocation(name: string): LocationStock {
    const known = this.location(name);
    if (known !== undefined) return known;
    const made = { location: name, onHand: 0, reserved: 0, backordered: 0, incoming: [] };
    this.locations.push(made);
    return made;
  }
}

/** By how much an entry changes what is sold and not there. */
function owedBy(entry: LedgerEntry): readonly { readonly location: string; readonly backordered?: number }[] {
  switch (entry.what) {
    case "plan":
    case "hold":
    case "pin":
    case "settle":
    case "release":
    case "expire":
      return [];
    case "commit":
      return entry.parts;
    case "fill":
      return entry.id === undefined ? entry.moves : [];
    default:
      return entry.moves;
  }
}
