// Calls to the service that this page came from, with the key of this tab.

/** Keys live as long as the tab: session storage, nowhere else. */
export const secretKey = storedKey("shelfwise.secret_key");
/** The shop window's. */
export const writeKey = storedKey("shelfwise.write_key");

/** @param {string} name */
function storedKey(name) {
  return {
    get: () => sessionStorage.getItem(name) ?? "",
    /** @param {string} value */
    set: (value) => sessionStorage.setItem(name, value),
    clear: () => sessionStorage.removeItem(name),
  };
}

/** Told on `window` when the stored secret key is refused. */
export const KEY_REFUSED = "shelfwise:key-refused";
/** Told on `window` when the tab's keys are gone: whatever was done with them ends. */
export const SIGNED_OUT = "shelfwise:signed-out";

export const UNREACHABLE = "The service cannot be reached.";
/** A proxy's page, a hotel's sign-in, a connection that ended half-way. */
const GARBLED = "The answer did not come whole, or is not the service's.";

/** An answer that is not 2xx; status 0: no answer at all. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @typedef {object} CallOptions
 * @property {string} [method]
 * @property {unknown} [body]  sent as JSON
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {string} [key]  instead of the stored one
 * @property {RequestCache} [cache]
 */

/**
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<Response>} always 2xx
 * @throws {ApiError}
 */
export async function send(path, { method = "GET", body, headers, signal, key, cache } = {}) {
  /** @type {RequestInit} */
  const request = { method, headers: { authorization: `Bearer ${key ?? secretKey.get()}`, ...headers } };
  if (signal) request.signal = signal;
  if (cache) request.cache = cache;
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "content-type": "application/json", ...request.headers };
  }
  const response = await fetch(path, request).catch((error) => {
    if (isAbort(error)) throw error;
    throw new ApiError(0, UNREACHABLE);
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && key === undefined) dispatchEvent(new Event(KEY_REFUSED));
  throw new ApiError(response.status, problem.detail ?? problem.title ?? fault(response.status));
}

/** Where whoever answered says nothing else. @param {number} status */
function fault(status) {
  return `The service ${status < 500 ? "refused the request" : "failed or is being restarted"} (HTTP ${status}).`;
}

/** The answer's JSON. @param {string} path @param {CallOptions} [options] @returns {Promise<any>} @throws {ApiError} */
export async function call(path, options) {
  const response = await send(path, options);
  return response.json().catch((error) => {
    throw isAbort(error) ? error : new ApiError(0, GARBLED);
  });
}

/** A part of the page that did not come: the browser remembers that, only the page opened anew asks for it again. */
export class PartMissing extends ApiError {
  constructor() {
    super(0, UNREACHABLE);
  }
}

/** @template T @param {Promise<T>} module  being imported @returns {Promise<T>} @throws {PartMissing} */
export function imported(module) {
  return module.catch(() => {
    throw new PartMissing();
  });
}

/** @param {unknown} error whether a view was left before its answer came */
export function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The error in words. @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** Without those that are not set. @param {Record<string, string | number | null | undefined>} values */
export function query(values) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** Hands data to the browser as a file. @param {string} name @param {Blob} data */
export function download(name, data) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
