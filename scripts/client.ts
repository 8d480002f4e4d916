// The typed client of the HTTP API: paths, parameters, bodies and answers are those of its OpenAPI document.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "../build/api.d.ts";

export type ApiClient = Client<paths>;
/** The shapes that the document names: `Schemas["Profile"]`. */
export type Schemas = components["schemas"];

/**
 * A call's `data` is the answer of a 2xx, `error` the problem of any other status; neither throws.
 *
 * @param send does what fetch does; it may try again.
 */
export function apiClient(url: string, key: string, send: typeof fetch = fetch): ApiClient {
  return createClient<paths>({
    baseUrl: url,
    fetch: send,
    headers: { authorization: `Bearer ${key}` },
    // Lists in a query are separated by commas.
    querySerializer: { array: { style: "form", explode: false } },
  });
}

/** The answer's data. @throws unless it is a 2xx, with what the service said. */
export function dataOf<T>(
  answer: { readonly data?: T; readonly error?: unknown; readonly response: Response },
  what: string,
): T {
  if (answer.data !== undefined) return answer.data;
  const said = answer.error === undefined ? "" : ` ${JSON.stringify(answer.error).slice(0, 500)}`;
  throw new Error(`${what}: ${answer.response.status}${said}`);
}
