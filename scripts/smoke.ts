// The README's first command as a newcomer runs it: start, load the sample, paste the printed curl lines, look at
// what the sample promises, stop with Ctrl-C, start again and find that nothing is loaded twice.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiClient, dataOf } from "./client.ts";

/** Ends a start that hangs; how long one takes is printed. */
const START_SECONDS_MAX = 600;

interface Running {
  readonly process: ChildProcess;
  readonly output: string;
  readonly seconds: number;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`smoke: ${what}`);
  console.log(`  ok: ${what}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** Resolves when the printed text holds two curl lines, that is when the sample has loaded. */
function start(directory: string, port: number): Promise<Running> {
  const began = Date.now();
  const child = spawn("npm", ["start", "--", "--port", String(port), "--dir", directory], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      process.kill(-child.pid!, "SIGKILL");
      fail(new Error(`smoke: not ready in ${START_SECONDS_MAX} s:\n${output}`));
    }, START_SECONDS_MAX * 1000);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (curlLines(output).length < 2 || !output.endsWith("\n")) return;
      clearTimeout(timer);
      done({ process: child, output, seconds: (Date.now() - began) / 1000 });
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(new Error(`smoke: npm start ended with ${code}:\n${output}`));
    });
  });
}

function curlLines(output: string): string[] {
  return output
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("curl "));
}

/** Ctrl-C reaches the whole foreground group of a terminal. */
async function interrupt(running: Running): Promise<void> {
  const ended = new Promise<void>((done) => running.process.once("exit", () => done()));
  process.kill(-running.process.pid!, "SIGINT");
  await ended;
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "shelfwise-smoke-"));
  const port = await freePort();
  const running: Running[] = [];
  try {
    const first = await start(directory, port);
    running.push(first);
    console.log(first.output);
    console.log(`  ready after ${first.seconds.toFixed(0)} s`);
    for (const line of curlLines(first.output).slice(0, 2)) {
      const answer = JSON.parse(
        execFileSync("bash", ["-c", `${line} -sS --fail-with-body`], { encoding: "utf8" }),
      );
      check(typeof answer === "object" && answer !== null, `pasted and answered: ${line.slice(0, 90)}`);
    }
    const { model } = dataOf(await apiClient(`http://127.0.0.1:${port}`, "").GET("/health"), "health");
    check(model.version > 0, `a model is published (version ${model.version})`);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    check(
      page.status === 200 && (page.headers.get("content-type") ?? "").includes("text/html"),
      "there is a page to open",
    );
    await interrupt(first);
    const second = await start(directory, port);
    running.push(second);
    check(second.seconds < 30, `a second start loads nothing (${second.seconds.toFixed(1)} s)`);
    await interrupt(second);
  } finally {
    for (const { process: child } of running) {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, "SIGKILL");
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
console.log("smoke: ok");
