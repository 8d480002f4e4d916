// The bare limit that the service is measured against: the same hops, no work.
import { DurableObject } from "cloudflare:workers";

export class BareObject extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS page (id INTEGER PRIMARY KEY, body BLOB)");
  }

  /** One object call, nothing read. */
  hop() {
    return 1;
  }

  /** One object call, one durable row. */
  write(body) {
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO page VALUES (0, ?)", body);
    return 1;
  }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/hello") return answer();
    const object = env.BARE.getByName(url.searchParams.get("name") ?? "one");
    if (request.method === "GET") {
      await object.hop();
    } else {
      await object.write(await request.arrayBuffer());
    }
    return answer();
  },
};

function answer() {
  return new Response('{"ok":true}', { headers: { "content-type": "application/json" } });
}
