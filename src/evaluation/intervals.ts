/** How sure a measured number is: intervals that hold the true one with 95 % confidence. */
import { Random } from '../base/random.ts'

/** From, to. */
export type Interval = readonly [number, number]

/** Of the normal distribution, 95 % lies within so many deviations. */
const deviations = 1.959963984540054

/**
 * Wilson's interval of a proportion, which stays between 0 and 1 and is right for few examples and extreme shares too.
 * Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
 *
 * @param successes - how many of them
 * @param count - NaN for both ends where it is 0
 */
export function wilson(successes: number, count: number): Interval {
  if (count === 0) return [Number.NaN, Number.NaN]
  const p = successes / count
  const z2 = deviations ** 2
  const center = (p + z2 / (2 * count)) / (1 + z2 / count)
  const half = (deviations / (1 + z2 / count)) * Math.sqrt((p * (1 - p)) / count + z2 / (4 * count ** 2))
  return [successes === 0 ? 0 : center - half, successes === count ? 1 : center + half]
}

export interface BootstrapOptions {
  /** Default 1. */
  readonly seed?: number
  /** How often a sample is drawn, 1,000 unless told. */
  readonly samples?: number
}

/**
 * The percentile bootstrap: the statistic of samples drawn from the examples, with replacement and as many, and what lies
 * between the 2.5th and the 97.5th percentile. Samples whose statistic is not a number are left out.
 * Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
 *
 * @param count - examples; NaN for both ends where it is 0
 * @param statistic - of the examples with these numbers; the array is used again
 */
export function bootstrap(
  count: number,
  statistic: (indices: Uint32Array) => number,
  { seed = 1, samples = 1000 }: BootstrapOptions = {},
): Interval {
  const random = new Random(seed, 'bootstrap')
  const indices = new Uint32Array(count)
  const values: number[] = []
  for (let sample = 0; count > 0 && sample < samples; sample++) {
    for (let i = 0; i < count; i++) indices[i] = Math.floor((random.uint32() * count) / 2 ** 32)
    const value = statistic(indices)
    if (!Number.isNaN(value)) values.push(value)
  }
  return percentileInterval(values)
}

/** The 2.5th and the 97.5th percentile of values, with linear interpolation between neighbours. */
export function percentileInterval(values: readonly number[]): Interval {
  if (values.length === 0) return [Number.NaN, Number.NaN]
  const sorted = Float64Array.from(values).sort()
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)]
}

function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(sorted.length - 1, below + 1)
  return sorted[below] + (place - below) * (sorted[above] - sorted[below])
}
