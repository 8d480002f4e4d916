import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../../scripts/server/index.ts";

interface Frame {
  readonly type: string;
  readonly today: { readonly events: number; readonly rejected: number };
  readonly events?: readonly { readonly message_id: string }[];
  readonly recent?: readonly { readonly message_id: string }[];
}

let dir: string;
let server: Server;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-live-"));
  server = await startServer({ port: 0, dir });
});

afterAll(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function track(messageId: string, more: object = {}): Promise<number> {
  const { status } = await fetch(`${server.url}/v1/track`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.keys.writeKey}` },
    body: JSON.stringify({ messageId, anonymousId: "live", event: "Product Viewed", ...more }),
  });
  return status;
}

test("[MO21] in plain workerd a feed opens as a browser opens it, and tells of events within seconds", async () => {
  const key = `key.${Buffer.from(server.keys.secretKey).toString("base64url")}`;
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/v1/live`, ["shelfwise.v1", key]);
  const frames: Frame[] = [];
  socket.onmessage = ({ data }) => {
    frames.push(JSON.parse(data));
  };
  const until = async (done: () => boolean) => {
    for (let tries = 0; tries < 100 && !done(); tries++) await sleep(50);
    expect(done()).toBe(true);
  };
  await until(() => frames.length === 1);
  expect(socket.protocol).toBe("shelfwise.v1");
  expect(frames[0]).toMatchObject({ type: "hello", recent: [] });
  expect(await track("live-1")).toBe(200);
  expect(await track("live-2", { timestamp: "never" })).toBe(400);
  const shown = () => frames.slice(1).flatMap(({ events }) => events ?? []);
  await until(() => shown().length === 2);
  expect(
    shown()
      .map(({ message_id }) => message_id)
      .sort(),
  ).toEqual(["live-1", "live-2"]);
  expect(frames.at(-1)!.today).toMatchObject({ events: 1, rejected: 1 });
  const pongs = frames.length;
  socket.send('{"type":"ping"}');
  await until(() => frames.slice(pongs).some(({ type }) => type === "pong"));
  socket.close();
});

test("[MO30] a rejected event survives a crash right after its answer", async () => {
  expect(await track("crash", { timestamp: "never" })).toBe(400);
  await server.kill();
  server = await startServer({ port: 0, dir });
  const answer = await fetch(`${server.url}/v1/rejected?limit=1`, {
    headers: { authorization: `Bearer ${server.keys.secretKey}` },
  });
  expect(await answer.json()).toMatchObject({ items: [{ message_id: "crash" }] });
});
