// Copies the browser libraries of the dashboard from node_modules into public/vendor, as modules that need no build
// step:
//
//   npm run vendor
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "..");
export const VENDOR_DIRECTORY = join(PROJECT, "public/vendor");

/** Source maps are not shipped. */
const CSS_MAP = /\/\*# sourceMappingURL=.*?\*\/\s*$/;

/** File names in public/vendor and what they must hold, from the packages that are installed. */
export function vendored(): ReadonlyMap<string, string> {
  const plot = packaged("uplot", "dist/uPlot.iife.min.js");
  const segment = packaged("@segment/analytics-next", "dist/umd/index.js");
  return new Map([
    ["uplot.js", `${plot.trimEnd()}\nexport default uPlot;\n`],
    ["uplot.css", packaged("uplot", "dist/uPlot.min.css")],
    // Defines `self.AnalyticsNext` when imported; its source map is not shipped.
    ["segment.js", segment.replace(/\/\/# sourceMappingURL=.*\s*$/, "\n")],
    // A plain script, not a module: it defines `SwaggerUIBundle` on `this`.
    ["swagger-ui.js", packaged("swagger-ui-dist", "swagger-ui-bundle.js")],
    ["swagger-ui.css", packaged("swagger-ui-dist", "swagger-ui.css").replace(CSS_MAP, "\n")],
    [
      "licences.txt",
      [
        ["uPlot", packaged("uplot", "LICENSE")],
        ["@segment/analytics-next", packaged("@segment/analytics-next", "LICENSE.MD")],
        [
          "Swagger UI",
          ["NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"]
            .map((file) => packaged("swagger-ui-dist", file).trim())
            .join("\n\n"),
        ],
      ]
        .map(([name, text]) => `${name}\n\n${text!.trim()}\n`)
        .join("\n"),
    ],
  ]);
}

function packaged(name: string, file: string): string {
  return readFileSync(join(PROJECT, "node_modules", name, file), "utf8");
}

if (import.meta.main) {
  mkdirSync(VENDOR_DIRECTORY, { recursive: true });
  for (const [name, text] of vendored()) writeFileSync(join(VENDOR_DIRECTORY, name), text);
}
