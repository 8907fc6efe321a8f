import { expect, test } from 'vitest'
import { host } from '../compiler/compile.ts'
import { memoryStorage } from '../storage/memory.ts'
import { WeightAverage } from './weight-average.ts'

const shapes = new Map([['a.weight', [2]]])
const weights = (...values: number[]) => ({ 'a.weight': host('float32', [2], Float32Array.from(values)) })

test('the mean of the last snapshots, which are copies', () => {
  const average = new WeightAverage(2)
  const present = weights(1, 2)
  average.add(1, present)
  ;(present['a.weight'].data as Float32Array).fill(9)
  expect([...average.mean().get('a.weight')!]).toEqual([1, 2])
  average.add(2, weights(3, 4))
  expect([...average.mean().get('a.weight')!]).toEqual([2, 3])
  average.add(3, weights(5, 6))
  expect([...average.mean().get('a.weight')!]).toEqual([4, 5])
})

test('a resumed average forgets what came after its step', async () => {
  const storage = memoryStorage()
  const average = new WeightAverage(3)
  for (const step of [9, 10, 11]) average.add(step, weights(step, 0))
  await average.save(storage, shapes)
  const resumed = new WeightAverage(3)
  await resumed.load(storage, shapes, 10)
  expect([...resumed.mean().get('a.weight')!]).toEqual([9.5, 0])
  await new WeightAverage(3).load(memoryStorage(), shapes, 10) // none was saved
})

test('snapshots of the last state stay until those of the next have been written, and no longer', async () => {
  const storage = memoryStorage()
  const average = new WeightAverage(2)
  const files = async () => (await storage.list()).map(name => Number.parseInt(name.split('/').at(-1)!, 10))
  for (const steps of [
    [1, 2],
    [3, 4, 5],
  ]) {
    for (const step of steps) average.add(step, weights(step, 0))
    await average.save(storage, shapes)
  }
  expect(await files()).toEqual([1, 2, 4, 5])
  const resumed = new WeightAverage(2)
  await resumed.load(storage, shapes, 2)
  expect([...resumed.mean().get('a.weight')!]).toEqual([1.5, 0])
  average.add(6, weights(6, 0))
  await average.save(storage, shapes)
  expect(await files()).toEqual([4, 5, 6])
})

test('snapshots of another model are refused', async () => {
  const storage = memoryStorage()
  const average = new WeightAverage(1)
  average.add(1, weights(1, 2))
  await average.save(storage, shapes)
  await expect(average.load(storage, new Map([['a.weight', [3]]]), 1)).rejects.toThrow('a.weight')
})
