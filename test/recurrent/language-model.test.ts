/** What every language model answers, answered by the recurrent ones; the slow twin is the whole text in one window. */
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/base/random.ts'
import { compile, host } from '../../src/compiler/compile.ts'
import { measureText, memoryText } from '../../src/data/text.ts'
import { memoryTokens } from '../../src/data/token-shards.ts'
import { perplexity, scoreTokens } from '../../src/evaluation/score.ts'
import { textPerplexity } from '../../src/evaluation/text-perplexity.ts'
import { cachedPredictor, naivePredictor } from '../../src/generation/predictor.ts'
import { namedParameters, parameterNames, weightFeeds } from '../../src/nn/parameters.ts'
import type { HostTensor } from '../../src/runtime/runtime.ts'
import { webRuntime } from '../../src/runtime/web.ts'
import { input } from '../../src/tensor/tensor.ts'
import { trainCharacters } from '../../src/tokenizers/characters.ts'
import { expectClose } from '../engine/closeness.ts'
import { tinyRecurrentModel } from '../tiny-language-model.ts'

const [vocabulary, context] = [19, 6]

function text(length: number, seed = 1): number[] {
  const random = new Random(seed, 'text')
  return Array.from({ length }, () => random.integer(vocabulary))
}

describe.each(['rnn', 'lstm', 'gru'] as const)('%s', kind => {
  const loaded = tinyRecurrentModel(kind, { vocabulary, context })

  /** log P of each token but the first, from the logits of the whole text in one window. */
  async function direct(tokens: readonly number[]): Promise<number[]> {
    const { model, runtime } = loaded
    const shape = [1, tokens.length - 1]
    const names = parameterNames(namedParameters(model))
    const program = await compile(
      runtime,
      { logits: model.logits(input('ids', shape, 'int64')) },
      { parameterNames: names },
    )
    const ids = host('int64', shape, BigInt64Array.from(tokens.slice(0, -1), BigInt))
    const { data } = (await program.run({ ...weightFeeds(loaded.model, loaded.weights), ids })).logits as HostTensor
    return tokens.slice(1).map((token, i) => {
      const row = Array.from(data.slice(i * vocabulary, (i + 1) * vocabulary), Number)
      return row[token] - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0))
    })
  }

  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

  test('what is far before changes the logits, or the tests below would prove nothing', async () => {
    const tokens = text(4 * context)
    const last = (await direct(tokens)).at(-1)!
    const other = (await direct(tokens.with(context, (tokens[context] + 1) % vocabulary))).at(-1)!
    expect(Math.abs(last - other)).toBeGreaterThan(1e-5)
  })

  test('the memory predicts as the whole text does, far past the context, token by token and in any pieces', async () => {
    const [cached, naive] = [cachedPredictor(loaded), naivePredictor(loaded)]
    const tokens = text(80)
    for (const length of [1, 2, 3, 7, 8, 20, 77, 78, 78, 80, 5, 6, 80]) {
      const expected = (await naive.next(tokens.slice(0, length))).slice()
      expectClose(`${length} tokens`, await cached.next(tokens.slice(0, length)), expected, { absolute: 1e-4 })
    }
    const edited = tokens.with(3, (tokens[3] + 1) % vocabulary)
    expectClose('edited', await cached.next(edited), await naive.next(edited), { absolute: 1e-4 })
    await Promise.all([cached.release(), naive.release()])
  })

  test('scores of a text of any length are those of the whole', async () => {
    for (const length of [2, 3, context, context + 1, context + 2, 5 * context - 1]) {
      const scores = await scoreTokens(loaded, text(length))
      expect(scores).toHaveLength(length - 1)
      for (const [i, score] of (await direct(text(length))).entries()) expect(scores[i]).toBeCloseTo(score, 4)
    }
  })

  test('perplexity in one row is exact, in several rows as good as that', async () => {
    const tokens = text(91)
    const nats = -sum(await direct(tokens)) / 90
    for (const batchSize of [1, 2, 5, 64]) {
      const result = await perplexity(loaded, memoryTokens(tokens, 182), { batchSize })
      expect(result.tokens).toBe(90)
      expect(result.natsPerToken).toBeCloseTo(nats, batchSize === 1 ? 5 : 1)
      expect(result.bitsPerByte).toBeCloseTo(((result.natsPerToken / Math.LN2) * 91) / 182, 6)
    }
  })

  test('a text that is read as it is scored has the same perplexity', async () => {
    const line = '话说天下大势，分久必合，合久必分。'.repeat(9)
    const tokenizer = await trainCharacters([line])
    const own = { ...tinyRecurrentModel(kind, { vocabulary: tokenizer.vocabularySize, context }), tokenizer }
    const bytes = new TextEncoder().encode(line).length
    const expected = await perplexity(own, memoryTokens(tokenizer.encode(line), bytes), { batchSize: 3 })
    const result = await textPerplexity(own, await measureText(memoryText(line)), { batchSize: 3 })
    expect(result.natsPerToken).toBeCloseTo(expected.natsPerToken, 6)
    expect(result.bitsPerByte).toBeCloseTo(expected.bitsPerByte, 6)
  })

  test('on WebAssembly it predicts the same', async () => {
    const web = { ...loaded, runtime: await webRuntime() }
    const [there, here] = [cachedPredictor(web), cachedPredictor(loaded)]
    for (const length of [5, 6, 13]) {
      const expected = (await here.next(text(length))).slice()
      expectClose(`${length} tokens`, await there.next(text(length)), expected, { absolute: 1e-4 })
    }
    await Promise.all([there.release(), here.release()])
  })
})
