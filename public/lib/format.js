// Numbers, money and times as people read them.

const DASH = "–";
const NUMBER = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const DECIMAL = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** @param {number | null | undefined} value */
export const number = (value) => (isNumber(value) ? NUMBER.format(value) : DASH);
/** @param {number | null | undefined} value */
export const whole = (value) => (isNumber(value) ? WHOLE.format(value) : DASH);
/** @param {number | null | undefined} value */
export const decimal = (value) => (isNumber(value) ? DECIMAL.format(value) : DASH);
/** @param {number | null | undefined} share 0..1 */
export const percent = (share) => (isNumber(share) ? `${WHOLE.format(share * 100)} %` : DASH);
/** @param {number} ms */
export const milliseconds = (ms) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
/** @param {number | string | Date} at */
export const time = (at) => TIME.format(new Date(at));
/** A date of the shop's calendar. @param {string | null | undefined} iso */
export const date = (iso) => (iso ? DATE.format(new Date(iso)) : DASH);
/** @param {string | Date | null | undefined} at */
export const moment = (at) => (at ? MOMENT.format(new Date(at)) : DASH);

/** @type {Map<string, Intl.NumberFormat>} */
const currencies = new Map();
const CURRENCIES_MAX = 50;

/** @param {number | null | undefined} amount @param {string} [currency] ISO 4217 */
export function money(amount, currency) {
  if (!isNumber(amount)) return DASH;
  if (currency === undefined || !/^[A-Z]{3}$/.test(currency)) return DECIMAL.format(amount);
  let format = currencies.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat(undefined, { style: "currency", currency });
    if (currencies.size < CURRENCIES_MAX) currencies.set(currency, format);
  }
  return format.format(amount);
}

/** Not seen themselves, they turn or hide what is beside them; a tab and the ends of lines do not. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
/** More marks on a letter than any script has: piled up, they lie over what stands above. */
const PILED = /(\p{M}{4})\p{M}+/gu;

/** A text of anybody's as it may stand among others. @param {string} text */
export const legible = (text) => text.replace(UNSEEN, "\ufffd").replace(PILED, "$1");

/** JSON to be read, corrected and sent back: what is not seen is told by its number. @param {string} text */
export const legibleJson = (text) =>
  text.replace(UNSEEN, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** @param {string} word snake_case */
export const words = (word) => word.replaceAll("_", " ");
