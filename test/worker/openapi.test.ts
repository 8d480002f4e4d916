import { describe, expect, test } from "vitest";
import { nameOf, openApiDocument } from "../../worker/openapi/document.ts";
import { OPERATIONS } from "../../worker/openapi/operations.ts";
import { ROUTES } from "../../worker/router.ts";
import { checkDocumented } from "./documented.ts";

describe("OpenAPI", () => {
  test("[OA1] each route has an entry, and each entry a route", () => {
    expect(Object.keys(OPERATIONS).sort()).toEqual(ROUTES.map(nameOf).sort());
  });

  test("[OA1] the document has each route with its parameters, body, answers, problems and keys", () => {
    const { paths } = openApiDocument(ROUTES, "1.0.0") as { paths: Record<string, Record<string, Entry>> };
    for (const { method, path, access } of ROUTES) {
      const entry = paths[path.replaceAll(/:(\w+)/g, "{$1}")]![method.toLowerCase()]!;
      const names = entry.parameters.filter((one) => one.in === "path").map(({ name }) => name);
      expect(names, path).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name]) => name));
      expect("401" in entry.responses, `${method} ${path}`).toBe(access !== "none");
      expect("429" in entry.responses, `${method} ${path}`).toBe(path.startsWith("/v1/"));
      expect(
        entry.security.some((one) => "writeKey" in one),
        path,
      ).toBe(access === "write" || access === "body");
      expect(Object.keys(entry.responses).some((status) => status < "300")).toBe(true);
    }
  });

  test("[OA3] an answer that the document does not tell fails the test that saw it", () => {
    const answer = (status: number, json: unknown, type = "application/json") => ({
      status,
      json,
      text: JSON.stringify(json),
      headers: new Headers({ "content-type": type }),
    });
    const counted = { accepted: 1, duplicates: 0, rejected: [] };
    const check = (seen: ReturnType<typeof answer>) => () => checkDocumented("POST", "/v1/track", seen);
    expect(check(answer(200, counted))).not.toThrow();
    expect(check(answer(201, counted))).toThrow("does not tell");
    expect(check(answer(200, { ...counted, more: 1 }))).toThrow("does not tell");
    expect(check(answer(200, { accepted: 1, duplicates: 0 }))).toThrow("does not tell");
    const problem = { type: "t", title: "t", status: 404, detail: "d", code: "not_found" };
    expect(check(answer(404, problem, "application/problem+json"))).toThrow("does not tell");
    expect(() =>
      checkDocumented("GET", "/v1/users/x", answer(404, problem, "application/problem+json")),
    ).not.toThrow();
  });
});

interface Entry {
  readonly parameters: { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, unknown>;
  readonly security: object[];
}
