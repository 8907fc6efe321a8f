import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { compile, host } from '../compiler/compile.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { adam, adamW } from './adamw.ts'
import type { Optimizer } from './optimizer.ts'
import { sgd } from './sgd.ts'

const runtime = nodeRuntime({ threads: 1 })
const [rate, decay, steps] = [0.1, 0.05, 6]

/** Gradients of a step: they change sign and size. */
const gradientAt = (step: number) => [Math.sin(step), 10 * Math.cos(2 * step), 1e-3 / step]

/** The parameter after some steps by the compiled rule. */
async function compiled(optimizer: Optimizer): Promise<Float32Array> {
  const names = ['learningRate', 'weightDecay', ...Object.keys(optimizer.scalars(1))]
  const next = optimizer.update({
    parameter: input('parameter', [3]),
    gradient: input('gradient', [3]),
    state: optimizer.state.map(name => input(name, [3])),
    scalars: Object.fromEntries(names.map(name => [name, input(name, [])])),
  })
  const state = Object.fromEntries(optimizer.state.map((name, i) => [`next/${name}`, next.state[i]]))
  const program = await compile(runtime, { 'next/parameter': next.parameter, ...state })
  const vector = (values: readonly number[]) => host('float32', [3], Float32Array.from(values))
  let memory: Record<string, HostTensor> = { parameter: vector([1, -2, 3]) }
  for (const name of optimizer.state) memory[name] = vector([0, 0, 0])
  for (let step = 1; step <= steps; step++) {
    const scalars = { learningRate: rate, weightDecay: optimizer.weightDecay, ...optimizer.scalars(step) }
    const feeds = Object.entries(scalars).map(([name, value]) => [name, host('float32', [], Float32Array.of(value))])
    const result = await program.run({ ...memory, ...Object.fromEntries(feeds), gradient: vector(gradientAt(step)) })
    memory = Object.fromEntries(Object.keys(memory).map(name => [name, result[`next/${name}`] as HostTensor]))
  }
  await program.release()
  return memory.parameter.data as Float32Array
}

/** The rule of each optimizer as its paper writes it, for one element in double precision. */
const rules: Record<string, { optimizer: Optimizer; element: (parameter: number, gradients: number[]) => number }> = {
  adamW: {
    optimizer: adamW({ beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: decay }),
    element: (parameter, gradients) => adamElement(parameter, gradients, decay),
  },
  adam: {
    optimizer: adam({ beta1: 0.8, beta2: 0.9, epsilon: 1e-6 }),
    element: (parameter, gradients) => adamElement(parameter, gradients, 0),
  },
  'sgd without momentum': {
    optimizer: sgd(),
    element: (parameter, gradients) => gradients.reduce((value, g) => value - rate * g, parameter),
  },
  'sgd with momentum and weight decay': {
    optimizer: sgd({ momentum: 0.9, weightDecay: decay }),
    element: (parameter, gradients) => {
      let velocity = 0
      return gradients.reduce((value, g) => {
        velocity = 0.9 * velocity + g + decay * value
        return value - rate * velocity
      }, parameter)
    },
  },
}

function adamElement(parameter: number, gradients: number[], weightDecay: number): number {
  let [mean, square] = [0, 0]
  return gradients.reduce((value, g, i) => {
    mean = 0.8 * mean + 0.2 * g
    square = 0.9 * square + 0.1 * g * g
    const [unbiasedMean, unbiasedSquare] = [mean / (1 - 0.8 ** (i + 1)), square / (1 - 0.9 ** (i + 1))]
    return value * (1 - rate * weightDecay) - (rate * unbiasedMean) / (Math.sqrt(unbiasedSquare) + 1e-6)
  }, parameter)
}

test.each(Object.entries(rules))('%s follows its paper', async (_, { optimizer, element }) => {
  const all = Array.from({ length: steps }, (_, i) => gradientAt(i + 1))
  const expected = [1, -2, 3].map((parameter, i) =>
    element(
      parameter,
      all.map(gradient => gradient[i]),
    ),
  )
  expectClose('parameter', await compiled(optimizer), expected, { relative: 1e-5 })
})

test('the memory of an optimizer is named', () => {
  expect(Object.values(rules).map(({ optimizer }) => [optimizer.name, optimizer.state])).toEqual([
    ['adamw', ['mean', 'square']],
    ['adam', ['mean', 'square']],
    ['sgd', []],
    ['sgd', ['velocity']],
  ])
})
