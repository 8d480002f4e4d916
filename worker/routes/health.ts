import { COMBINER_SHARDS } from "../../domain/limits.ts";
import { logEntry } from "../../domain/log-entry.ts";
import { combinerName } from "../../domain/visitor-name.ts";
import { requireSettings } from "../configured.ts";
import { type Exchange, json } from "../exchange.ts";

export const VERSION = "0.1.0";

/** `GET /health`: 200 while settings are valid, and builder and combiners of the model answer, else 503. */
export async function getHealth({ env, now }: Exchange): Promise<Response> {
  try {
    requireSettings(env);
    const [manifest, ...lags] = await Promise.all([
      env.MODEL_BUILDER.getByName("model").manifest(),
      ...Array.from({ length: COMBINER_SHARDS }, (_, shard) =>
        env.SIGNAL_COMBINER.getByName(combinerName(shard)).lag(),
      ),
    ]);
    const oldest = Math.min(...lags.map(({ oldestAt }) => oldestAt ?? now));
    return json({
      status: "ok",
      version: VERSION,
      model: {
        version: manifest.version,
        products: manifest.products,
        age_seconds: manifest.version === 0 ? null : Math.round((now - manifest.publishedAt) / 1000),
      },
      lag: {
        packets: lags.reduce((sum, { packets }) => sum + packets, 0),
        seconds: Math.max(0, Math.round((now - oldest) / 1000)),
      },
    });
  } catch (error) {
    console.error(logEntry("the health page could not be read", error));
    return json({ status: "unavailable", version: VERSION }, 503);
  }
}
