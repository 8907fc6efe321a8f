import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { gradient } from '../autodiff/gradient.ts'
import { ShapeError } from '../base/errors.ts'
import { compile, host } from '../compiler/compile.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { crossEntropy, tokenLosses } from './losses.ts'

const runtime = nodeRuntime({ threads: 1 })
const logits = input('logits', [2, 3, 4])
const targets = input('targets', [2, 3], 'int64')
const scores = Float32Array.from({ length: 24 }, (_, i) => Math.sin(3 * i) * 4)

/** Mean loss, single losses and gradient of the logits. */
async function losses(
  ids: readonly number[],
  smoothing = 0,
): Promise<Record<'mean' | 'each' | 'gradient', Float32Array>> {
  const mean = crossEntropy(logits, targets, { smoothing })
  const each = tokenLosses(logits, targets, { smoothing })
  const program = await compile(runtime, { mean, each, gradient: gradient(mean, [logits])[0] })
  const result = await program.run({
    logits: host('float32', [2, 3, 4], scores),
    targets: host('int64', [2, 3], BigInt64Array.from(ids, BigInt)),
  })
  await program.release()
  const numbers = (name: string) => (result[name] as HostTensor).data as Float32Array
  return { mean: numbers('mean'), each: numbers('each'), gradient: numbers('gradient') }
}

/** -log P of a class in a row of the logits. */
function surprise(row: number, target: number): number {
  const own = scores.subarray(4 * row, 4 * row + 4)
  return Math.log(own.reduce((sum, score) => sum + Math.exp(score), 0)) - own[target]
}

test('single losses are -log P of the target, and the mean is theirs', async () => {
  const ids = [0, 3, 1, 2, 2, 0]
  const { mean, each } = await losses(ids)
  const expected = ids.map((target, row) => surprise(row, target))
  expectClose('each', each, expected, { relative: 1e-5, absolute: 1e-6 })
  expectClose('mean', mean, [expected.reduce((sum, loss) => sum + loss, 0) / 6], { relative: 1e-5 })
})

test('negative targets are left out: no loss, no gradient, not in the mean', async () => {
  const ids = [0, -1, 1, -100, 2, -1]
  const { mean, each, gradient } = await losses(ids)
  const counted = [0, 2, 4].map(row => surprise(row, ids[row]))
  expectClose('mean', mean, [counted.reduce((sum, loss) => sum + loss, 0) / 3], { relative: 1e-5 })
  for (const row of [1, 3, 5]) {
    expect(each[row]).toBe(0)
    expect([...gradient.subarray(4 * row, 4 * row + 4)].every(value => value === 0)).toBe(true)
  }
  for (const row of [0, 2, 4]) {
    const own = gradient.subarray(4 * row, 4 * row + 4)
    expectClose('a row of the gradient sums to zero', [own.reduce((sum, value) => sum + value, 0)], [0], {
      absolute: 1e-6,
    })
  }
})

test('smoothing spreads its share over the vocabulary', async () => {
  const ids = [0, 3, 1, 2, 2, 0]
  const { each } = await losses(ids, 0.2)
  const expected = ids.map((target, row) => {
    const uniform = [0, 1, 2, 3].reduce((sum, other) => sum + surprise(row, other), 0) / 4
    return 0.8 * surprise(row, target) + 0.2 * uniform
  })
  expectClose('each', each, expected, { relative: 1e-5 })
})

test('where no target counts the mean is not a number', async () => {
  const { mean, each } = await losses([-1, -1, -1, -1, -1, -1])
  expect(mean[0]).toBeNaN()
  expect([...each]).toEqual([0, 0, 0, 0, 0, 0])
})

test('leading sizes that differ are an error', () => {
  expect(() => tokenLosses(logits, input('other', [2, 4], 'int64'))).toThrow(ShapeError)
  expect(() => tokenLosses(logits, input('other', [2, 4], 'int64'))).toThrow('Received [2, 3, 4] and [2, 4].')
})
