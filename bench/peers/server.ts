// The Express peer as a process of its own.
import { fork } from "node:child_process";
import { join } from "node:path";

export interface Peer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startPeer(): Promise<Peer> {
  const child = fork(join(import.meta.dirname, "express.ts"), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const port = await new Promise<number>((done, fail) => {
    child.once("message", (message) => done(message as number));
    child.once("exit", (code) => fail(new Error(`the peer ended with ${code}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    async stop() {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill();
      await ended;
    },
  };
}
