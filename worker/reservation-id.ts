// Ids of reservations say where the reservation is kept, so that finding it takes one hop.

const encoder = new TextEncoder();
/** Keys as most are: numbers, names, UUIDs. */
const PLAIN_KEY = /^[\w-]{1,64}$/;
/** 128 bits, or a plain key: neither is ever like the other. */
const TAIL = /^([\w-]{22}|~[\w-]{1,64})$/;
const OWNER_ATTEMPT = /^[1-9]\d{0,8}$/;

/** At its SKU's stock, under `tail`. */
export interface SkuPlace {
  readonly kind: "sku";
  readonly sku: string;
  readonly tail: string;
}

export type ReservationPlace =
  | SkuPlace
  /** In an object of its own. */
  | { readonly kind: "basket"; readonly tail: string }
  /** One of an owner's. */
  | { readonly kind: "owner"; readonly owner: string; readonly attempt: number };

/** A hot SKU comes again and again. */
let latest = { sku: "", encoded: "" };

export function reservationId(place: ReservationPlace): string {
  switch (place.kind) {
    case "sku":
      if (place.sku !== latest.sku)
        latest = { sku: place.sku, encoded: base64url(encoder.encode(place.sku)) };
      return `s.${latest.encoded}.${place.tail}`;
    case "basket":
      return `r.${place.tail}`;
    case "owner":
      return `w.${base64url(encoder.encode(place.owner))}.${place.attempt}`;
  }
}

/** Undefined for what was never given out as an id. */
export function placeOf(id: string): ReservationPlace | undefined {
  const [kind, first = "", second = "", ...more] = id.split(".");
  if (kind === "r" && TAIL.test(first) && second === "") return { kind: "basket", tail: first };
  const name = textOf(first);
  if (name === undefined || name === "" || more.length > 0) return undefined;
  if (kind === "s" && TAIL.test(second)) return { kind: "sku", sku: name, tail: second };
  if (kind === "w" && OWNER_ATTEMPT.test(second))
    return { kind: "owner", owner: name, attempt: Number(second) };
  return undefined;
}

/**
 * The key itself where it may stand in an address, for a digest costs a tenth of a reservation; else 128 bits of it. By
 * chance without one.
 */
export function tailOf(key: string | undefined): string | Promise<string> {
  if (key === undefined) return base64url(crypto.getRandomValues(new Uint8Array(16)));
  return PLAIN_KEY.test(key) ? `~${key}` : digestOf(key);
}

async function digestOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(key));
  return base64url(new Uint8Array(digest, 0, 16));
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

function textOf(encoded: string): string | undefined {
  try {
    const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
