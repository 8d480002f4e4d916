// The typed client of the HTTP API: paths, parameters, bodies and answers are those of its OpenAPI document.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "../build/api.d.ts";
import { patientFetch } from "./patient-fetch.ts";

export type ApiClient = Client<paths, "application/json">;
/** The shapes that the document names: `Schemas["Profile"]`. */
export type Schemas = components["schemas"];

/**
 * Sends again what failed for a while (see `patientFetch`). A call's `data` is the answer of a 2xx, its `error` the
 * problem of another status.
 */
export function apiClient(url: string, key: string, signal?: AbortSignal): ApiClient {
  return createClient<paths, "application/json">({
    baseUrl: url,
    fetch: patientFetch(signal),
    headers: { authorization: `Bearer ${key}` },
    // Lists in a query are separated by commas.
    querySerializer: { array: { style: "form", explode: false } },
  });
}

interface Called {
  readonly error?: unknown;
  readonly response: Response;
}

/** The data of a 2xx. @throws for any other status, with what the service said. */
export function dataOf<T>(call: Called & { readonly data?: T }, what: string): T {
  expectStatus(call, what);
  return call.data as T;
}

/** @throws unless the status is a 2xx or one of those, with what the service said. */
export function expectStatus({ error, response }: Called, what: string, ...others: readonly number[]): void {
  if (response.ok || others.includes(response.status)) return;
  throw new Error(`${what}: ${response.status} ${JSON.stringify(error)?.slice(0, 500) ?? ""}`);
}
