import { expect, test } from 'vitest'
import { randomWindows, sequentialWindows } from './batches.ts'
import { memoryTokens } from './token-shards.ts'

const count = (length: number) =>
  memoryTokens(
    Int32Array.from({ length }, (_, i) => i),
    length,
  )

test('targets follow inputs, in both types', () => {
  const options = { source: count(100), batchSize: 3, context: 8, seed: 1 }
  const narrow = randomWindows({ ...options, dtype: 'int32' }).batch(5)
  const wide = randomWindows(options).batch(5)
  expect(narrow.inputs).toBeInstanceOf(Int32Array)
  expect(wide.inputs).toBeInstanceOf(BigInt64Array)
  expect(Array.from(wide.targets, Number)).toEqual([...narrow.targets])
  expect([...narrow.targets]).toEqual(Array.from(narrow.inputs, id => id + 1))
  for (let row = 0; row < 3; row++) expect(narrow.inputs[8 * row + 7]).toBe(narrow.inputs[8 * row] + 7)
})

test('a step gives the same windows whatever was drawn before, other steps and seeds give others', () => {
  const options = { source: count(10_000), batchSize: 4, context: 8, dtype: 'int32', seed: 1 } as const
  const windows = randomWindows(options)
  const inOrder = Array.from({ length: 20 }, (_, step) => windows.batch(step))
  expect(randomWindows(options).batch(13)).toEqual(inOrder[13])
  expect(windows.batch(3)).toEqual(inOrder[3])
  expect(new Set(inOrder.map(({ inputs }) => inputs.join())).size).toBe(20)
  expect(randomWindows({ ...options, seed: 2 }).batch(3)).not.toEqual(inOrder[3])
})

test('every window can come, the first and the last too', () => {
  const windows = randomWindows({ source: count(12), batchSize: 8, context: 4, dtype: 'int32', seed: 3 })
  const starts = new Array(8).fill(0)
  for (let step = 0; step < 1000; step++) {
    const { inputs, targets } = windows.batch(step)
    for (let row = 0; row < 8; row++) starts[inputs[4 * row]]++
    expect(Math.max(...targets)).toBeLessThanOrEqual(11)
  }
  expect(starts).toHaveLength(8)
  for (const times of starts) expect(Math.abs(times - 1000)).toBeLessThan(150)
})

test('one window is enough, none is not', () => {
  const options = { batchSize: 2, context: 8, dtype: 'int32', seed: 1, name: 'my.txt' } as const
  expect(randomWindows({ ...options, source: count(9) }).batch(0).inputs[8]).toBe(0)
  expect(() => randomWindows({ ...options, source: count(8) })).toThrow(
    'my.txt expected at least 9 tokens, one more than the context. Received 8. Use a longer text or --context 7.',
  )
  expect(() => randomWindows({ ...options, source: count(1) })).toThrow('Received 1. Use a longer text.')
})

test.each([2, 3, 9, 16, 17, 24, 25, 26, 100])('every token of %i but the first is a target once', length => {
  const windows = sequentialWindows({ source: count(length), batchSize: 3, context: 8, dtype: 'int32' })
  const targets: number[] = []
  let batches = 0
  for (const batch of windows) {
    batches++
    expect([batch.inputs.length, batch.targets.length]).toEqual([24, 24])
    batch.targets.forEach((target, i) => {
      expect(batch.inputs[i]).toBe(target < 0 ? 0 : target - 1)
      expect(target).toBeGreaterThanOrEqual(-1)
      if (target >= 0) targets.push(target)
    })
  }
  expect(targets).toEqual(Array.from({ length: length - 1 }, (_, i) => i + 1))
  expect([windows.length, windows.scoredTokens]).toEqual([batches, length - 1])
  expect(windows.batch(batches - 1)).toEqual([...windows].at(-1))
})

test('nothing to score', () => {
  expect(() => sequentialWindows({ source: count(1), batchSize: 3, context: 8 })).toThrow(
    'The text expected at least 2 tokens. Received 1. Use a longer text.',
  )
})
