import { expect, test } from 'vitest'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import { DataError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { compile, host } from '../compiler/compile.ts'
import { memoryTokens } from '../data/token-shards.ts'
import { naivePredictor } from '../generation/predictor.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { input } from '../tensor/tensor.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { lossesOf, perplexity, scoreTokens } from './score.ts'

const [vocabulary, context] = [19, 8]
const scored = tinyLanguageModel({ vocabulary, context })

function text(length: number, seed = 1): number[] {
  const random = new Random(seed, 'text')
  return Array.from({ length }, () => random.integer(vocabulary))
}

/** log P of each token of a window given those before it in the window, from the logits of the whole window. */
async function direct(window: readonly number[]): Promise<number[]> {
  const { model, runtime } = scored
  const shape = [1, window.length - 1]
  const logits = model.logits(input('ids', shape, 'int64'))
  const names = parameterNames(namedParameters(model))
  const program = await compile(runtime, { logits }, { parameterNames: names })
  const ids = host('int64', shape, BigInt64Array.from(window.slice(0, -1), BigInt))
  const { data } = (await program.run({ ...weightFeeds(scored.model, scored.weights), ids })).logits as HostTensor
  await program.release()
  return window.slice(1).map((token, i) => {
    const row = Array.from(data.slice(i * vocabulary, (i + 1) * vocabulary), Number)
    return row[token] - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0))
  })
}

function expectEach(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 4)
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

test('scores are log-softmax of the logits, for texts up to the context', async () => {
  for (const length of [2, 3, context, context + 1])
    expectEach(await scoreTokens(scored, text(length)), await direct(text(length)))
})

test('the chain rule: scores add up to the product of what the predictor says', async () => {
  const tokens = text(context + 1)
  const predictor = naivePredictor(scored)
  let probability = 1
  for (let i = 1; i < tokens.length; i++) {
    const odds = Float64Array.from(await predictor.next(tokens.slice(0, i)), Math.exp)
    probability *= odds[tokens[i]] / odds.reduce((a, b) => a + b, 0)
  }
  expect(sum(await scoreTokens(scored, tokens))).toBeCloseTo(Math.log(probability), 4)
})

test('probabilities of all continuations add up to 1', async () => {
  const prefix = text(4)
  let total = 0
  for (let next = 0; next < vocabulary; next++) {
    total += Math.exp((await scoreTokens(scored, [...prefix, next])).at(-1) ?? 0)
  }
  expect(total).toBeCloseTo(1, 5)
})

test('a longer text is scored in windows that move by half of the context', async () => {
  const tokens = text(21) // 20 targets: windows over targets 0-7, 4-11, 8-15, 12-19
  const expected = (await direct(tokens.slice(0, 9))).slice()
  for (const start of [4, 8, 12]) expected.push(...(await direct(tokens.slice(start, start + 9))).slice(4))
  expectEach(await scoreTokens(scored, tokens), expected)

  // 14 targets: the third window would go past the end and begins 2 earlier instead
  const uneven = tokens.slice(0, 15)
  const last = (await direct(uneven.slice(6, 15))).slice(6)
  expectEach((await scoreTokens(scored, uneven)).slice(12), last)
})

test('each score has at least half of the context before it', async () => {
  const tokens = text(40)
  const scores = await scoreTokens(scored, tokens)
  for (const [i, changed] of [
    [12, 12 - 4],
    [25, 25 - 4],
    [39, 39 - 4],
  ]) {
    const other = tokens.with(changed, (tokens[changed] + 1) % vocabulary)
    expect((await scoreTokens(scored, other))[i - 1]).not.toBeCloseTo(scores[i - 1], 4)
  }
})

test('perplexity is that of windows side by side, whatever the batch', async () => {
  for (const length of [2, 5, 9, 17, 44]) {
    const tokens = text(length, length)
    const expected: number[] = []
    for (let start = 0; start < length - 1; start += context)
      expected.push(...(await direct(tokens.slice(start, start + context + 1))))
    const nats = -sum(expected) / (length - 1)
    for (const batchSize of [1, 3, 8]) {
      const result = await perplexity(scored, memoryTokens(tokens, 2 * length), { batchSize })
      expect(result.tokens).toBe(length - 1)
      expect(result.natsPerToken).toBeCloseTo(nats, 5)
      expect(result.perplexity).toBeCloseTo(Math.exp(nats), 3)
      expect(result.bitsPerByte).toBeCloseTo(nats / Math.LN2 / 2, 5)
    }
  }
})

test('a model that knows nothing needs log2 V bits for a token', async () => {
  const zeros = new Map([...scored.weights].map(([name, values]) => [name, new Float32Array(values.length)]))
  const result = await perplexity({ ...scored, weights: zeros }, memoryTokens(text(30), 30))
  expect(result.perplexity).toBeCloseTo(vocabulary, 4)
  expect(result.bitsPerByte).toBeCloseTo(Math.log2(vocabulary), 5)
})

test('bits per byte of Chinese count bytes of UTF-8, and compare tokenizers', async () => {
  const chinese = '话说天下大势，分久必合，合久必分。'
  const bytesOfText = new TextEncoder().encode(chinese).length
  expect(bytesOfText).toBe(3 * chinese.length)
  for (const tokenizer of [
    await trainCharacters([chinese]),
    await trainByteLevelBPE([chinese], { vocabularySize: 257 }),
  ]) {
    const ids = tokenizer.encode(chinese)
    const model = tinyLanguageModel({ vocabulary: tokenizer.vocabularySize, context })
    const weights = new Map([...model.weights].map(([name, values]) => [name, new Float32Array(values.length)]))
    const { bitsPerByte } = await perplexity({ ...model, weights }, memoryTokens(ids, bytesOfText))
    expect(bitsPerByte).toBeCloseTo((Math.log2(tokenizer.vocabularySize) * ids.length) / bytesOfText, 4)
  }
})

test('progress is told, up to the whole', async () => {
  const shares: number[] = []
  await perplexity(scored, memoryTokens(text(50), 50), { batchSize: 2, onProgress: share => shares.push(share) })
  expect(shares).toEqual([1 / 4, 2 / 4, 3 / 4, 1])
})

test('one token cannot be scored', async () => {
  const alone = perplexity(scored, memoryTokens([1], 1))
  await expect(alone).rejects.toThrow(DataError)
  await expect(alone).rejects.toThrow('The text expected at least 2 tokens. Received 1.')
})

test('losses of some places at a time are those of all at once', async () => {
  const { model, weights, runtime } = scored
  const shape = [3, 5]
  const [ids, targets] = [input('ids', shape, 'int64'), input('targets', shape, 'int64')]
  const states = model.states(ids)
  // 15 places: all; four of 4, 4, 4, 3; one by one
  const outputs = Object.fromEntries(
    [1e9, 4 * vocabulary, 1].map(most => [`${most}`, lossesOf(model, states, targets, most)]),
  )
  const program = await compile(runtime, outputs, { parameterNames: parameterNames(namedParameters(model)) })
  const feeds = {
    ids: host('int64', shape, BigInt64Array.from(text(15), BigInt)),
    targets: host(
      'int64',
      shape,
      BigInt64Array.from(text(15, 2), (token, i) => (i % 4 === 0 ? -1n : BigInt(token))),
    ),
  }
  const results = await program.run({ ...weightFeeds(model, weights), ...feeds })
  await program.release()
  const [whole, ...parts] = Object.keys(outputs).map(name => results[name] as HostTensor)
  for (const part of parts) {
    expect(part.shape).toEqual(shape)
    expectEach(Array.from(part.data, Number), Array.from(whole.data, Number))
  }
  expect(sum(Array.from(whole.data, Number))).toBeGreaterThan(1)
})
