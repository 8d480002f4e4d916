// The reference page: Swagger UI over /openapi.json, which calls this very service when tried out.
import { chooseTheme } from "./lib/theme.js";

/** @typedef {(options: Record<string, unknown>) => unknown} SwaggerUI */

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Swagger UI knows dark by a class of its own. */
function paint() {
  const { theme } = document.documentElement.dataset;
  document.documentElement.classList.toggle(
    "dark-mode",
    theme === undefined ? dark.matches : theme === "dark",
  );
}

addEventListener("shelfwise:theme", paint);
dark.addEventListener("change", paint);
chooseTheme(/** @type {HTMLSelectElement} */ (document.getElementById("theme")));

const { SwaggerUIBundle } = /** @type {{ SwaggerUIBundle: SwaggerUI }} */ (/** @type {unknown} */ (window));
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  displayRequestDuration: true,
  filter: true,
  // Keys stay in this tab.
  persistAuthorization: false,
  // Nothing is asked of anybody else.
  validatorUrl: null,
  tryItOutEnabled: false,
});
