// What the platform refuses and plain workerd takes, refused in tests as well: a value of more than 2 MB in a row.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";

const VALUE_BYTES_MAX = 2_000_000;

beforeAll(async () => {
  // All objects of a test file share one isolate, and with it what they call.
  await runInDurableObject(env.EVENT_MONITOR.getByName("platform"), (_, { storage }) => {
    const shared = Object.getPrototypeOf(storage.sql) as SqlStorage;
    const { exec } = shared;
    shared.exec = function (this: SqlStorage, query: string, ...values: SqlStorageValue[]) {
      if (values.some((value) => bytesOf(value) > VALUE_BYTES_MAX)) {
        throw new Error("string or blob too big: SQLITE_TOOBIG");
      }
      return exec.call(this, query, ...values);
    } as SqlStorage["exec"];
  });
});

function bytesOf(value: SqlStorageValue): number {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== "string") return 0;
  // At most three bytes a character: short ones need not be counted.
  return 3 * value.length <= VALUE_BYTES_MAX ? 0 : new TextEncoder().encode(value).length;
}
