// The OpenAPI 3.1 document: the route table, the schemas and the words about them as one.
import { PROBLEMS, type ProblemCode } from "../problem.ts";
import { isLimited } from "../rate-limit.ts";
import type { Route } from "../router.ts";
import {
  answerSchema,
  componentSchemas,
  type JsonSchema,
  parameterSchema,
  requestSchema,
} from "./json-schema.ts";
import { type AnswerDescription, type Operation, type QueryDescription, TAGS } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";

/** By which a route may be called: any one of them. */
const SECURITY = {
  none: [],
  write: [{ writeKey: [] }, { secretKey: [] }, { basic: [] }, { writeKeyInQuery: [] }],
  // The key may stand in the body, too.
  body: [{ writeKey: [] }, { secretKey: [] }, { basic: [] }, { writeKeyInQuery: [] }, {}],
  secret: [{ secretKey: [] }, { basic: [] }],
} as const satisfies Record<Route["access"], readonly object[]>;

const INFO = `Behaviour analytics for an online shop: events in Segment's format, live profiles, recommendations,
stock, forecasts and what to order.

There are two keys. The **write key** is public: browsers and apps collect and read recommendations with it. The
**secret key** is for servers: everything. Either is sent as \`Authorization: Bearer KEY\`, or as the user name of
Basic authentication, as Segment's libraries do.

JSON is in snake_case, except that Segment's messages keep Segment's names. Times are ISO 8601 in UTC. Bodies are
known by their content: JSON may come as \`text/plain\`, and gzipped with or without its header. Errors are
\`application/problem+json\` (RFC 9457) and name the field. 429 and 503 say in \`Retry-After\` when to come again.`;

/** @param version of the service. */
export function openApiDocument(routes: readonly Route[], version: string): JsonSchema {
  const paths: Record<string, JsonSchema> = {};
  for (const route of routes) {
    const path = templateOf(route.path);
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operationJson(route, operationOf(route));
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Shelfwise",
      version,
      summary: "Behaviour analytics for online shops, at the edge.",
      description: INFO,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The service that this document comes from." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentSchemas(),
      responses: sharedResponses(routes),
      securitySchemes: {
        writeKey: { type: "http", scheme: "bearer", description: "The public key." },
        secretKey: { type: "http", scheme: "bearer", description: "The servers' key." },
        basic: { type: "http", scheme: "basic", description: "Either key as user name, the password empty." },
        writeKeyInQuery: {
          type: "apiKey",
          in: "query",
          name: "writeKey",
          description: "The public key only: addresses are written down on their way.",
        },
      },
    },
  };
}

export function nameOf({ method, path }: Pick<Route, "method" | "path">): string {
  return `${method} ${path}`;
}

/** @throws for a route without an entry. */
export function operationOf(route: Pick<Route, "method" | "path">): Operation {
  const found = OPERATIONS[nameOf(route)];
  if (found === undefined) {
    throw new Error(`${nameOf(route)} has no entry: add one to its part's file in worker/openapi/`);
  }
  return found;
}

/** Every problem a route may answer: what its key, body and parameters imply, and what its entry adds. */
export function problemsOf({ access, path }: Route, operation: Operation): ProblemCode[] {
  const codes = new Set<ProblemCode>(["internal", ...(operation.problems ?? [])]);
  if (isLimited({ access, path }))
    for (const code of ["rate_limited", "unavailable"] as const) codes.add(code);
  if (access !== "none") for (const code of ["unauthorized", "not_configured"] as const) codes.add(code);
  if (access === "secret") codes.add("forbidden");
  if (operation.body !== undefined) {
    for (const code of ["invalid_json", "invalid_request", "too_large", "unsupported_encoding"] as const) {
      codes.add(code);
    }
  }
  if (path.includes(":") || operation.query !== undefined) codes.add("invalid_request");
  return [...codes];
}

function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, "{$1}");
}

function operationJson(route: Route, operation: Operation): JsonSchema {
  const { id, tag, summary, description, body } = operation;
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const needed = { none: "", write: "Key: write.", body: "Key: write.", secret: "Key: secret." }[
    route.access
  ];
  const words = [description, needed].filter((text) => text).join("\n\n");
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(words !== "" && { description: words }),
    security: SECURITY[route.access],
    parameters: [
      ...names.map((name) => pathParameter(route, operation, name)),
      ...queryParameters(operation.query),
      ...Object.entries(operation.headers ?? {}).map(([name, { description, required }]) => ({
        name,
        in: "header",
        description,
        ...(required && { required }),
        schema: { type: "string" },
      })),
    ],
    ...(body !== undefined && {
      requestBody: {
        required: body.optional !== true,
        content: {
          "application/json": { schema: requestSchema(body.schema, body.fields), example: body.example },
          ...(body.ndjson !== undefined && { "application/x-ndjson": lines(body.ndjson) }),
        },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, answer]) => [status, answerJson(answer)]),
      ),
      ...problemResponses(problemsOf(route, operation), operation),
    },
  };
}

function pathParameter(route: Route, { path }: Operation, name: string): JsonSchema {
  const description = path?.[name];
  if (description === undefined) throw new Error(`${nameOf(route)}: its entry says nothing of :${name}`);
  return { name, in: "path", required: true, description, schema: { type: "string", minLength: 1 } };
}

/** What these mean wherever they stand. */
const USUAL_PARAMETERS: Readonly<Record<string, string>> = {
  limit: "How many at most.",
  cursor: "`next_cursor` of the page before.",
};

function queryParameters(query: QueryDescription | undefined): JsonSchema[] {
  if (query === undefined) return [];
  const stray = Object.keys(query.fields).filter((name) => !(name in query.schema.entries));
  if (stray.length > 0)
    throw new Error(`notes tell of parameters that are not in the query: ${stray.join(", ")}`);
  return Object.entries(query.schema.entries).map(([name, entry]) => {
    const { description, ...schema } = parameterSchema(entry as never);
    const note = query.fields[name] ?? USUAL_PARAMETERS[name] ?? description;
    const isList = schema["type"] === "array";
    return {
      name,
      in: "query",
      ...(note !== undefined && { description: note }),
      // Separated by commas.
      ...(isList && { style: "form", explode: false }),
      schema,
    };
  });
}

function answerJson({ description, schema, example, ndjson, headers }: AnswerDescription): JsonSchema {
  return {
    description,
    ...(headers !== undefined && { headers: headersJson(headers) }),
    ...(schema !== undefined && {
      content: {
        "application/json": { schema: answerSchema(schema), ...(example !== undefined && { example }) },
        ...(ndjson !== undefined && { "application/x-ndjson": lines(ndjson) }),
      },
    }),
  };
}

function headersJson(headers: Readonly<Record<string, string>>): JsonSchema {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );
}

function lines(description: string): JsonSchema {
  return { schema: { type: "string", description } };
}

/** References by status; several problems may share one. What an entry answers itself with a status is not repeated. */
function problemResponses(codes: readonly ProblemCode[], { answers }: Operation): JsonSchema {
  return Object.fromEntries(
    [...byStatus(codes)]
      .filter(([status]) => !(status in answers))
      .map(([status, shared]) => [status, { $ref: `#/components/responses/${shared.join(".")}` }]),
  );
}

function byStatus(codes: readonly ProblemCode[]): Map<number, ProblemCode[]> {
  const statuses = new Map<number, ProblemCode[]>();
  for (const code of codes) {
    const [status] = PROBLEMS[code];
    statuses.set(status, [...(statuses.get(status) ?? []), code]);
  }
  return statuses;
}

function sharedResponses(routes: readonly Route[]): JsonSchema {
  const responses: JsonSchema = {};
  for (const route of routes) {
    for (const [status, codes] of byStatus(problemsOf(route, operationOf(route)))) {
      responses[codes.join(".")] ??= {
        description: codes.map((code) => `${PROBLEMS[code][1]} (\`${code}\`).`).join(" "),
        ...((status === 429 || status === 503) && {
          headers: headersJson({ "retry-after": "Seconds until it makes sense to come again." }),
        }),
        content: {
          "application/problem+json": {
            schema: { $ref: "#/components/schemas/Problem" },
            example: problemExample(codes[0]!),
          },
        },
      };
    }
  }
  return responses;
}

function problemExample(code: ProblemCode): JsonSchema {
  const [status, title] = PROBLEMS[code];
  return {
    type: `https://shelfwise.dev/problems/${code.replaceAll("_", "-")}`,
    title,
    status,
    detail: `${title}.`,
    code,
  };
}
