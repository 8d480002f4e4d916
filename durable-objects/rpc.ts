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
import type { Observed } from "../domain/monitor/gathering.ts";
import type { Sample } from "../domain/monitor/live-event.ts";
import type { KeptRejection, RejectedEvent } from "../domain/monitor/rejected.ts";
import type { BasketRequest, BasketStatus } from "../domain/order/order-page.ts";
import type { PackedJson } from "../domain/packed-json.ts";
import type { Board, BoardRequest } from "../domain/planner/board.ts";
import type { Handover } from "../domain/profile/page.ts";
import type { ProfileView } from "../domain/profile/view.ts";
import type { CatalogueProduct } from "../domain/recommendation.ts";
import type { ProductFact, SignalDelta, SignalPacket } from "../domain/signal.ts";
import type {
  Adjustment,
  HoldRequest,
  Restocking,
  Sale,
  StockRefusal,
  StockSetting,
} from "../domain/stock/decisions.ts";
import type { Part, StockPolicy } from "../domain/stock/ledger.ts";
import type { Reservation } from "../domain/stock/reservation.ts";
import type { PlannerForecast } from "./demand-planner-outlook.ts";
import type { LedgerPage } from "./inventory-store.ts";

// --- UserProfile: one per visitor, named `u:<userId>` or `a:<anonymousId>` ---------------------

export interface RecordBatch {
  /** Receive time, Unix ms. */
  readonly now: number;
  /** `encodeActivities`: objects would be copied field by field. */
  readonly activities: Uint8Array;
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

/** As short as can be: what is not there is not copied. */
export interface RecordResult extends Whereabouts {
  /** Indexes in the batch of the activities that were counted before; absent when all of them are new. */
  readonly duplicates?: readonly number[];
  /** What to hand to this visitor's combiner; once it and demand were counted, its sequence is to be acknowledged. */
  readonly packet?: SignalPacket;
  /** What to hand to the planner: lines to count, and lines to take back. Only with a packet. */
  readonly demand?: readonly DemandLine[];
  readonly cancelled?: readonly CancelledLine[];
}

/** `contextText`, in no object: to be handed over in one cost each call 6 us. An object where the visitor is not here. */
export type ContextResult = string | Whereabouts;

export interface ViewResult extends Whereabouts {
  /** Absent when nothing is known. */
  readonly profile?: ProfileView;
  /** Further ids of the visitor, by the name of their object. */
  readonly ids: readonly string[];
  /** Nobody has ever been heard of by this name, nor erased. */
  readonly isNew?: true;
}

export interface ExportPortion {
  readonly activities: Activity[];
  /** Names of the other ids' objects by the numbers that activities have in `by`. */
  readonly names: ReadonlyMap<number, string>;
  readonly cursor?: string;
}

/** What is held of a visitor beside profile and activities. */
export interface Holdings {
  /** Hashes of messages, kept so that a repeat does not count. */
  readonly messages: number;
  /** Packets of counts by product, and lines of orders, that combiner or planner have not acknowledged. */
  readonly packets: number;
  readonly lines: number;
}

export interface EraseResult extends Whereabouts {
  readonly existed: boolean;
  /** Objects of other ids that could not be told yet; the alarm tells them. */
  readonly untold: number;
}

export interface UserProfileRpc {
  record(batch: RecordBatch): Promise<RecordResult>;
  /** Of the whole visitor. A property: asking for one costs 5 us less than a call. */
  readonly context: ContextResult;
  /** The same, or with `own` of what came by the anonymous id of `via` alone. */
  contextVia(via: Via, own: boolean): Promise<ContextResult>;
  /** The shape of `GET /v1/users/:id`. */
  view(query: { now: number; via?: Via }): Promise<ViewResult>;
  /** Every stored activity, newest first. */
  exportActivities(cursor?: string): Promise<ExportPortion>;
  holdings(): Promise<Holdings>;
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
  /**
   * Durable when answered. A (stream, sequence) seen before is accepted and not counted again, nor is a message: `isNew`
   * says of each packet, in order, whether it was counted now.
   */
  add(packets: readonly SignalPacket[]): Promise<{ accepted: number; isNew: boolean[] }>;
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
  /** Name of the product that each SKU is of, in order. */
  names(skus: readonly string[]): Promise<(string | undefined)[]>;
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
  /** Added to those known. */
  readonly skus?: readonly string[];
}

// --- Inventory: one per SKU, named `s:<sku>` ---------------------------------------------------

export interface StockLevel {
  readonly location: string;
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
  /** Sold or held beyond what is there. */
  readonly backordered: number;
  readonly incoming: { quantity: number; eta: string }[];
}

export interface StockView {
  readonly sku: string;
  /** Version for If-Match. */
  readonly etag: string;
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
  readonly backordered: number;
  readonly incoming: { quantity: number; eta: string }[];
  readonly locations: StockLevel[];
  readonly policy: StockPolicy;
  /** Whether anything may be sold: available, or on backorder. */
  readonly sellable: boolean;
  readonly updated_at: string;
}

export interface StockPut extends StockSetting {
  readonly now: number;
}

export interface StockAdjustment extends Adjustment {
  readonly idempotencyKey?: string;
  readonly now: number;
}

/** A reservation as it now is; `repeated` if this call changed nothing. */
export type ReservationAnswer = { reservation: Reservation; repeated: boolean } | StockRefusal;

/** Decisions are durable when answered; those that come together are stored together. `now`: receive time, Unix ms. */
export interface InventoryRpc {
  read(now: number): Promise<StockView | StockRefusal>;
  put(put: StockPut): Promise<{ created: boolean; stock: StockView } | StockRefusal>;
  adjust(adjustment: StockAdjustment): Promise<{ repeated: boolean; stock: StockView } | StockRefusal>;
  hold(request: HoldRequest, now: number): Promise<ReservationAnswer>;
  /** Each on its own, in their order. As texts: the runtime copies one in a fraction of the time that objects take. */
  holdAll(
    requests: PackedJson<readonly HoldRequest[]>,
    now: number,
  ): Promise<PackedJson<readonly ReservationAnswer[]>>;
  /** The hold whose place another one has taken is gone for good. */
  settle(reservationId: string, now: number): Promise<void>;
  /** The hold does not expire any more. */
  pin(reservationId: string, now: number): Promise<{ reservation: Reservation } | StockRefusal>;
  commit(reservationId: string, sale: Sale, now: number): Promise<ReservationAnswer>;
  /** `ahead`: what is not known is closed before it comes. */
  release(
    reservationId: string,
    how: { ahead: boolean },
    now: number,
  ): Promise<{ reservation: Reservation } | StockRefusal>;
  /** Units of an order come back, once per key. */
  restock(restocking: Restocking, now: number): Promise<StockRefusal | undefined>;
  /** Open, or closed in the last day. */
  reservation(reservationId: string, now: number): Promise<Reservation | undefined>;
  /** Rows of the ledger before one, the newest first. */
  ledger(before: number, limit: number): Promise<LedgerPage>;
}

// --- Order: one per order `o:<order id>`, several-SKU reservation `r:<id>`, owner `w:<owner>` ---

export interface BasketView {
  /** Number of the basket among those of its object. */
  readonly attempt: number;
  readonly status: BasketStatus;
  /** Times are Unix ms. */
  readonly madeAt: number;
  readonly expiresAt?: number;
  readonly cancelledAt?: number;
  readonly orderId?: string;
  readonly items: readonly {
    readonly sku: string;
    readonly quantity: number;
    readonly parts: readonly Part[];
    readonly price?: number;
  }[];
  readonly returns?: readonly {
    readonly at: number;
    readonly restock: boolean;
    readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  }[];
}

/** `status`: of the reservation that does not take what was asked of it. */
export type BasketAnswer =
  | { basket: BasketView; repeated: boolean }
  | (StockRefusal & { readonly status?: BasketStatus });

export interface ReturnRequest {
  readonly key: string;
  /** Hash of what was asked. */
  readonly request: number;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly restock: boolean;
}

/** `now`: receive time, Unix ms. `attempt`: which of an owner's baskets; absent: the one there is. */
export interface OrderRpc {
  /** Holds all lines or none; an order's are sold at once. */
  place(asked: BasketRequest, now: number): Promise<BasketAnswer>;
  commit(attempt: number | undefined, orderId: string | undefined, now: number): Promise<BasketAnswer>;
  release(attempt: number | undefined, now: number): Promise<BasketAnswer>;
  /** Of an order: every unit goes back, its demand is taken back. */
  cancel(now: number): Promise<BasketAnswer>;
  /** Of an order: some units come back; the demand was there. */
  giveBack(asked: ReturnRequest, now: number): Promise<BasketAnswer>;
  read(attempt: number | undefined, now: number): Promise<BasketView | undefined>;
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

// --- EventMonitor: one, named `monitor` --------------------------------------------------------

export interface RejectedArrival {
  readonly events: readonly RejectedEvent[];
  /** Of the first of them: as many as the live view may show. */
  readonly samples: readonly Sample[];
}

export interface Forgotten {
  readonly userIds: readonly string[];
  readonly anonymousIds: readonly string[];
}

export interface EventMonitorRpc {
  /** Adds what an isolate saw. Answers how many samples it should bring next time. Not told again when it fails. */
  observe(observed: Observed): Promise<{ samples: number }>;
  /** Durable when answered: the ids of the events, in order. */
  reject(arrival: RejectedArrival): Promise<string[]>;
  /** The body of `GET /v1/monitor` as JSON, with at most `recent` of the last events. */
  view(recent?: number): Promise<string>;
  /** Newest first. */
  rejected(limit: number, cursor?: string): Promise<{ items: KeptRejection[]; cursor?: string }>;
  /** Those of the ids that are kept. */
  rejectedById(ids: readonly string[]): Promise<KeptRejection[]>;
  oldestRejected(limit: number, cursor?: string): Promise<{ items: KeptRejection[]; cursor?: string }>;
  dropRejected(ids: readonly string[]): Promise<{ dropped: number }>;
  /** Lets go of every sample and rejected event that names one of these people. Counts name nobody. */
  forget(people: Forgotten): Promise<void>;
}

export type { ModelManifest, ProductFact, ProfileView };
