import { respond } from "../cors.ts";
import type { Exchange } from "../exchange.ts";
import { Problem } from "../problem.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  txt: "text/plain; charset=utf-8",
};

/** Nothing but this service's own files may run, be drawn or be talked to. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Pages, which have no ending in their address: what the binding is asked for. */
const PAGES: Readonly<Record<string, string>> = { "/": "/index.html", "/docs": "/docs", "/docs/": "/docs" };

/** Static files of `public/`, with their types, which a plain disk service does not know. */
export async function getAsset({ request, url, env }: Exchange): Promise<Response> {
  const page = PAGES[url.pathname];
  const path = page ?? url.pathname;
  const type = TYPES[page === undefined ? (/\.([a-z]+)$/.exec(path)?.[1] ?? "") : "html"];
  if (type === undefined) throw new Problem("not_found", `There is no ${url.pathname}.`);
  const found = await env.ASSETS.fetch(new Request(new URL(path, url), { method: "GET" }));
  if (!found.ok) {
    await found.body?.cancel();
    throw new Problem("not_found", `There is no ${url.pathname}.`);
  }
  const body = await found.arrayBuffer();
  const etag = found.headers.get("etag") ?? (await etagOf(body));
  const headers = {
    "content-type": type,
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
    etag,
  };
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  if (known.some((tag) => tag.trim().replace(/^W\//, "") === etag.replace(/^W\//, ""))) {
    return respond(null, 304, headers);
  }
  return respond(request.method === "HEAD" ? null : body, 200, headers);
}

/** A plain disk service gives none. */
async function etagOf(body: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return `"${[...digest.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}
