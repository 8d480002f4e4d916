import { describe, expect, test } from "vitest";
import { nameOf, openApiDocument } from "../../worker/openapi/document.ts";
import { OPERATIONS } from "../../worker/openapi/operations.ts";
import { ROUTES } from "../../worker/router.ts";
import { call } from "./call.ts";
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
      expect("429" in entry.responses, `${method} ${path}`).toBe(path.includes("/v1/"));
      expect(
        entry.security.some((one) => "writeKey" in one),
        path,
      ).toBe(access === "write" || access === "body");
      expect(Object.keys(entry.responses).some((status) => status < "300")).toBe(true);
    }
  });

  test("[OA6] the document is a file with an ETag, the reference a page under the strict policy", async () => {
    const get = (path: string, headers = {}) => call("GET", path, { key: null, headers });
    const document = await get("/openapi.json");
    expect(document.status).toBe(200);
    expect(document.headers.get("content-type")).toBe("application/json");
    expect(Object.keys(document.json.paths)).toHaveLength(new Set(ROUTES.map(({ path }) => path)).size);
    const etag = document.headers.get("etag")!;
    expect(etag).toMatch(/^(W\/)?"[^"]+"$/);
    expect((await get("/openapi.json", { "if-none-match": etag })).status).toBe(304);
    expect((await get("/openapi.json", { "if-none-match": '"other"' })).status).toBe(200);
    for (const path of ["/docs", "/docs/"]) {
      const page = await get(path);
      expect(page.status, path).toBe(200);
      expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(page.headers.get("content-security-policy")).toContain("script-src 'self';");
      expect(page.headers.get("content-security-policy")).not.toContain("unsafe");
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
