import type { ByteReader, ByteWriter } from "../bytes.ts";
import { DAY_MS, PROFILE_CURRENCIES_MAX, PROFILE_DAYS } from "../limits.ts";

const COUNTERS = ["views", "carts", "purchases", "orders"] as const;
type Counter = (typeof COUNTERS)[number];

interface Day {
  readonly counts: Record<Counter, number>;
  /** Amounts ordered less refunded, by currency. */
  readonly amounts: Map<string, number>;
}

/** What happened on each of the last 90 days (UTC), so that older days can leave the sums again. */
export class Days {
  private readonly days = new Map<number, Day>();

  add(at: number, counter: Counter, amount: number): void {
    const counts = this.day(at).counts;
    counts[counter] += amount;
  }

  /** Money in, or out where negative. */
  paid(at: number, currency: string, amount: number): void {
    const { amounts } = this.day(at);
    if (amounts.size >= PROFILE_CURRENCIES_MAX && !amounts.has(currency)) return;
    amounts.set(currency, (amounts.get(currency) ?? 0) + amount);
  }

  sums(now: number): {
    counts: Record<Counter, number>;
    amounts: { currency: string; amount: number }[];
  } {
    const oldest = Math.floor(now / DAY_MS) - PROFILE_DAYS;
    const counts = { views: 0, carts: 0, purchases: 0, orders: 0 };
    const amounts = new Map<string, number>();
    for (const [day, sums] of this.days) {
      if (day < oldest) continue;
      for (const counter of COUNTERS) counts[counter] += sums.counts[counter];
      for (const [currency, amount] of sums.amounts) {
        amounts.set(currency, (amounts.get(currency) ?? 0) + amount);
      }
    }
    return {
      counts,
      amounts: [...amounts]
        .map(([currency, amount]) => ({ currency, amount: Math.round(amount * 100) / 100 }))
        .sort((a, b) => b.amount - a.amount || (a.currency < b.currency ? -1 : 1)),
    };
  }

  private day(at: number): Day {
    const number = Math.floor(at / DAY_MS);
    let day = this.days.get(number);
    if (day === undefined) {
      day = { counts: { views: 0, carts: 0, purchases: 0, orders: 0 }, amounts: new Map() };
      this.days.set(number, day);
      if (this.days.size > PROFILE_DAYS + 2) this.days.delete(Math.min(...this.days.keys()));
    }
    return day;
  }

  write(writer: ByteWriter): void {
    writer.varint(this.days.size);
    for (const [number, { counts, amounts }] of this.days) {
      writer.varint(number);
      for (const counter of COUNTERS) writer.f64(counts[counter]);
      writer.varint(amounts.size);
      for (const [currency, amount] of amounts) {
        writer.text(currency);
        writer.f64(amount);
      }
    }
  }

  read(reader: ByteReader): void {
    for (let n = reader.varint(); n > 0; n--) {
      const number = reader.varint();
      const counts = {
        views: reader.f64(),
        carts: reader.f64(),
        purchases: reader.f64(),
        orders: reader.f64(),
      };
      const day: Day = { counts, amounts: new Map() };
      for (let m = reader.varint(); m > 0; m--) day.amounts.set(reader.text(), reader.f64());
      this.days.set(number, day);
    }
  }
}
