// Charts by uPlot, in the colours of the page's theme. Times are Unix seconds; those of days, of midnight UTC.
import uPlot from "../vendor/uplot.js";

/** @typedef {Array<number | null>} Values  one a time; null: nothing to draw */

const HEIGHT_USUAL = 280;
const WIDTH_MIN = 240;
const HALF_DAY_SECONDS = 43_200;
const HALF_MINUTE_SECONDS = 30;

/** Resolves what a canvas cannot: variables and `light-dark()`. */
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

/** @param {string} name a custom property of the style sheet */
function colour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** How times are told in the legend and at the axis: days of the shop's calendar, minutes of the clock on the wall. */
const CLOCKS = {
  day: {
    zone: "Etc/UTC",
    full: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" }),
    tick: new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" }),
  },
  minute: {
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    full: new Intl.DateTimeFormat(undefined, { timeStyle: "short" }),
    tick: new Intl.DateTimeFormat(undefined, { timeStyle: "short" }),
  },
};
const figures = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** The style sheet has to be there before a chart measures itself. @type {Promise<void> | undefined} */
let styled;

function styles() {
  styled ??= new Promise((done, failed) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = "/vendor/uplot.css";
    link.addEventListener("load", () => done());
    link.addEventListener("error", () => failed(new Error("The charts' style sheet cannot be loaded.")));
    document.head.append(link);
  });
  return styled;
}

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} ink  custom property of its colour; "": not drawn itself, but bounds a band
 * @property {number} [width]
 * @property {boolean} [dashed]
 * @property {boolean} [points]
 * @property {boolean} [bars]  one a minute
 * @property {(value: number) => string} [value]  as the legend shows it
 */

/** @typedef {{day: number, label: string}} Mark  a day with a name, drawn as an upright line */

/**
 * @param {HTMLElement} place
 * @param {AbortSignal} signal  ends it
 * @param {object} chart
 * @param {number[]} chart.times
 * @param {keyof typeof CLOCKS} [chart.clock]
 * @param {number} [chart.height]  CSS pixels of the drawing
 * @param {Line[]} chart.lines
 * @param {Values[]} chart.values  of each line
 * @param {Array<[upper: number, lower: number, fill: string]>} [chart.bands]  lines by their number from 0
 * @param {number[]} [chart.shades]  of each day: how much of it is shaded, 0..1
 * @param {Mark[]} [chart.marks]
 * @param {number} [chart.top]  the y axis ends there
 * @param {(value: number) => string} [chart.tick]
 * @returns {Promise<(times: number[], values: Values[]) => void>}  draws other figures
 */
export async function plot(place, signal, chart) {
  await styles();
  if (signal.aborted) return () => {};
  const {
    times,
    lines,
    values,
    bands = [],
    shades = [],
    marks = [],
    top,
    tick,
    height = HEIGHT_USUAL,
  } = chart;
  const clock = CLOCKS[chart.clock ?? "day"];
  const axis = () => ({
    stroke: () => colour("--quiet"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { stroke: () => colour("--line"), width: 1 },
  });
  const isBars = lines.some((line) => line.bars);
  const bars = uPlot.paths.bars?.({ size: [0.7, 24], align: 0 });
  const width = () => Math.max(WIDTH_MIN, place.clientWidth);
  const u = new uPlot(
    {
      width: width(),
      height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), clock.zone),
      scales: {
        x: {
          time: true,
          // A bar has its whole width within the picture.
          range: (_, low, high) =>
            isBars ? [low - HALF_MINUTE_SECONDS, high + HALF_MINUTE_SECONDS] : [low, high],
        },
        y: { range: (_, low, high) => [Math.min(0, low), top ?? Math.max(1, high * 1.05)] },
      },
      axes: [
        { ...axis(), values: (_, splits) => splits.map((at) => clock.tick.format(at * 1000)) },
        { ...axis(), size: 56, values: (_, splits) => splits.map((v) => (tick ?? figures.format)(v)) },
      ],
      cursor: { y: false, drag: { x: true, y: false } },
      series: [
        {
          value: (_, at) => (at === null || at === undefined ? "–" : clock.full.format(at * 1000)),
          label: chart.clock ?? "day",
        },
        ...lines.map((line) => ({
          label: line.label,
          stroke: () => (line.ink === "" ? "transparent" : colour(line.ink)),
          width: line.width ?? 1.5,
          points: { show: line.points === true },
          value: (/** @type {uPlot} */ _, /** @type {number | null} */ v) =>
            v === null || v === undefined ? "–" : (line.value ?? figures.format)(v),
          ...(line.dashed && { dash: [6, 4] }),
          ...(line.bars && { fill: () => colour(line.ink), ...(bars && { paths: bars }) }),
        })),
      ],
      bands: bands.map(([upper, lower, fill]) => ({
        series: /** @type {[number, number]} */ ([upper + 1, lower + 1]),
        fill: () => colour(fill),
      })),
      hooks: {
        drawClear: [(drawn) => shade(drawn, times, shades)],
        draw: [(drawn) => mark(drawn, marks)],
      },
    },
    [times, ...values],
    place,
  );
  const resized = new ResizeObserver(() => {
    if (!place.isConnected) end();
    else if (width() !== u.width) u.setSize({ width: width(), height });
  });
  resized.observe(place);
  const themed = () => u.redraw(false);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", themed);
  addEventListener("shelfwise:theme", themed);
  signal.addEventListener("abort", end);
  return (newTimes, newValues) => u.setData([newTimes, ...newValues]);

  function end() {
    resized.disconnect();
    scheme.removeEventListener("change", themed);
    removeEventListener("shelfwise:theme", themed);
    u.destroy();
  }
}

/** @param {uPlot} u @param {number[]} days @param {number[]} shades */
function shade(u, days, shades) {
  u.ctx.save();
  u.ctx.fillStyle = colour("--sold-out");
  for (const [i, share] of shades.entries()) {
    const day = days[i];
    if (day === undefined || share <= 0) continue;
    const left = Math.max(u.bbox.left, u.valToPos(day - HALF_DAY_SECONDS, "x", true));
    const right = Math.min(u.bbox.left + u.bbox.width, u.valToPos(day + HALF_DAY_SECONDS, "x", true));
    if (right <= left) continue;
    u.ctx.globalAlpha = 0.25 + 0.75 * Math.min(1, share);
    u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
  }
  u.ctx.restore();
}

/** @param {uPlot} u @param {Mark[]} marks */
function mark(u, marks) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  for (const [i, { day, label }] of marks.entries()) {
    const x = Math.round(u.valToPos(day, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = colour("--ink");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // Readable over whatever it crosses.
    ctx.strokeStyle = colour("--card");
    ctx.lineWidth = 4 * devicePixelRatio;
    ctx.setLineDash([]);
    const isRight = x > bbox.left + bbox.width / 2;
    const at = x + (isRight ? -4 : 4) * devicePixelRatio;
    const line = bbox.top + (14 + 15 * (i % 3)) * devicePixelRatio;
    ctx.textAlign = isRight ? "right" : "left";
    ctx.strokeText(label, at, line);
    ctx.fillText(label, at, line);
  }
  ctx.restore();
}
