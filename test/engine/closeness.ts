import { expect } from 'vitest'

/** The largest |a - b| / (absolute + relative |b|) over two arrays: at most 1 where they agree. */
export function deviation(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 0, relative = 0 }: { absolute?: number; relative?: number },
): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue
    const share = Math.abs(actual[i] - expected[i]) / (absolute + relative * Math.abs(expected[i]))
    worst = Number.isNaN(share) ? Number.POSITIVE_INFINITY : Math.max(worst, share)
  }
  return worst
}

/** Fails, with the name and the worst element, unless |actual - expected| <= absolute + relative |expected| everywhere. */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: { absolute?: number; relative?: number },
): void {
  const worst = deviation(actual, expected, tolerance)
  const shown = (values: ArrayLike<number>) => Array.from({ length: Math.min(6, values.length) }, (_, i) => values[i])
  const detail =
    worst > 1 ? `: ${worst.toPrecision(3)} times the tolerance; ${shown(actual)} instead of ${shown(expected)}` : ''
  expect(`${what}${detail}`).toBe(what)
}
