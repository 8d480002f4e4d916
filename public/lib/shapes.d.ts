// What the service answers, as far as the dashboard reads it: its own types where JSON keeps their shape.
import type { forecastJson } from "../../domain/forecast-json.ts";
import type { BoardRow, BoardTotals } from "../../domain/planner/board.ts";
import type { ProfileView } from "../../domain/profile/view.ts";
import type { Strategy } from "../../domain/recommendation.ts";
import type { Decision, StockStatus } from "../../domain/replenishment.ts";
import type { AdjustmentReason } from "../../domain/stock/ledger.ts";

export type { AdjustmentReason, BoardTotals, Decision, StockStatus };

export type ForecastJson = ReturnType<typeof forecastJson>;

export interface Health {
  status: string;
  version: string;
  model: { version: number; products: number; age_seconds: number | null };
  lag: { packets: number; seconds: number };
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

export type Profile = ProfileView & { user_id?: string; anonymous_id?: string };

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
