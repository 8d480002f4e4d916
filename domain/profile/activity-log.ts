import type { Activity } from "../activity.ts";
import { encodedBody, readActivities, writeActivity, writeHead } from "../activity-codec.ts";
import { ByteReader, type ByteWriter, bytesOf, lendBytes } from "../bytes.ts";
import { resized } from "../resized.ts";

const BYTES_FIRST = 512;
/** Room is made for so much more than is needed: each byte is copied about three times. */
const GROWTH = 1.5;

/** Activities encoded back to back, in one buffer: a buffer a batch was most of what a profile's memory consisted of. */
export class ActivityLog {
  private buffer = new Uint8Array(0);
  private count = 0;
  byteLength = 0;
  /** Time of the newest one, Unix ms; 0: there is none. */
  newestAt = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** @param encoded The same as `encodeActivities` gives them, where they have come so. */
  append(activities: readonly Activity[], encoded?: Uint8Array): void {
    if (activities.length === 0) return;
    if (encoded !== undefined) this.push(encodedBody(encoded));
    else {
      lendBytes(
        (writer) => {
          for (const activity of activities) writeActivity(writer, activity);
        },
        (bytes) => this.push(bytes),
      );
    }
    for (const { at } of activities) if (at > this.newestAt) this.newestAt = at;
    this.count += activities.length;
  }

  activities(): Activity[] {
    return readActivities(new ByteReader(this.written()), this.count);
  }

  /** The same as a byte string of its own (`decodeActivities`). */
  segment(): Uint8Array {
    return bytesOf((writer) => {
      writeHead(writer, this.count);
      writer.raw(this.written());
    });
  }

  write(writer: ByteWriter): void {
    writer.varint(this.count);
    writer.varint(this.newestAt);
    writer.blob(this.written());
  }

  read(reader: ByteReader): void {
    this.count = reader.varint();
    this.newestAt = reader.varint();
    this.buffer = reader.blob().slice();
    this.byteLength = this.buffer.length;
  }

  private push(bytes: Uint8Array): void {
    const length = this.byteLength + bytes.length;
    if (length > this.buffer.length) {
      this.buffer = resized(this.buffer, Math.max(BYTES_FIRST, Math.ceil(length * GROWTH)));
    }
    this.buffer.set(bytes, this.byteLength);
    this.byteLength = length;
  }

  private written(): Uint8Array {
    return this.buffer.subarray(0, this.byteLength);
  }
}
