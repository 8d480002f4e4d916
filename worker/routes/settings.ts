import { accessOfWriteKey } from "../auth.ts";
import { type Exchange, json } from "../exchange.ts";
import { Problem } from "../problem.ts";

/** Browsers ask on every page; what changes is known within minutes. Private: it depends on how one came here. */
const CACHED = "private, max-age=300";

/**
 * `GET /v1/projects/:key/settings`: what Segment's browser library asks its `cdnURL` for when it boots. It sends events
 * to where the settings came from, and nothing to anybody else: no destinations, no metrics.
 */
export async function getSettings({ request, url, env, params }: Exchange): Promise<Response> {
  const writeKey = params["key"]!;
  if (accessOfWriteKey(writeKey, env) === "none")
    throw new Problem("not_found", "There is no such write key.");
  const { protocol, host } = originOf(request, url);
  return json(
    {
      integrations: {
        "Segment.io": {
          apiKey: writeKey,
          apiHost: `${host}/v1`,
          protocol,
          addBundledMetadata: true,
          unbundledIntegrations: [],
          maybeBundledConfigIds: {},
          versionSettings: { version: "4.4.7", componentTypes: ["browser"] },
        },
      },
      analyticsNextEnabled: true,
      middlewareSettings: {},
      enabledMiddleware: {},
      metrics: { sampleRate: 0 },
      legacyVideoPluginsEnabled: false,
      remotePlugins: [],
    },
    200,
    { "cache-control": CACHED },
  );
}

/** How the browser came here: behind a proxy as the proxy says. It decides only where this browser sends its events. */
function originOf({ headers }: Request, url: URL): { protocol: "http" | "https"; host: string } {
  const forwarded = (name: string) => headers.get(name)?.split(",", 1).join("").trim().toLowerCase();
  const protocol = forwarded("x-forwarded-proto") ?? url.protocol.slice(0, -1);
  const host = forwarded("x-forwarded-host") ?? "";
  return {
    protocol: protocol === "https" ? "https" : "http",
    host: /^[\w.-]+(:\d{1,5})?$|^\[[\da-f:.]+\](:\d{1,5})?$/.test(host) ? host : url.host,
  };
}
