import fc from "fast-check";
import { expect, test } from "vitest";
import { analyticsCategoriesOf, refusesAnalytics, withoutVisitor } from "../../domain/consent.ts";

test.each([
  [undefined, false],
  [{}, false],
  [{ consent: null }, false],
  [{ consent: { categoryPreferences: {} } }, false],
  [{ consent: { categoryPreferences: { Analytics: true, Advertising: false } } }, false],
  [{ consent: { categoryPreferences: { Analytics: false } } }, true],
  [{ consent: { categoryPreferences: { analytics: false } } }, true],
  [{ consent: { categoryPreferences: { C0002: false } } }, true],
  [{ consent: { categoryPreferences: { Analytics: "false" } } }, false],
  [{ consentManagement: { allowedConsentIds: ["C0001"], deniedConsentIds: ["C0002"] } }, true],
  [{ consentManagement: { allowedConsentIds: ["C0002"], deniedConsentIds: ["C0003"] } }, false],
  [{ consentManagement: { deniedConsentIds: "C0002" } }, false],
])("[CO1] %j: refused %s", (context, refused) => {
  expect(refusesAnalytics(context, ["Analytics", "C0002"])).toBe(refused);
});

test("[CO1] categories are the setting's, Analytics unless told", () => {
  expect(analyticsCategoriesOf({})).toEqual(["Analytics"]);
  expect(analyticsCategoriesOf({ CONSENT_ANALYTICS_CATEGORIES: " C0002, Statistics ," })).toEqual([
    "C0002",
    "Statistics",
  ]);
});

test("[CO1] anything may be in a context, and nothing of a visitor stays in a message", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (context) => {
      expect(typeof refusesAnalytics(context, ["Analytics"])).toBe("boolean");
      const kept = withoutVisitor({
        type: "track",
        event: "Product Viewed",
        messageId: "m",
        userId: "secret",
        anonymousId: "secret",
        previousId: "secret",
        traits: { email: "secret" },
        context: {
          ip: "secret",
          traits: { email: "secret" },
          consent: { categoryPreferences: { Analytics: false } },
        },
        other: context,
      });
      expect(JSON.stringify(kept)).not.toContain("secret");
      expect(kept).toMatchObject({ event: "Product Viewed", context: { consent: {} } });
    }),
  );
});
