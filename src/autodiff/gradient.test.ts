import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { NacreError } from '../base/errors.ts'
import { compile, host } from '../compiler/compile.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { topologicalOrder } from '../tensor/order.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { gradient } from './gradient.ts'

const runtime = nodeRuntime({ threads: 1 })

/** The numbers of some tensors, where every input x has the values given. */
async function evaluate(
  tensors: readonly Tensor[],
  values: Readonly<Record<string, readonly number[]>>,
): Promise<number[][]> {
  const named = Object.fromEntries(tensors.map((tensor, i) => [`result${i}`, tensor]))
  const program = await compile(runtime, named)
  const feeds = Object.entries(program.inputs).map(([name, { shape }]) => {
    return [name, host('float32', shape, Float32Array.from(values[name]))] as const
  })
  const results = await program.run(Object.fromEntries(feeds))
  await program.release()
  return tensors.map((_, i) => [...((results[`result${i}`] as HostTensor).data as Float32Array)])
}

const x = input('x', [3])
const values = { x: [0.5, -1, 2], y: [3, 4, 5] }

test('a tensor that is used several times gathers the gradients of every use', async () => {
  const y = x.mul(x).add(x.exp().mul(x)) // y' = 2x + e^x (1 + x)
  const [dx] = await evaluate(gradient(y.sum(), [x]), values)
  expectClose(
    'dx',
    dx,
    values.x.map(x => 2 * x + Math.exp(x) * (1 + x)),
    { relative: 1e-5 },
  )
})

test('a subexpression that is shared is walked once', () => {
  let y: Tensor = x
  for (let i = 0; i < 60; i++) y = y.add(y) // 2⁶⁰ paths
  const [dx] = gradient(y.sum(), [x])
  expect(topologicalOrder([dx]).length).toBeLessThan(300)
})

test('gradients with respect to tensors in the middle', async () => {
  const middle = x.square()
  const loss = middle.mul(3).sum()
  const [dMiddle, dx] = await evaluate(gradient(loss, [middle, x]), values)
  expect(dMiddle).toEqual([3, 3, 3])
  expect(dx).toEqual(values.x.map(x => 6 * x))
})

test('what the loss does not depend on has zeros', async () => {
  const y = input('y', [3])
  const [dx, dy] = await evaluate(gradient(y.square().sum(), [x, y]), values)
  expect(dx).toEqual([0, 0, 0])
  expect(dy).toEqual([6, 8, 10])
})

test('no gradient passes stopGradient, comparisons and integers', async () => {
  const y = x.stopGradient().mul(x)
  expect(await evaluate(gradient(y.sum(), [x]), values)).toEqual([values.x])
  const positive = x.greater(0).cast('float32').mul(x)
  expect(await evaluate(gradient(positive.sum(), [x]), values)).toEqual([[1, 0, 1]])
  const counted = x.cast('int32').cast('float32').mul(x)
  expect(await evaluate(gradient(counted.sum(), [x]), values)).toEqual([[0, -1, 2]])
})

test('broadcasting is undone, whichever side it was on', async () => {
  const column = input('column', [2, 1])
  const row = input('row', [1, 3])
  const number = input('number', [])
  const y = column.mul(row).mul(number)
  const gradients = gradient(y.sum(), [column, row, number])
  expect(gradients.map(tensor => tensor.shape)).toEqual([[2, 1], [1, 3], []])
  const result = await evaluate(gradients, { column: [1, 2], row: [3, 4, 5], number: [2] })
  expect(result).toEqual([[24, 24], [6, 6, 6], [36]])
})

test('second derivatives: the gradient of a gradient', async () => {
  const [first] = gradient(x.mul(x).mul(x).add(x.sin()).sum(), [x])
  const [second] = await evaluate(gradient(first.sum(), [x]), values)
  expectClose(
    'y″',
    second,
    values.x.map(x => 6 * x - Math.sin(x)),
    { relative: 1e-5 },
  )
})

test('second derivatives of composite operations and of layer normalization', async () => {
  const gamma = input('gamma', [3])
  const beta = input('beta', [3])
  const functions: Record<string, (x: Tensor) => Tensor> = {
    layerNormalization: x => x.layerNormalization(gamma, beta).square(),
    gelu: x => x.gelu('tanh'),
    softmax: x => x.softmax().square(),
    logSoftmax: x => x.logSoftmax().square(),
  }
  const constants = { gamma: [0.5, 1, 1.5], beta: [0.1, 0, -0.2] }
  for (const [name, f] of Object.entries(functions)) {
    const [first] = gradient(f(x).sum(), [x])
    const weighted = first.mul(input('w', [3])).sum()
    const w = [0.3, -0.7, 1.1]
    const [second] = await evaluate(gradient(weighted, [x]), { ...constants, x: values.x, w })
    const step = 1e-2
    const differences = await Promise.all(
      values.x.map(async (value, i) => {
        const at = async (by: number) => {
          const [[result]] = await evaluate([weighted], { ...constants, x: values.x.with(i, value + by), w })
          return result
        }
        return ((await at(step)) - (await at(-step))) / (2 * step)
      }),
    )
    expectClose(name, second, differences, { absolute: 2e-3, relative: 2e-3 })
  }
})

test('a chain of 20,000 operations has a gradient: the walk is a loop', () => {
  let y: Tensor = x
  for (let i = 0; i < 20_000; i++) y = y.tanh()
  const [dx] = gradient(y.sum(), [x])
  expect(topologicalOrder([dx]).length).toBeGreaterThan(60_000)
})

test('only a scalar has a gradient', () => {
  expect(() => gradient(x, [x])).toThrow(NacreError)
  expect(() => gradient(x, [x])).toThrow(
    'gradient expected a scalar loss. Received shape [3]. Take the mean or the sum first.',
  )
})
