/** What falls out of a full map at once: each time a map's first entry is looked for, those deleted before it are passed. */
const SHARE_OUT = 1 / 16;

/** Puts an entry last in a map of at most `max`; what was put longest ago falls out. */
export function keepLatest<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const left = max - Math.floor(max * SHARE_OUT);
  for (const oldest of map.keys()) {
    if (map.size <= left) break;
    map.delete(oldest);
  }
}
