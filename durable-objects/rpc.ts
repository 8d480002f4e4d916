// The calls between the rooms: what each object answers to. Results are values; what is expected never throws.
import type { Activity } from "../domain/activity.ts";
import type {
  BehaviourCount,
  CancelledLine,
  DemandLine,
  ReplenishmentPolicy,
  StockPosition,
} from "../domain/demand.ts";
import type { ModelManifest } from "../domain/model/manifest.ts";
import type { Board, BoardRequest } from "../domain/planner/board.ts";
import type { Handover } from "../domain/profile/page.ts";
import type { ProfileView } from "../domain/profile/view.ts";
import type { CatalogueProduct } from "../domain/recommendation.ts";
import type { ProductFact, SignalDelta, SignalPacket } from "../domain/signal.ts";
import type { AdjustmentReason, StockRefusal } from "../domain/stock.ts";
import type { VisitorContext } from "../domain/visitor.ts";
import type { PlannerForecast } from "./demand-planner-outlook.ts";

// --- UserProfile: one per visitor, named `u:<userId>` or `a:<anonymousId>` ---------------------

export interface RecordBatch {
  /** Receive time, Unix ms. */
  readonly now: number;
  readonly activities: readonly Activity[];
  /** Other ids of this visitor that the events name (names of objects): they join it. */
  readonly ids?: readonly string[];
  /** Per activity the index in `ids` of the anonymous id that it was sent with beside the user's; -1: none. */
  readonly by?: readonly number[];
  /** Where the batch went first, when that visitor has joined this one. */
  readonly via?: Via;
  /** Sequences that the caller saw counted by combiner and planner; lets the profile forget what it kept. */
  readonly acknowledged?: readonly number[];
}

/** The old id by which a call comes to a profile that it joined. */
export interface Via {
  readonly name: string;
  /** The caller only remembers that it joined this one: answer `unknown` where it did not, or did and was erased. */
  readonly remembered: boolean;
}

/** Where a visitor's profile is, when it is not here. */
export interface Whereabouts {
  /** It joined the profile of this object: ask there. */
  readonly movedTo?: string;
  /** It is not known here: ask the id's own object. */
  readonly unknown?: boolean;
}

export interface RecordResult extends Whereabouts {
  /** One per activity of the batch, in order. */
  readonly outcomes: readonly ("accepted" | "duplicate")[];
  /** At most one packet: what to hand to this visitor's combiner. */
  readonly packet?: SignalPacket;
  /** Sequence to acknowledge once packet and demand were counted; absent when there is neither. */
  readonly sequence?: number;
  /** What to hand to the planner. */
  readonly demand: readonly DemandLine[];
}

export interface ContextResult extends Whereabouts {
  readonly context: VisitorContext;
}

export interface ViewResult extends Whereabouts {
  /** Absent when nothing is known. */
  readonly profile?: ProfileView;
  /** Further ids of the visitor, by the name of their object. */
  readonly ids: readonly string[];
}

export interface ExportPortion {
  readonly activities: Activity[];
  /** Names of the other ids' objects by the numbers that activities have in `by`. */
  readonly names: ReadonlyMap<number, string>;
  readonly cursor?: string;
}

export interface EraseResult extends Whereabouts {
  readonly existed: boolean;
  /** Objects of other ids that could not be told yet; the alarm tells them. */
  readonly untold: number;
}

export interface UserProfileRpc {
  record(batch: RecordBatch): Promise<RecordResult>;
  /** Of the whole visitor, or with `own` of what came by the anonymous id of `via` alone. */
  context(query: { now: number; via?: Via; own?: boolean }): Promise<ContextResult>;
  /** The shape of `GET /v1/users/:id`. */
  view(query: { now: number; via?: Via }): Promise<ViewResult>;
  /** Every stored activity, newest first. */
  exportActivities(cursor?: string): Promise<ExportPortion>;
  /** Forgets everything, of all ids of the visitor; late retries of what was erased stay forgotten. */
  erase(query: { now: number; via?: Via }): Promise<EraseResult>;

  // Between profiles that become one.

  /** Moves to another profile, and hands over what is known, portion by portion. Repeating it changes nothing. */
  handOver(ask: HandoverAsk): Promise<HandoverResult>;
  /** What was handed over was stored there: it goes from here. */
  settle(to: string): Promise<void>;
  /** Joins another user's profile into this one. Returns whether it will. */
  adopt(name: string): Promise<boolean>;
  /** Forgets what is known and whom it joined, if that is one of `names`. */
  forget(order: { names: readonly string[]; at: number; messages: readonly number[] }): Promise<void>;
}

export interface HandoverAsk {
  readonly to: string;
  /** `next` of the portion before; 0: from the beginning. */
  readonly cursor: number;
  /** Other ids of that visitor: a profile that moved to one of them moves on with it. */
  readonly ids: readonly string[];
}

/** `refused`: of two users the profile with the smaller name takes the other, so that no two wait for each other. */
export type HandoverResult = { part: Handover } | { movedTo: string } | { refused: true };

// --- SignalCombiner: one per arrival shard, named `c:<0..15>` ----------------------------------

export interface SignalCombinerRpc {
  /** Durable when answered. A (stream, sequence) seen before is accepted and not counted again. */
  add(packets: readonly SignalPacket[]): Promise<{ accepted: number }>;
  /** Hands what it holds to `ModelBuilder` and `DemandPlanner` now, instead of at its alarm. */
  flush(): Promise<void>;
  lag(): Promise<{ packets: number; oldestAt?: number }>;
}

// --- ModelBuilder: one, named `model` ----------------------------------------------------------

export interface ModelBuilderRpc {
  /** (shard, sequence) counts once; durable when answered. */
  merge(delta: SignalDelta): Promise<{ duplicate: boolean }>;
  putProducts(products: readonly ProductPatch[], now: number): Promise<{ created: number; updated: number }>;
  product(productId: string): Promise<CatalogueProduct | undefined>;
  products(query: {
    search?: string;
    limit: number;
    cursor?: string;
  }): Promise<{ items: CatalogueProduct[]; cursor?: string }>;
  deleteProduct(productId: string, now: number): Promise<{ existed: boolean }>;
  /** SKUs of each product, as `fresh_stock` asks them: its own id first, unless that is another product's. */
  skus(productIds: readonly string[]): Promise<string[][]>;
  /** Sold-out and back-in-stock, from `Inventory`. An older version is ignored. */
  availability(change: { sku: string; available: boolean; version: number }): Promise<void>;
  /** Publishes what has changed now, instead of at its alarm. */
  publish(): Promise<ModelManifest>;
  manifest(): Promise<ModelManifest>;
  /** Part 0..parts-1 of that version, or undefined when it is no longer kept. */
  part(version: number, index: number): Promise<Uint8Array | undefined>;
}

/** What a shop sets of a product; absent fields stay, null clears. */
export interface ProductPatch {
  readonly productId: string;
  readonly name?: string | null;
  readonly category?: string | null;
  readonly brand?: string | null;
  readonly price?: number | null;
  readonly currency?: string | null;
  readonly imageUrl?: string | null;
  readonly url?: string | null;
  readonly hidden?: boolean;
}

// --- Inventory: one per SKU, named `s:<sku>` ---------------------------------------------------

export interface StockLevel {
  readonly location: string;
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
  readonly incoming: { quantity: number; eta: string }[];
}

export interface StockView {
  readonly sku: string;
  /** Version for If-Match. */
  readonly etag: string;
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
  readonly incoming: { quantity: number; eta: string }[];
  readonly locations: StockLevel[];
  readonly policy: ReplenishmentPolicy;
  readonly updated_at: string;
}

export interface StockPut {
  readonly sku: string;
  readonly location?: string;
  readonly on_hand?: number;
  readonly policy: Partial<ReplenishmentPolicy>;
  readonly incoming?: { quantity: number; eta: string }[];
  /** If-Match as sent. */
  readonly ifMatch?: string;
  readonly now: number;
}

export interface StockAdjustment {
  readonly sku: string;
  readonly location?: string;
  readonly delta: number;
  readonly reason: AdjustmentReason;
  readonly idempotencyKey?: string;
  readonly now: number;
}

export interface InventoryRpc {
  read(): Promise<StockView | StockRefusal>;
  put(put: StockPut): Promise<{ created: boolean; stock: StockView } | StockRefusal>;
  adjust(adjustment: StockAdjustment): Promise<{ repeated: boolean; stock: StockView } | StockRefusal>;
}

// --- DemandPlanner: named `planner` (or `planner:<shard>`) -------------------------------------

export interface BoardQuery extends BoardRequest {
  readonly now: number;
}

export interface ForecastQuery {
  readonly sku: string;
  /** Days. */
  readonly horizon: number;
  readonly now: number;
  /** What the policy is taken to be, instead of what is stored. */
  readonly assumed?: Partial<ReplenishmentPolicy>;
}

export interface PlannerTotals {
  readonly skus: number;
  /** Cancelled ones stay counted; lines and units are without what was taken back. */
  readonly orders: number;
  readonly lines: number;
  readonly units: number;
}

export interface DemandPlannerRpc {
  /** Durable when answered; (orderId, sku) counts once. Lines older than 400 days are neither. */
  record(lines: readonly DemandLine[]): Promise<{ counted: number; duplicates: number }>;
  /**
   * Takes back what was counted of cancelled lines, on the day it was counted. Durable when answered; (orderId, sku) is
   * taken back once, and a line told after its cancellation does not count.
   */
  cancel(lines: readonly CancelledLine[]): Promise<{ takenBack: number }>;
  /** (shard, sequence) counts once. */
  behave(delta: { shard: number; sequence: number; counts: readonly BehaviourCount[] }): Promise<void>;
  position(position: StockPosition): Promise<void>;
  /** JSON of `GET /v1/inventory/:sku/forecast`; undefined for a SKU never sold nor stocked. */
  forecast(query: ForecastQuery): Promise<PlannerForecast | undefined>;
  /** A page of the board. */
  board(query: BoardQuery): Promise<Board>;
  /** What was counted in all. */
  totals(): Promise<PlannerTotals>;
}

export type { ModelManifest, ProductFact, ProfileView };
