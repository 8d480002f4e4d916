// What another lead time or service level would mean, computed by the service; nothing is stored until it is kept.
import { isAbort, messageOf } from "../lib/api.js";
import { card, field, fill, h, table } from "../lib/dom.js";
import { date, number, whole } from "../lib/format.js";
import { forecast, setPolicy } from "../lib/service.js";

/** @import { SkuForecast } from "../lib/shapes.js" */
/** @import { Changed } from "./sku-stock.js" */

const LEVELS = [0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999];
const LEAD_DAYS_MAX = 365;

/** @param {SkuForecast} f @param {AbortSignal} signal @param {Changed} changed */
export function whatIfCard(f, signal, changed) {
  const { lead_time_days: lead, service_level: level } = f.policy;
  const days = h("input", {
    id: "lead",
    type: "number",
    min: "0",
    max: String(LEAD_DAYS_MAX),
    step: "1",
    required: true,
    value: String(Math.ceil(lead)),
  });
  const levels = [...new Set([...LEVELS, level])].sort((a, b) => a - b);
  const service = h(
    "select",
    { id: "level" },
    ...levels.map((value) => h("option", { value, selected: value === level }, `${number(value * 100)} %`)),
  );
  const result = h("div.place", { "aria-live": "polite" });
  const said = h("p.note", { role: "status" });
  const keep = h("button", { type: "button", disabled: true }, "Keep as policy");
  const policy = () => ({ lead_time_days: Number(days.value), service_level: Number(service.value) });
  let asked = new AbortController();

  const compute = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    asked.abort();
    asked = new AbortController();
    fill(said);
    try {
      const answer = await forecast(f.sku, AbortSignal.any([signal, asked.signal]), policy());
      fill(result, comparison(f, answer));
      keep.disabled = f.replenishment === null;
    } catch (error) {
      if (!isAbort(error)) fill(said, messageOf(error));
    }
  };
  const store = async () => {
    keep.disabled = true;
    try {
      const { lead_time_days, service_level } = policy();
      await setPolicy(f.sku, { lead_time_days, service_level });
      fill(said, "Kept; what to order follows in a moment.");
      await changed(
        ({ policy: kept }) => kept.lead_time_days === lead_time_days && kept.service_level === service_level,
        `Kept as the policy: ${title({ days: lead_time_days, service_level })}.`,
      );
    } catch (error) {
      fill(said, messageOf(error));
      keep.disabled = false;
      keep.focus();
    }
  };
  keep.addEventListener("click", () => void store());
  const form = h(
    "form",
    { onsubmit: compute, onchange: compute },
    h(
      "div.line",
      null,
      field("Lead time, days", days),
      field("Service level", service),
      h("button", { type: "submit" }, "Compute"),
      keep,
    ),
    said,
  );
  fill(result, comparison(f));
  return card("What if", form, result);
}

/** @param {SkuForecast} f @param {SkuForecast} [other] */
function comparison({ lead_time: now, replenishment }, other) {
  const then = other?.lead_time;
  const orders = other?.replenishment;
  const row = (
    /** @type {string} */ name,
    /** @type {number | undefined} */ a,
    /** @type {number | undefined} */ b,
  ) => [name, whole(a), whole(b)];
  return table(
    "Today's policy beside the other",
    [
      { label: "Units" },
      { label: title(now), numeric: true },
      { label: then ? title(then) : "what if", numeric: true },
    ],
    [
      row("Demand in the lead time", now.mean, then?.mean),
      row("90 % of it", now.quantiles["0.9"], then?.quantiles["0.9"]),
      row("Reorder point", now.reorder_point, then?.reorder_point),
      row("Safety stock", now.safety_stock, then?.safety_stock),
      row("Order up to", now.order_up_to, then?.order_up_to),
      row("To order now", replenishment?.quantity, orders?.quantity),
      ["Order by", date(replenishment?.order_by), date(orders?.order_by)],
    ],
  );
}

/** @param {Pick<SkuForecast["lead_time"], "days" | "service_level">} policy */
function title({ days, service_level }) {
  return `${number(days)} days, ${number(service_level * 100)} %`;
}
