import type { Activity } from "../../domain/activity.ts";
import type { Env } from "../../durable-objects/env.ts";
import { type Exchange, json } from "../exchange.ts";
import { Problem } from "../problem.ts";
import { check, id } from "../schema/common.ts";

/** The object of an id: a user's where one is known by it, else an anonymous visitor's. */
async function find(given: string, env: Env, now: number) {
  for (const [field, prefix] of [
    ["user_id", "u:"],
    ["anonymous_id", "a:"],
  ] as const) {
    const profile = env.USER_PROFILE.getByName(prefix + given);
    const view = await profile.view(now);
    if (view !== undefined) return { field, profile, view };
  }
  throw new Problem("not_found", `Nothing is known of ${given}.`);
}

/** `GET /v1/users/:id` */
export async function getUser({ env, now, params }: Exchange): Promise<Response> {
  const given = check(id, params["id"], "invalid_request", "id");
  const { field, view } = await find(given, env, now);
  return json({ [field]: given, ...view });
}

/** `GET /v1/users/:id/export`: every stored activity, as NDJSON where that is accepted, else beside the profile. */
export async function exportUser({ request, env, now, params }: Exchange): Promise<Response> {
  const given = check(id, params["id"], "invalid_request", "id");
  const { field, profile, view } = await find(given, env, now);
  const opening = `${JSON.stringify({ [field]: given, profile: view }).slice(0, -1)},"activities":[`;
  const lines = /\bndjson\b/.test(request.headers.get("accept") ?? "");
  const encoder = new TextEncoder();
  let cursor: string | undefined;
  let first = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const page = await profile.exportActivities(cursor);
      const texts = page.activities.map((activity) => JSON.stringify(activityView(activity)));
      const head = lines ? "" : first ? opening : texts.length > 0 ? "," : "";
      const tail = lines && texts.length > 0 ? "\n" : !lines && page.cursor === undefined ? "]}" : "";
      controller.enqueue(encoder.encode(head + texts.join(lines ? "\n" : ",") + tail));
      first = false;
      cursor = page.cursor;
      if (cursor === undefined) controller.close();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": lines ? "application/x-ndjson" : "application/json",
      "cache-control": "no-store",
    },
  });
}

/** `DELETE /v1/users/:id`: a hard erase; repeating it is no error. */
export async function deleteUser({ env, now, params }: Exchange): Promise<Response> {
  const given = check(id, params["id"], "invalid_request", "id");
  await Promise.all(["u:", "a:"].map((prefix) => eraseIfKnown(prefix + given, env, now)));
  return new Response(null, { status: 204 });
}

async function eraseIfKnown(name: string, env: Env, now: number): Promise<void> {
  await env.USER_PROFILE.getByName(name).erase(now);
}

function activityView(activity: Activity): Record<string, unknown> {
  const { messageId, at, kind, name, lines, orderId, currency, value, detail } = activity;
  return {
    message_id: messageId,
    timestamp: new Date(at).toISOString(),
    kind,
    name,
    ...(orderId !== undefined && { order_id: orderId }),
    ...(currency !== undefined && { currency }),
    ...(value !== undefined && { value }),
    ...(detail !== undefined && { detail }),
    products: lines.map(({ productId, imageUrl, ...rest }) => ({
      product_id: productId,
      ...rest,
      ...(imageUrl !== undefined && { image_url: imageUrl }),
    })),
  };
}
