export { DemandPlanner } from "../durable-objects/demand-planner.ts";
export { EventMonitor } from "../durable-objects/event-monitor.ts";
export { Inventory } from "../durable-objects/inventory.ts";
export { ModelBuilder } from "../durable-objects/model-builder.ts";
export { Order } from "../durable-objects/order.ts";
export { SignalCombiner } from "../durable-objects/signal-combiner.ts";
export { UserProfile } from "../durable-objects/user-profile.ts";

import type { Env } from "../durable-objects/env.ts";
import { handle } from "./router.ts";

export default { fetch: handle } satisfies ExportedHandler<Env>;
