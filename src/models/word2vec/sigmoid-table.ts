/** The logistic function by linear interpolation, in float32: at most 4e-6 away from the true one. */

/** Steps for a unit of x. */
export const stepsPerUnit = 64
/** Beyond ± this many units the table's last value stands for all: 1.1e-7, or 1 - 1.1e-7. */
export const limit = 16

/** σ(x) at -16, -16 + 1/64, ..., 16, and one value more for the interpolation at the end. */
export function sigmoidTable(): Float32Array {
  const values = new Float32Array(2 * limit * stepsPerUnit + 2)
  for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(limit - i / stepsPerUnit))
  return values
}

/** σ(x), each operation rounded to float32 as the WebAssembly twin rounds it. */
export function interpolatedSigmoid(table: Float32Array, x: number): number {
  const { fround } = Math
  const position = fround(fround(Math.max(-limit, Math.min(limit, x)) + limit) * stepsPerUnit)
  const index = Math.trunc(position)
  const low = table[index]
  return fround(low + fround(fround(table[index + 1] - low) * fround(position - index)))
}
