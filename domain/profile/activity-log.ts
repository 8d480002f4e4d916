import type { Activity } from "../activity.ts";
import { readActivities, writeActivity, writeHead } from "../activity-codec.ts";
import { ByteReader, type ByteWriter, bytesOf } from "../bytes.ts";

/** Activities encoded back to back. */
export class ActivityLog {
  /** A part a batch: what is there is not copied for what is added. */
  private parts: Uint8Array[] = [];
  private count = 0;
  byteLength = 0;
  /** Time of the newest one, Unix ms; 0: there is none. */
  newestAt = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  append(activities: readonly Activity[]): void {
    if (activities.length === 0) return;
    const part = bytesOf((writer) => {
      for (const activity of activities) {
        writeActivity(writer, activity);
        if (activity.at > this.newestAt) this.newestAt = activity.at;
      }
    });
    this.parts.push(part);
    this.byteLength += part.length;
    this.count += activities.length;
  }

  activities(): Activity[] {
    return readActivities(new ByteReader(bytesOf((writer) => this.writeParts(writer))), this.count);
  }

  /** The same as a byte string of its own (`decodeActivities`). */
  segment(): Uint8Array {
    return bytesOf((writer) => {
      writeHead(writer, this.count);
      this.writeParts(writer);
    });
  }

  write(writer: ByteWriter): void {
    writer.varint(this.count);
    writer.varint(this.newestAt);
    writer.varint(this.byteLength);
    this.writeParts(writer);
  }

  read(reader: ByteReader): void {
    this.count = reader.varint();
    this.newestAt = reader.varint();
    this.parts = [reader.blob().slice()];
    this.byteLength = this.parts[0]!.length;
  }

  private writeParts(writer: ByteWriter): void {
    for (const part of this.parts) writer.raw(part);
  }
}
