import { expect, test } from 'vitest'
import { shuffledEpochs } from './epochs.ts'

const batches = (count: number, batchSize: number, seed: number, steps: number) => {
  const epochs = shuffledEpochs(count, batchSize, seed)
  return Array.from({ length: steps }, (_, step) => [...epochs.batch(step)])
}

test('each example comes once in every epoch, in another order', () => {
  const all = batches(10, 4, 1, 5).flat()
  const [first, second] = [all.slice(0, 10), all.slice(10)]
  for (const epoch of [first, second]) expect(epoch.toSorted((a, b) => a - b)).toEqual([...Array(10).keys()])
  expect(second).not.toEqual(first)
  expect(batches(10, 4, 2, 5).flat()).not.toEqual(all)
})

test('a batch is a function of its step, whichever were asked for before', () => {
  const forward = batches(7, 3, 1, 6)
  const epochs = shuffledEpochs(7, 3, 1)
  for (const step of [5, 0, 3, 2, 4, 1]) expect([...epochs.batch(step)]).toEqual(forward[step])
})
