import { expect, test } from 'vitest'
import { parameterCount } from '../nn/parameters.ts'
import { GPT2, gpt2Published, gpt2Sizes } from './2019-gpt2.ts'

test('published sizes have the numbers of parameters that are written beside them', () => {
  const sizes = Object.entries(gpt2Sizes)
  const counted = sizes.map(([name, size]) => [name, parameterCount(new GPT2({ ...gpt2Published, ...size }))])
  expect(counted).toEqual(sizes.map(([name, { parameters }]) => [name, parameters]))
})

test('table 2 of the paper counts up to 6 % fewer', () => {
  for (const [name, { published, parameters }] of Object.entries(gpt2Sizes)) {
    const more = parameters / 1e6 / Number.parseFloat(published) - 1
    expect([name, more > 0.01 && more < 0.064]).toEqual([name, true])
  }
})
