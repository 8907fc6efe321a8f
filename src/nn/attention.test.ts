import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { gradient } from '../autodiff/gradient.ts'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { attention, causalAttention, causalMask } from './attention.ts'

test('causal attention by blocks is attention with a causal mask', async () => {
  const shape = [1, 2, 600, 16]
  const inputs = ['q', 'k', 'v'].map(name => input(name, shape))
  const [q, k, v] = inputs
  const outputs = (y: Tensor): Record<string, Tensor> => {
    const [dq, dk, dv] = gradient(y.mul(input('weight', shape)).sum(), inputs)
    return { y, dq, dk, dv }
  }
  const values = (name: string): HostTensor => {
    const data = new Float32Array(600 * 32)
    new Random(1, name).fillNormal(data, 1)
    return host('float32', shape, data)
  }
  const feeds = Object.fromEntries(['q', 'k', 'v', 'weight'].map(name => [name, values(name)]))
  const runtime = nodeRuntime()
  const fast = await compile(runtime, outputs(causalAttention(q, k, v)))
  const slow = await compile(runtime, outputs(attention(q, k, v, causalMask(600))))
  expect(fast.matmulFlops).toBeLessThan(0.8 * slow.matmulFlops)
  const [a, b] = [await fast.run(feeds), await slow.run(feeds)]
  for (const name of ['y', 'dq', 'dk', 'dv']) {
    const [fastValues, slowValues] = [a, b].map(results => (results[name] as HostTensor).data as Float32Array)
    expectClose(name, fastValues, slowValues, { absolute: 1e-5, relative: 1e-4 })
  }
  await fast.release()
  await slow.release()
})
