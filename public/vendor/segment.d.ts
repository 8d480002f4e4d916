import type * as Next from "@segment/analytics-next";

declare global {
  var AnalyticsNext: typeof Next;
}
