/** As JavaScript and other languages write numbers. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
/** What an amount may have on either side: a code, a sign with the letters that tell dollars apart, a short form. */
const CURRENCY = String.raw`(?:[A-Z]{3}|[A-Z]{0,3}(?!¢)\p{Sc}|kr\.?|zł|Kč|Ft|lei|лв\.?|руб\.?|Rs\.?|Rp\.?|Fr\.?)`;
const WRITTEN = new RegExp(
  String.raw`^(?<minus>-?) ?(?<before>${CURRENCY})? ?(?<after>-?)(?<digits>\d[\d., ']*?) ?(?<behind>${CURRENCY})?$`,
  "u",
);
/** "1.234" and "1,234" are twelve hundred to some and one and a bit to others. */
const AMBIGUOUS = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;
const DECIMAL = /^(?<whole>\d+)(?:[.,](?<part>\d+))?$/;
/** Thousands by one separator throughout, decimals by another. */
const GROUPED =
  /^(?<whole>[1-9]\d{0,2}(?:(?<by>[., '])\d{3})(?:\k<by>\d{3})*)(?:(?!\k<by>)[.,](?<part>\d+))?$/;
/** As in India: the last three, the others in twos. */
const GROUPED_IN_TWOS = /^(?<whole>\d{1,2}(?:,\d\d)+,\d{3})(?:\.(?<part>\d+))?$/;
/** Of an amount; a longer text is none. */
const CHARACTERS_MAX = 64;
const CODE = /^[A-Z]{3}$/;
const SIGNS: Readonly<Record<string, string>> = { "€": "EUR", "£": "GBP" };

/** A finite number, also where it came as a text ("2", "1e3"). */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "string") return NUMBER.test(value.trim()) ? finite(Number(value)) : undefined;
  return typeof value === "number" ? finite(value) : undefined;
}

/**
 * An amount of money: a number, or a text that can mean but one ("19.99", "$19.99", "1.299,00 €").
 *
 * @param currency That the amount should be in, where it is known: a text that names another one is no amount of it.
 */
export function amountOf(value: unknown, currency: string | undefined): number | undefined {
  if (typeof value !== "string") return numberOf(value);
  if (value.length > CHARACTERS_MAX) return undefined;
  const text = value.trim();
  if (AMBIGUOUS.test(text)) return undefined;
  const number = numberOf(text);
  if (number !== undefined) return number;
  const plain = text.replaceAll(/\s/g, " ").replaceAll("’", "'").replaceAll("−", "-");
  const { minus, before, after, digits = "", behind } = WRITTEN.exec(plain)?.groups ?? {};
  for (const named of [before, behind]) {
    if (named !== undefined && isOtherCurrency(SIGNS[named] ?? named, currency)) return undefined;
  }
  const size = sizeOf(digits);
  return size === undefined || !(minus || after) ? size : -size;
}

/** Whether codes say that one currency is not the other: a sign may stand for several. */
export function isOtherCurrency(told: string, currency: string | undefined): boolean {
  return currency !== undefined && told !== currency && CODE.test(told) && CODE.test(currency);
}

/** Of digits and their separators. */
function sizeOf(digits: string): number | undefined {
  if (AMBIGUOUS.test(digits)) return undefined;
  const found = DECIMAL.exec(digits) ?? GROUPED.exec(digits) ?? GROUPED_IN_TWOS.exec(digits);
  if (found?.groups === undefined) return undefined;
  const { whole = "", part = "0" } = found.groups;
  return finite(Number(`${whole.replaceAll(/\D/g, "")}.${part}`));
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
