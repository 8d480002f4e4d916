export { DemandPlanner } from "../durable-objects/demand-planner.ts";
export { Inventory } from "../durable-objects/inventory.ts";
export { ModelBuilder } from "../durable-objects/model-builder.ts";
export { SignalCombiner } from "../durable-objects/signal-combiner.ts";
export { UserProfile } from "../durable-objects/user-profile.ts";

import type { Env } from "../durable-objects/env.ts";

export default {
  async fetch(_request: Request, _env: Env): Promise<Response> {
    return new Response("not yet", { status: 503 });
  },
} satisfies ExportedHandler<Env>;
