import { expect, test } from 'vitest'
import { ShapeError } from '../base/errors.ts'
import { constant, full, input } from './tensor.ts'

const x = input('x', [2, 3])

test('shapes are known while the graph is built', () => {
  expect(x.add(input('row', [3])).shape).toEqual([2, 3])
  expect(x.matmul(input('w', [3, 5])).shape).toEqual([2, 5])
  expect(x.matmul(x, { transposeB: true }).shape).toEqual([2, 2])
  expect(x.reshape([-1]).shape).toEqual([6])
  expect(x.transpose().shape).toEqual([3, 2])
  expect(x.sum().shape).toEqual([])
  expect(x.sum([-1], true).shape).toEqual([2, 1])
  expect(x.split([1, 2], -1).map(part => part.shape)).toEqual([
    [2, 1],
    [2, 2],
  ])
  expect(x.gather(input('ids', [4, 5], 'int64')).shape).toEqual([4, 5, 3])
  expect(x.argmax().dtype).toBe('int64')
  expect(x.greater(0).dtype).toBe('bool')
  expect(full([], 1).shape).toEqual([])
})

test.each<[string, () => unknown, string]>([
  [
    'matmul',
    () => x.matmul(x),
    'matmul expected inner sizes that match. Received [2, 3] and [2, 3]. Is one input transposed?',
  ],
  [
    'broadcast',
    () => x.add(input('y', [2])),
    'add expected sizes that are equal or 1, aligned at the last axis. Received [2, 3] and [2].',
  ],
  [
    'element types',
    () => x.add(input('y', [2, 3], 'int32')),
    'add expected operands of one element type. Received float32 and int32. Use cast.',
  ],
  ['axis', () => x.sum([2]), 'tensor expected an axis from -2 to 1. Received 2.'],
  [
    'reshape',
    () => x.reshape([4]),
    'reshape expected as many elements after as before. Received [2, 3] to become [4].',
  ],
  ['permute', () => x.permute([0, 0]), 'permute expected each axis of [2, 3] once. Received [0, 0].'],
  ['expand', () => x.expand([4, 2, 2]), 'expand expected'],
  ['slice', () => x.slice(1, 2, 4), 'slice expected a range inside 0 to 3. Received 2 to 4.'],
  ['concat', () => x.concat([input('y', [3, 3])], 1), 'concat expected shapes that are equal but for axis 1.'],
  ['split', () => x.split([1, 1], 1), 'split expected sizes that add up to 3. Received [1, 1], which add up to 2.'],
  ['constant', () => constant([1, 2], [3]), 'constant expected 3 values for [3]. Received 2.'],
  ['scatter', () => x.scatterAdd(input('ids', [4], 'int64'), x), 'scatterAdd expected one row for each id.'],
])('%s of sizes that do not fit says what was expected', (_, build, message) => {
  expect(build).toThrow(ShapeError)
  expect(build).toThrow(message)
})
