import { expect, test } from 'vitest'
import { compile, host } from '../compiler/compile.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { Dropout, dropoutKeys } from './dropout.ts'

const runtime = nodeRuntime({ threads: 1 })
const [rows, columns, places] = [256, 128, 2]

/** Masks of both places at some steps: 1 where an element of ones is kept. */
async function masks(rate: number, steps: readonly number[], seed = 1): Promise<Uint8Array[][]> {
  const dropout = new Dropout(rate, places)
  const x = input('x', [rows, columns])
  const program = await compile(runtime, { first: dropout.apply(x), second: dropout.apply(x) })
  const ones = host('float32', x.shape, new Float32Array(rows * columns).fill(1))
  const all = []
  for (const step of steps) {
    const keys = host('int32', [places, 2], dropoutKeys(seed, step, places))
    const result = (await program.run({ x: ones, dropoutKeys: keys })) as Record<string, HostTensor>
    all.push(
      [result.first, result.second].map(({ data }) => {
        const scale = Math.fround(1 / (1 - rate))
        expect((data as Float32Array).every(value => value === 0 || value === scale)).toBe(true)
        return Uint8Array.from(data as Float32Array, value => Number(value > 0))
      }),
    )
  }
  await program.release()
  return all
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

/** Correlation of two masks. */
function correlation(a: Uint8Array, b: Uint8Array): number {
  const [meanA, meanB] = [mean(a), mean(b)]
  const covariance = mean(Array.from(a, (value, i) => (value - meanA) * (b[i] - meanB)))
  return covariance / Math.sqrt(meanA * (1 - meanA) * meanB * (1 - meanB))
}

test.each([0.1, 0.5])('rate %f: the share that is kept, over all, by row and by column', async rate => {
  const steps = [1, 2, 3, 4, 5, 6, 7, 8]
  const all = (await masks(rate, steps)).flat()
  const deviation = Math.sqrt((rate * (1 - rate)) / (rows * columns))
  const shares = all.map(mean)
  for (const share of shares) expect(Math.abs(share - (1 - rate))).toBeLessThan(6 * deviation)
  expect(Math.abs(mean(shares) - (1 - rate))).toBeLessThan((4 * deviation) / Math.sqrt(all.length))
  // Shares of rows spread as those of independent draws would: variance p (1 - p) / n.
  for (const mask of all) {
    const rowShares = Array.from({ length: rows }, (_, i) => mean(mask.subarray(i * columns, (i + 1) * columns)))
    const columnShares = Array.from({ length: columns }, (_, j) =>
      mean(Array.from({ length: rows }, (_, i) => mask[i * columns + j])),
    )
    const spread = (values: number[]) => mean(values.map(value => (value - (1 - rate)) ** 2)) / (rate * (1 - rate))
    expect(spread(rowShares) * columns).toBeGreaterThan(0.6)
    expect(spread(rowShares) * columns).toBeLessThan(1.6)
    expect(spread(columnShares) * rows).toBeGreaterThan(0.5)
    expect(spread(columnShares) * rows).toBeLessThan(1.8)
  }
})

test('rows, columns and pairs of them are not correlated', async () => {
  const [[mask]] = await masks(0.5, [3])
  const row = (i: number) => mask.subarray(i * columns, (i + 1) * columns)
  const column = (j: number) => Uint8Array.from({ length: rows }, (_, i) => mask[i * columns + j])
  const pairs = Array.from({ length: 2000 }, (_, n) => [n % 256, (n * 97 + 31) % 256]).filter(([a, b]) => a !== b)
  const rowCorrelations = pairs.map(([a, b]) => correlation(row(a), row(b)))
  const columnPairs = pairs.map(([a, b]) => [a % columns, b % columns]).filter(([a, b]) => a !== b)
  const columnCorrelations = columnPairs.map(([a, b]) => correlation(column(a), column(b)))
  for (const [correlations, count] of [
    [rowCorrelations, columns],
    [columnCorrelations, rows],
  ] as const) {
    const square = mean(correlations.map(value => value * value))
    expect(Math.abs(mean(correlations))).toBeLessThan(0.02)
    expect(square * count).toBeGreaterThan(0.6)
    expect(square * count).toBeLessThan(1.6)
    expect(Math.max(...correlations.map(Math.abs))).toBeLessThan(6 / Math.sqrt(count))
  }
  // Four corners of a rectangle: a sum of a row's and a column's number would show here.
  const corners = Array.from({ length: 20_000 }, (_, n) => {
    const [a, b, c, d] = [n % 255, (n % 255) + 1, (n * 7) % 127, ((n * 7) % 127) + 1]
    const sign = (i: number, j: number) => 2 * mask[i * columns + j] - 1
    return sign(a, c) * sign(a, d) * sign(b, c) * sign(b, d)
  })
  expect(Math.abs(mean(corners))).toBeLessThan(0.05)
})

test('masks differ by step, by place and by seed, and are the same for the same', async () => {
  const [[a, place], [b], [again]] = await masks(0.5, [1, 2, 1])
  const [[otherSeed]] = await masks(0.5, [1], 2)
  expect(again).toEqual(a)
  for (const other of [b, place, otherSeed]) {
    expect(Math.abs(correlation(a, other))).toBeLessThan(6 / Math.sqrt(rows * columns))
  }
})

test('rate 0 is the tensor itself; more places than said are an error', () => {
  const x = input('x', [2, 2])
  expect(new Dropout(0, 0).apply(x)).toBe(x)
  const dropout = new Dropout(0.5, 1)
  dropout.apply(x)
  expect(() => dropout.apply(x)).toThrow('1 places')
})
