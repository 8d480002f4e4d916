import { ByteReader, ByteWriter } from "../domain/bytes.ts";
import { RECENT_EVENTS_MAX } from "../domain/limits.ts";
import type { Sample } from "../domain/monitor/live-event.ts";
import type { Monitor } from "../domain/monitor/monitor.ts";

const VERSION = 1;
/** Row of the counts. */
const COUNTS_ID = 0;
/** Samples of one row: about 1 MB at most, well below the platform's 2 MB. */
const SAMPLES_PER_ROW = 200;

/** A monitor's rows. `counts`: one. `sample`: what came between two savings; the oldest go as new ones come. */
export class EventMonitorStore {
  private readonly sql: SqlStorage;
  private rows: { id: number; count: number }[] = [];
  private nextId = 1;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS counts (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS sample (id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
  }

  /** Fills a new monitor with what was saved. */
  read(monitor: Monitor): void {
    const counts = this.sql
      .exec<{ body: ArrayBuffer }>("SELECT body FROM counts WHERE id = ?", COUNTS_ID)
      .toArray()[0];
    if (counts !== undefined) {
      const reader = new ByteReader(counts.body);
      verify(reader.u8());
      monitor.read(reader);
    }
    for (const { id, body } of this.sql.exec<{ id: number; body: string }>(
      "SELECT id, body FROM sample ORDER BY id",
    )) {
      const { version, samples } = JSON.parse(body) as { version: number; samples: Sample[] };
      verify(version);
      monitor.restoreSamples(samples);
      this.rows.push({ id, count: samples.length });
      this.nextId = id + 1;
    }
  }

  writeCounts(monitor: Monitor): void {
    const writer = new ByteWriter(8 * 1024);
    writer.u8(VERSION);
    monitor.write(writer);
    this.sql.exec("INSERT OR REPLACE INTO counts VALUES (?, ?)", COUNTS_ID, writer.bytes());
  }

  appendSamples(samples: readonly Sample[]): void {
    for (let from = 0; from < samples.length; from += SAMPLES_PER_ROW) {
      const part = samples.slice(from, from + SAMPLES_PER_ROW).map(({ receivedAt, ids, json }) => ({
        receivedAt,
        ids,
        json,
      }));
      const id = this.nextId++;
      this.sql.exec(
        "INSERT INTO sample VALUES (?, ?)",
        id,
        JSON.stringify({ version: VERSION, samples: part }),
      );
      this.rows.push({ id, count: part.length });
    }
    let kept = this.rows.reduce((sum, { count }) => sum + count, 0);
    while (this.rows.length > 0 && kept - this.rows[0]!.count >= RECENT_EVENTS_MAX) {
      const { id, count } = this.rows.shift()!;
      this.sql.exec("DELETE FROM sample WHERE id = ?", id);
      kept -= count;
    }
  }

  replaceSamples(samples: readonly Sample[]): void {
    this.sql.exec("DELETE FROM sample");
    this.rows = [];
    this.appendSamples(samples);
  }
}

function verify(version: number): void {
  if (version !== VERSION) throw new RangeError(`monitor row of unknown version ${version}`);
}
