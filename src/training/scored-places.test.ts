import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { gradient } from '../autodiff/gradient.ts'
import { compile, host } from '../compiler/compile.ts'
import { Llama } from '../models/2023-llama.ts'
import { initialWeights, namedParameters, parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { gatheredPlaces, placedLosses, placedTargets } from './scored-places.ts'

const runtime = nodeRuntime({ threads: 1 })

test('the loss and every gradient are those of all places', async () => {
  const size = { vocabulary: 11, context: 4, channels: 8, layers: 1, heads: 2, keyValueHeads: 2, hidden: 16 }
  const model = new Llama({ ...size, rotaryBase: 10_000, epsilon: 1e-5, tied: true })
  const parameters = namedParameters(model)
  const shape = [2, 4] as const
  const targets = BigInt64Array.of(-1n, 3n, -1n, -1n, 7n, 0n, -1n, -1n)
  const computed = async (places: number): Promise<number[]> => {
    const loss = placedLosses(model, input('ids', shape, 'int64'), places, {}).sum()
    const gradients = gradient(loss, [...parameters.values()])
    const outputs = Object.fromEntries([loss, ...gradients].map((tensor, i) => [`${i}`, tensor]))
    const program = await compile(runtime, outputs, { parameterNames: parameterNames(parameters) })
    const weights = Object.fromEntries(
      [...initialWeights(parameters, 1)].map(([name, data]) => [
        name,
        host('float32', parameters.get(name)!.shape, data),
      ]),
    )
    const ids = host('int64', shape, BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n))
    const results = await program.run({ ...weights, ids, ...placedTargets(targets, shape, places) })
    await program.release()
    return Object.keys(outputs).flatMap(name => [...((results[name] as HostTensor).data as Float32Array)])
  }
  const whole = await computed(8)
  expect(whole.filter(value => value !== 0).length).toBeGreaterThan(100)
  expectClose('loss and gradients', await computed(5), whole, { absolute: 1e-6 })
})

test('as many places are gathered as make the projections smallest', () => {
  expect(gatheredPlaces([100, 110, 90, 100], 1000)).toBe(112)
  // Most steps have few: the others are projected whole.
  expect(gatheredPlaces([100, 100, 100, 100, 100, 100, 100, 100, 1000, 990], 1000)).toBe(112)
  // Where nearly all is scored, or few steps have less, another graph is not worth its memory.
  expect(gatheredPlaces([900, 950, 990], 1000)).toBe(1000)
  expect(gatheredPlaces([100, 990, 990, 990, 990, 990, 990, 990, 990, 990], 1000)).toBe(1000)
})
