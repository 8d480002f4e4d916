// The live feed: a WebSocket to the service that is opened again when it breaks.
import { query, secretKey } from "./api.js";
import { fill, h } from "./dom.js";
import { time } from "./format.js";
import { monitor } from "./service.js";

/** @import { LiveFrame, Monitor } from "./shapes.js" */

const PROTOCOL = "shelfwise.v1";
const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 30_000;
const PING_MS = 20_000;
/** A feed that answers no ping for longer is broken, whatever the browser thinks of it. */
const SILENT_MS_MAX = 45_000;
/** The same, while somebody waits to see whether it is. */
const SILENT_MS_MAX_AWAKE = 5_000;

/**
 * `open`: what happens is told as it happens. `lost`: it is tried again at `retryAt`, Unix ms.
 * @typedef {{kind: "connecting"} | {kind: "open"} | {kind: "lost", retryAt: number}} FeedState
 */

/**
 * @typedef {object} Told
 * @property {(now: Monitor) => void} hello  all that is known, at the beginning and whenever the feed was broken
 * @property {(frame: LiveFrame) => void} frame  what came since
 * @property {(state: FeedState, feed: LiveFeed) => void} state
 */

export class LiveFeed {
  /**
   * @param {Told} told @param {AbortSignal} signal  ends it
   * @param {number} recent  of the last events, how many the hello brings
   */
  constructor(told, signal, recent) {
    this.told = told;
    this.signal = signal;
    this.recent = recent;
    this.failures = 0;
    this.retrying = 0;
    this.pinging = 0;
    this.waking = 0;
    /** Unix ms since which it owes an answer; 0: it owes none. */
    this.owingSince = 0;
    signal.addEventListener("abort", () => this.end());
    document.addEventListener("visibilitychange", () => this.wake(), { signal });
    addEventListener("online", () => this.wake(), { signal });
    this.connect();
  }

  connect() {
    this.end();
    this.told.state({ kind: "connecting" }, this);
    const url = `${location.origin.replace(/^http/, "ws")}/v1/live${query({ recent: this.recent })}`;
    const socket = new WebSocket(url, [PROTOCOL, `key.${base64url(secretKey.get())}`]);
    this.socket = socket;
    this.owingSince = Date.now();
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.socket) return;
      this.owingSince = 0;
      const frame = JSON.parse(data);
      if (frame.type === "hello") {
        this.failures = 0;
        this.told.state({ kind: "open" }, this);
        this.told.hello(frame);
      } else if (frame.type === "events") this.told.frame(frame);
    });
    socket.addEventListener("close", () => {
      if (socket === this.socket) this.lost();
    });
    this.pinging = setInterval(() => this.ask(SILENT_MS_MAX), PING_MS);
  }

  /**
   * Asks for a sign of life, unless one is owed for too long. Counted from the asking: a hidden tab's clock ticks once a
   * minute, and a sleeping machine's not at all, without anything being lost.
   * @param {number} silentMsMax
   */
  ask(silentMsMax) {
    const { socket } = this;
    if (this.owingSince > 0 && Date.now() - this.owingSince >= silentMsMax) this.lost();
    else if (socket?.readyState === WebSocket.OPEN) {
      this.owingSince ||= Date.now();
      socket.send('{"type":"ping"}');
    }
  }

  /** Somebody looks again, or the network is back: what is lost is neither shown as live nor waited for. */
  wake() {
    if (document.hidden) return;
    if (this.socket === undefined) return this.connect();
    this.ask(SILENT_MS_MAX);
    clearTimeout(this.waking);
    this.waking = setTimeout(() => this.ask(SILENT_MS_MAX_AWAKE), SILENT_MS_MAX_AWAKE);
  }

  lost() {
    this.end();
    const wait = Math.min(RETRY_MS_FIRST * 2 ** this.failures, RETRY_MS_MAX) * (0.5 + Math.random() / 2);
    this.failures++;
    this.told.state({ kind: "lost", retryAt: Date.now() + wait }, this);
    this.retrying = setTimeout(() => this.connect(), wait);
    // Not told why: a refused key leads to signing in, and where only WebSockets are held up, figures still come.
    monitor(this.recent, this.signal).then(
      (now) => this.told.hello(now),
      () => {},
    );
  }

  end() {
    clearTimeout(this.retrying);
    clearTimeout(this.waking);
    clearInterval(this.pinging);
    const { socket } = this;
    this.socket = undefined;
    // Closed before it is open, a socket is an error to the browser's console.
    if (socket?.readyState === WebSocket.CONNECTING) socket.addEventListener("open", () => socket.close());
    else socket?.close();
  }
}

/** Of its UTF-8, as a subprotocol may hold. @param {string} text */
function base64url(text) {
  const binary = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** How the feed is, in words; a lost one can be tried at once. */
export class FeedSign {
  constructor() {
    this.words = h("span", { role: "status" });
    this.retry = h("button", { type: "button", hidden: true }, "Try now");
    this.element = h("div.sign", null, this.words, this.retry);
  }

  /** @param {FeedState} state @param {LiveFeed} feed */
  show(state, feed) {
    this.element.className = `sign ${state.kind}`;
    this.retry.hidden = state.kind !== "lost";
    this.retry.onclick = () => feed.connect();
    if (state.kind === "lost") fill(this.words, `Connection lost, trying again at ${time(state.retryAt)}`);
    else fill(this.words, state.kind === "open" ? "Live" : "Connecting …");
  }
}
