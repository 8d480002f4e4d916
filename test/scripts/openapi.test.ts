import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";

const PROJECT = resolve(import.meta.dirname, "../..");

test("[OA2] the document is valid OpenAPI 3.1, its examples fit their schemas", async () => {
  const config = await createConfig({
    extends: ["recommended"],
    rules: {
      "no-invalid-media-type-examples": "error",
      "no-unused-components": "error",
      "no-ambiguous-paths": "error",
      // Nothing a caller does to /health is wrong.
      "operation-4xx-response": "off",
      "operation-description": "off",
      // The live feed is open with 101. That each answer is described is held by the tests of the routes.
      "operation-2xx-response": "off",
      // The service is where the document is; nobody's address is example.com.
      "no-server-example.com": "error",
      "security-defined": "off",
    },
  });
  const source = readFileSync(join(PROJECT, "public/openapi.json"), "utf8");
  const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
  const told = problems.map(
    ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`,
  );
  expect(told).toEqual([]);
  expect(JSON.parse(source).openapi).toMatch(/^3\.1\./);
});
