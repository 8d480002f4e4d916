// A proxy between a library and the service that fails on purpose, in an order that a seed decides. What is only read
// passes: libraries read their settings once and do not try again.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const FAULTS = [
  "500",
  "503 with Retry-After",
  "429 with Retry-After",
  "429",
  "bare 502",
  "reset before the request is through",
  "reset before the answer",
  "answer lost",
] as const;
export type Fault = (typeof FAULTS)[number];

export interface FaultyProxy {
  readonly url: string;
  /** How often each fault happened. */
  readonly injected: ReadonlyMap<Fault, number>;
  /** Requests that came, faulty ones among them. */
  requests(): number;
  close(): Promise<void>;
}

export interface FaultPlan {
  readonly seed: number;
  /** Of requests, 0..1. */
  readonly share: number;
}

/** What a page of another origin may read; a gateway's own errors lack it. */
const OPEN = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" };

export async function openFaultyProxy(target: string, { seed, share }: FaultPlan): Promise<FaultyProxy> {
  const random = mulberry32(seed);
  const agent = new Agent({ keepAlive: true });
  const injected = new Map<Fault, number>();
  let requests = 0;

  /** Each kind in turn, so that a short run has them all; which requests they meet is chance. */
  const next = (): Fault | undefined => {
    requests++;
    if (random() >= share) return undefined;
    const fault = FAULTS[[...injected.values()].reduce((a, b) => a + b, 0) % FAULTS.length]!;
    injected.set(fault, (injected.get(fault) ?? 0) + 1);
    return fault;
  };

  const server = createServer((incoming, outgoing) => {
    const fault = incoming.method === "GET" ? undefined : next();
    if (fault === undefined) return void forward(target, agent, incoming, outgoing);
    void fail(fault, incoming, outgoing, () => forward(target, agent, incoming));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    injected,
    requests: () => requests,
    close() {
      agent.destroy();
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

async function fail(
  fault: Fault,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  deliver: () => Promise<void>,
): Promise<void> {
  switch (fault) {
    case "reset before the request is through":
      incoming.once("data", () => incoming.socket.resetAndDestroy());
      incoming.once("end", () => incoming.socket.resetAndDestroy());
      return;
    case "reset before the answer":
      await drained(incoming);
      incoming.socket.resetAndDestroy();
      return;
    case "answer lost":
      await deliver();
      incoming.socket.resetAndDestroy();
      return;
    default: {
      await drained(incoming);
      const status = Number(/\d+/.exec(fault)![0]);
      const retry = fault.endsWith("with Retry-After") ? { "retry-after": "1" } : {};
      outgoing.writeHead(status, { ...(fault.startsWith("bare") ? {} : OPEN), ...retry });
      outgoing.end();
    }
  }
}

function drained(incoming: IncomingMessage): Promise<unknown> {
  return new Promise((done) => incoming.on("end", done).resume());
}

/** Sends the request on; resolves when the service has answered, and its answer is passed on where there is a taker. */
function forward(
  target: string,
  agent: Agent,
  incoming: IncomingMessage,
  outgoing?: ServerResponse,
): Promise<void> {
  return new Promise((done) => {
    const { method, headers } = incoming;
    const onward = request(target + incoming.url, { method, headers, agent }, (answer) => {
      answer.on("end", done);
      if (outgoing === undefined) return void answer.resume();
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => {
      incoming.socket.resetAndDestroy();
      done();
    });
    incoming.pipe(onward);
  });
}

/** Uniform in 0..1, the same for the same seed. Tommy Ettinger's mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
