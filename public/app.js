// The dashboard's frame: signing in, the view that the address names, one alive at a time.
import { imported, KEY_REFUSED, messageOf, SIGNED_OUT, secretKey, writeKey } from "./lib/api.js";
import { failure, fill, h, nameThePage } from "./lib/dom.js";
import { faultOfSecretKey } from "./lib/service.js";
import { chooseTheme } from "./lib/theme.js";

/** @import { Address, View } from "./lib/shapes.js" */

/** @type {Record<string, () => Promise<View>>} */
const VIEWS = {
  overview: () => import("./views/overview.js"),
  live: () => import("./views/live.js"),
  visitors: () => import("./views/visitors.js"),
  products: () => import("./views/products.js"),
  replenishment: () => import("./views/replenishment.js"),
  shop: () => import("./views/shop.js"),
};
const FIRST_VIEW = "overview";

const main = part("main");
const navigation = part("navigation");
const signOut = part("sign-out");
let opened = false;
let leaving = new AbortController();

/** @param {string} id */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Of `#/replenishment/22423?lead=7`: view `replenishment`, parts [`22423`], query `lead=7`. @returns {Address} */
function address() {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", ...parts] = path.split("/");
  return {
    view: Object.hasOwn(VIEWS, view) ? view : FIRST_VIEW,
    parts: parts.filter((text) => text !== "").map(decoded),
    query: new URLSearchParams(query),
  };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Ends what is shown. */
function leave() {
  leaving.abort();
  leaving = new AbortController();
  main.removeAttribute("aria-busy");
  return leaving.signal;
}

async function show() {
  const signal = leave();
  const signedIn = secretKey.get() !== "";
  navigation.hidden = signOut.hidden = !signedIn;
  if (!signedIn) return signIn();
  const at = address();
  for (const link of navigation.querySelectorAll("a")) {
    const isCurrent = link.hash === `#/${at.view}`;
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    // Not scrollIntoView: the next Tab would begin there.
    if (isCurrent)
      navigation.scrollLeft += link.getBoundingClientRect().right - navigation.getBoundingClientRect().right;
  }
  main.setAttribute("aria-busy", "true");
  try {
    const view = await imported(/** @type {() => Promise<View>} */ (VIEWS[at.view])());
    if (signal.aborted) return;
    nameThePage(view.title, at.parts);
    const heading = h("h1", { tabindex: "-1" }, view.title);
    const place = h("div.view");
    fill(main, heading, place);
    // A page that opens leaves the focus where the browser puts it; what opens in it is where one reads on.
    if (opened) heading.focus({ preventScroll: true });
    opened = true;
    scrollTo(0, 0);
    view.open(place, at, signal);
  } catch (error) {
    if (signal.aborted) return;
    const retry = () => void show();
    fill(main, failure(error, retry));
  } finally {
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
}

function signIn(message = "") {
  nameThePage("Sign in", []);
  const input = h("input", {
    id: "key",
    type: "password",
    autocomplete: "current-password",
    required: true,
    "aria-describedby": "key-note",
  });
  const note = h("p.failure-note", { role: "alert" }, message);
  const button = h("button", { type: "submit" }, "Sign in");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const key = input.value.trim();
    button.disabled = true;
    fill(note);
    const fault = await faultOfSecretKey(key).catch(messageOf);
    if (fault === "") {
      secretKey.set(key);
      return show();
    }
    fill(note, fault);
    button.disabled = false;
    input.focus();
  };
  fill(
    main,
    h("h1", null, "Sign in"),
    h(
      "form.card.narrow",
      { onsubmit: submit },
      h("label", { for: "key" }, "Secret key"),
      input,
      h(
        "p.quiet",
        { id: "key-note" },
        "npm start prints it. It stays in this tab's session storage and goes nowhere but to this service.",
      ),
      note,
      button,
    ),
  );
  input.focus();
}

/** Nothing of it is left for who signs in next. */
function endSession(message = "") {
  secretKey.clear();
  writeKey.clear();
  dispatchEvent(new Event(SIGNED_OUT));
  leave();
  navigation.hidden = signOut.hidden = true;
  signIn(message);
}

signOut.addEventListener("click", () => endSession());
addEventListener(KEY_REFUSED, () => {
  if (secretKey.get() !== "") endSession("The key was refused. Sign in again.");
});
addEventListener("hashchange", () => void show());
part("skip").addEventListener("click", (event) => {
  // Its own address would be taken for a view's.
  event.preventDefault();
  main.focus();
});
chooseTheme(/** @type {HTMLSelectElement} */ (part("theme")));
void show();
