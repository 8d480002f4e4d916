// The live feed: a WebSocket to the service that is opened again when it breaks.
import { query, secretKey } from "./api.js";
import { fill, h } from "./dom.js";
import { time } from "./format.js";
import { monitor } from "./service.js";

/** @import { LiveFrame, Monitor } from "./shapes.js" */

const PROTOCOL = "shelfwise.v1";
const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 30_000;
/** A feed that answers no ping for longer is broken, whatever the browser thinks of it. */
const PING_MS = 20_000;
const SILENT_MS_MAX = 45_000;

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
    this.heardAt = 0;
    signal.addEventListener("abort", () => this.end());
    this.connect();
  }

  connect() {
    this.end();
    this.told.state({ kind: "connecting" }, this);
    const url = `${location.origin.replace(/^http/, "ws")}/v1/live${query({ recent: this.recent })}`;
    const socket = new WebSocket(url, [PROTOCOL, `key.${base64url(secretKey.get())}`]);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.socket) return;
      this.heardAt = Date.now();
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
    this.pinging = setInterval(() => {
      if (Date.now() - this.heardAt > SILENT_MS_MAX) this.lost();
      else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
    }, PING_MS);
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
