// What a group of series says together: which days were shut, its seasonal index, last year's course.
/** Forgetting a day, as in the bank. */
const MEMORY = 0.997;
/** Series that sell on an ordinary day before a day without any sale is taken as shut: chance of error e^-8. */
const SELLING_SERIES_MIN = 8;
/** Seasons a position must have been shut to stay shut. */
const SHUT_SEASONS = 4;
/** Units that outweigh an even season. */
const EVEN_UNITS = 50;
const WINDOW_DAYS = 28;
const YEAR_DAYS = 364;
const ANNUAL_SMOOTHING_DAYS = 7;
const ANNUAL_POWER = 0.5;
const ANNUAL_MIN = 0.5;
const ANNUAL_MAX = 2;

export interface Group {
  /** 1 for days the shop sold, 0 for shut ones. */
  readonly open: Float32Array;
  /** Seasonal index by position (day t has position t mod season); 0 where the shop never sells. */
  readonly season: Float32Array;
  /** Demand by day over all series. */
  readonly totals: Float64Array;
  readonly viewRate: number;
  readonly cartRate: number;
}

/** Demand by day over all series of a group, oldest first. */
export interface GroupTotals {
  readonly units: Float64Array;
  /** Series that sold. */
  readonly selling: Float64Array;
  /** Units per view and per cart; 0 where none are known. */
  readonly viewRate: number;
  readonly cartRate: number;
}

export function groupOf({ units, selling, viewRate, cartRate }: GroupTotals, season: number): Group {
  const open = openDays(selling);
  return { open, totals: units, season: seasonOf(units, selling, open, season), viewRate, cartRate };
}

function openDays(selling: Float64Array): Float32Array {
  const days = selling.length;
  const open = new Float32Array(days).fill(1);
  for (let t = 0; t < days; t++) {
    if (selling[t]! > 0) continue;
    let sum = 0;
    let sold = 0;
    for (let u = Math.max(0, t - WINDOW_DAYS); u < Math.min(days, t + WINDOW_DAYS); u++) {
      if (selling[u]! === 0) continue;
      sum += selling[u]!;
      sold++;
    }
    if (sold > 0 && sum / sold >= SELLING_SERIES_MIN) open[t] = 0;
  }
  return open;
}

function seasonOf(
  totals: Float64Array,
  selling: Float64Array,
  open: Float32Array,
  season: number,
): Float32Array {
  const days = totals.length;
  const demand = new Float64Array(season);
  const exposure = new Float64Array(season);
  let memory = 1;
  for (let t = days - 1; t >= 0; t--) {
    const position = t % season;
    demand[position]! += memory * totals[t]!;
    exposure[position]! += memory * open[t]!;
    memory *= MEMORY;
  }
  const sumDemand = demand.reduce((a, b) => a + b, 0);
  const sumExposure = exposure.reduce((a, b) => a + b, 0);
  const rate = sumDemand / Math.max(1e-9, sumExposure);
  const index = new Float32Array(season);
  // What came once may have come by chance.
  const isKnown = rate > 0 && days >= 2 * season;
  let sum = 0;
  let sold = 0;
  for (let i = 0; i < season; i++) {
    if (isShut(open, i, season) || isNeverSold(selling, i, season)) continue;
    index[i] = isKnown ? (demand[i]! + EVEN_UNITS) / (rate * exposure[i]! + EVEN_UNITS) : 1;
    sum += index[i]!;
    sold++;
  }
  for (let i = 0; i < season; i++) index[i]! *= sold / Math.max(1e-9, sum);
  return index;
}

/** The shop was shut on the last few days of this position. */
function isShut(open: Float32Array, position: number, season: number): boolean {
  let shut = 0;
  for (let t = open.length - 1; t >= 0 && shut < SHUT_SEASONS; t--) {
    if (t % season !== position) continue;
    if (open[t]! > 0) return false;
    shut++;
  }
  return shut > 0 && shut >= Math.min(SHUT_SEASONS, Math.floor(open.length / season));
}

/**
 * Nothing was sold at this position for some seasons, though enough of the other days' sales would have been its own: a
 * single busy series tells as well as a group on one day.
 */
function isNeverSold(selling: Float64Array, position: number, season: number): boolean {
  let seasons = 0;
  let sales = 0;
  for (let t = selling.length - 1; t >= 0; t--) {
    if (t % season !== position) {
      sales += selling[t]!;
      continue;
    }
    if (selling[t]! > 0) return false;
    seasons++;
    // A share of 1 / (season - 1) of what the other days sold meanwhile.
    if (seasons >= SHUT_SEASONS && sales >= SELLING_SERIES_MIN * (season - 1)) return true;
  }
  return false;
}

/** Factor of each day ahead by the group's course a year before; 1 while the history is too short. */
export function annualFactors({ totals, open }: Group, horizon: number): Float64Array {
  const factors = new Float64Array(horizon).fill(1);
  const days = totals.length;
  const before = days - YEAR_DAYS;
  if (before < WINDOW_DAYS) return factors;
  const smooth = (t: number): number => {
    let sum = 0;
    let n = 0;
    const half = (ANNUAL_SMOOTHING_DAYS - 1) / 2;
    for (let u = Math.max(0, t - half); u <= Math.min(days - 1, t + half); u++) {
      sum += totals[u]!;
      n += open[u]!;
    }
    return n > 0 ? sum / n : Number.NaN;
  };
  let base = 0;
  let baseDays = 0;
  for (let t = before - WINDOW_DAYS; t < before; t++) {
    base += totals[t]!;
    baseDays += open[t]!;
  }
  base /= Math.max(1, baseDays);
  for (let h = 0; h < horizon; h++) {
    const ratio = (smooth(before + h) / base) ** ANNUAL_POWER;
    if (Number.isFinite(ratio) && ratio > 0) factors[h] = Math.max(ANNUAL_MIN, Math.min(ANNUAL_MAX, ratio));
  }
  return factors;
}
