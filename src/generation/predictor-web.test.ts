import { expect, test } from 'vitest'
import { deviation } from '../../test/engine/closeness.ts'
import { Random } from '../base/random.ts'
import { GPT2 } from '../models/2019-gpt2.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { webRuntime } from '../runtime/web.ts'
import { cachedPredictor, naivePredictor } from './predictor.ts'

test('on WebAssembly, where caches are fed back, the cached path equals the naive one of Node', async () => {
  const model = new GPT2({ vocabulary: 13, context: 8, channels: 16, layers: 2, heads: 2, bias: true })
  const weights = initialWeights(namedParameters(model), 1)
  const runtime = await webRuntime({ device: 'wasm', threads: 1 })
  expect(runtime.writesInPlace).toBe(false)
  const cached = cachedPredictor({ model, weights, runtime })
  const naive = naivePredictor({ model, weights, runtime: nodeRuntime({ threads: 1 }) })
  const random = new Random(1, 'text')
  const tokens = [1, 2, 3]
  for (let length = 3; length < 20; length++) {
    const expected = (await naive.next(tokens)).slice()
    expect(deviation(await cached.next(tokens), expected, { absolute: 1e-4 })).toBeLessThan(1)
    tokens.push(random.integer(13))
  }
  await cached.release()
  await naive.release()
})
