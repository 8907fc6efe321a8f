/** How well two rows of numbers agree: Pearson's correlation, and Spearman's, of ranks. */

/**
 * Pearson's correlation: r = Σ (a − ā)(b − b̄) / √(Σ (a − ā)² Σ (b − b̄)²).
 * @returns from -1 to 1; NaN where one side is all equal, or has fewer than two numbers
 */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length < 2 || allEqual(a) || allEqual(b)) return Number.NaN
  const [meanA, meanB] = [mean(a), mean(b)]
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB)
    aa += (a[i] - meanA) ** 2
    bb += (b[i] - meanB) ** 2
  }
  return Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb)))
}

/**
 * Spearman's rank correlation: Pearson's, of ranks; equal values share the mean of their ranks.
 * @returns NaN where one side is all equal
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(ranks(a), ranks(b))
}

/** The rank of each value, from 1; equal values share the mean of theirs. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((i, j) => values[i] - values[j])
  const result = new Float64Array(values.length)
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1
    while (end < order.length && values[order[end]] === values[order[begin]]) end++
    for (let i = begin; i < end; i++) result[order[i]] = (begin + 1 + end) / 2
    begin = end
  }
  return result
}

const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

function allEqual(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false
  return true
}
