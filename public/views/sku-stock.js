// The stock of one SKU, and its adjustments.
import { messageOf } from "../lib/api.js";
import { card, empty, field, fill, h, loaded, table, tile, tiles } from "../lib/dom.js";
import { date, whole } from "../lib/format.js";
import { adjust, stock } from "../lib/service.js";

/** @import { AdjustmentReason, SkuForecast, Stock } from "../lib/shapes.js" */

/** @type {AdjustmentReason[]} */
const REASONS = ["receipt", "return", "shrinkage", "count"];

/**
 * Shows what follows, once it is known, under a note of what was changed.
 * @typedef {(knows: (f: SkuForecast) => boolean, note: string) => Promise<void>} Changed
 */

/** @param {string} sku @param {AbortSignal} signal @param {Changed} changed */
export function stockCard(sku, signal, changed) {
  return card(
    "Stock",
    loaded("stock", async () => {
      const known = await stock(sku, signal);
      if (known === undefined)
        return empty("No stock is kept of this SKU: set it with PUT /v1/inventory/:sku.");
      const shown = h("div", null, figures(known));
      return h("div.view", null, shown, form(sku, shown, changed));
    }),
  );
}

/** @param {Stock} stock */
function figures({ on_hand, reserved, available, incoming, locations }) {
  return h(
    "div.view",
    null,
    tiles(
      tile("On hand", whole(on_hand)),
      tile("Reserved", whole(reserved)),
      tile("Available", whole(available)),
    ),
    incoming.length === 0
      ? h("p.quiet", null, "Nothing is on its way.")
      : table(
          "On its way",
          [{ label: "Expected" }, { label: "Units", numeric: true }],
          incoming.map(({ eta, quantity }) => [date(eta), whole(quantity)]),
        ),
    locations.length > 1
      ? table(
          "By location",
          [
            { label: "Location" },
            { label: "On hand", numeric: true },
            { label: "Reserved", numeric: true },
            { label: "Available", numeric: true },
          ],
          locations.map((there) => [
            there.location,
            whole(there.on_hand),
            whole(there.reserved),
            whole(there.available),
          ]),
        )
      : null,
  );
}

/** @param {string} sku @param {HTMLElement} shown the figures @param {Changed} changed */
function form(sku, shown, changed) {
  const delta = h("input", { id: "delta", type: "number", step: "1", required: true, inputmode: "numeric" });
  const reason = h("select", { id: "reason" }, ...REASONS.map((value) => h("option", { value }, value)));
  const said = h("p.note", { role: "status" });
  const button = h("button", { type: "submit" }, "Adjust");
  // Of this form's content: sent again after a lost answer it counts once.
  let key = crypto.randomUUID();
  const renew = () => {
    key = crypto.randomUUID();
  };
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    fill(said);
    try {
      const chosen = /** @type {AdjustmentReason} */ (reason.value);
      const stock = await adjust(sku, { delta: Number(delta.value), reason: chosen }, key);
      fill(shown, figures(stock));
      fill(said, "Adjusted; what to order follows in a moment.");
      await changed(
        ({ replenishment }) => replenishment?.available === stock.available,
        `Stock adjusted by ${delta.value}: ${reason.value}.`,
      );
    } catch (error) {
      fill(said, messageOf(error));
      button.disabled = false;
      button.focus();
    }
  };
  return h(
    "form",
    { onsubmit: submit, oninput: renew },
    h("div.line", null, field("Adjust by", delta), field("Reason", reason), button),
    said,
  );
}
