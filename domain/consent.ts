import { isRecord } from "./is-record.ts";
import { plainText } from "./json-text.ts";

const CATEGORIES_DEFAULT = "Analytics";

/** Categories of a setting that names them with commas between; where it is not set "Analytics" alone. */
export function analyticsCategoriesOf(setting: { readonly CONSENT_ANALYTICS_CATEGORIES?: string }): string[] {
  return (setting.CONSENT_ANALYTICS_CATEGORIES ?? CATEGORIES_DEFAULT)
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/**
 * Whether a message says that its visitor refuses analytics: one of these categories is denied, in Segment's
 * `context.consent.categoryPreferences` or in RudderStack's `context.consentManagement.deniedConsentIds`. Who says nothing
 * does not refuse. Names are compared without case.
 */
export function refusesAnalytics(context: unknown, categories: readonly string[]): boolean {
  if (!isRecord(context)) return false;
  const names = categories.map((name) => name.toLowerCase());
  const denies = (name: unknown) => typeof name === "string" && names.includes(name.trim().toLowerCase());
  const { consent, consentManagement } = context;
  if (isRecord(consent) && isRecord(consent["categoryPreferences"])) {
    for (const [name, allowed] of Object.entries(consent["categoryPreferences"])) {
      if (allowed === false && denies(name)) return true;
    }
  }
  if (!isRecord(consentManagement)) return false;
  const denied = consentManagement["deniedConsentIds"];
  return Array.isArray(denied) && denied.some(denies);
}

/** Whether what is no message, as its text, may be of somebody who refuses. */
export function speaksOfConsent(value: unknown): boolean {
  return /\b(categoryPreferences|deniedConsentIds)\b/.test(plainText(value));
}

/** What of a message names nobody: what happened to which products, when, and what was consented to. */
const IMPERSONAL = [
  "type",
  "event",
  "name",
  "messageId",
  "timestamp",
  "originalTimestamp",
  "sentAt",
  "properties",
];

/** A message without anything about its visitor. */
export function withoutVisitor(message: unknown): unknown {
  if (!isRecord(message)) return message;
  const kept = IMPERSONAL.filter((field) => field in message).map((field) => [field, message[field]]);
  const context = isRecord(message["context"]) ? message["context"] : {};
  const told = ["consent", "consentManagement", "library"]
    .filter((field) => field in context)
    .map((field) => [field, context[field]]);
  return { ...Object.fromEntries(kept), context: Object.fromEntries(told) };
}
