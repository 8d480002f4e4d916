import type { Activity } from "../../domain/activity.ts";
import { MONITOR_NAME } from "../../domain/object-names.ts";
import { anonymousName, idOf, isAnonymous, userName } from "../../domain/visitor-name.ts";
import type { Env } from "../../durable-objects/env.ts";
import type { ViewResult } from "../../durable-objects/rpc.ts";
import { activityView } from "../activity-view.ts";
import { respond } from "../cors.ts";
import { type Exchange, json } from "../exchange.ts";
import { Problem, retryAfter } from "../problem.ts";
import { check, id } from "../schema/common.ts";
import { atHome } from "../whereabouts.ts";

const RETRY_SECONDS = 5;

/** Whoever is known by an id: as a user, else as an anonymous visitor; under either, everything they have joined. */
async function find(given: string, { env, now }: Exchange) {
  for (const name of [userName(given), anonymousName(given)]) {
    const { home, answer } = await calledAs(name, env, now);
    if (answer.profile === undefined) continue;
    const names = [home, ...answer.ids];
    return {
      home,
      profile: answer.profile,
      ids: {
        [isAnonymous(name) ? "anonymous_id" : "user_id"]: given,
        user_ids: names.filter((one) => !isAnonymous(one)).map(idOf),
        anonymous_ids: names.filter(isAnonymous).map(idOf),
      },
    };
  }
  throw new Problem("not_found", `Nothing is known of ${given}.`);
}

/** `GET /v1/users/:id` */
export async function getUser(exchange: Exchange): Promise<Response> {
  const given = check(id, exchange.params["id"], "invalid_request", "id");
  const { profile, ids } = await find(given, exchange);
  return json({ ...ids, ...profile });
}

/** `GET /v1/users/:id/export`: every stored activity, as NDJSON where that is accepted, else beside the profile. */
export async function exportUser(exchange: Exchange): Promise<Response> {
  const { request, env, params } = exchange;
  const given = check(id, params["id"], "invalid_request", "id");
  const { home, profile, ids } = await find(given, exchange);
  const { messages, packets, lines: demand } = await env.USER_PROFILE.getByName(home).holdings();
  const held = { message_hashes: messages, packets_on_their_way: packets, order_lines_on_their_way: demand };
  const opening = `${JSON.stringify({ ...ids, profile, held }).slice(0, -1)},"activities":[`;
  const lines = /\bndjson\b/.test(request.headers.get("accept") ?? "");
  const encoder = new TextEncoder();
  let cursor: string | undefined;
  let first = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const page = await env.USER_PROFILE.getByName(home).exportActivities(cursor);
      const texts = page.activities.map((activity) => JSON.stringify(exported(activity, page.names)));
      const head = lines ? "" : first ? opening : texts.length > 0 ? "," : "";
      const tail = lines && texts.length > 0 ? "\n" : !lines && page.cursor === undefined ? "]}" : "";
      controller.enqueue(encoder.encode(head + texts.join(lines ? "\n" : ",") + tail));
      first = false;
      cursor = page.cursor;
      if (cursor === undefined) controller.close();
    },
  });
  return respond(body, 200, {
    "content-type": lines ? "application/x-ndjson" : "application/json",
    "cache-control": "no-store",
  });
}

/**
 * `DELETE /v1/users/:id`: a hard erase of the visitor under all ids; repeating it is no error.
 *
 * @throws Problem 503 when not all that is held could be reached: it goes on by itself, and repeating it tells when all
 * is done.
 */
export async function deleteUser({ env, now, params }: Exchange): Promise<Response> {
  const given = check(id, params["id"], "invalid_request", "id");
  const called = await calledBy(given, env, now);
  // First the monitor, for only the profile knows the other ids.
  await forgetSamples(called, env);
  const erased = await Promise.all(
    called.map(({ name }) =>
      atHome(name, env, (profile, via) => profile.erase({ now, ...(via !== undefined && { via }) })),
    ),
  );
  if (erased.some(({ answer }) => answer.untold > 0)) {
    throw new Problem(
      "unavailable",
      "Not everything could be erased yet; it goes on.",
      {},
      retryAfter(RETRY_SECONDS),
    );
  }
  return respond(null, 204, {});
}

/** A visitor by one of its names: where it is, and what else it is called. */
interface Called {
  readonly name: string;
  readonly home: string;
  readonly answer: ViewResult;
}

async function calledAs(name: string, env: Env, now: number): Promise<Called> {
  const found = await atHome(name, env, (profile, via) =>
    profile.view({ now, ...(via !== undefined && { via }) }),
  );
  return { name, ...found };
}

/**
 * Whoever an id means: a user, and an anonymous visitor unless that one has become somebody else. Anybody may send an
 * event that joins to one user an anonymous id like another user's id: erasing this one must not reach that one.
 */
async function calledBy(given: string, env: Env, now: number): Promise<Called[]> {
  const [user, anonymous] = await Promise.all([
    calledAs(userName(given), env, now),
    calledAs(anonymousName(given), env, now),
  ]);
  const isElse = user.answer.isNew !== true && !isAnonymous(anonymous.home) && anonymous.home !== user.home;
  return isElse ? [user] : [user, anonymous];
}

/** The live view and the rejected events of whoever has these names, under all ids. */
async function forgetSamples(called: readonly Called[], env: Env): Promise<void> {
  const all = called.flatMap(({ name, home, answer }) => [name, home, ...answer.ids]);
  await env.EVENT_MONITOR.getByName(MONITOR_NAME).forget({
    userIds: all.filter((name) => !isAnonymous(name)).map(idOf),
    anonymousIds: all.filter(isAnonymous).map(idOf),
  });
}

function exported(activity: Activity, names: ReadonlyMap<number, string>): Record<string, unknown> {
  const source = activity.by === undefined ? undefined : names.get(activity.by);
  return { ...activityView(activity), ...(source !== undefined && { anonymous_id: idOf(source) }) };
}
