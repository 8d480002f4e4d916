import { CATALOGUE } from "./catalogue.ts";
import { EVENTS } from "./events.ts";
import { MONITOR } from "./monitor.ts";
import type { Operations } from "./operation.ts";
import { PLANNING } from "./planning.ts";
import { RECOMMENDATIONS } from "./recommendations.ts";
import { SELLING } from "./selling.ts";
import { SERVICE } from "./service.ts";
import { STOCK } from "./stock.ts";
import { VISITORS } from "./visitors.ts";

/**
 * One a route of the route table: a new route gets its entry in the file of its part, with each status it may answer.
 * Tests hold each answer they see to it.
 */
export const OPERATIONS: Operations = {
  ...EVENTS,
  ...RECOMMENDATIONS,
  ...VISITORS,
  ...CATALOGUE,
  ...STOCK,
  ...SELLING,
  ...PLANNING,
  ...MONITOR,
  ...SERVICE,
};
