import { expect, test } from 'vitest'
import { compile, host } from '../compiler/compile.ts'
import { initialWeights, namedParameters, parameterCount, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { BERT, bertPublished, bertSizes } from './2018-bert.ts'

test.each(Object.entries(bertSizes))('%s has the published number of parameters', (_, size) => {
  const { published, parameters, layers, heads, channels, hidden } = size
  const count = parameterCount(new BERT({ ...bertPublished, layers, heads, channels, hidden }))
  expect(count).toBe(parameters)
  const [millions, rounded] = [count / 1e6, Number.parseFloat(published)]
  // The paper rounds 336 to 340.
  expect(published.includes('.') ? Number(millions.toFixed(1)) : Math.round(millions / 10) * 10).toBe(rounded)
})

test('channels that the heads cannot share', () => {
  expect(() => new BERT({ vocabulary: 9, context: 8, layers: 1, heads: 3, channels: 8, hidden: 8 })).toThrow(
    'channels expected a multiple of heads (3). Received 8. Try 9.',
  )
})

const model = new BERT({ vocabulary: 23, context: 8, layers: 2, heads: 2, channels: 8, hidden: 16 })
const shape = [2, 6]
const inputs = {
  ids: input('ids', shape, 'int64'),
  segments: input('segments', shape, 'int64'),
  lengths: input('lengths', [2], 'int64'),
}
const big = (values: readonly number[]) => BigInt64Array.from(values, BigInt)
const feeds = (ids: readonly number[], lengths: readonly number[], segments: readonly number[]) => ({
  ids: host('int64', shape, big(ids)),
  segments: host('int64', shape, big(segments)),
  lengths: host('int64', [2], big(lengths)),
  ...weightFeeds(model, initialWeights(namedParameters(model), 1)),
})
const words = [2, 9, 8, 7, 6, 3, 2, 11, 12, 3, 0, 0]
const segments = [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]

async function run(outputs: Record<string, Tensor>, values: Record<string, HostTensor>) {
  const program = await compile(nodeRuntime({ threads: 1 }), outputs, {
    parameterNames: parameterNames(namedParameters(model)),
  })
  const result = await program.run(values)
  await program.release()
  return Object.fromEntries(
    Object.entries(result).map(([name, value]) => [name, (value as HostTensor).data as Float32Array]),
  )
}

test('what stands behind the end of a row changes nothing, the segment of a token does', async () => {
  const { states, pooled } = model.encode(inputs)
  const first = await run({ states, pooled }, feeds(words, [6, 4], segments))
  const second = await run({ states, pooled }, feeds(words.with(10, 5).with(11, 22), [6, 4], segments.with(11, 1)))
  const seen = (values: Float32Array) => values.slice(0, 10 * 8)
  expect(seen(second.states)).toEqual(seen(first.states))
  expect(second.pooled).toEqual(first.pooled)
  const other = await run({ states, pooled }, feeds(words, [6, 4], segments.with(8, 1)))
  expect(other.pooled).not.toEqual(first.pooled)
})

test('a token sees both sides; masked positions are scored one by one as all are', async () => {
  const attentions = new Map<string, Tensor>()
  const { states } = model.encode(inputs, { attentions })
  const some = input('positions', [3], 'int64')
  const everywhere = input('everywhere', [12], 'int64')
  const outputs = {
    weights: attentions.get('1')!,
    some: model.maskLogits(states, some),
    all: model.maskLogits(states, everywhere),
  }
  const result = await run(outputs, {
    ...feeds(words, [6, 4], segments),
    positions: host('int64', [3], big([4, 0, 8])),
    everywhere: host('int64', [12], big([...Array(12).keys()])),
  })
  expect(outputs.some.shape).toEqual([3, 23])
  for (const [row, position] of [4, 0, 8].entries()) {
    const own = result.some.subarray(23 * row, 23 * (row + 1))
    const among = result.all.subarray(23 * position, 23 * (position + 1))
    for (const [i, value] of own.entries()) expect(value).toBeCloseTo(among[i], 5)
  }
  const { weights } = result // [2, 2, 6, 6]
  expect(weights[5]).toBeGreaterThan(0) // the first token looks at the last
  const padded = weights.subarray(72, 72 + 6) // first token of the second row
  expect([padded[4], padded[5]]).toEqual([0, 0])
  expect(padded.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
})
