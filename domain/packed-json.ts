/** JSON of a T, where a text goes through a call in a fraction of the time that objects take. */
export type PackedJson<T> = string & { readonly packed?: T };

/** @param value Nothing that JSON does not know. */
export function pack<T>(value: T): PackedJson<T> {
  return JSON.stringify(value);
}

export function unpack<T>(text: PackedJson<T>): T {
  return JSON.parse(text);
}
