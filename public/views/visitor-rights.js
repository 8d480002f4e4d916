// What a visitor may ask of the shop: all that is stored, and its erasure.
import { download, messageOf } from "../lib/api.js";
import { card, fill, h } from "../lib/dom.js";
import { eraseVisitor, exportVisitor } from "../lib/service.js";

/** @param {string} id */
export function rightsCard(id) {
  const said = h("p", { role: "status" });
  const tell = (/** @type {string} */ text) => fill(said, text);
  const take = async () => {
    try {
      tell("Collecting …");
      download(`visitor-${id}.json`, await exportVisitor(id));
      tell("Exported.");
    } catch (error) {
      tell(messageOf(error));
    }
  };
  const dialog = h("dialog", { "aria-labelledby": "erase" });
  const erase = async () => {
    dialog.close();
    try {
      tell("Erasing …");
      await eraseVisitor(id);
      tell(`Erased: nothing is stored of ${id} any more.`);
    } catch (error) {
      tell(messageOf(error));
    }
  };
  const keep = h("button", { type: "button", onclick: () => dialog.close() }, "Keep");
  const ask = () => {
    dialog.showModal();
    keep.focus();
  };
  fill(
    dialog,
    h("h2", { id: "erase" }, `Erase everything about ${id}?`),
    h(
      "p",
      null,
      "The profile and every stored activity go, under all ids of the visitor, and do not come back with late repeats of old events.",
    ),
    h("div.line", null, keep, h("button.danger", { type: "button", onclick: erase }, "Erase")),
  );
  return card(
    "Rights",
    h(
      "div.line",
      null,
      h("button", { type: "button", onclick: take }, "Export everything"),
      h("button.danger", { type: "button", onclick: ask }, "Erase …"),
    ),
    said,
    dialog,
  );
}
