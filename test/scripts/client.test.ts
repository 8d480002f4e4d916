import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, expectTypeOf, test } from "vitest";
import { apiClient, dataOf, expectStatus, type Schemas } from "../../scripts/client.ts";

const PROBLEM = {
  type: "https://shelfwise.dev/problems/not-found",
  title: "There is nothing here",
  status: 404,
  detail: "Nothing is known of x.",
  code: "not_found",
};
const asked: { url: string; authorization: string | undefined }[] = [];
const server = createServer((request, response) => {
  asked.push({ url: request.url ?? "", authorization: request.headers.authorization });
  const isList = request.url?.startsWith("/v1/recommendations");
  response.writeHead(isList ? 200 : 404, {
    "content-type": isList ? "application/json" : "application/problem+json",
  });
  response.end(JSON.stringify(isList ? { recommendation_id: "r", items: [] } : PROBLEM));
});

beforeAll(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
afterAll(() => new Promise((done) => server.close(done)));

const client = () => apiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "k");

test("[OA5] a call is typed by the document, and its lists are separated by commas", async () => {
  const query = { anonymous_id: "a b", exclude: ["p1", "p,2"], limit: 3 };
  const answer = await client().GET("/v1/recommendations", { params: { query } });
  const { items } = dataOf(answer, "recommendations");
  expectTypeOf(items).toEqualTypeOf<Schemas["Recommendation"][]>();
  expect(items).toEqual([]);
  expect(asked).toEqual([
    { url: "/v1/recommendations?anonymous_id=a%20b&exclude=p1,p%2C2&limit=3", authorization: "Bearer k" },
  ]);
});

test("[OA5] a refusal is told with what the service said", async () => {
  const answer = await client().GET("/v1/users/{id}", { params: { path: { id: "x/y" } } });
  expect(asked.at(-1)!.url).toBe("/v1/users/x%2Fy");
  expect(() => dataOf(answer, "a visitor")).toThrow("a visitor: 404 ");
  expect(() => dataOf(answer, "a visitor")).toThrow("Nothing is known of x.");
  expect(() => expectStatus(answer, "a visitor", 404)).not.toThrow();
});
