import type { DemandPlanner } from "./demand-planner.ts";
import type { EventMonitor } from "./event-monitor.ts";
import type { Inventory } from "./inventory.ts";
import type { ModelBuilder } from "./model-builder.ts";
import type { Order } from "./order.ts";
import type { SignalCombiner } from "./signal-combiner.ts";
import type { UserProfile } from "./user-profile.ts";

/** Bindings and settings; KV and the rest are optional ports, absent in plain workerd. */
export interface Env {
  readonly USER_PROFILE: DurableObjectNamespace<UserProfile>;
  readonly SIGNAL_COMBINER: DurableObjectNamespace<SignalCombiner>;
  readonly MODEL_BUILDER: DurableObjectNamespace<ModelBuilder>;
  readonly INVENTORY: DurableObjectNamespace<Inventory>;
  readonly ORDER: DurableObjectNamespace<Order>;
  readonly DEMAND_PLANNER: DurableObjectNamespace<DemandPlanner>;
  readonly EVENT_MONITOR: DurableObjectNamespace<EventMonitor>;
  /** Static files of `public/`. */
  readonly ASSETS: Fetcher;
  /** One key, or two separated by a comma while one replaces the other. */
  readonly WRITE_KEY?: string;
  readonly SECRET_KEY?: string;
  /** IANA name; days of demand are counted in it. */
  readonly SHOP_TIME_ZONE?: string;
  /** Among how many planners the SKUs are spread, 1 unless told. Never change in a running shop. */
  readonly PLANNER_SHARDS?: string;
  /** Names of the consent categories that stand for analytics, separated by commas. */
  readonly CONSENT_ANALYTICS_CATEGORIES?: string;
  readonly MODEL_PUBLISH_SECONDS?: string;
  readonly COMBINER_FLUSH_SECONDS?: string;
  /** Calls of objects that the platform lets one request make; unset: as many as it likes. */
  readonly OBJECT_CALLS_MAX?: string;
  /** How long an isolate gathers what it tells the monitor; 0: after each request. */
  readonly MONITOR_GATHER_SECONDS?: string;
  /** How long an isolate gathers what it hands to combiners and planners, after it has handed over; 0: nothing. */
  readonly HANDOVER_GATHER_SECONDS?: string;
  readonly MODEL?: KVNamespace;
  /** Limits of requests per address and per key. */
  readonly ADDRESS_RATE?: RateLimit;
  readonly KEY_RATE?: RateLimit;
}
