// Schemas that the document names, so that readers and generated types know them by name.
import type * as v from "valibot";
import { catalogueProduct, productPage } from "./catalogue.ts";
import {
  BATCH_FIELDS,
  batch,
  batchedMessage,
  collectAnswer,
  MESSAGE_FIELDS,
  rejectedMessage,
  SINGLE_MESSAGE_FIELDS,
  singleMessage,
} from "./events.ts";
import { liveEvent, monitorView, rejectedEvent } from "./monitor.ts";
import type { FieldNotes } from "./operation.ts";
import { board, boardRow, decisionSchema, seriesForecasts, skuForecast } from "./planning.ts";
import { recommendationList } from "./recommendations.ts";
import { fieldError, problem, product, recommendation } from "./schemas.ts";
import { order, reservation, reservationResults } from "./selling.ts";
import { health } from "./service.ts";
import { availability, ledgerPage, stockAnswer } from "./stock.ts";
import { exportAnswer, profileAnswer } from "./visitors.ts";

/** Of request bodies. */
export const REQUEST_SCHEMAS: Readonly<Record<string, { schema: v.GenericSchema; fields: FieldNotes }>> = {
  Message: { schema: batchedMessage, fields: MESSAGE_FIELDS },
  SingleMessage: { schema: singleMessage, fields: SINGLE_MESSAGE_FIELDS },
  Batch: { schema: batch, fields: BATCH_FIELDS },
};

/** Of answers. */
export const ANSWER_SCHEMAS: Readonly<Record<string, v.GenericSchema>> = {
  Problem: problem,
  FieldError: fieldError,
  CollectAnswer: collectAnswer,
  RejectedMessage: rejectedMessage,
  Product: product,
  CatalogueProduct: catalogueProduct,
  ProductPage: productPage,
  Recommendation: recommendation,
  RecommendationList: recommendationList,
  Profile: profileAnswer,
  Export: exportAnswer,
  Stock: stockAnswer,
  Availability: availability,
  LedgerPage: ledgerPage,
  Reservation: reservation,
  ReservationResults: reservationResults,
  Order: order,
  SkuForecast: skuForecast,
  SeriesForecasts: seriesForecasts,
  ReplenishmentDecision: decisionSchema,
  ReplenishmentBoard: board,
  ReplenishmentRow: boardRow,
  Monitor: monitorView,
  LiveEvent: liveEvent,
  RejectedEvent: rejectedEvent,
  Health: health,
};
