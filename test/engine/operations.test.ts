import { expect, test } from 'vitest'
import { gradient } from '../../src/autodiff/gradient.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { attention, causalMask } from '../../src/nn/attention.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { HostTensor } from '../../src/runtime/runtime.ts'
import { constant, full, input, type Tensor } from '../../src/tensor/tensor.ts'
import { expectClose } from './closeness.ts'
import { goldenValues, readGolden, type ValueSpecification } from './golden-values.ts'

interface Options {
  readonly approximate: 'none' | 'tanh'
  readonly axis: number
  readonly epsilon: number
  readonly labelSmoothing: number
  readonly causal: boolean
}

interface GoldenCase {
  readonly inputs: Record<string, ValueSpecification & { readonly seed: string }>
  readonly integers: Record<string, number[][]>
  readonly options: Options
  readonly shape: number[]
  readonly y: number[] | number
  readonly gradients: Record<string, number[]>
}

/** The operation that the beginning of a case's name stands for. */
const operations: Record<string, (inputs: Readonly<Record<string, Tensor>>, options: Options) => Tensor> = {
  gelu: ({ x }, { approximate }) => x.gelu(approximate),
  softmax: ({ x }, { axis }) => x.softmax(axis),
  'log-softmax': ({ x }, { axis }) => x.logSoftmax(axis),
  'layer-norm': ({ x, gain = full([16], 1), bias = full([16], 0) }, { epsilon }) =>
    x.layerNormalization(gain, bias, epsilon),
  'cross-entropy': ({ logits, targets }, { labelSmoothing }) =>
    crossEntropy(logits, targets, { smoothing: labelSmoothing }),
  embedding: ({ table, ids }) => table.gather(ids),
  attention: ({ query, key, value }, { causal }) =>
    attention(query, key, value, causal ? causalMask(query.shape[2]) : full([], 0)),
}

const { cases } = readGolden<{ cases: Record<string, GoldenCase> }>('operations.json')
const runtime = nodeRuntime()

test.each(Object.entries(cases))('%s agrees with PyTorch', async (name, golden) => {
  const operation = Object.keys(operations).find(start => name.startsWith(start))
  expect(operation).toBeDefined()
  const floats = Object.entries(golden.inputs).map(([key, { shape }]) => [key, input(key, shape)] as const)
  const ids = Object.entries(golden.integers).map(([key, nested]) => {
    return [key, input(key, [nested.length, nested[0].length], 'int64')] as const
  })
  const y = operations[operation!](Object.fromEntries([...floats, ...ids]), golden.options)
  expect(y.shape).toEqual(golden.shape)
  const weights = goldenValues(`${name}.weight`, { shape: y.shape, offset: 0, scale: 2 })
  const loss = y.rank === 0 ? y : y.mul(constant(weights, y.shape)).sum()
  const gradients = gradient(
    loss,
    floats.map(([, tensor]) => tensor),
  )
  const outputs = Object.fromEntries(floats.map(([key], i) => [`gradient/${key}`, gradients[i]]))
  const program = await compile(runtime, { y, ...outputs })
  const result = (await program.run({
    ...Object.fromEntries(
      floats.map(([key, { shape }]) => {
        const { seed } = golden.inputs[key]
        return [key, host('float32', shape, goldenValues(seed, golden.inputs[key]))]
      }),
    ),
    ...Object.fromEntries(
      ids.map(([key, { shape }]) => [
        key,
        host('int64', shape, BigInt64Array.from(golden.integers[key].flat(), BigInt)),
      ]),
    ),
  })) as Record<string, HostTensor>
  await program.release()
  const numbers = (key: string) => result[key].data as Float32Array
  expectClose('y', numbers('y'), [golden.y].flat(), { relative: 2e-5, absolute: 1e-6 })
  for (const [key, expected] of Object.entries(golden.gradients)) {
    expectClose(`gradient of ${key}`, numbers(`gradient/${key}`), expected, { relative: 5e-5, absolute: 2e-6 })
  }
})
