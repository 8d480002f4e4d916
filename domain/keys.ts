/** Two keys of a kind may be valid at a time, while one replaces the other. */
const KEYS_MAX = 2;

/** Keys of a setting: one, or two separated by a comma. */
export function keyList(setting: string | undefined): string[] {
  return (setting ?? "")
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "")
    .slice(0, KEYS_MAX);
}

/** What is wrong where a key is both, in words that name the settings. */
export function wrongKeys(writeKeys: string | undefined, secretKeys: string | undefined): string | undefined {
  const secrets = keyList(secretKeys);
  if (!keyList(writeKeys).some((key) => secrets.includes(key))) return undefined;
  return "WRITE_KEY and SECRET_KEY must differ: the one is public, the other opens everything.";
}
