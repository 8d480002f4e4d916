// A SKU's stock as plainly as it can be said: lists, sums over them, everything looked up anew each time.

export interface PlainPart {
  location: string;
  units: number;
  backordered: number;
}

interface PlainReservation {
  id: string;
  status: "held" | "pinned" | "replaced" | "committed" | "released" | "expired";
  parts: PlainPart[];
  expiresAt: number;
  request: number | undefined;
  /** Taken over, but not for good. */
  former?: PlainReservation;
}

export type PlainOutcome = string;

export class PlainStock {
  locations: { location: string; onHand: number; incoming: { quantity: number; eta: string }[] }[] = [];
  all = new Map<string, PlainReservation>();
  /** Held and pinned ones in the order they were made. */
  open: PlainReservation[] = [];
  /** Backordered units that are sold, by location. */
  owed = new Map<string, number>();
  backorders = false;
  keys = new Set<string>();
  now = 0;

  /** Units of a reservation at a location, and of the one it may have to give them back to: whichever are more. */
  private at({ parts, former }: PlainReservation, location: string): { units: number; backordered: number } {
    const sum = (list: PlainPart[], field: "units" | "backordered") =>
      list.filter((part) => part.location === location).reduce((total, part) => total + part[field], 0);
    return {
      units: Math.max(sum(parts, "units"), sum(former?.parts ?? [], "units")),
      backordered: Math.max(sum(parts, "backordered"), sum(former?.parts ?? [], "backordered")),
    };
  }

  reserved(location: string): number {
    return this.open.reduce((sum, reservation) => sum + this.at(reservation, location).units, 0);
  }

  backordered(location: string): number {
    const held = this.open.reduce((sum, reservation) => sum + this.at(reservation, location).backordered, 0);
    return held + (this.owed.get(location) ?? 0);
  }

  levels() {
    return this.locations.map(({ location, onHand, incoming }) => ({
      location,
      onHand,
      reserved: this.reserved(location),
      backordered: this.backordered(location),
      incoming,
    }));
  }

  find(id: string): PlainReservation | undefined {
    return this.all.get(id);
  }

  private place(location: string) {
    return this.locations.find((one) => one.location === location);
  }

  private available(location: string): number {
    return this.place(location)!.onHand - this.reserved(location);
  }

  goOn(now: number): void {
    for (;;) {
      const due = this.open
        .filter(({ status, expiresAt }) => status === "held" && expiresAt <= now)
        .sort((a, b) => a.expiresAt - b.expiresAt)[0];
      if (due === undefined) break;
      this.end(due, "expired", due.expiresAt);
    }
    this.now = now;
  }

  private end(reservation: PlainReservation, status: "released" | "expired", at: number): void {
    const { former } = reservation;
    reservation.status = status;
    this.open = this.open.filter((one) => one !== reservation);
    delete reservation.former;
    if (former !== undefined) {
      former.status = former.expiresAt > at ? "held" : "expired";
      if (former.status === "held") this.open.push(former);
    }
    this.fill();
  }

  private fill(): void {
    for (const { location } of this.locations) {
      const place = this.place(location)!;
      const gone = Math.min(this.available(location), this.owed.get(location) ?? 0);
      place.onHand -= gone;
      this.owed.set(location, (this.owed.get(location) ?? 0) - gone);
      for (const reservation of this.open) {
        if (reservation.former !== undefined) continue;
        for (const part of reservation.parts.filter((one) => one.location === location)) {
          const units = Math.min(part.backordered, this.available(location));
          part.units += units;
          part.backordered -= units;
        }
      }
    }
  }

  set(location: string, onHand: number | undefined, fresh: boolean): PlainOutcome {
    if (this.locations.length === 0) {
      if (onHand === undefined) return "on_hand_required";
    } else if (!fresh) return "precondition_failed";
    const place = this.place(location);
    if (place !== undefined && onHand !== undefined && onHand < this.reserved(location)) {
      return "insufficient_stock";
    }
    if (place === undefined) this.locations.push({ location, onHand: onHand ?? 0, incoming: [] });
    else place.onHand = onHand ?? place.onHand;
    this.fill();
    return "ok";
  }

  plan(
    location: string,
    backorders: boolean | undefined,
    incoming: { quantity: number; eta: string }[],
  ): PlainOutcome {
    const outcome = this.set(location, undefined, true);
    if (outcome !== "ok") return outcome;
    if (backorders !== undefined) this.backorders = backorders;
    this.place(location)!.incoming = [...incoming].sort((a, b) =>
      a.eta < b.eta ? -1 : a.eta > b.eta ? 1 : 0,
    );
    return "ok";
  }

  adjust(location: string, delta: number, reason: string): PlainOutcome {
    const place = this.place(location);
    if (place === undefined) return "unknown_sku";
    if (place.onHand + delta < this.reserved(location)) return "insufficient_stock";
    place.onHand += delta;
    if (reason === "receipt") {
      for (let unit = 0; unit < delta && place.incoming.length > 0; unit++) {
        const [first, ...rest] = place.incoming;
        place.incoming = first!.quantity > 1 ? [{ ...first!, quantity: first!.quantity - 1 }, ...rest] : rest;
      }
    }
    this.fill();
    return "ok";
  }

  hold(
    id: string,
    wants: { location?: string; quantity: number }[],
    expiresAt: number,
    request: number | undefined,
    replaces: string | undefined,
  ): PlainOutcome {
    const known = this.find(id);
    if (known !== undefined) return known.request === request ? known.status : "idempotency_key_reused";
    if (this.locations.length === 0) return "unknown_sku";
    if (expiresAt <= this.now) return "reservation_closed";
    const candidate = replaces === undefined ? undefined : this.find(replaces);
    const own = candidate?.status === "held" && candidate.former === undefined ? candidate : undefined;
    const free = new Map<string, number>();
    for (const { location } of this.locations) {
      const mine = own?.parts.filter((part) => part.location === location) ?? [];
      free.set(location, this.available(location) + mine.reduce((sum, { units }) => sum + units, 0));
    }
    const parts: PlainPart[] = [];
    const put = (location: string, units: number, backordered: number) => {
      const part = parts.find((one) => one.location === location);
      if (part === undefined) parts.push({ location, units, backordered });
      else {
        part.units += units;
        part.backordered += backordered;
      }
      free.set(location, free.get(location)! - units);
    };
    const places = this.locations.map(({ location }) => location);
    const inOrder = [...wants].sort(
      (a, b) => Number(a.location === undefined) - Number(b.location === undefined),
    );
    for (const { location, quantity } of inOrder) {
      const whole = places.find((place) => free.get(place)! >= quantity);
      const from = location !== undefined ? [location] : whole !== undefined ? [whole] : places;
      let missing = quantity;
      for (const place of from) {
        const units = Math.min(missing, free.get(place) ?? 0);
        if (units > 0) put(place, units, 0);
        missing -= units;
      }
      if (missing === 0) continue;
      const where = location ?? places[0]!;
      if (!this.backorders || !places.includes(where)) return "insufficient_stock";
      put(where, 0, missing);
    }
    const made: PlainReservation = {
      id,
      status: expiresAt === Infinity ? "pinned" : "held",
      parts,
      expiresAt,
      request,
    };
    if (own !== undefined && expiresAt !== Infinity) {
      made.former = own;
      own.status = "replaced";
      this.open = this.open.filter((one) => one !== own);
    }
    this.all.set(id, made);
    this.open.push(made);
    this.fill();
    return made.status;
  }

  settle(id: string): void {
    const found = this.find(id);
    if (found?.status !== "held" || found.former === undefined) return;
    found.former.status = "released";
    delete found.former;
    this.fill();
  }

  pin(id: string): PlainOutcome {
    this.settle(id);
    const found = this.find(id);
    if (found === undefined) return "reservation_unknown";
    if (found.status === "held") found.status = "pinned";
    return found.status === "pinned" ? "pinned" : "reservation_closed";
  }

  commit(id: string): PlainOutcome {
    this.settle(id);
    const found = this.find(id);
    if (found === undefined) return "reservation_unknown";
    if (found.status === "held" || found.status === "pinned") {
      found.status = "committed";
      this.open = this.open.filter((one) => one !== found);
      for (const { location, units, backordered } of found.parts) {
        this.place(location)!.onHand -= units;
        this.owed.set(location, (this.owed.get(location) ?? 0) + backordered);
      }
      this.fill();
    }
    return found.status === "committed" ? "committed" : "reservation_closed";
  }

  release(id: string, ahead: boolean): PlainOutcome {
    const found = this.find(id);
    if (found === undefined) {
      if (!ahead) return "reservation_unknown";
      this.all.set(id, { id, status: "released", parts: [], expiresAt: 0, request: undefined });
      return "released";
    }
    if (found.status === "held" || found.status === "pinned") this.end(found, "released", this.now);
    return found.status === "committed" ? "reservation_closed" : found.status;
  }

  restock(key: string, parts: PlainPart[], cancelled: boolean): PlainOutcome {
    if (this.keys.has(key)) return "ok";
    if (this.locations.length === 0) return "unknown_sku";
    this.keys.add(key);
    for (const { location, units, backordered } of parts) {
      const owed = cancelled ? Math.min(backordered, this.owed.get(location) ?? 0) : 0;
      this.place(location)!.onHand += units + backordered - owed;
      this.owed.set(location, (this.owed.get(location) ?? 0) - owed);
    }
    this.fill();
    return "ok";
  }
}
