import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { textBatches } from './text-batches.ts'

const texts = [3, 1, 9, 4, 2, 5, 0].map((length, i) => ({ ids: Array<number>(length).fill(i + 1), label: i % 2 }))

test('each text stands once in the shortest bucket that holds it; a longer one is cut, an empty one reads a filler', () => {
  const batches = textBatches(texts, { batchSize: 2, buckets: [2, 4] })
  expect(batches.map(({ length, texts: rows }) => [length, rows])).toEqual([
    [2, [1, 4]],
    [2, [6]],
    [4, [0, 2]],
    [4, [3, 5]],
  ])
  const [, alone, cut] = batches
  expect([...alone.ids]).toEqual([0n, 0n, 0n, 0n])
  expect([...alone.lengths]).toEqual([1n, 1n])
  expect([...alone.labels]).toEqual([0n, -1n])
  expect([...cut.ids]).toEqual([1n, 1n, 1n, 0n, 3n, 3n, 3n, 3n])
  expect([...cut.lengths]).toEqual([3n, 4n])
})

test('shuffled, everything is there once, in an order of its own for each seed', () => {
  const of = (seed: number) => textBatches(texts, { batchSize: 2, buckets: [2, 4] }, new Random(seed, 'texts'))
  for (const seed of [1, 2])
    expect(
      of(seed)
        .flatMap(batch => batch.texts)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(of(1)).toEqual(of(1))
  expect(of(1)).not.toEqual(of(2))
})

test.each([[[]], [[4, 4]], [[0, 2]], [[4, 2]]])('buckets %j are refused', buckets => {
  expect(() => textBatches(texts, { batchSize: 2, buckets })).toThrow(
    'buckets expected ascending lengths of at least 1.',
  )
})
