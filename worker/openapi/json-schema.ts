// valibot's schemas as JSON Schema 2020-12, the dialect of OpenAPI 3.1.
import { type ConversionConfig, toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { ID_CHARACTERS_MAX, TEXT_CHARACTERS_MAX } from "../../domain/limits.ts";
import { currency, id, instant, text } from "../schema/common.ts";
import { ANSWER_SCHEMAS, REQUEST_SCHEMAS } from "./components.ts";
import type { FieldNotes } from "./operation.ts";

export type JsonSchema = { [key: string]: unknown };

/** What may be sent where the Worker takes more than one shape and makes one of it. */
const SENT = {
  id: [id, { type: ["string", "number"], maxLength: ID_CHARACTERS_MAX }],
  text: [text, { type: "string", maxLength: TEXT_CHARACTERS_MAX }],
  currency: [currency, { type: "string", pattern: "^[A-Za-z]{3}$" }],
  instant: [instant, { type: ["string", "number"], format: "date-time" }],
} as const satisfies Record<string, readonly [v.GenericSchema, JsonSchema]>;
const SENT_REF = "sent:";

const sentDefinitions = Object.fromEntries(
  Object.entries(SENT).map(([name, [schema]]) => [SENT_REF + name, schema]),
);
const requestDefinitions = Object.fromEntries(
  Object.entries(REQUEST_SCHEMAS).map(([name, { schema }]) => [name, schema]),
);

const COMMON = {
  target: "draft-2020-12",
  errorMode: "throw",
  // Checks in code, and what makes a value tidy: no shape of their own.
  ignoreActions: ["check", "transform"],
  overrideRef: ({ referenceId }) =>
    referenceId.startsWith(SENT_REF) ? referenceId : `#/components/schemas/${referenceId}`,
} as const satisfies ConversionConfig;

/** @throws when a note's field is not in the schema. */
export function requestSchema(schema: v.GenericSchema, fields: FieldNotes = {}): JsonSchema {
  return noted(
    sent(converted(schema, { typeMode: "input" }, { ...requestDefinitions, ...sentDefinitions })),
    fields,
  );
}

export function answerSchema(schema: v.GenericSchema): JsonSchema {
  return converted(schema, { typeMode: "output" }, ANSWER_SCHEMAS);
}

/** A parameter arrives as text; the document says what the text stands for. */
export function parameterSchema(schema: v.GenericSchema): JsonSchema {
  // Those that may be sent in several shapes have no output to convert; they are replaced.
  const result = sent(converted(schema, { typeMode: "output", errorMode: "ignore" }, sentDefinitions));
  const isNumber = result["type"] === "integer" || result["type"] === "number";
  if (isNumber && typeof result["default"] === "string") result["default"] = Number(result["default"]);
  if (Array.isArray(result["type"])) result["type"] = "string";
  if (result["default"] === "") delete result["default"];
  return result;
}

/** Every named schema. */
export function componentSchemas(): Record<string, JsonSchema> {
  return {
    ...named(requestDefinitions, (schema, others) =>
      sent(converted(schema, { typeMode: "input" }, { ...others, ...sentDefinitions })),
    ),
    ...named(ANSWER_SCHEMAS, (schema, others) => converted(schema, { typeMode: "output" }, others)),
  };
}

/** Each of them by the names of the others. */
function named(
  definitions: Readonly<Record<string, v.GenericSchema>>,
  convert: (schema: v.GenericSchema, others: Record<string, v.GenericSchema>) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => {
      const { [name]: _own, ...others } = definitions;
      return [name, noted(convert(schema, others), REQUEST_SCHEMAS[name]?.fields ?? {})];
    }),
  );
}

function converted(
  schema: v.GenericSchema,
  config: ConversionConfig,
  definitions: Readonly<Record<string, v.GenericSchema>>,
): JsonSchema {
  const converted = toJsonSchema(schema, { ...COMMON, ...config, definitions: { ...definitions } });
  const { $schema: _dialect, $defs: _definitions, ...result } = converted;
  return result as JsonSchema;
}

/** The schema with what may be sent in the place of its references to it. */
function sent(schema: JsonSchema): JsonSchema {
  const replaced = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(part) : part(value),
    ]),
  );
  const ref = replaced["$ref"];
  if (typeof ref !== "string" || !ref.startsWith(SENT_REF)) return replaced;
  const { $ref: _ref, ...rest } = replaced;
  return { ...SENT[ref.slice(SENT_REF.length) as keyof typeof SENT][1], ...rest };
}

function part(value: unknown): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? sent(value as JsonSchema)
    : value;
}

function noted(schema: JsonSchema, fields: FieldNotes): JsonSchema {
  for (const [place, note] of Object.entries(fields)) {
    let at = schema;
    for (const name of place.split(".")) {
      const holder = (at["type"] === "array" ? at["items"] : at) as JsonSchema;
      const next = (holder["properties"] as Record<string, JsonSchema> | undefined)?.[name];
      if (next === undefined) throw new Error(`a note tells of ${place}, which the schema does not have`);
      at = next;
    }
    Object.assign(at, typeof note === "string" ? { description: note } : note);
  }
  return schema;
}
