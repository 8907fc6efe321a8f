import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import { OptionError } from '../base/errors.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { type GeneratedToken, type GenerateOptions, generate, length, token } from './generate.ts'
import { cachedPredictor, naivePredictor, type Predictor } from './predictor.ts'
import { greedy, repetitionPenalty, temperature, topK, topP } from './sampling.ts'

const letters = await trainCharacters(['abcdefghij'], { specialTokens: ['<|end|>'] })
/** One token for each byte. */
const bytes = await trainByteLevelBPE([''], { vocabularySize: 257, specialTokens: ['<|end|>'] })
const loaded = tinyLanguageModel({ vocabulary: letters.vocabularySize, context: 12 })

async function collect(generation: AsyncIterable<GeneratedToken>): Promise<GeneratedToken[]> {
  const pieces: GeneratedToken[] = []
  for await (const piece of generation) pieces.push(piece)
  return pieces
}

const joined = (pieces: readonly GeneratedToken[]): string => pieces.map(({ text }) => text).join('')

/** A predictor that has made up its mind. */
function scripted(tokenizer: Tokenizer, prompt: number, script: readonly number[]): Predictor {
  return {
    next: async tokens => {
      const logits = new Float32Array(tokenizer.vocabularySize).fill(-1e4)
      logits[script[tokens.length - prompt]] = 0
      return logits
    },
  }
}

/** What is shown, piece by piece, when the model says a text one token at a time. */
async function shown(tokenizer: Tokenizer, text: string, options: GenerateOptions = {}): Promise<string[]> {
  const script = [...tokenizer.encode(text, { special: true })]
  const stopWhen = [length(script.length)]
  const pieces = await collect(generate(scripted(tokenizer, 1, script), tokenizer, [0], { stopWhen, ...options }))
  return pieces.map(piece => piece.text)
}

const samplings: Record<string, GenerateOptions> = {
  greedy: { sample: [greedy] },
  sampled: { sample: [], seed: 7 },
  'by several policies': { sample: [repetitionPenalty(1.3), temperature(0.9), topK(6), topP(0.9)], seed: 3 },
}

test.each(Object.entries(samplings))('the cached path says what the naive loop says: %s', async (_, options) => {
  const prompt = [...letters.encode('abc')]
  const run = (predictor: Predictor) =>
    collect(generate(predictor, letters, prompt, { ...options, stopWhen: [length(40)] }))
  const [cached, naive] = [await run(cachedPredictor(loaded)), await run(naivePredictor(loaded))]
  expect(cached.map(piece => piece.token)).toEqual(naive.map(piece => piece.token))
  expect(joined(cached)).toBe(joined(naive))
  const logProbabilities = (pieces: GeneratedToken[]) => pieces.map(({ logProbability }) => logProbability)
  expectClose('log-probabilities', logProbabilities(cached), logProbabilities(naive), { absolute: 1e-4 })
})

test('a seed decides everything, whether read piece by piece or not, alone or beside another', async () => {
  const predictor = cachedPredictor(loaded)
  const start = (seed: number, tokens = 30) =>
    generate(predictor, letters, [0], { seed, stopWhen: [length(tokens)], sample: [temperature(1.5)] })
  const tokens = async (generation: AsyncIterable<GeneratedToken>) =>
    (await collect(generation)).map(each => each.token)
  const first = await tokens(start(5))
  expect(first).toHaveLength(30)
  expect(await tokens(start(5))).toEqual(first)
  expect(await tokens(start(6))).not.toEqual(first)
  expect(await tokens(start(5, 12))).toEqual(first.slice(0, 12))

  const [left, right] = [start(5), start(6)]
  const slow: number[] = []
  for await (const piece of left) {
    slow.push(piece.token)
    await right.next()
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(slow).toEqual(first)
})

test('log-probabilities are those of the model, before any policy', async () => {
  const naive = naivePredictor(loaded)
  const prompt = [...letters.encode('ab')]
  const options = { sample: [temperature(0.3), topK(2)], stopWhen: [length(15)] }
  const tokens = [...prompt]
  for (const piece of await collect(generate(cachedPredictor(loaded), letters, prompt, options))) {
    const logits = Float64Array.from(await naive.next(tokens))
    const logOfSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
    expect(piece.logProbability).toBeCloseTo(logits[piece.token] - logOfSum, 4)
    tokens.push(piece.token)
  }
})

test('tokens that the tokenizer lacks are never drawn', async () => {
  const wider = tinyLanguageModel({ vocabulary: letters.vocabularySize + 40, context: 12 })
  const pieces = await collect(generate(cachedPredictor(wider), letters, [0], { stopWhen: [length(60)] }))
  expect(pieces.every(piece => piece.token < letters.vocabularySize)).toBe(true)
})

test('a stop string over several tokens is never shown, nor what follows', async () => {
  const stopStrings = ['cde']
  expect(await shown(letters, 'abcdefg', { stopStrings })).toEqual(['a', 'b', '', '', ''])
  expect(await shown(letters, 'cdeab', { stopStrings })).toEqual(['', '', ''])
  expect(await shown(letters, 'abcdecde', { stopStrings: ['cde', 'bc'] })).toEqual(['a', '', ''])
  expect(await shown(letters, 'aab', { stopStrings: ['', 'aab'] })).toEqual(['', '', ''])
})

test('what could have begun a stop string is shown once it did not', async () => {
  const stopStrings = ['cde']
  expect(await shown(letters, 'abcdfg', { stopStrings })).toEqual(['a', 'b', '', '', 'cdf', 'g'])
  expect(await shown(letters, 'acccde', { stopStrings })).toEqual(['a', '', 'c', 'c', '', ''])
  expect(await shown(letters, 'abcd', { stopStrings })).toEqual(['a', 'b', '', 'cd']) // nothing follows
  expect(await shown(letters, 'abcd<|end|>', { stopStrings, stopTokens: [letters.endOfText ?? 10] })).toEqual([
    'a',
    'b',
    '',
    '',
    'cd',
  ])
  expect(await shown(letters, 'ababac', { stopStrings: ['abac'] })).toEqual(['', '', '', 'ab', '', ''])
})

test('a stop token ends the text and is not shown', async () => {
  const end = letters.specialTokens.get('<|end|>')!
  expect(await shown(letters, 'ab<|end|>cd', { stopTokens: [end] })).toEqual(['a', 'b', ''])
  expect(await shown(letters, 'abcd', { stopWhen: [token(2)] })).toEqual(['a', 'b', 'c'])
  expect(await shown(letters, 'abcd', { stopWhen: [length(3), token(9)] })).toEqual(['a', 'b', 'c'])
})

test('a character of several tokens is never shown in part', async () => {
  expect(await shown(bytes, '话😀é!')).toEqual(['', '', '话', '', '', '', '😀', '', 'é', '!'])
  const cut = await shown(bytes, 'a话😀', { stopWhen: [length(5)] })
  expect(cut).toEqual(['a', '', '', '话', '\ufffd']) // the model was stopped inside of a character
  const trained = await trainByteLevelBPE(['你好世界😀 '.repeat(20)], { vocabularySize: 270 })
  for (const piece of await shown(trained, '世界😀你好 界世😁é')) expect(piece.isWellFormed()).toBe(true)
})

test('stop strings of Chinese and emoji, one byte at a time', async () => {
  expect(await shown(bytes, '好。话', { stopStrings: ['。'] })).toEqual(['', '', '好', '', '', ''])
  expect((await shown(bytes, '😁😀a', { stopStrings: ['😀'] })).join('')).toBe('😁')
})

test('pieces join to what the whole decodes to', async () => {
  const model = tinyLanguageModel({ vocabulary: bytes.vocabularySize, context: 16, seed: 2 })
  for (const seed of [1, 2, 3]) {
    const pieces = await collect(generate(cachedPredictor(model), bytes, [65], { seed, stopWhen: [length(50)] }))
    expect(joined(pieces)).toBe(bytes.decode(pieces.map(piece => piece.token)))
  }
})

test('an aborted generation ends', async () => {
  const stop = new AbortController()
  let count = 0
  for await (const _ of generate(cachedPredictor(loaded), letters, [0], { signal: stop.signal })) {
    if (++count === 5) stop.abort()
  }
  expect(count).toBe(5)
})

test('an empty prompt is refused', async () => {
  for (const predictor of [cachedPredictor(loaded), naivePredictor(loaded)]) {
    await expect(generate(predictor, letters, []).next()).rejects.toThrow(OptionError)
    await expect(generate(predictor, letters, []).next()).rejects.toThrow('A prompt expected at least one token.')
  }
})
