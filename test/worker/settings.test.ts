import { expect, test } from "vitest";
import { call, SECRET, WRITE } from "./call.ts";

const settings = (key: string, headers: Record<string, string> = {}) =>
  call("GET", `/v1/projects/${key}/settings`, { key: null, headers });

test("[HT41] the settings send a browser's events back to where it has them from, and nothing elsewhere", async () => {
  const { status, json, headers } = await settings(WRITE);
  expect(status).toBe(200);
  expect(headers.get("access-control-allow-origin")).toBe("*");
  expect(json).toMatchObject({
    integrations: { "Segment.io": { apiKey: WRITE, apiHost: "shop.test/v1", protocol: "https" } },
    metrics: { sampleRate: 0 },
    remotePlugins: [],
  });
  // One integration alone: the library loads code for more.
  expect(Object.keys(json.integrations)).toEqual(["Segment.io"]);
});

test("[HT41] behind a proxy they name the proxy; what is no host is not believed", async () => {
  const of = async (headers: Record<string, string>) => {
    const { protocol, apiHost } = (await settings(WRITE, headers)).json.integrations["Segment.io"];
    return `${protocol}://${apiHost}`;
  };
  expect(await of({ "x-forwarded-proto": "http" })).toBe("http://shop.test/v1");
  expect(await of({ "x-forwarded-proto": "https, http", "x-forwarded-host": "a.shop:8443, b" })).toBe(
    "https://a.shop:8443/v1",
  );
  expect(await of({ "x-forwarded-proto": "javascript", "x-forwarded-host": "evil/path?" })).toBe(
    "http://shop.test/v1",
  );
});

test("[HT41] no other key has settings", async () => {
  for (const key of ["wrong", SECRET, "%20", "x".repeat(1_000), `${WRITE}%2C`]) {
    const { status, json, headers } = await settings(key);
    expect([key.slice(0, 9), status]).toEqual([key.slice(0, 9), 404]);
    expect(json.code).toBe("not_found");
    expect(headers.get("access-control-allow-origin")).toBe("*");
  }
});
