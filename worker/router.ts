import { type IRequest, Router } from "itty-router";
import type { EventType } from "../domain/event.ts";
import { logEntry } from "../domain/log-entry.ts";
import type { Env } from "../durable-objects/env.ts";
import { type Presented, presentedBy } from "./auth.ts";
import { requireSettings } from "./configured.ts";
import { preflight } from "./cors.ts";
import { type Access, type Arrival, Exchange, queryOf } from "./exchange.ts";
import { Problem } from "./problem.ts";
import { isLimited, limitRate } from "./rate-limit.ts";
import { awayProblem } from "./reachable.ts";
import { getAsset } from "./routes/assets.ts";
import { collectBatch, collectOne, validate } from "./routes/collect.ts";
import { getHealth } from "./routes/health.ts";
import { collectImport } from "./routes/import.ts";
import { adjustStock, getLedger, getStock, putStock } from "./routes/inventory.ts";
import { getLive, getMonitor } from "./routes/monitor.ts";
import { cancelOrder, getOrder, postOrder, returnOrder } from "./routes/orders.ts";
import { getBoard, getForecast, postForecast } from "./routes/planning.ts";
import { deleteProduct, getProduct, listProducts, putProduct, putProducts } from "./routes/products.ts";
import {
  getRecommendations,
  getRelated,
  getTrending,
  postRecommendations,
} from "./routes/recommendations.ts";
import { deleteRejected, listRejected, replayRejected } from "./routes/rejected.ts";
import {
  commitReservation,
  getReservation,
  postReservation,
  postReservations,
  releaseReservation,
} from "./routes/reservations.ts";
import { getSettings } from "./routes/settings.ts";
import { deleteUser, exportUser, getUser } from "./routes/users.ts";

type Handler = (exchange: Exchange) => Response | Promise<Response>;

/** `body`: the write key may stand in the body instead, so the handler looks for it. */
type Needed = Access | "body";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly access: Needed;
  readonly handler: Handler;
}

const SINGLE_CALLS: readonly (readonly [EventType, string])[] = [
  ["track", "t"],
  ["page", "p"],
  ["screen", "s"],
  ["identify", "i"],
  ["alias", "a"],
  ["group", "g"],
];

function route(method: Route["method"], path: string, access: Needed, handler: Handler): Route {
  return { method, path, access, handler };
}

/** Every route of the service; nothing is reachable that is not here. They are tried in this order: busy ones first. */
export const ROUTES: readonly Route[] = [
  route("POST", "/v1/batch", "body", collectBatch),
  route("POST", "/v1/b", "body", collectBatch),
  route("POST", "/beacon/v1/batch", "body", collectBatch),
  route("GET", "/v1/recommendations", "write", getRecommendations),
  route("POST", "/v1/reservations", "secret", postReservation),
  ...SINGLE_CALLS.flatMap(([type, short]) =>
    [type, short].map((name) => route("POST", `/v1/${name}`, "body", collectOne(type))),
  ),
  route("POST", "/v1/validate", "body", validate),
  route("POST", "/v1/import", "secret", collectImport),
  route("GET", "/v1/projects/:key/settings", "none", getSettings),
  route("GET", "/v1/monitor", "secret", getMonitor),
  route("GET", "/v1/live", "secret", getLive),
  route("GET", "/v1/rejected", "secret", listRejected),
  route("POST", "/v1/rejected/replay", "secret", replayRejected),
  route("DELETE", "/v1/rejected/:id", "secret", deleteRejected),
  route("GET", "/v1/products", "secret", listProducts),
  route("POST", "/v1/products", "secret", putProducts),
  route("GET", "/v1/products/:product_id", "secret", getProduct),
  route("PUT", "/v1/products/:product_id", "secret", putProduct),
  route("DELETE", "/v1/products/:product_id", "secret", deleteProduct),
  route("GET", "/v1/products/:product_id/related", "write", getRelated),
  route("POST", "/v1/recommendations", "write", postRecommendations),
  route("GET", "/v1/trending", "write", getTrending),
  route("GET", "/v1/users/:id", "secret", getUser),
  route("DELETE", "/v1/users/:id", "secret", deleteUser),
  route("GET", "/v1/users/:id/export", "secret", exportUser),
  route("GET", "/v1/inventory/:sku", "write", getStock),
  route("PUT", "/v1/inventory/:sku", "secret", putStock),
  route("POST", "/v1/inventory/:sku/adjustments", "secret", adjustStock),
  route("GET", "/v1/inventory/:sku/ledger", "secret", getLedger),
  route("POST", "/v1/reservations/batch", "secret", postReservations),
  route("GET", "/v1/reservations/:id", "secret", getReservation),
  route("POST", "/v1/reservations/:id/commit", "secret", commitReservation),
  route("POST", "/v1/reservations/:id/release", "secret", releaseReservation),
  route("POST", "/v1/orders", "secret", postOrder),
  route("GET", "/v1/orders/:id", "secret", getOrder),
  route("POST", "/v1/orders/:id/cancel", "secret", cancelOrder),
  route("POST", "/v1/orders/:id/returns", "secret", returnOrder),
  route("GET", "/v1/inventory/:sku/forecast", "secret", getForecast),
  route("POST", "/v1/forecast", "secret", postForecast),
  route("GET", "/v1/replenishment", "secret", getBoard),
  route("GET", "/health", "none", getHealth),
];

/** A route that answers a request, and the parts of its path. */
interface Match extends Omit<Route, "method"> {
  readonly params: Readonly<Record<string, string | undefined>>;
}

const EVERY_PATH = "*";

const router = buildRouter();

function buildRouter() {
  const built = Router<IRequest, [], Match>();
  for (const { method, ...found } of ROUTES) {
    built[method.toLowerCase() as "get"](found.path, ({ params }) => ({ ...found, params }));
  }
  for (const path of new Set(ROUTES.map((found) => found.path))) {
    const allowed = ROUTES.filter((found) => found.path === path).map(({ method }) => method);
    built.all(path, (request) => {
      throw new Problem(
        "method_not_allowed",
        `${path} takes ${allowed.join(", ")}, not ${request.method}.`,
        {},
        { allow: [...allowed, ...(allowed.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ") },
      );
    });
  }
  const asset = { path: EVERY_PATH, access: "none", handler: getAsset, params: {} } as const;
  built.get(EVERY_PATH, () => asset);
  return built;
}

/**
 * What was found, by method, for paths that are a route's own, without parameters: parsing an address costs more than
 * the rest.
 */
const known = new Map<string, Map<string, Match>>();

/** @throws Problem 404 or 405. */
async function matchOf({ method, url }: Request): Promise<Match> {
  const path = pathOf(url);
  const before = known.get(method)?.get(path);
  if (before !== undefined) return before;
  const { origin, pathname } = new URL(url);
  // Method and path are all that routes are told by: of a whole request the router would go through the query as well.
  const found = await router.fetch({ method, url: `${origin}${pathname}` } as IRequest);
  if (found === undefined)
    throw new Problem("not_found", `There is no ${pathname}: /docs shows what there is.`);
  if (found.path === path) {
    const ofMethod = known.get(method) ?? new Map<string, Match>();
    known.set(method, ofMethod.set(path, found));
  }
  return found;
}

/** As it was sent: not normalized. */
function pathOf(url: string): string {
  const from = url.indexOf("/", url.indexOf("//") + 2);
  const to = url.indexOf("?", from);
  return url.slice(from, to < 0 ? undefined : to);
}

/** The whole edge: any request to its answer; what goes wrong is problem+json, readable from any origin. */
export async function handle(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  if (request.method === "OPTIONS") return preflight(request);
  if (request.method === "HEAD")
    return headOf(await handle(new Request(request, { method: "GET" }), env, ctx));
  try {
    return await answer({ request, env, ctx }, await matchOf(request));
  } catch (error) {
    if (error instanceof Problem) return error.response();
    console.error(logEntry("a request failed", error));
    const problem = awayProblem(error);
    return (
      problem ?? new Problem("internal", "The service failed; the request may be sent again.")
    ).response();
  }
}

/** What a GET is answered with, but for the body. */
async function headOf(answer: Response): Promise<Response> {
  await answer.body?.cancel();
  return new Response(null, answer);
}

async function answer(arrival: Arrival, { path, access: needed, handler, params }: Match): Promise<Response> {
  const { request, env } = arrival;
  if (needed !== "none") requireSettings(env);
  const presented: Presented = needed === "none" ? { access: "none" } : presentedBy(request, env);
  const { access } = presented;
  const asked = path === EVERY_PATH ? new URL(request.url).pathname : path;
  if (isLimited({ access: needed, path: asked })) await limitRate(request, presented, env);
  if (needed !== "none" && access === "none" && (needed !== "body" || isKeyGiven(request))) {
    throw new Problem(
      "unauthorized",
      "Send a valid key: Authorization: Bearer KEY, or Basic with the key as user name.",
      {},
      {
        "www-authenticate": 'Bearer realm="shelfwise"',
      },
    );
  }
  if (needed === "secret" && access !== "secret") {
    throw new Problem("forbidden", "This needs the secret key; the write key may collect and recommend.");
  }
  return handler(new Exchange(arrival, decoded(params), access));
}

/** Where it stands usually, so that the body is not looked at for another. */
function isKeyGiven(request: Request): boolean {
  return request.headers.has("authorization") || queryOf(request).has("writeKey");
}

function decoded(params: Match["params"]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    try {
      result[name] = decodeURIComponent(value);
    } catch {
      throw new Problem("invalid_request", `${name}: is not percent-encoded UTF-8.`, {
        errors: [{ path: name, detail: "is not percent-encoded UTF-8" }],
      });
    }
  }
  return result;
}
