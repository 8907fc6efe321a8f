import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { bucketShape, type EncodedPair, lengthBuckets, pairBatch, pairUpdates } from './pair-batches.ts'

const markers = { padding: 0, begin: 1, end: 2 }
const random = new Random(1, 'pairs')
/** Source and target of pair i are told by their first id; lengths are spread widely. */
const pairs: EncodedPair[] = Array.from({ length: 2000 }, (_, i) => {
  const length = 2 + Math.floor(30 * random.uniform() ** 2)
  const ids = (size: number) => [10 + i, ...Array<number>(size - 1).fill(5)]
  return { source: ids(length), target: ids(Math.max(1, length + random.integer(5) - 2)) }
})

test('buckets hold every pair once, in a shape that it fits, and spare padding', () => {
  const fill = (count: number) => {
    const buckets = lengthBuckets(pairs, count, 256)
    expect(buckets.length).toBeLessThanOrEqual(count)
    expect(buckets.flatMap(bucket => bucket.pairs).length).toBe(2000)
    expect(new Set(buckets.flatMap(bucket => bucket.pairs)).size).toBe(2000)
    for (const { name, rows, source, target, pairs: own } of buckets) {
      expect(bucketShape(name)).toEqual({ rows, source, target })
      expect(rows * Math.max(source, target)).toBeLessThanOrEqual(256)
      for (const pair of own) {
        expect(pair.source.length).toBeLessThan(source)
        expect(pair.target.length).toBeLessThan(target)
      }
    }
    const computed = buckets.reduce((sum, { pairs: own, source, target }) => sum + own.length * (source + target), 0)
    return pairs.reduce((sum, { source, target }) => sum + source.length + target.length + 2, 0) / computed
  }
  expect(fill(1)).toBeLessThan(0.45)
  expect(fill(8)).toBeGreaterThan(0.8)
})

test('an epoch sees every pair once, and each has another order', () => {
  const buckets = lengthBuckets(pairs, 6, 256)
  const updates = pairUpdates(buckets, { microBatches: 2, markers, seed: 1 })
  const epoch = (number: number) =>
    Array.from({ length: updates.perEpoch }, (_, i) => updates.update(number * updates.perEpoch + i))
  const seen = (list: ReturnType<typeof epoch>) =>
    list.flatMap(({ bucket, batches }) =>
      batches.flatMap(({ source }) => {
        const { rows, source: width } = bucketShape(bucket)
        return Array.from({ length: rows }, (_, row) => Number(source[row * width])).filter(id => id >= 10)
      }),
    )
  const [first, second] = [seen(epoch(0)), seen(epoch(1))]
  expect(first.toSorted((a, b) => a - b)).toEqual(pairs.map((_, i) => 10 + i))
  expect(second).not.toEqual(first)
  expect(new Set(second)).toEqual(new Set(first))
  expect(seen(epoch(0))).toEqual(first)
  const tokens = epoch(0).reduce((sum, update) => sum + update.tokens, 0)
  expect(tokens).toBe(pairs.reduce((sum, { target }) => sum + target.length + 1, 0))
})

test('a batch: source with its end, target behind its begin, answers one ahead', () => {
  const given = [
    { source: [7, 8], target: [9] },
    { source: [6], target: [5, 4, 3] },
  ]
  const batch = pairBatch(given, { rows: 3, source: 4, target: 4 }, markers)
  const rows = (values: BigInt64Array) => [0, 1, 2].map(row => [...values.subarray(4 * row, 4 * row + 4)].map(Number))
  expect(rows(batch.source)).toEqual([[7, 8, 2, 0], [6, 2, 0, 0], Array(4).fill(0)])
  expect(rows(batch.target)).toEqual([[1, 9, 0, 0], [1, 5, 4, 3], Array(4).fill(0)])
  expect(rows(batch.answers)).toEqual([[9, 2, -1, -1], [5, 4, 3, 2], Array(4).fill(-1)])
  expect(batch.tokens).toBe(6)
})
