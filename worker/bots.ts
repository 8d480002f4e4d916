import { isbot } from "isbot";
import { USER_AGENT_CHARACTERS_MAX, USER_AGENTS_MAX } from "../domain/limits.ts";

/** Libraries that run in pages. Those of servers and apps name themselves otherwise, and are no bots. */
const BROWSER_LIBRARIES = /^(analytics\.js|@segment\/analytics-next|.*javascript.*|rudder-sdk-js)$/i;
const BROWSER_CHANNELS = /^(browser|web)$/i;
/** What every browser begins with, and every bot that runs a page's scripts. What sends for a shop's server does not. */
const BROWSER_AGENT = "Mozilla/";

const known = new Map<string, boolean>();

/**
 * Whether a bot caused a message. Asked of browser channels only: what a server's library calls itself says nothing
 * about the visitor.
 *
 * @param requestAgent of the request that brought it: the visitor's where the message names none and it is a browser's.
 */
export function isBotMessage(message: unknown, requestAgent: string | null): boolean {
  const { channel, context } = recordOf(message);
  const { userAgent, library, page, channel: contextChannel } = recordOf(context);
  const told = channel ?? contextChannel;
  const { name } = recordOf(library);
  const fromBrowser =
    typeof told === "string"
      ? BROWSER_CHANNELS.test(told)
      : typeof name === "string"
        ? BROWSER_LIBRARIES.test(name)
        : page !== undefined || userAgent !== undefined;
  if (!fromBrowser) return false;
  const isTold = typeof userAgent === "string" && userAgent !== "";
  const agent = isTold ? userAgent : requestAgent;
  if (agent === null || !(isTold || agent.startsWith(BROWSER_AGENT))) return false;
  return isBotAgent(agent.slice(0, USER_AGENT_CHARACTERS_MAX));
}

/** The pattern takes microseconds, and most messages of an isolate come from few browsers. */
function isBotAgent(agent: string): boolean {
  let bot = known.get(agent);
  if (bot === undefined) {
    bot = isbot(agent);
    if (known.size >= USER_AGENTS_MAX) known.delete(known.keys().next().value!);
    known.set(agent, bot);
  }
  return bot;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
