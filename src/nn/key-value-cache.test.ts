import { test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { webRuntime } from '../runtime/web.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { attention, causalMask } from './attention.ts'
import { KeyValueCache } from './key-value-cache.ts'
import { firstState, nextState } from './memory.ts'

const [tokens, heads, width] = [20, 2, 8]
const channels = heads * width
const values = new Map(
  ['q', 'k', 'v'].map(name => {
    const data = new Float32Array(tokens * channels)
    new Random(1, name).fillNormal(data, 1)
    return [name, data]
  }),
)
const numbers = (value: unknown) => (value as HostTensor).data as Float32Array

/** All tokens at once, with a mask. */
async function slow(runtime: Runtime, band: number): Promise<Float32Array> {
  const part = (name: string): Tensor =>
    input(name, [1, tokens, channels]).reshape([1, tokens, heads, width]).permute([0, 2, 1, 3])
  const y = attention(part('q'), part('k'), part('v'), causalMask(tokens, tokens, band))
  const program = await compile(runtime, { y: y.permute([0, 2, 1, 3]).reshape([1, tokens, channels]) })
  const feeds = [...values].map(([name, data]) => [name, host('float32', [1, tokens, channels], data)])
  const result = await program.run(Object.fromEntries(feeds))
  await program.release()
  return numbers(result.y)
}

/** So many tokens at a time, over a cache. */
async function cached(runtime: Runtime, band: number, chunk: number): Promise<number[]> {
  const memory = new KeyValueCache({ rows: 1, tokens: chunk }, 24)
  const shape = [1, chunk, channels]
  const y = memory.attend(input('q', shape), input('k', shape), input('v', shape), heads, band)
  const program = await compile(runtime, { y, ...memory.outputs })
  let state = firstState(memory)
  const found: number[] = []
  for (let t = 0; t < tokens; t += chunk) {
    const part = [...values].map(([name, data]) => [
      name,
      host('float32', shape, data.slice(t * channels, (t + chunk) * channels)),
    ])
    const { last, total } = memory.place(t)
    const result = await program.run({ ...Object.fromEntries(part), ...state, last, total })
    state = nextState(result, memory)
    found.push(...numbers(result.y))
  }
  await program.release()
  return found
}

test.each([1, 2, 5, 19, 20])('a band of %d tokens over a cache is attention with a mask', async band => {
  for (const runtime of [nodeRuntime({ threads: 1 }), await webRuntime()]) {
    const expected = await slow(runtime, band)
    for (const chunk of [1, 4, 20])
      expectClose(`${chunk} at a time`, await cached(runtime, band, chunk), expected, { absolute: 1e-5 })
  }
})
