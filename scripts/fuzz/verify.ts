import type { FuzzRequest } from "./requests.ts";
import type { Reply } from "./send.ts";

/** Said of a request by its kind alone: names nothing. */
const SAYS_NOTHING = new Set(["", "The request is not valid.", "body: "]);

/** What is wrong with an answer to a request; empty when nothing is. */
export function faults(request: FuzzRequest, { status, headers, text }: Reply): string[] {
  const found: string[] = [];
  const { operation, method, key } = request;
  if (status >= 500) found.push(`answered ${status}: ${text.slice(0, 300)}`);
  if (headers["access-control-allow-origin"] !== "*") found.push("an answer that other origins cannot read");
  const isOwn = method === operation.method && !/\/(\.|%2e%2e)(?=\/|\?|$)/.test(request.path);
  if (isOwn && status < 500 && !operation.statuses.has(status)) {
    found.push(`answered ${status}, which the description does not tell`);
  }
  const isOpen = operation.isPublic || method === "OPTIONS" || method === "HEAD";
  if (isOwn && !isOpen && (key === "wrong" || key === "basic") && status !== 401) {
    found.push(`a wrong key was answered ${status}`);
  }
  if (status < 400) return found;
  if (method !== "HEAD") found.push(...problemFaults(status, headers, text));
  return found;
}

function problemFaults(status: number, headers: Reply["headers"], text: string): string[] {
  if (headers["content-type"] !== "application/problem+json") {
    return [
      `a refusal that is no problem+json but ${String(headers["content-type"])}: ${text.slice(0, 300)}`,
    ];
  }
  let problem: Record<string, unknown>;
  try {
    problem = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return [`a problem that is no JSON: ${text.slice(0, 300)}`];
  }
  const { type, title, detail, code, errors } = problem;
  const found: string[] = [];
  if (problem["status"] !== status) found.push(`a problem of another status: ${text.slice(0, 300)}`);
  for (const part of [type, title, detail, code]) {
    if (typeof part !== "string" || part === "")
      found.push(`a problem that lacks a part: ${text.slice(0, 300)}`);
  }
  if (SAYS_NOTHING.has(String(detail))) found.push(`a problem that names nothing: ${text.slice(0, 300)}`);
  if (errors !== undefined && !isErrorList(errors)) {
    found.push(`errors that name no field: ${text.slice(0, 300)}`);
  }
  if (/\n\s+at |\.ts:\d+:\d+/.test(String(detail)))
    found.push(`a problem with a stack: ${text.slice(0, 300)}`);
  return found;
}

function isErrorList(errors: unknown): boolean {
  return (
    Array.isArray(errors) &&
    errors.length > 0 &&
    errors.every(
      (error: { path?: unknown; detail?: unknown }) =>
        typeof error.path === "string" && typeof error.detail === "string" && error.detail !== "",
    )
  );
}
