// What the service answers, as far as the dashboard reads it: its own types where JSON keeps their shape.
import type { forecastJson } from "../../domain/forecast-json.ts";
import type { LiveEvent as SampledEvent } from "../../domain/monitor/live-event.ts";
import type { MinuteView, MonitorCounts } from "../../domain/monitor/monitor.ts";
import type { BoardRow, BoardTotals } from "../../domain/planner/board.ts";
import type { ProfileView } from "../../domain/profile/view.ts";
import type { Strategy } from "../../domain/recommendation.ts";
import type { Decision, StockStatus } from "../../domain/replenishment.ts";
import type { AdjustmentReason } from "../../domain/stock/ledger.ts";

export type { AdjustmentReason, BoardTotals, Decision, MinuteView, MonitorCounts, StockStatus };

export type ForecastJson = ReturnType<typeof forecastJson>;

export interface Health {
  status: string;
  version: string;
  model: { version: number; products: number; age_seconds: number | null };
  lag: { packets: number; seconds: number };
}

/** `GET /v1/monitor`, and the live feed's `hello`. */
export interface Monitor extends MonitorCounts {
  /** Newest first. */
  recent: LiveEvent[];
}

/** What the live feed tells as it happens. */
export interface LiveFrame {
  minute: MinuteView;
  today: MonitorCounts["today"];
  /** Oldest first. */
  events: LiveEvent[];
  /** Further events that came and are not shown. */
  skipped?: number;
}

export interface Refusal {
  id: string;
  code: string;
  path: string;
  detail: string;
}

export interface LiveEvent extends SampledEvent {
  rejected?: Refusal;
}

export interface RejectedEvent extends Refusal {
  received_at: string;
  message_id: string | null;
  message: unknown;
  /** Only its beginning is kept, as text. */
  truncated?: true;
}

export interface RejectedPage {
  items: RejectedEvent[];
  next_cursor?: string;
}

export interface Replayed {
  accepted: number;
  duplicates: number;
  rejected: Refusal[];
  next_cursor?: string;
}

export interface Product {
  product_id: string;
  name?: string;
  category?: string;
  brand?: string;
  price?: number;
  currency?: string;
}

export interface CatalogueProduct extends Product {
  hidden: boolean;
  updated_at: string;
  source: "catalogue" | "events";
}

export interface ProductPage {
  items: CatalogueProduct[];
  next_cursor?: string;
}

export interface Recommended {
  product_id: string;
  score: number;
  strategy: Strategy;
  because?: { product_id: string };
  product: Product;
}

export interface RecommendationList {
  model_version: number;
  items: Recommended[];
}

export type NamedBoardRow = BoardRow & { name?: string };

export interface NamedBoardPage {
  totals: BoardTotals;
  items: NamedBoardRow[];
  next_cursor?: string;
}

export interface HistoryDay {
  date: string;
  units: number;
  in_stock: number;
  views?: number;
  carts?: number;
  partial?: true;
}

export interface SkuForecast extends Omit<ForecastJson, "id"> {
  sku: string;
  name?: string;
  as_of: string;
  mean_daily_demand: number;
  unit_price: number | null;
  policy: {
    lead_time_days: number;
    review_period_days: number;
    service_level: number;
    unit_cost: number | null;
    pack_size: number;
    min_order: number;
  };
  replenishment: Decision | null;
  history: HistoryDay[];
}

export interface Stock {
  sku: string;
  on_hand: number;
  reserved: number;
  available: number;
  incoming: { quantity: number; eta: string }[];
  locations: { location: string; on_hand: number; reserved: number; available: number }[];
  updated_at: string;
}

export type Profile = ProfileView & {
  user_id?: string;
  anonymous_id?: string;
  /** All that the visitor is known by. */
  user_ids?: string[];
  anonymous_ids?: string[];
};

export interface ActivityLine {
  product_id: string;
  name?: string;
  quantity?: number;
  price?: number;
}

export interface StoredActivity {
  message_id: string;
  timestamp: string;
  kind: string;
  name: string;
  order_id?: string;
  currency?: string;
  value?: number;
  products: ActivityLine[];
}

/** The element that a tag such as `p.quiet` makes. */
export type ElementOf<Tag extends string> = Tag extends `${infer Name}.${string}`
  ? ElementOf<Name>
  : Tag extends keyof HTMLElementTagNameMap
    ? HTMLElementTagNameMap[Tag]
    : HTMLElement;

export type Child = Node | string | number | null | undefined | false;

/** One view of the dashboard; what it starts ends with the signal. */
export interface View {
  title: string;
  open(place: HTMLElement, address: Address, signal: AbortSignal): void;
}

/** `#/replenishment/22423?lead=7` */
export interface Address {
  view: string;
  parts: string[];
  query: URLSearchParams;
}
