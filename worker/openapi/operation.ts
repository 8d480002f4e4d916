// What the OpenAPI document says of a route beyond what the route table and its schemas say. These files are read by
// the document's generator and by tests; the Worker imports none of them.
import type * as v from "valibot";
import type { ProblemCode } from "../problem.ts";

export const TAGS = {
  Events: "Collect events in Segment's format, and history.",
  Recommendations: "What to show a visitor.",
  Visitors: "Profiles, export and erasure.",
  Catalogue: "The shop's products.",
  Stock: "Units per SKU and location, and how a SKU is replenished.",
  Selling: "Hold and sell units: all lines or none.",
  Planning: "Demand forecasts and what to order.",
  Monitor: "The shop's traffic as it comes, and what failed validation.",
  Service: "The service itself.",
} as const;

/** A description, or parts of the JSON Schema of a field that valibot cannot tell. */
export type FieldNote = string | Readonly<Record<string, unknown>>;

/** By place in the schema: `items.quantity`, a list's items like the list itself. */
export type FieldNotes = Readonly<Record<string, FieldNote>>;

export interface QueryDescription {
  readonly schema: v.ObjectSchema<v.ObjectEntries, v.ErrorMessage<v.ObjectIssue> | undefined>;
  readonly fields: Readonly<Record<string, string>>;
}

export interface BodyDescription {
  readonly schema: v.GenericSchema;
  readonly fields?: FieldNotes;
  readonly example: unknown;
  /** Said of the same values as NDJSON, where that is taken too. */
  readonly ndjson?: string;
  /** A body may be left out. */
  readonly optional?: true;
}

export interface HeaderDescription {
  readonly description: string;
  readonly required?: true;
}

export interface AnswerDescription {
  readonly description: string;
  /** Of the JSON body; without it there is none. */
  readonly schema?: v.GenericSchema;
  readonly example?: unknown;
  /** Said of the same as NDJSON, where that is offered too. */
  readonly ndjson?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  /** Unique; names the call in generated clients. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  /** A few words, no full stop. */
  readonly summary: string;
  readonly description?: string;
  /** Parts of the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: QueryDescription;
  readonly headers?: Readonly<Record<string, HeaderDescription>>;
  readonly body?: BodyDescription;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Beside those that follow from key, body, path and query. */
  readonly problems?: readonly ProblemCode[];
}

/** By method and path as in the route table: `GET /v1/users/:id`. */
export type Operations = Readonly<Record<string, Operation>>;
