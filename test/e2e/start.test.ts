import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startServer } from "../../scripts/server/index.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const START = join(PROJECT, "scripts/start.ts");

let dir: string;
const starts: ChildProcess[] = [];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "shelfwise-start-"));
});

afterEach(async () => {
  for (const child of starts.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGINT");
      await new Promise((done) => child.once("exit", done));
    }
  }
});

afterAll(() => {
  rmSync(dir, { recursive: true });
});

interface Start {
  readonly process: ChildProcess;
  /** All it has written so far. */
  output(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  readonly url: Promise<string>;
}

function start(...args: string[]): Start {
  const child = spawn(process.execPath, [START, "--dir", dir, "--no-sample", ...args]);
  starts.push(child);
  let output = "";
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const url = new Promise<string>((done, fail) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /Shelfwise runs: (http:\S+)[\s\S]*Ctrl-C/.exec(output);
      if (found) done(found[1]!);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    ended.then((code) => fail(new Error(`start ended with ${code}: ${output}`)));
  });
  url.catch(() => {});
  return { process: child, output: () => output, ended, url };
}

/** Start's process and its workerd's. */
function running(): { owner: number; workerd: number } {
  const [owner, workerd] = readFileSync(join(dir, "running"), "utf8").split(" ").map(Number);
  return { owner: owner!, workerd: workerd! };
}

async function gone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 50; waited++) {
    if (!existsSync(`/proc/${pid}`) || /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) return true;
    await sleep(100);
  }
  return false;
}

describe("npm start", () => {
  test("[SS23] prints what to open and the keys, and Ctrl-C stops all of it", async () => {
    const shop = start("--port", "0");
    const url = await shop.url;
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const kept = readFileSync(join(dir, "keys.env"), "utf8");
    for (const [, key] of kept.matchAll(/=(\S+)/g)) expect(shop.output()).toContain(key);
    expect(shop.output().match(/^curl /gm)?.length).toBe(2);
    const { workerd } = running();
    shop.process.kill("SIGINT");
    expect(await shop.ended).toBe(0);
    expect(await gone(workerd)).toBe(true);
  });

  test("[SS23] a workerd that dies takes it along, with its last words and code 1", async () => {
    const shop = start("--port", "0");
    await shop.url;
    process.kill(running().workerd, "SIGKILL");
    expect(await shop.ended).toBe(1);
    expect(shop.output()).toContain("workerd ended (SIGKILL)");
  });

  test("[SS22] a taken port is told in one line", async () => {
    const squatter = createServer();
    await new Promise<void>((done) => squatter.listen(0, "127.0.0.1", done));
    const { port } = squatter.address() as { port: number };
    const shop = start("--port", String(port));
    expect(await shop.ended).toBe(1);
    expect(shop.output()).toContain(`port ${port} is taken; choose another with --port N`);
    await new Promise((done) => squatter.close(done));
  });

  test("[SS22] a directory in use is told in one line, and its shop runs on", async () => {
    const first = start("--port", "0");
    const url = await first.url;
    const second = start("--port", "0");
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/is in use by process \d+/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test("[SS24] a workerd left behind by a killed start is ended by the next", async () => {
    const first = start("--port", "0");
    const port = new URL(await first.url).port;
    const orphan = running().workerd;
    first.process.kill("SIGKILL");
    await first.ended;
    expect(existsSync(`/proc/${orphan}`)).toBe(true);
    const second = start("--port", port);
    expect((await fetch(`${await second.url}/health`)).status).toBe(200);
    expect(await gone(orphan)).toBe(true);
  });

  test.each([
    [["--port", "http"], "is not a port"],
    [["--port", "70000"], "is not a port"],
    [["--colour"], "--colour"],
  ])("[SS22] %j is refused", async (args, reason) => {
    const shop = start(...args);
    expect(await shop.ended).toBe(1);
    expect(shop.output()).toContain(reason);
  });

  test("--help says what there is", async () => {
    const shop = start("--help");
    expect(await shop.ended).toBe(0);
    for (const option of ["--port", "--dir", "--no-sample", "WRITE_KEY"])
      expect(shop.output()).toContain(option);
  });
});

describe("static files", () => {
  test("[SS25] have types, pages and ETags, and nothing else is given away", async () => {
    const server = await startServer({ port: 0, dir });
    try {
      const page = await fetch(`${server.url}/`);
      expect(page.status).toBe(200);
      expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(await page.text()).toBe(readFileSync(join(PROJECT, "public/index.html"), "utf8"));
      const etag = page.headers.get("etag")!;
      const again = await fetch(`${server.url}/`, { headers: { "if-none-match": etag } });
      expect(again.status).toBe(304);
      const robots = await fetch(`${server.url}/robots.txt`);
      expect(robots.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      for (const path of ["/nothing", "/lib", "/%2e%2e/wrangler.toml", "/index.html/", "/.git/config"]) {
        expect((await fetch(server.url + path)).status).toBe(404);
      }
    } finally {
      await server.stop();
    }
  });
});
