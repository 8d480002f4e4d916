import { ROUTES } from "../router.ts";
import { VERSION } from "../routes/health.ts";
import { openApiDocument } from "./document.ts";
import type { JsonSchema } from "./json-schema.ts";

/** The document of this version of the service. */
export function currentDocument(): JsonSchema {
  return openApiDocument(ROUTES, VERSION);
}
