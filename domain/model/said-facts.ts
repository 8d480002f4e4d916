import { avalanche } from "../hash.ts";
import { resized } from "../resized.ts";
import type { ProductFact } from "../signal.ts";
import { type CatalogueRecord, FACT_FIELDS, TEXT_FIELDS } from "./catalogue.ts";

/** No length of a text. */
const NO_TEXT = 0x10000;
const number = new Float64Array(1);
const halves = new Uint32Array(number.buffer);

/**
 * What an event said last of each slot's product and its record holds, as a hash: most events say it again, and need no
 * record read to learn nothing from it. In memory only, 21 bytes a slot.
 */
export class SaidFacts {
  private low = new Uint32Array(0);
  private high = new Uint32Array(0);
  /** When it was said last, Unix ms; 0: nothing is known. */
  private at = new Float64Array(0);
  /** Which of FACT_FIELDS it named. */
  private fields = new Uint8Array(0);
  /** Of the fact looked at last; numbers of 32 bits anywhere else would be an object each. */
  private readonly hash = new Uint32Array(2);

  /** Whether the fact says again what the record holds; if so, when is remembered. */
  isSaidAgain(slot: number, fact: ProductFact): boolean {
    if (slot >= this.at.length || this.at[slot] === 0) return false;
    const [low, high] = this.hashOf(fact);
    if (this.low[slot] !== low || this.high[slot] !== high) return false;
    if (fact.at > this.at[slot]!) this.at[slot] = fact.at;
    return true;
  }

  /** Tells a record, about to change, when it was last told what it holds; what was cleared from it is not told. */
  recall(slot: number, record: CatalogueRecord): void {
    const at = this.at[slot] ?? 0;
    if (at === 0) return;
    FACT_FIELDS.forEach((field, i) => {
      const learntAt = record.learntAt[field];
      if ((this.fields[slot]! & (1 << i)) === 0 || learntAt === undefined) return;
      record.learntAt[field] = Math.max(learntAt, at);
    });
  }

  /** Remembers a fact where the record holds all that it says. */
  remember(slot: number, fact: ProductFact, record: CatalogueRecord): void {
    let fields = 0;
    const holds =
      FACT_FIELDS.every((field, i) => {
        if (fact[field] === undefined || fact[field] === "") return true;
        fields |= 1 << i;
        return record.learnt[field] === fact[field];
      }) &&
      (fact.sku === undefined || record.skus.includes(fact.sku));
    if (!holds) {
      this.forget(slot);
      return;
    }
    if (slot >= this.at.length) this.grow(slot);
    const [low, high] = this.hashOf(fact);
    this.low[slot] = low!;
    this.high[slot] = high!;
    this.at[slot] = fact.at;
    this.fields[slot] = fields;
  }

  /** The slot's record changed otherwise, or it is another product's. */
  forget(slot: number): void {
    if (slot < this.at.length) this.at[slot] = 0;
  }

  private hashOf(fact: ProductFact): Uint32Array {
    const { hash } = this;
    hash[0] = 0x9e3779b9;
    hash[1] = 0x85ebca6b;
    mixText(hash, fact.sku);
    for (const field of TEXT_FIELDS) mixText(hash, fact[field]);
    number[0] = fact.price ?? -1;
    mix(hash, halves[0]!);
    mix(hash, halves[1]!);
    hash[0] = avalanche(hash[0]!);
    hash[1] = avalanche(hash[1]! ^ hash[0]!);
    return hash;
  }

  private grow(slot: number): void {
    const slots = Math.max(1024, 2 ** Math.ceil(Math.log2(slot + 1)));
    this.low = resized(this.low, slots);
    this.high = resized(this.high, slots);
    this.at = resized(this.at, slots);
    this.fields = resized(this.fields, slots);
  }
}

function mixText(hash: Uint32Array, text: string | undefined): void {
  mix(hash, text === undefined ? NO_TEXT : text.length);
  if (text === undefined) return;
  for (let i = 0; i < text.length; i++) mix(hash, text.charCodeAt(i));
}

function mix(hash: Uint32Array, unit: number): void {
  hash[0] = Math.imul(hash[0]! ^ unit, 0x01000193);
  const high = Math.imul(hash[1]! + unit, 0xcc9e2d51);
  hash[1] = (high << 15) | (high >>> 17);
}
