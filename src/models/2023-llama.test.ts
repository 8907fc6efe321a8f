import { expect, test } from 'vitest'
import { elementCount } from '../base/shape.ts'
import { parameterCount } from '../nn/parameters.ts'
import { input } from '../tensor/tensor.ts'
import { Llama, type LlamaConfiguration, llamaHidden, llamaPublished, llamaSizes } from './2023-llama.ts'

const tiny: LlamaConfiguration = {
  ...{ vocabulary: 11, context: 8, channels: 16, layers: 1, heads: 4, keyValueHeads: 2, hidden: 24 },
  ...{ rotaryBase: 10_000, epsilon: 1e-5, tied: false },
}

test('published sizes have the published numbers of parameters', () => {
  const counted = Object.entries(llamaSizes).map(([name, size]) => [
    name,
    parameterCount(new Llama({ ...llamaPublished, ...size })),
  ])
  expect(counted).toEqual(Object.entries(llamaSizes).map(([name, { parameters }]) => [name, parameters]))
})

test('the papers print these numbers: Table 2 of LLaMA, Table 1 of Llama 2', () => {
  const billions = (name: keyof typeof llamaSizes) => Math.floor(llamaSizes[name].parameters / 1e8) / 10
  expect(['llama-7b', 'llama-13b', 'llama-33b', 'llama-65b'].map(name => billions(name as 'llama-7b'))).toEqual([
    6.7, 13, 32.5, 65.2,
  ])
  expect(Math.round(billions('llama2-70b') / 10)).toBe(7)
})

test('units of feed-forward layers are those of the published sizes; the largest has 1.3 times as many', () => {
  const { 'llama2-70b': largest, ...others } = llamaSizes
  const sizes = Object.values(others)
  expect(sizes.map(({ channels }) => llamaHidden(channels))).toEqual(sizes.map(({ hidden }) => hidden))
  expect(largest.hidden / llamaHidden(largest.channels)).toBeCloseTo(1.3, 1)
})

test('states are what the logits are a projection of', () => {
  const model = new Llama(tiny)
  const ids = input('ids', [2, 5], 'int64')
  expect(model.states(ids).shape).toEqual([2, 5, 16])
  expect(model.states(ids, { lastOnly: true }).shape).toEqual([2, 1, 16])
  expect(model.logits(ids).shape).toEqual([2, 5, 11])
  const tied = new Llama({ ...tiny, tied: true })
  expect(tied.logits(ids).shape).toEqual([2, 5, 11])
  expect(parameterCount(model) - parameterCount(tied)).toBe(elementCount([11, 16]))
})

test('sizes that do not fit are refused', () => {
  expect(() => new Llama({ ...tiny, heads: 3, keyValueHeads: 3 })).toThrow('channels expected a multiple of heads (3)')
  expect(() => new Llama({ ...tiny, keyValueHeads: 3 })).toThrow('keyValueHeads expected a divisor of heads (4)')
  expect(() => new Llama({ ...tiny, heads: 16, keyValueHeads: 2 })).toThrow(
    'channels expected an even number of channels in each head, which are rotated in pairs. Received 16 channels in 16 heads. Try 32.',
  )
})
