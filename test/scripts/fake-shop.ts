// A shop's HTTP API in memory, as far as a load needs it, that fails when told to.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeShop {
  readonly url: string;
  /** Every body that was answered well or whose answer was lost, in order of arrival, by path. */
  readonly received: { readonly method: string; readonly path: string; readonly body: string }[];
  readonly events: Map<string, string>;
  readonly products: Map<string, unknown>;
  readonly stock: Map<string, string>;
  close(): Promise<void>;
}

/** What to do with the nth request (from 0): serve it, fail it, or serve it and lose the answer. */
export type Fault = (request: number, path: string) => "serve" | "fail" | "lose" | "busy" | "refuse";

export async function fakeShop(fault: Fault = () => "serve"): Promise<FakeShop> {
  const received: FakeShop["received"][number][] = [];
  const events = new Map<string, string>();
  const products = new Map<string, unknown>();
  const stock = new Map<string, string>();
  let requests = 0;

  const answer = (method: string, path: string, body: string): [number, unknown] => {
    if (path === "/health") return [200, { status: "ok", model: { version: 1 }, lag: {} }];
    if (path === "/v1/products") {
      for (const product of JSON.parse(body) as { product_id: string }[])
        products.set(product.product_id, product);
      return [200, {}];
    }
    if (path === "/v1/import") {
      const lines = body.trimEnd().split("\n");
      let accepted = 0;
      for (const line of lines) {
        const { messageId } = JSON.parse(line) as { messageId: string };
        if (!events.has(messageId)) accepted += 1;
        else if (events.get(messageId) !== line) throw new Error(`${messageId} was sent with another body`);
        events.set(messageId, line);
      }
      return [200, { accepted, duplicates: lines.length - accepted, rejected: [] }];
    }
    if (method === "PUT" && path.startsWith("/v1/inventory/")) {
      if (stock.has(path)) return [428, { title: "If-Match is required" }];
      stock.set(path, body);
      return [201, {}];
    }
    return [404, {}];
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "";
    let body = "";
    for await (const part of request) body += String(part);
    const doom = path === "/health" ? "serve" : fault(requests++, path);
    if (doom === "fail") return void response.destroy();
    if (doom === "busy") return void response.writeHead(503, { "retry-after": "0.01" }).end();
    if (doom === "refuse") {
      const rejected = [{ index: 0, code: "invalid", detail: "no such event" }];
      return void response.writeHead(200).end(JSON.stringify({ accepted: 0, duplicates: 0, rejected }));
    }
    if (path !== "/health") received.push({ method: request.method ?? "", path, body });
    const [status, json] = answer(request.method ?? "", path, body);
    if (doom === "lose") return void response.destroy();
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    events,
    products,
    stock,
    close() {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
