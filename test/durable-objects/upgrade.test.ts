import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { IMAGE_FORMAT } from "../../assembly/layout.ts";
import release010 from "../fixtures/storage/0.1.0.json";
import release010Early from "../fixtures/storage/0.1.0-early.json";
import release010Whole from "../fixtures/storage/0.1.0-whole.json";
import { call, publish } from "../worker/call.ts";

/** What `npm run fixtures` wrote with one release. */
interface Fixture {
  readonly version: string;
  /** Batches that combiners had only journalled. */
  readonly packets: number;
  readonly objects: readonly StoredObject[];
  /** With when they were given, Unix ms: interests fade. */
  readonly answers: readonly { readonly path: string; readonly at: number; readonly json: unknown }[];
}

type Cell = string | number | null | { readonly gzip: string };

interface StoredObject {
  readonly binding: "USER_PROFILE";
  readonly name: string;
  readonly tables: readonly {
    readonly name: string;
    readonly sql: string;
    readonly rows: readonly Cell[][];
  }[];
}

/**
 * One a release that changed a format; before the first one, what packets of version 1 are among, then pages of profiles
 * that were written whole with each batch.
 */
const RELEASES = [release010Early, release010Whole, release010] as unknown as readonly Fixture[];

async function cellValue(cell: Cell): Promise<SqlStorageValue> {
  if (cell === null || typeof cell !== "object") return cell;
  const packed = Uint8Array.from(atob(cell.gzip), (character) => character.charCodeAt(0));
  return new Response(new Response(packed).body!.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** Puts rows where an object of that name finds them when it wakes. */
async function restore({ binding, name, tables }: StoredObject): Promise<void> {
  const stub = env[binding].getByName(name);
  const filled = await Promise.all(
    tables.map(async ({ rows, ...table }) => ({
      ...table,
      rows: await Promise.all(rows.map((row) => Promise.all(row.map(cellValue)))),
    })),
  );
  await runInDurableObject(stub, (_, { storage: { sql } }) => {
    for (const table of filled) {
      sql.exec(`DROP TABLE IF EXISTS ${table.name}`);
      sql.exec(table.sql);
      for (const row of table.rows) {
        sql.exec(`INSERT INTO ${table.name} VALUES (${row.map(() => "?").join(", ")})`, ...row);
      }
    }
  });
  await evictDurableObject(stub);
}

afterEach(() => {
  vi.useRealTimers();
});

describe.each(RELEASES)("what release $version stored", ({ version, packets, objects, answers }) => {
  test("[AR9] is read, and answered from as that release did", async () => {
    // Nothing of another release waits beside it.
    await publish();
    vi.setSystemTime(answers[0]!.at);
    for (const object of objects) await restore(object);
    for (const { path, at, json } of answers) {
      vi.setSystemTime(at);
      const answer = await call("GET", path);
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
      // A forecast may become better; what it is made of may not change.
      const told = path.includes("/forecast") ? { history: (json as { history: unknown }).history } : json;
      expect(answer.json, path).toMatchObject(told as object);
    }
    const { json } = await call("GET", "/health");
    expect(json.lag.packets).toBe(packets);
  });

  test("[AR9] its model is published anew where its image is of another format", async () => {
    const builder = env.MODEL_BUILDER.getByName("model");
    for (const object of objects) if (object.name === "model") await restore(object);
    const before = await builder.manifest();
    expect(before.version).toBeGreaterThan(0);
    if (before.format === IMAGE_FORMAT) return;
    expect(await runDurableObjectAlarm(builder)).toBe(true);
    const after = await builder.manifest();
    expect([after.version > before.version, after.format]).toEqual([true, IMAGE_FORMAT]);
    expect(after.products).toBe(before.products);
  });

  test("[AR9] every kind of object is among it, with rows", () => {
    const kinds = [
      ...(version === release010Early.version ? [] : ["EVENT_MONITOR"]),
      "USER_PROFILE",
      "SIGNAL_COMBINER",
      "MODEL_BUILDER",
      "INVENTORY",
      "ORDER",
      "DEMAND_PLANNER",
    ];
    expect(new Set(objects.map(({ binding }) => binding as string))).toEqual(new Set(kinds));
    for (const { tables } of objects) expect(tables.some(({ rows }) => rows.length > 0)).toBe(true);
  });
});
