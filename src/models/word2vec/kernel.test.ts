import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import type { Kernel } from './kernel.ts'
import { Word2vecMemory } from './memory.ts'
import { plainKernel } from './plain-kernel.ts'
import { simdIsThere, simdKernel } from './simd-kernel.ts'

/** Runs every function of a kernel on the same random rows; returns the whole memory. */
function exercise(make: (memory: Word2vecMemory) => Kernel, channels: number, group: number, shared: boolean) {
  const groups = 3
  const size = { vocabulary: 40, channels, threads: 2, group, targets: groups * group }
  const memory = new Word2vecMemory(size, { shared })
  const random = new Random(channels, 'kernel')
  const values = () => Float32Array.from({ length: 40 * channels }, () => random.normal() / Math.sqrt(channels))
  memory.setMatrix('input', values())
  memory.setMatrix('output', values())
  const kernel = make(memory)
  const { hidden, error, nothing, targets, labels } = memory.scratch[1]
  const rowBytes = memory.rowLength * 4
  const aim = (count: number) => {
    for (let k = 0; k < count; k++) {
      const isNone = random.integer(5) === 0
      const row = memory.outputAddress + random.integer(40) * rowBytes // the same row twice now and then
      memory.words[(targets >>> 2) + k] = isNone ? nothing : row
      memory.floats[(labels >>> 2) + k] = isNone ? 0.5 : random.integer(2)
    }
  }
  for (let turn = 0; turn < 50; turn++) {
    const row = memory.inputAddress + random.integer(40) * rowBytes
    aim(group)
    kernel.learnRow(row, targets, labels, 0.5)
    kernel.clear(hidden)
    for (let i = 0; i < 3; i++) kernel.add(hidden, memory.inputAddress + random.integer(40) * rowBytes)
    kernel.scale(hidden, 1 / 3)
    const count = 1 + random.integer(groups)
    aim(count * group)
    kernel.learn(hidden, error, targets, labels, count, 0.7)
    kernel.add(row, error)
    if (turn % 2 === 0) kernel.clear(error)
  }
  return memory
}

test.runIf(simdIsThere()).each([
  [1, 1, false],
  [3, 6, true],
  [100, 6, true],
  [128, 4, false],
  [129, 6, false],
  [300, 5, true],
  [332, 2, false],
])('both twins give the same bits: %i channels, groups of %i, shared: %s', (channels, group, shared) => {
  const plain = exercise(plainKernel, channels, group, shared)
  const simd = exercise(simdKernel, channels, group, shared)
  expect(simd.words).toEqual(plain.words) // bits
  expect(plain.matrix('output').some(Number.isNaN)).toBe(false)
})

test('rows are padded, and a row of zeros learns nothing', () => {
  const memory = exercise(plainKernel, 5, 3, false)
  expect(memory.rowLength).toBe(8)
  for (const address of [memory.inputAddress, memory.outputAddress])
    for (let word = 0; word < 40; word++) expect([...memory.row(address + word * 32).subarray(5)]).toEqual([0, 0, 0])
  for (const { nothing } of memory.scratch) expect([...memory.row(nothing)]).toEqual(Array(8).fill(0))
})

test('what is put in comes out', () => {
  const memory = new Word2vecMemory({ vocabulary: 3, channels: 5, threads: 1, group: 1, targets: 1 }, { shared: false })
  const values = Float32Array.from({ length: 15 }, (_, i) => i)
  memory.setMatrix('output', values)
  expect(memory.matrix('output')).toEqual(values)
  expect(memory.matrix('input')).toEqual(new Float32Array(15))
  expect(Word2vecMemory.fits({ vocabulary: 3_000_000, channels: 300 })).toBe(false)
  expect(Word2vecMemory.fits({ vocabulary: 1_000_000, channels: 300 })).toBe(true)
})
