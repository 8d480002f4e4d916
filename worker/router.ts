import { type IRequest, Router } from "itty-router";
import type { EventType } from "../domain/event.ts";
import { logEntry } from "../domain/log-entry.ts";
import type { Env } from "../durable-objects/env.ts";
import { type Presented, presentedBy } from "./auth.ts";
import { preflight, withCors } from "./cors.ts";
import type { Access, Exchange } from "./exchange.ts";
import { Problem } from "./problem.ts";
import { limitRate } from "./rate-limit.ts";
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

interface Arrival {
  readonly request: Request;
  readonly url: URL;
  readonly env: Env;
  readonly ctx: ExecutionContext;
}

const router = buildRouter();

function buildRouter() {
  const built = Router<IRequest, [Arrival], Response>();
  for (const { method, path, access, handler } of ROUTES) {
    built[method.toLowerCase() as "get"](path, ({ params }, arrival) =>
      answer(arrival, params, access, handler),
    );
  }
  for (const path of new Set(ROUTES.map((found) => found.path))) {
    const allowed = ROUTES.filter((found) => found.path === path).map(({ method }) => method);
    built.all(path, (request) => {
      throw new Problem(
        "method_not_allowed",
        `${path} takes ${allowed.join(", ")}, not ${request.method}.`,
        {},
        { allow: [...allowed, "OPTIONS"].join(", ") },
      );
    });
  }
  built.get("*", ({ params }, arrival) => answer(arrival, params, "none", getAsset));
  built.head("*", ({ params }, arrival) => answer(arrival, params, "none", getAsset));
  return built;
}

/** The whole edge: any request to its answer; what goes wrong is problem+json, readable from any origin. */
export async function handle(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
  if (request.method === "OPTIONS") return preflight();
  try {
    const url = new URL(request.url);
    // Method and path are all that routes are told by: of a whole request the router would go through the query as well.
    const path = { method: request.method, url: `${url.origin}${url.pathname}` } as IRequest;
    const found = await router.fetch(path, { request, url, env, ctx });
    if (found !== undefined) return withCors(found);
    throw new Problem("not_found", `There is no ${url.pathname}.`);
  } catch (error) {
    if (error instanceof Problem) return withCors(error.response());
    console.error(logEntry("a request failed", error));
    return withCors(new Problem("internal", "The service failed; the request may be sent again.").response());
  }
}

async function answer(
  { request, url, env, ctx }: Arrival,
  params: Record<string, string | undefined>,
  needed: Needed,
  handler: Handler,
): Promise<Response> {
  const presented: Presented = needed === "none" ? { access: "none" } : presentedBy(request, url, env);
  const { access } = presented;
  if (url.pathname.startsWith("/v1/")) await limitRate(request, presented, env);
  if (needed !== "none" && access === "none" && (needed !== "body" || isKeyGiven(request, url))) {
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
  return handler({ request, url, env, ctx, access, now: Date.now(), params: decoded(params) });
}

/** Where it stands usually, so that the body is not looked at for another. */
function isKeyGiven(request: Request, url: URL): boolean {
  return request.headers.has("authorization") || url.searchParams.has("writeKey");
}

function decoded(params: Record<string, string | undefined>): Record<string, string> {
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
