import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import { memoryTokens } from '../data/token-shards.ts'
import { NGrams } from './ngrams.ts'

const text = [0, 1, 0, 1, 0, 2]
const source = memoryTokens(text, text.length)
const counts = (order: number, tokens = source) => new NGrams(tokens, { order, vocabulary: 4 })

test('order 0 knows nothing', () => {
  expect(counts(0).probability(text, 3, 1)).toBe(0.25)
  expect(counts(0).perplexity(source)).toEqual({
    tokens: 5,
    natsPerToken: expect.closeTo(Math.log(4)),
    perplexity: expect.closeTo(4),
    bitsPerByte: expect.closeTo((2 * 6) / 6),
  })
  expect(counts(0).counted).toBe(0)
})

test('the formula by hand', () => {
  // Unigrams: 0 three times, 1 twice, 2 once: six tokens, three types.
  const one = [3, 2, 1, 0].map(count => (count + 3 * 0.25) / (6 + 3))
  expect([0, 1, 2, 3].map(token => counts(1).probability(text, 6, token))).toEqual(one.map(p => expect.closeTo(p)))
  expect(counts(1).counted).toBe(3)
  // After 0: 1 twice, 2 once; after 1: 0 twice; after 2 nothing, so that the unigrams speak.
  const after = (history: number) => [0, 1, 2, 3].map(token => counts(2).probability([history], 1, token))
  expect(after(0)).toEqual([0, 2, 1, 0].map((count, token) => expect.closeTo((count + 2 * one[token]) / (3 + 2))))
  expect(after(1)).toEqual([2, 0, 0, 0].map((count, token) => expect.closeTo((count + one[token]) / (2 + 1))))
  expect(after(2)).toEqual(one.map(p => expect.closeTo(p)))
  expect(counts(2).counted).toBe(3 + 3)
})

test.each([0, 1, 2, 3, 5])('order %i: probabilities of all tokens add up to one', async order => {
  const random = new Random(1, 'tokens')
  const tokens = Array.from({ length: 500 }, () => random.integer(3) * random.integer(2))
  const model = counts(order, memoryTokens(tokens, 500))
  for (const history of [[], [0], [3, 3], tokens.slice(0, 7), [0, 1, 2, 0, 1, 2]]) {
    const logits = await model.next(history)
    expect(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)).toBeCloseTo(1, 5)
  }
})

test('longer counts predict a text with order better', () => {
  const pattern = memoryTokens(
    Array.from({ length: 3000 }, (_, i) => [0, 1, 2, 1, 3, 1][i % 6]),
    3000,
  )
  const bits = [0, 1, 2, 3].map(order => counts(order, pattern).perplexity(pattern).bitsPerByte)
  expect(bits.toSorted((a, b) => b - a)).toEqual(bits)
  expect(bits[3]).toBeLessThan(0.02) // two tokens tell the next one
})

test('long texts are read in pieces', () => {
  const tokens = Int32Array.from({ length: 140_000 }, (_, i) => i % 4)
  const model = counts(2, memoryTokens(tokens, tokens.length))
  expect(model.counted).toBe(8)
  expect(model.probability([3], 1, 0)).toBeGreaterThan(0.9999)
})
