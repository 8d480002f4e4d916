import * as v from "valibot";
import type { Operations } from "./operation.ts";
import { countOf, told } from "./schemas.ts";

export const health = v.strictObject({
  status: v.literal("ok"),
  version: v.string(),
  model: v.strictObject({
    version: told(countOf, "0: none was published yet."),
    products: countOf,
    age_seconds: v.nullable(v.number()),
  }),
  lag: told(
    v.strictObject({ packets: countOf, seconds: v.number() }),
    "Signals of events on their way to the model.",
  ),
});

const unavailable = v.strictObject({ status: v.literal("unavailable"), version: v.string() });

export const SERVICE: Operations = {
  "GET /health": {
    id: "getHealth",
    tag: "Service",
    summary: "Whether the service answers, and how fresh the model is",
    answers: {
      200: {
        description: "It does.",
        schema: health,
        example: {
          status: "ok",
          version: "0.1.0",
          model: { version: 12, products: 3_400, age_seconds: 8 },
          lag: { packets: 0, seconds: 0 },
        },
      },
      503: {
        description: "It does not.",
        schema: unavailable,
        example: { status: "unavailable", version: "0.1.0" },
      },
    },
  },
};
