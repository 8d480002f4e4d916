// Distribution of a count: negative binomial, Poisson where the variance is no larger than the mean, and above a mean
// of 50 a gamma, which is then indistinguishable and needs no sum.
const SUMMED_MEAN_MAX: f64 = 50;
/** Shape of a gamma above which its cube root is normal enough; below, it is summed. */
const NORMAL_SHAPE_MIN: f64 = 2;
/** So far beyond its shape a gamma of unit scale is over. */
const GAMMA_TAIL: f64 = 60;
/** Newton's steps to a quantile: some six, more only far in the tail. */
const STEPS_MAX = 64;
const TERMS_MAX = 20_000;

/** Standard normal quantile: Acklam's rational approximation, relative error below 1.2e-9. */
export function normal_quantile(p: f64): f64 {
  const low = 0.02425;
  if (p <= 0) return -Infinity;
  if (p >= 1) return Infinity;
  if (p < low) {
    const q = Math.sqrt(-2 * Math.log(p));
    return tail(q);
  }
  if (p > 1 - low) {
    const q = Math.sqrt(-2 * Math.log(1 - p));
    return -tail(q);
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r +
      1.38357751867269e2) *
      r -
      3.066479806614716e1) *
      r +
      2.506628277459239) *
      q) /
    (((((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r +
      6.680131188771972e1) *
      r -
      1.328068155288572e1) *
      r +
      1)
  );
}

function tail(q: f64): f64 {
  return (
    (((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) *
      q +
      4.374664141464968) *
      q +
      2.938163982698783) /
    ((((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416) *
      q +
      1)
  );
}

/** Standard normal distribution: Abramowitz & Stegun 26.2.17, absolute error below 7.5e-8. */
export function normal_cdf(z: f64): f64 {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = 0.3989422804014327 * Math.exp((-z * z) / 2) * poly;
  return z >= 0 ? 1 - upper : upper;
}

/** Chance of nothing, the first term of the sum. */
function chanceOfNone(mean: f64, variance: f64): f64 {
  if (variance <= mean * (1 + 1e-9)) return Math.exp(-mean);
  const size = (mean * mean) / (variance - mean);
  return Math.exp(-size * Math.log(variance / mean));
}

/**
 * Chance of n + 1 over chance of n is (n + size) / (n + 1) * rest; a Poisson is the limit of a great size.
 */
function sizeOf(mean: f64, variance: f64): f64 {
  return variance <= mean * (1 + 1e-9) ? -1 : (mean * mean) / (variance - mean);
}

function ratio(n: f64, mean: f64, size: f64, rest: f64): f64 {
  return size < 0 ? mean / (n + 1) : ((n + size) / (n + 1)) * rest;
}

/** Whether the sum over counts is exact and short; else the gamma is used. */
function isSummed(mean: f64, variance: f64): bool {
  return mean <= SUMMED_MEAN_MAX && chanceOfNone(mean, variance) > 1e-280;
}

/** Least count that is not exceeded with chance p. A mean of 0 gives 0. */
export function count_quantile(mean: f64, variance: f64, p: f64): f64 {
  if (!(mean > 0)) return 0;
  if (!isSummed(mean, variance)) {
    const scale = Math.max(variance, mean) / mean;
    return Math.max(0, Math.ceil(gammaQuantile(mean / scale, p) * scale - 0.5));
  }
  const size = sizeOf(mean, variance);
  const rest = (variance - mean) / variance;
  let chance = chanceOfNone(mean, variance);
  let sum = chance;
  let n = 0;
  while (sum < p && n < TERMS_MAX) {
    chance *= ratio(n, mean, size, rest);
    sum += chance;
    n++;
  }
  return n;
}

/** Chance that the count is at most x. */
export function count_cdf(mean: f64, variance: f64, x: f64): f64 {
  if (x < 0) return 0;
  if (!(mean > 0)) return 1;
  if (!isSummed(mean, variance)) {
    const scale = Math.max(variance, mean) / mean;
    return gammaCdf(mean / scale, (x + 0.5) / scale);
  }
  const size = sizeOf(mean, variance);
  const rest = (variance - mean) / variance;
  let chance = chanceOfNone(mean, variance);
  let sum = chance;
  const last = Math.min(Math.floor(x), TERMS_MAX);
  for (let n: f64 = 0; n < last; n++) {
    chance *= ratio(n, mean, size, rest);
    sum += chance;
    if (sum > 1 - 1e-12) return 1;
  }
  return Math.min(1, sum);
}

/** Expected count beyond x: sum of (n - x) p(n) over n > x = mean - x + sum of (x - n) p(n) over n < x. */
export function count_excess(mean: f64, variance: f64, x: f64): f64 {
  if (!(mean > 0)) return 0;
  if (x <= 0) return mean - x;
  if (!isSummed(mean, variance)) {
    // Gamma of shape k: E[(D - x)+] = mean (1 - F_{k+1}(x)) - x (1 - F_k(x)).
    const scale = Math.max(variance, mean) / mean;
    const shape = mean / scale;
    const at = x / scale;
    return Math.max(0, mean * (1 - gammaCdf(shape + 1, at)) - x * (1 - gammaCdf(shape, at)));
  }
  const size = sizeOf(mean, variance);
  const rest = (variance - mean) / variance;
  let chance = chanceOfNone(mean, variance);
  let below = x * chance;
  const last = Math.min(Math.ceil(x) - 1, TERMS_MAX);
  for (let n: f64 = 0; n < last; n++) {
    chance *= ratio(n, mean, size, rest);
    below += (x - n - 1) * chance;
    if (n > mean && chance < 1e-15) break;
  }
  return Math.max(0, mean - x + below);
}

/** Of unit scale; by the cube root where that is nearly normal (Wilson & Hilferty 1931). */
function gammaCdf(shape: f64, x: f64): f64 {
  if (shape < NORMAL_SHAPE_MIN) return gammaSum(shape, x);
  const a = 1 / (9 * shape);
  return normal_cdf((Math.cbrt(x / shape) - (1 - a)) / Math.sqrt(a));
}

/** Of unit scale. */
function gammaQuantile(shape: f64, p: f64): f64 {
  if (shape >= NORMAL_SHAPE_MIN) {
    const a = 1 / (9 * shape);
    const root = 1 - a + normal_quantile(p) * Math.sqrt(a);
    return root <= 0 ? 0 : shape * root * root * root;
  }
  // Begins below, for P is at most x^shape / gamma(shape + 1), and stays there: in logarithms P is concave, so that
  // Newton's steps fall short of it.
  const target = Math.log(p);
  let x = Math.exp((target + logGamma(shape + 1)) / shape);
  for (let i = 0; i < STEPS_MAX && x > 0; i++) {
    const step = ((target - Math.log(gammaSum(shape, x))) * gammaSeries(shape, x)) / shape;
    x = Math.min(x * Math.exp(step), shape + GAMMA_TAIL);
    if (step < 1e-9) break;
  }
  return x > 0 ? x : 0;
}

/** The incomplete gamma function P(shape, x). */
function gammaSum(shape: f64, x: f64): f64 {
  if (!(x > 0)) return 0;
  if (x >= shape + GAMMA_TAIL) return 1;
  return Math.min(1, gammaSeries(shape, x) * Math.exp(shape * Math.log(x) - x - logGamma(shape + 1)));
}

/** Its series, all of whose terms are positive; P grows by shape / series of itself for each part of x. */
function gammaSeries(shape: f64, x: f64): f64 {
  let term: f64 = 1;
  let sum: f64 = 1;
  for (let n = shape + 1; term > sum * 1e-10; n += 1) {
    term *= x / n;
    sum += term;
  }
  return sum;
}

/** Of z above 0: Stirling's series beyond 8, before it by the recurrence. */
function logGamma(z: f64): f64 {
  let product: f64 = 1;
  for (; z < 8; z += 1) product *= z;
  const rest = (1 - 1 / (30 * z * z)) / (12 * z);
  return (z - 0.5) * Math.log(z) - z + 0.9189385332046727 + rest - Math.log(product);
}
