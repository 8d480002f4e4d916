// Holds each answer that a test sees to what the OpenAPI document says of its route.
import * as v from "valibot";
import { operationOf, problemsOf } from "../../worker/openapi/document.ts";
import { problem } from "../../worker/openapi/schemas.ts";
import { PROBLEMS } from "../../worker/problem.ts";
import { ROUTES } from "../../worker/router.ts";

const PATTERNS = ROUTES.map((route) => ({
  route,
  // A part of a path before a fixed one of the same length: the router's order decides.
  pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}/?$`),
}));

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** @throws with what the document does not tell of the answer. */
export function checkDocumented(
  method: string,
  path: string,
  { status, headers, text, json }: Answered,
): void {
  const { pathname } = new URL(path, "https://shop.test");
  const route = PATTERNS.find(
    ({ route, pattern }) => route.method === method && pattern.test(pathname),
  )?.route;
  if (route === undefined) return;
  const what = `${method} ${path.slice(0, 100)} answered ${status}`;
  const operation = operationOf(route);
  const type = headers.get("content-type");
  if (type === "application/problem+json") {
    const { code } = valid(problem, json, what);
    if (!problemsOf(route, operation).includes(code)) {
      throw new Error(`${what} ${code}, which its entry in worker/openapi/ does not tell`);
    }
    if (PROBLEMS[code][0] !== status) throw new Error(`${what}, but ${code} is ${PROBLEMS[code][0]}`);
    return;
  }
  const told = operation.answers[status];
  if (told === undefined) throw new Error(`${what}, which its entry in worker/openapi/ does not tell`);
  if (told.schema === undefined) {
    if (text !== "") throw new Error(`${what} with a body, which its entry in worker/openapi/ does not tell`);
  } else if (type === "application/json") valid(told.schema, json, what);
  else if (told.ndjson === undefined) throw new Error(`${what} as ${type}`);
}

function valid<S extends v.GenericSchema>(schema: S, value: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? "";
  throw new Error(
    `${what} with a body that its entry in worker/openapi/ does not tell: ${where}: ${issue.message}`,
  );
}
