import { expect, test } from 'vitest'
import { parameterCount } from '../nn/parameters.ts'
import { input } from '../tensor/tensor.ts'
import { GPT3, gpt3Band, gpt3Published, gpt3Sizes } from './2020-gpt3.ts'

const sizes = Object.entries(gpt3Sizes)

test('published sizes have the numbers of parameters that are written beside them', () => {
  const counted = sizes.map(([name, size]) => [name, parameterCount(new GPT3({ ...gpt3Published, ...size }))])
  expect(counted).toEqual(sizes.map(([name, { parameters }]) => [name, parameters]))
})

test('they are those of table 2.1, which is rounded', () => {
  const units = { M: 1e6, B: 1e9 }
  for (const [name, { published, parameters }] of sizes) {
    const printed = Number.parseFloat(published) * units[published.at(-1) as 'M' | 'B']
    expect([name, Math.abs(parameters / printed - 1) < 0.02]).toEqual([name, true])
  }
})

test('every second layer sees a band, an eighth of the context unless told otherwise', () => {
  expect([gpt3Band(2048), gpt3Band(64), gpt3Band(4)]).toEqual([256, 8, 1])
  const model = new GPT3({ vocabulary: 11, context: 8, channels: 16, layers: 4, heads: 2, bias: true, band: 3 })
  expect(model.logits(input('ids', [2, 5], 'int64')).shape).toEqual([2, 5, 11])
  expect(model.configuration.band).toBe(3)
  for (const band of [0, 1.5])
    expect(() => new GPT3({ ...model.configuration, band })).toThrow('band expected a whole number of tokens above 0.')
})
