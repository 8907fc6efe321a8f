import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { gradient } from '../autodiff/gradient.ts'
import { Random } from '../base/random.ts'
import { elementCount } from '../base/shape.ts'
import { compile, host } from '../compiler/compile.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { constant, input, type Tensor } from '../tensor/tensor.ts'
import { attention, causalAttention, causalMask, packedMask } from './attention.ts'

test.each([
  [600, undefined, 0.8],
  [600, 600, 0.8],
  [600, 130, 0.5],
  [600, 3, 0.25],
  [100, 7, 1.01],
])('causal attention of %d tokens, in a band of %s, is attention with a mask', async (tokens, band, work) => {
  const shape = [1, 2, tokens, 16]
  const inputs = ['q', 'k', 'v'].map(name => input(name, shape))
  const [q, k, v] = inputs
  const outputs = (y: Tensor): Record<string, Tensor> => {
    const [dq, dk, dv] = gradient(y.mul(input('weight', shape)).sum(), inputs)
    return { y, dq, dk, dv }
  }
  const values = (name: string): HostTensor => {
    const data = new Float32Array(tokens * 32)
    new Random(1, name).fillNormal(data, 1)
    return host('float32', shape, data)
  }
  const feeds = Object.fromEntries(['q', 'k', 'v', 'weight'].map(name => [name, values(name)]))
  const runtime = nodeRuntime()
  const fast = await compile(runtime, outputs(causalAttention(q, k, v, { band })))
  const slow = await compile(runtime, outputs(attention(q, k, v, plainMask(tokens, band))))
  expect(fast.matmulFlops).toBeLessThan(work * slow.matmulFlops)
  const [a, b] = [await fast.run(feeds), await slow.run(feeds)]
  for (const name of ['y', 'dq', 'dk', 'dv']) {
    const [fastValues, slowValues] = [a, b].map(results => (results[name] as HostTensor).data as Float32Array)
    expectClose(name, fastValues, slowValues, { absolute: 1e-5, relative: 1e-4 })
  }
  await fast.release()
  await slow.release()
})

/** The rule, said for each query and key. */
function plainMask(tokens: number, band = tokens): Tensor {
  const places = Array.from({ length: tokens ** 2 }, (_, i) => [Math.floor(i / tokens), i % tokens])
  return constant(
    Float32Array.from(places, ([t, s]) => (s > t || t - s >= band ? -1e30 : 0)),
    [tokens, tokens],
  )
}

for (const [name, tokens, packed] of [
  ['folded', 20, false],
  ['by blocks', 600, false],
  ['packed', 20, true],
] as const) {
  test(`groups of queries, ${name}, are attention over repeated keys and values`, async () => {
    const [queries, keys] = [4, 2].map(heads => [2, heads, tokens, 8])
    const inputs = [input('q', queries), input('k', keys), input('v', keys)]
    const [q, k, v] = inputs
    const documents = input('documents', [2, tokens], 'int64')
    const mask = packed ? packedMask({ documents, positions: documents }) : undefined
    const repeat = (x: Tensor) =>
      x.reshape([2, 2, 1, tokens, 8]).expand([2, 2, 2, tokens, 8]).reshape([2, 4, tokens, 8])
    const outputs = (y: Tensor): Record<string, Tensor> => {
      const [dq, dk, dv] = gradient(y.mul(input('weight', queries)).sum(), inputs)
      return { y, dq, dk, dv }
    }
    const values = (name: string, shape: readonly number[]): HostTensor => {
      const data = new Float32Array(elementCount(shape))
      new Random(1, name).fillNormal(data, 1)
      return host('float32', shape, data)
    }
    const feeds = {
      ...{ q: values('q', queries), k: values('k', keys), v: values('v', keys), weight: values('weight', queries) },
      documents: host(
        'int64',
        [2, tokens],
        BigInt64Array.from({ length: 2 * tokens }, (_, i) => BigInt(i >> 3)),
      ),
    }
    const runtime = nodeRuntime({ threads: 1 })
    const fast = await compile(runtime, outputs(causalAttention(q, k, v, { mask })))
    const slow = await compile(runtime, outputs(attention(q, repeat(k), repeat(v), mask ?? causalMask(tokens))))
    const [a, b] = [await fast.run(feeds), await slow.run(feeds)]
    for (const output of ['y', 'dq', 'dk', 'dv']) {
      const [own, expected] = [a, b].map(results => (results[output] as HostTensor).data as Float32Array)
      expectClose(output, own, expected, { absolute: 1e-5, relative: 1e-4 })
    }
    await fast.release()
    await slow.release()
  })
}
