import { ByteReader, ByteWriter } from "../domain/bytes.ts";
import { REFUSED_MESSAGES_MAX, SEEN_ROWS_MAX } from "../domain/limits.ts";
import { MessageRing } from "../domain/message-ring.ts";
import { portions } from "../domain/portions.ts";
import { SeenPackets } from "../domain/seen-packets.ts";
import type { SignalPacket } from "../domain/signal.ts";

const VERSION = 1;
/** Bytes of one row of counted packets, well below the platform's 2 MB. */
const ROW_BYTES_MAX = 1_500_000;

export interface StoredDelta {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/**
 * A combiner's rows. `journal`: packets accepted since the last merge, one row a group commit. `delta`: what was
 * merged and is not yet acknowledged. `seen`: which packets were counted, a row a merge, written together now and then;
 * `message`: which messages counted by themselves, likewise.
 */
export class SignalCombinerStore {
  private readonly sql: SqlStorage;
  private nextJournal = 1;
  private nextDelta = 1;
  private seenRows = 0;
  private nextSeen = 1;
  private messageRows = 0;
  private nextMessage = 1;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS journal (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS delta (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
    sql.exec("CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL)");
  }

  /** Packets in the journal, and what was counted before them. */
  read(): { packets: SignalPacket[]; seen: SeenPackets; messages: MessageRing } {
    const seen = new SeenPackets();
    for (const { id, body } of this.rows("SELECT id, body FROM seen ORDER BY id")) {
      seen.read(versioned(body));
      this.seenRows++;
      this.nextSeen = id + 1;
    }
    const messages = new MessageRing(REFUSED_MESSAGES_MAX);
    for (const { id, body } of this.rows("SELECT id, body FROM message ORDER BY id")) {
      const reader = versioned(body);
      messages.addAll(Array.from({ length: reader.varint() }, () => reader.varint()));
      this.messageRows++;
      this.nextMessage = id + 1;
    }
    const packets: SignalPacket[] = [];
    for (const { id, body } of this.rows("SELECT id, body FROM journal ORDER BY id")) {
      packets.push(...readPackets(versioned(body)));
      this.nextJournal = id + 1;
    }
    const counter = this.sql.exec<{ value: number }>("SELECT value FROM counter WHERE id = 0").toArray()[0];
    this.nextDelta = counter?.value ?? 1;
    return { packets, seen, messages };
  }

  /** One row for all packets of a group commit, more where they are large. */
  appendJournal(packets: readonly SignalPacket[]): void {
    for (const row of portions(packets, ({ bytes }) => bytes.length, ROW_BYTES_MAX)) this.appendRow(row);
  }

  private appendRow(packets: readonly SignalPacket[]): void {
    const writer = new ByteWriter(packets.reduce((sum, { bytes }) => sum + bytes.length + 64, 16));
    writer.u8(VERSION);
    writer.varint(packets.length);
    for (const { stream, sequence, bytes } of packets) {
      writer.varint(stream);
      writer.varint(sequence);
      writer.blob(bytes);
    }
    this.sql.exec("INSERT INTO journal VALUES (?, ?)", this.nextJournal++, writer.bytes());
  }

  /** The journal becomes deltas; call within one transaction. `fresh` is what the journal counted, `all` everything. */
  merge(deltas: readonly Uint8Array[], fresh: SeenPackets, all: SeenPackets): void {
    for (const bytes of deltas) this.sql.exec("INSERT INTO delta VALUES (?, ?)", this.nextDelta++, bytes);
    this.sql.exec("INSERT OR REPLACE INTO counter VALUES (0, ?)", this.nextDelta);
    this.sql.exec("DELETE FROM journal");
    if (this.seenRows < SEEN_ROWS_MAX) {
      this.appendSeen(fresh);
      return;
    }
    this.sql.exec("DELETE FROM seen");
    this.seenRows = 0;
    this.appendSeen(all);
  }

  /** Messages that counted by themselves since the last merge, and all; call within the merge's transaction. */
  remember(fresh: readonly number[], all: MessageRing): void {
    if (fresh.length === 0) return;
    let hashes = fresh;
    if (this.messageRows >= SEEN_ROWS_MAX) {
      this.sql.exec("DELETE FROM message");
      this.messageRows = 0;
      hashes = all.values();
    }
    const writer = new ByteWriter(hashes.length * 8 + 16);
    writer.u8(VERSION);
    writer.varint(hashes.length);
    for (const hash of hashes) writer.varint(hash);
    this.sql.exec("INSERT INTO message VALUES (?, ?)", this.nextMessage++, writer.bytes());
    this.messageRows++;
  }

  /** Deltas nobody has acknowledged, oldest first. */
  deltas(): StoredDelta[] {
    return this.sql
      .exec<{ sequence: number; body: ArrayBuffer }>("SELECT sequence, body FROM delta ORDER BY sequence")
      .toArray()
      .map(({ sequence, body }) => ({ sequence, bytes: new Uint8Array(body) }));
  }

  deleteDelta(sequence: number): void {
    this.sql.exec("DELETE FROM delta WHERE sequence = ?", sequence);
  }

  private appendSeen(seen: SeenPackets): void {
    for (const part of seen.parts(ROW_BYTES_MAX)) {
      const writer = new ByteWriter(64 * 1024);
      writer.u8(VERSION);
      part.write(writer);
      this.sql.exec("INSERT INTO seen VALUES (?, ?)", this.nextSeen++, writer.bytes());
      this.seenRows++;
    }
  }

  private rows(query: string): { id: number; body: ArrayBuffer }[] {
    return this.sql.exec<{ id: number; body: ArrayBuffer }>(query).toArray();
  }
}

function versioned(body: ArrayBuffer): ByteReader {
  const reader = new ByteReader(body);
  const version = reader.u8();
  if (version !== VERSION) throw new RangeError(`combiner row of unknown version ${version}`);
  return reader;
}

function readPackets(reader: ByteReader): SignalPacket[] {
  return Array.from({ length: reader.varint() }, () => ({
    stream: reader.varint(),
    sequence: reader.varint(),
    bytes: reader.blob(),
  }));
}
