import type { Activity } from "../activity.ts";
import { readActivity, writeActivity } from "../activity-codec.ts";
import { ByteReader, ByteWriter } from "../bytes.ts";

const VERSION = 1;

/** Activities encoded back to back. */
export class ActivityLog {
  private bytes: Uint8Array = new Uint8Array(0);
  private count = 0;
  /** Time of the newest one, Unix ms; 0: there is none. */
  newestAt = 0;

  get byteLength(): number {
    return this.bytes.length;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  append(activities: readonly Activity[]): void {
    if (activities.length === 0) return;
    const writer = new ByteWriter(this.bytes.length + activities.length * 96);
    writer.raw(this.bytes);
    for (const activity of activities) {
      writeActivity(writer, activity);
      if (activity.at > this.newestAt) this.newestAt = activity.at;
    }
    this.bytes = writer.bytes();
    this.count += activities.length;
  }

  activities(): Activity[] {
    return readActivities(new ByteReader(this.bytes), this.count);
  }

  /** The same as a byte string of its own. */
  segment(): Uint8Array {
    const writer = new ByteWriter(this.bytes.length + 16);
    writer.u8(VERSION);
    writer.varint(this.count);
    writer.raw(this.bytes);
    return writer.bytes();
  }

  write(writer: ByteWriter): void {
    writer.varint(this.count);
    writer.varint(this.newestAt);
    writer.blob(this.bytes);
  }

  read(reader: ByteReader): void {
    this.count = reader.varint();
    this.newestAt = reader.varint();
    this.bytes = reader.blob().slice();
  }
}

/** Activities of a stored segment. Throws RangeError on bytes of another version. */
export function decodeSegment(body: Uint8Array): Activity[] {
  const reader = new ByteReader(body);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`activity segment of unknown version ${version}`);
  return readActivities(reader, reader.varint());
}

function readActivities(reader: ByteReader, count: number): Activity[] {
  return Array.from({ length: count }, () => readActivity(reader));
}
