export interface Tolerance {
  readonly absolute?: number
  readonly relative?: number
}

/** The largest |a - b| / (absolute + relative |b|) over two arrays: at most 1 where they agree. */
export function deviation(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance): number {
  const { absolute = 0, relative = 0 } = tolerance
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue
    const share = Math.abs(actual[i] - expected[i]) / (absolute + relative * Math.abs(expected[i]))
    worst = Number.isNaN(share) ? Number.POSITIVE_INFINITY : Math.max(worst, share)
  }
  return worst
}

/** Throws, with the name and first elements, unless |actual - expected| <= absolute + relative |expected| everywhere. */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
): void {
  const worst = deviation(actual, expected, tolerance)
  if (worst <= 1) return
  const shown = (values: ArrayLike<number>) =>
    Array.from({ length: Math.min(8, values.length) }, (_, i) => values[i]).join(', ')
  throw new Error(
    `${what}: ${worst.toPrecision(3)} times the tolerance. Received ${shown(actual)} instead of ${shown(expected)}`,
  )
}
