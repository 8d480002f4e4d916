// Static files on plain workerd. Its disk service knows neither content types nor index pages, which the platform's
// assets have; this stands between, so that the Worker meets the same binding in both places.
const TYPES = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
  woff2: "font/woff2",
};

/** The files a path may mean, the likeliest first: `/` and `/docs` are pages. */
function candidates(path) {
  if (path.endsWith("/")) return [`${path}index.html`];
  return /\.\w+$/.test(path) ? [path] : [`${path}.html`, `${path}/index.html`];
}

export default {
  async fetch(request, env) {
    if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
    const { pathname } = new URL(request.url);
    for (const path of candidates(pathname)) {
      const found = await env.DISK.fetch(`http://disk${path}`);
      const type = TYPES[path.slice(path.lastIndexOf(".") + 1)];
      if (!found.ok || type === undefined) {
        await found.body?.cancel();
        continue;
      }
      const body = await found.arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body)).subarray(0, 16);
      const etag = `"${digest.toHex()}"`;
      const headers = { "content-type": type, etag, "cache-control": "public, max-age=0, must-revalidate" };
      if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
      return new Response(request.method === "HEAD" ? null : body, { headers });
    }
    return new Response("Not found", { status: 404 });
  },
};
