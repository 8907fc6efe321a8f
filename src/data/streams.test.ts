import { expect, test } from 'vitest'
import { parallelStreams, ringStreams } from './streams.ts'
import { memoryTokens } from './token-shards.ts'

const count = (length: number) =>
  memoryTokens(
    Int32Array.from({ length }, (_, i) => i),
    length,
  )

const rowsOf = (values: Int32Array, context: number): number[][] =>
  Array.from({ length: values.length / context }, (_, row) => [...values.subarray(row * context, (row + 1) * context)])

test('each step of a ring goes on where the one before ended, in every row', () => {
  const [batchSize, context, length] = [3, 4, 24]
  const ring = ringStreams({ source: count(length), batchSize, context, dtype: 'int32' })
  const next = (id: number) => (id === length - 2 ? 0 : id + 1) // the last token is only a target
  const last = [22, 6, 14] // before the first inputs
  const seen = new Set<number>()
  for (let step = 0; step < 20; step++) {
    const { inputs, targets } = ring.batch(step)
    expect([...targets]).toEqual(Array.from(inputs, id => id + 1))
    for (const [row, ids] of rowsOf(inputs, context).entries()) {
      for (const id of ids) {
        expect(id).toBe(next(last[row]))
        last[row] = id
        seen.add(id)
      }
    }
  }
  expect(seen.size).toBe(length - 1)
  expect(rowsOf(ring.batch(0).inputs, context).map(([first]) => first)).toEqual([0, 7, 15])
})

test('the batch of a step is the same whatever was asked for before', () => {
  const options = { source: count(50), batchSize: 2, context: 8 }
  const ring = ringStreams(options)
  for (const step of [3, 1, 7]) expect(ring.batch(step)).toEqual(ringStreams(options).batch(step))
})

test('a ring shorter than a window is refused', () => {
  expect(() => ringStreams({ source: count(8), batchSize: 2, context: 8, name: 'my.txt' })).toThrow(
    'my.txt expected at least 9 tokens, one more than the context. Received 8. Use a longer text or --context 7.',
  )
  expect(() => parallelStreams({ source: count(1), batchSize: 2, context: 8 })).toThrow('at least 2 tokens')
})

test.each([
  [2, 1, 4],
  [5, 3, 4],
  [6, 3, 4],
  [9, 1, 4],
  [33, 3, 4],
  [34, 4, 4],
  [100, 8, 4],
  [101, 5, 1],
  [40, 64, 8],
])('of %i tokens in %i rows with windows of %i, each but the first is a target once', (length, batchSize, context) => {
  const streams = parallelStreams({ source: count(length), batchSize, context, dtype: 'int32' })
  const scored: number[] = []
  const read: number[][] = Array.from({ length: batchSize }, () => [])
  for (const { inputs, targets } of streams) {
    for (const [i, target] of targets.entries()) {
      if (target < 0) continue
      scored.push(target)
      expect(inputs[i]).toBe(target - 1)
    }
    for (const [row, ids] of rowsOf(inputs, context).entries()) read[row].push(...ids)
  }
  expect(scored.toSorted((a, b) => a - b)).toEqual(Array.from({ length: length - 1 }, (_, i) => i + 1))
  expect(streams.scoredTokens).toBe(length - 1)
  expect([...streams]).toHaveLength(streams.length)
  for (const ids of read) {
    const own = ids.filter((id, i) => i === 0 || id > 0) // a row is contiguous as far as there is text
    for (const [i, id] of own.entries()) expect(id).toBe(own[0] + i)
  }
})

test('a row but the first reads one window before its stretch', () => {
  const streams = parallelStreams({ source: count(21), batchSize: 2, context: 4, dtype: 'int32' })
  expect(streams.length).toBe(3)
  const first = streams.batch(0)
  expect(rowsOf(first.inputs, 4)).toEqual([
    [0, 1, 2, 3],
    [8, 9, 10, 11],
  ])
  expect(rowsOf(first.targets, 4)).toEqual([
    [1, 2, 3, 4],
    [-1, -1, -1, -1],
  ])
  expect(rowsOf(streams.batch(1).targets, 4)).toEqual([
    [5, 6, 7, 8],
    [13, 14, 15, 16],
  ])
})
