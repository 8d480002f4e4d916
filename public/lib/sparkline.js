// Small drawings without axes.

const SVG = "http://www.w3.org/2000/svg";
const BAR_UNITS = 4;
const HEIGHT_UNITS = 32;

/** @param {string} name @param {Record<string, string | number>} attributes */
function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** A bar for each value, of at least 0. @param {number[]} values @param {string} label what it tells, in words */
export function sparkline(values, label) {
  const peak = Math.max(1e-9, ...values);
  const drawing = svg("svg", {
    viewBox: `0 0 ${Math.max(1, values.length) * BAR_UNITS} ${HEIGHT_UNITS}`,
    preserveAspectRatio: "none",
    class: "sparkline",
    role: "img",
    "aria-label": label,
  });
  for (const [i, value] of values.entries()) {
    const height = (value / peak) * (HEIGHT_UNITS - 1) + 1;
    drawing.append(svg("rect", { x: i * BAR_UNITS, y: HEIGHT_UNITS - height, width: BAR_UNITS - 1, height }));
  }
  return drawing;
}

/**
 * A band from low to high with its middle marked, on a scale from 0 to `end`.
 * @param {{low: number, middle: number, high: number}} band
 * @param {number} end
 * @param {string} label what it tells, in words
 */
export function range({ low, middle, high }, end, label) {
  const at = (/** @type {number} */ value) => (value / Math.max(1e-9, end)) * 100;
  const drawing = svg("svg", {
    viewBox: "0 0 100 10",
    preserveAspectRatio: "none",
    class: "range",
    role: "img",
    "aria-label": label,
  });
  drawing.append(
    svg("rect", { class: "track", x: 0, y: 4, width: 100, height: 2 }),
    svg("rect", { class: "band", x: at(low), y: 1, width: Math.max(1, at(high) - at(low)), height: 8 }),
    svg("rect", { class: "middle", x: Math.max(0, at(middle) - 0.5), y: 0, width: 1, height: 10 }),
  );
  return drawing;
}
