/** JSON of a value that JSON.parse gave; undefined where it is nested more deeply than can be written. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What is no object as text, to be looked through: a text as it is, all else as JSON. */
export function plainText(value: unknown): string {
  return typeof value === "string" ? value : (jsonText(value) ?? "");
}
