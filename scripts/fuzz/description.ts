// What the fuzzer knows of the service: its own OpenAPI document.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const DOCUMENT = resolve(import.meta.dirname, "../../public/openapi.json");

export interface Described {
  readonly method: string;
  /** `/v1/users/{id}` */
  readonly path: string;
  readonly queryNames: readonly string[];
  /** Undefined where it takes none. */
  readonly example?: unknown;
  readonly isPublic: boolean;
  readonly statuses: ReadonlySet<number>;
}

interface Document {
  readonly paths: Record<string, Record<string, DocumentOperation>>;
}

interface DocumentOperation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly example?: unknown }> };
  readonly responses: Record<string, unknown>;
  readonly security: readonly object[];
}

/** Every operation of the document that the build has made. */
export function describedOperations(file = DOCUMENT): Described[] {
  const { paths } = JSON.parse(readFileSync(file, "utf8")) as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const example = operation.requestBody?.content["application/json"]?.example;
      return {
        method: method.toUpperCase(),
        path,
        queryNames: operation.parameters.filter((one) => one.in === "query").map(({ name }) => name),
        ...(example !== undefined && { example }),
        isPublic: operation.security.length === 0,
        statuses: new Set(Object.keys(operation.responses).map(Number)),
      };
    }),
  );
}

/** Where what one name stored would show: `GET /v1/NAME/{id}`. */
export function lookUps(operations: readonly Described[]): string[] {
  return operations
    .filter(({ method, path }) => method === "GET" && /^\/v1\/\w+\/\{\w+\}$/.test(path))
    .map(({ path }) => path);
}
