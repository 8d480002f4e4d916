// Requests as bytes, without a client's kindness: what fetch would refuse to send is sent.
import { Agent, request } from "node:http";
import type { Rendered } from "./requests.ts";

const ANSWER_SECONDS_MAX = 30;
/** What a write into a closed connection is told. */
const CLOSED: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export class Sender {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });
  private readonly origin: URL;

  constructor(url: string) {
    this.origin = new URL(url);
  }

  /**
   * Sent once more where a connection that was kept turns out to be closed: the server may close it at any time between
   * two requests, and a request that is on its way then is lost.
   *
   * @throws when the connection breaks before the answer.
   */
  send(rendered: Rendered, mayRepeat = true): Promise<Reply> {
    const { method, path, headers, body } = rendered;
    return new Promise((done, fail) => {
      const sent = request(
        {
          agent: this.agent,
          host: this.origin.hostname,
          port: this.origin.port,
          method,
          path,
          headers: { ...headers, ...(body !== undefined && { "content-length": String(body.length) }) },
          timeout: ANSWER_SECONDS_MAX * 1000,
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.once("error", fail);
          answer.once("end", () => {
            const text = Buffer.concat(chunks).toString();
            done({ status: answer.statusCode!, headers: answer.headers, text });
          });
        },
      );
      sent.once("timeout", () => sent.destroy(new Error(`no answer in ${ANSWER_SECONDS_MAX} s`)));
      sent.once("error", (error: NodeJS.ErrnoException) => {
        if (mayRepeat && sent.reusedSocket && CLOSED.has(error.code ?? "")) done(this.send(rendered, false));
        else fail(error);
      });
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
